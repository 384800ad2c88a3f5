"""Training on real Dask clusters of processes: the same bytes as on this machine, and every failure within a limit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from reportgen.errors import MissingError
from reportgen.runs import identity
from reportgen.runs.dask import cluster as cluster_module
from reportgen.runs.dask.heartbeats import Heartbeats
from reportgen.runs.executors import Job, granted
from reportgen.runs.store import dump_record
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.run import run_study
from tests.rates import STUDY, write_study
from tests.runs.records import FINGERPRINT, planned, record

pytestmark = pytest.mark.slow
distributed = pytest.importorskip("distributed", reason="needs the package distributed")

LONG = STUDY.replace("epochs: 2", "epochs: 4000").replace("seeds: 3", "seeds: 2")
"""Four runs of a second or so, in which something can happen."""

WIDE = LONG.replace("claims:\n", "claims: []\n").replace("[4]", "[256, 256]").replace("4000", "6000")
"""Four runs that take several times as long as the interval of the reports on progress, also on a fast machine."""


@contextlib.contextmanager
def new_cluster(workers, **options):
    """A cluster of processes, which is closed at the end."""
    with distributed.LocalCluster(
        max(workers, 1), threads_per_worker=1, dashboard_address=":0", memory_limit=None, silence_logs=50, **options
    ) as cluster:
        cluster.scale(workers)  # LocalCluster takes 0 for the number of cores
        while len(cluster.scheduler.workers) > workers:
            time.sleep(0.05)
        yield cluster


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two processes."""
    with new_cluster(2) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_study("rates.yaml")
    return tmp_path


def run(address, study="rates.yaml", output="reports", **options):
    return run_study(study, dask=address, output=output, formats=["json"], **options)


def arrays(output="reports"):
    return {path.parent.name: path.read_bytes() for path in Path(output).glob("*/runs/*/arrays.npz")}


class AtFirstRun(ProgressListener):
    """Does something when the first run is stored."""

    def __init__(self, action):
        self._action = action

    def finished(self, job, record):
        action, self._action = self._action, lambda: None
        action()


def test_a_cluster_gives_the_same_bytes_as_this_machine(cluster):
    run(cluster.scheduler_address)
    run_study("rates.yaml", workers=1, output="here", formats=["json"])
    assert len(arrays()) == 6
    assert arrays() == arrays("here")


def test_workers_need_neither_the_study_nor_its_data(cluster):
    rng = np.random.default_rng(0)
    lines = ["a,b,kind", *(f"{a:.3f},{b:.3f},{int(a > b)}" for a, b in rng.normal(size=(60, 2)))]
    Path("own.csv").write_text("\n".join(lines))
    change = {"data": {"name": "csv", "path": "own.csv", "target": "kind"}}
    run(cluster.scheduler_address, overrides=change)  # the workers have another working folder
    run_study("rates.yaml", overrides=change, output="here", formats=["json"])
    assert len(arrays()) == 6
    assert arrays() == arrays("here")


def test_a_second_run_on_a_cluster_trains_nothing(cluster):
    assert [run(cluster.scheduler_address, fresh=False, script=script).trained for script in (True, False)] == [6, 0]


def test_a_run_that_raises_an_error_fails_alone(cluster):
    def fail(dask_worker):
        from reportgen.runs import executors

        original = executors.train

        def train(spec, *rest):
            if spec.seed == 1:
                raise MemoryError("too wide")
            return original(spec, *rest)

        executors.train = train

    def mend(dask_worker):
        from reportgen.engine.train import train
        from reportgen.runs import executors

        executors.train = train

    with distributed.Client(cluster, set_as_default=False) as client:
        client.run(fail)
        try:
            report = run(cluster.scheduler_address)
        finally:
            client.run(mend)
    assert len(report.failures) == 2
    assert all("too wide" in line for line in report.failures)
    assert run(cluster.scheduler_address).trained == 2


def test_progress_of_the_steps_comes_from_the_workers(cluster):
    Path("long.yaml").write_text(WIDE)
    seen = []
    listener = ProgressListener()
    listener.progress = lambda job, done, total: seen.append((job.run.seed, 0 < done <= total))
    run(cluster.scheduler_address, "long.yaml", listener=listener)
    assert seen
    assert all(valid for _, valid in seen)


@pytest.mark.skipif(os.name == "nt", reason="needs a signal that kills")
def test_a_killed_worker_costs_only_its_runs_in_flight():
    Path("long.yaml").write_text(LONG.replace("claims:\n", "claims: []\n"))
    stored = []
    with new_cluster(2) as cluster, distributed.Client(cluster, set_as_default=False) as client:
        processes = client.run(os.getpid)
        listener = AtFirstRun(lambda: os.kill(next(iter(processes.values())), signal.SIGKILL))
        original = listener.finished
        listener.finished = lambda job, record: (stored.append(job.key), original(job, record))
        report = run(cluster.scheduler_address, "long.yaml", listener=listener)
    assert (report.failures, len(stored)) == ((), len(set(stored)))
    run_study("long.yaml", output="here", formats=["json"])
    assert arrays() == arrays("here")


