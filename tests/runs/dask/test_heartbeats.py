"""Silent workers of a cluster are found, and no others."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from reportgen.runs.dask import heartbeats as module
from reportgen.runs.dask.heartbeats import HEARTBEATS, Heartbeats

LIMIT = 30.0


class Cluster:
    """Workers that send a heartbeat each second, by the clock of a scheduler that is an hour ahead."""

    def __init__(self, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.stopped: dict[str, float] = {}
        self.workers = [f"tcp://{number}" for number in range(workers)]
        self.heartbeats = Heartbeats(LIMIT)

    def last(self) -> dict[str, float]:
        return {worker: 3600 + min(self.now, self.stopped.get(worker, self.now)) for worker in self.workers}

    def found_until(self, end: float, step: float = 1.0) -> dict[str, float]:
        """Return the silent workers with the time at which each is first found."""
        found: dict[str, float] = {}
        while self.now < end:
            self.now += step
            found = dict.fromkeys(self.heartbeats.silent(self.last), self.now) | found
        return found


def test_only_a_worker_without_heartbeats_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(3, monkeypatch)
    cluster.stopped["tcp://1"] = 100.0
    [(worker, time)] = cluster.found_until(200.0).items()
    assert worker == "tcp://1"
    assert 100 + LIMIT < time < 100 + 2 * LIMIT


def test_no_worker_is_silent_because_this_process_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(3, monkeypatch)
    assert cluster.found_until(50.0) == {}
    cluster.stopped = dict.fromkeys(cluster.workers, 50.0)  # the whole machine was suspended
    assert cluster.found_until(1050.0, step=1000.0) == {}
    cluster.stopped = {}
    assert cluster.found_until(1200.0) == {}


def test_workers_of_a_large_cluster_send_fewer_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(2000, monkeypatch)
    cluster.stopped["tcp://7"] = 10.0
    [time] = cluster.found_until(200.0).values()
    assert time > 10 + 2000 / HEARTBEATS
