"""Heartbeats of the workers of a cluster, by which silent workers are found."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

SILENT_SECONDS = 10.0
"""Shortest time without a heartbeat after which a worker may count as lost; it sends one every second or so."""

HEARTBEATS = 20
"""Heartbeats per second that a scheduler handles for all of its workers at least; a large cluster sends fewer each."""


class Heartbeats:
    """Finds workers that are silent, such as stopped ones: the scheduler keeps them, and their runs, for minutes.

    A worker sends heartbeats also while it trains or waits, however long a run is between two reports of its steps.

    limit : longest time in seconds without a heartbeat.
    """

    def __init__(self, limit: float) -> None:
        self._limit, self._interval, self._asked = limit, limit / 10, time.monotonic()
        self._last: dict[str, tuple[float, float]] = {}
        self.suspects: frozenset[str] = frozenset()

    def silent(self, ask: Callable[[], Mapping[str, float]]) -> dict[str, float]:
        """Return the silent workers with the seconds since their last heartbeat.

        ask : returns the time of the last heartbeat of each worker, on any clock. It is called at intervals. A worker
            is silent if it is so in two answers, since this process may itself have been stopped before the first.
        """
        if time.monotonic() - self._asked < self._interval:
            return {}
        beats, now = ask(), time.monotonic()
        former, self._asked = self._last, now
        self._last = {
            worker: former[worker] if worker in former and former[worker][0] == beat else (beat, now)
            for worker, beat in beats.items()
        }
        limit = max(self._limit, len(beats) / HEARTBEATS)
        late = {worker: now - since for worker, (_, since) in self._last.items() if now - since > limit}
        known, self.suspects = self.suspects, frozenset(late)
        return {worker: seconds for worker, seconds in late.items() if worker in known}