@pytest.mark.skipif(os.name == "nt", reason="needs a signal that interrupts")
def test_an_interruption_of_a_local_cluster_keeps_finished_runs_and_ends_its_processes(interruptible):
    Path("long.yaml").write_text(WIDE)
    command = [sys.executable, "-m", "reportgen", "run", "long.yaml", "--dask", "local", "-j", "1", "-v", "-f", "json"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        lines = []
        while not any(line.startswith("[1/4]") for line in lines):
            lines.append(process.stderr.readline())
            assert lines[-1], lines
        os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it, also to the workers
        rest = process.stderr.read()
        assert process.wait() == 130
    assert [line for line in rest.splitlines() if not line.startswith("[")][1:] == [], rest
    stored = len(arrays())
    assert 1 <= stored < 4
    assert run_study("long.yaml", formats=["json"]).trained == 4 - stored


def test_a_cluster_without_workers_is_refused_after_the_longest_wait():
    with new_cluster(0) as cluster:
        begin = time.monotonic()
        with pytest.raises(MissingError) as caught:
            run(cluster.scheduler_address, dask_wait=1.5)
    assert caught.value.code == "no-workers"
    assert time.monotonic() - begin < 20
    assert not Path("reports/rates").exists()


def test_a_cluster_whose_workers_come_later_is_used():
    with new_cluster(0) as cluster:
        timer = threading.Timer(1.0, lambda: cluster.scale(1))
        timer.start()
        assert run(cluster.scheduler_address).trained == 6
        timer.join()


def test_workers_without_reportgen_train_nothing():
    without = "import sys; sys.modules['reportgen'] = None"
    with new_cluster(1, preload=[without]) as cluster, pytest.raises(MissingError) as caught:
        run(cluster.scheduler_address)
    assert caught.value.code == "worker-differs"
    assert arrays() == {}


@pytest.fixture(params=[{"engine": 0}, {"sources": "other"}, {"numpy": "0"}])
def other_identity(request, monkeypatch):
    """Give this process another identity than its workers."""
    other = replace(identity.identity(), **request.param)
    monkeypatch.setattr(identity, "_identity", lambda: other)


def test_a_worker_with_another_engine_or_library_trains_nothing(cluster, other_identity):
    with pytest.raises(MissingError) as caught:
        run(cluster.scheduler_address)
    assert caught.value.code == "worker-differs"
    assert arrays() == {}


@pytest.mark.parametrize("change", [{"identity": None}, {"head": b"{}"}, {"arrays": b""}])
def test_a_run_is_kept_only_if_it_is_proven_and_undamaged(change):
    job = Job.of(planned(), FINGERPRINT)
    run = cluster_module.RemoteRun(*dump_record(record(job.run, key=job.key)), identity.identity())
    assert cluster_module._record(job, run, 1).key == job.key
    with pytest.raises(MissingError) as caught:
        cluster_module._record(job, replace(run, **change), 1)
    assert caught.value.code == "worker-differs"


class LosingClient:
    """A cluster that loses the first tasks, and whose scheduler does not know yet that their data are lost."""

    def __init__(self, lost: int) -> None:
        self.sent, self._lost = 0, lost

    def threads(self):
        return 1

    def last_heartbeats(self):
        return {}

    def scatter(self, dataset):
        self.sent += 1
        return SimpleNamespace(status="finished")

    def submit(self, function, job, *arguments):
        self._job = job
        return LostOrDone()

    def result(self, future):
        self._lost -= 1
        if self._lost >= 0:
            return None
        return cluster_module.RemoteRun(*dump_record(record(self._job.run, key=self._job.key)), identity.identity())

    def cancel(self, futures):
        pass


class LostOrDone:
    def add_done_callback(self, action):
        action(self)


def test_the_data_of_a_lost_task_are_sent_again():
    job, client, kept = Job.of(planned(), FINGERPRINT), LosingClient(lost=2), []
    submission = cluster_module._Submission(
        client, [job], lambda job, record: kept.append(record.status), Path(), granted, Heartbeats(30.0), print
    )
    submission._data = SimpleNamespace(get=lambda job: None, release=lambda spec: False)
    submission.finish("topic")
    assert (client.sent, kept) == (3, ["ok"])


def test_a_missing_installation_of_dask_is_an_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingError) as caught:
        run("tcp://localhost:1")
    assert caught.value.code == "missing-library"
    assert "distributed" in str(caught.value.hint)
