"""Executors: each run is trained once, data are prepared once, and interruptions take effect at once."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from reportgen import data
from reportgen.data.dataset import Dataset
from reportgen.engine.train import Cancelled, Outcome
from reportgen.errors import MissingError
from reportgen.runs import executors
from reportgen.runs.executors import Job, default_workers, in_thread, run_all
from tests.runs.records import FINGERPRINT, planned, record

HERE = Path()


def jobs(*seeds, **changes):
    """Return jobs of these seeds."""
    return [Job.of(planned(seed=seed, **changes), FINGERPRINT) for seed in seeds]


def outcome(spec):
    """Return an outcome of training with this specification."""
    made = record(planned(seed=spec.seed))
    return Outcome("ok", None, made.steps, made.train_seconds, dict(made.final), dict(made.facts), dict(made.arrays))


class Loader:
    """Replacement of `data.load` that counts its calls and the data sets in memory."""

    def __init__(self):
        self.calls, self.made, self.most = [], [], 0
        self.lock = threading.Lock()

    def __call__(self, spec, preprocess, seed, folder=None, expected=None):
        self.calls.append(seed)
        x, y = np.full((4, 3), seed, np.float32), np.zeros(4, np.int64)
        made = Dataset(x, y, x, y, x, y, classes=2)
        with self.lock:
            self.made.append(weakref.ref(made))
            self.most = max(self.most, self.alive())
        return made

    def alive(self):
        gc.collect()
        return sum(reference() is not None for reference in self.made)


@pytest.fixture
def loader(monkeypatch):
    """Replace the loader of data by one that counts; its collections leave out what other tests have loaded."""
    loader = Loader()
    monkeypatch.setattr(data, "load", loader, raising=False)
    gc.collect()
    gc.freeze()
    return loader


def use(monkeypatch, train):
    """Replace the engine by a function."""
    monkeypatch.setattr(executors, "train", train)


def collect(chosen, workers=2, **options):
    """Run all jobs and return the records by key."""
    found = {}
    run_all(chosen, keep=lambda job, made: found.__setitem__(job.key, made), folder=HERE, workers=workers, **options)
    return found


def interrupt_after(monkeypatch, count):
    """Raise KeyboardInterrupt after this many jobs; return a list that receives the time of it."""
    finished, pressed = executors._as_finished, []

    def interrupted(*arguments):
        done = finished(*arguments)
        for _ in range(count):
            yield next(done)
        time.sleep(0.05)
        pressed.append(time.monotonic())
        raise KeyboardInterrupt

    monkeypatch.setattr(executors, "_as_finished", interrupted)
    return pressed


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_job_is_trained_once_by_any_number_of_workers(monkeypatch, loader, workers):
    trained = []

    def train(spec, dataset, cancel, progress):
        trained.append(spec.seed)
        assert dataset.x_train[0, 0] == spec.seed
        return outcome(spec)

    use(monkeypatch, train)
    found = collect(jobs(*range(7)), workers)
    assert sorted(trained) == list(range(7))
    assert {made.spec.seed for made in found.values()} == set(range(7))
    assert all(made.key == made.spec.key(FINGERPRINT) for made in found.values())
    assert {made.provenance["workers"] for made in found.values()} == {workers}


def test_data_are_prepared_once_for_all_variants_of_a_seed_and_then_released(monkeypatch, loader):
    use(monkeypatch, lambda spec, dataset, cancel, progress: outcome(spec))
    chosen = [job for lr in (0.1, 0.2, 0.3) for job in jobs(*range(6), lr=lr)]
    assert len(collect(chosen)) == 18
    assert sorted(loader.calls) == list(range(6))
    assert loader.most <= 3
    gc.collect()
    assert loader.alive() == 0


def test_runs_of_all_seeds_share_data_with_their_own_seed(monkeypatch, loader):
    use(monkeypatch, lambda spec, dataset, cancel, progress: outcome(spec))
    collect(jobs(*range(6), data_seed=11))
    assert loader.calls == [11]


def test_an_exception_in_a_run_fails_that_run_only(monkeypatch, loader):
    def train(spec, dataset, cancel, progress):
        if spec.seed == 1:
            raise MemoryError("too wide")
        return outcome(spec)

    use(monkeypatch, train)
    found = {made.spec.seed: made for made in collect(jobs(0, 1, 2)).values()}
    assert [found[seed].status for seed in (0, 1, 2)] == ["ok", "failed", "ok"]
    assert found[1].error == "MemoryError: too wide"
    assert found[1].statistic("activation_std").shape == (0, 2)
    assert len(found[1].epochs("train_loss")) == 0
    assert all(np.isnan(value) for value in found[1].final.values())


def test_a_missing_data_set_stops_the_training(monkeypatch, loader):
    def missing(*arguments):
        raise MissingError("missing-data", "no mnist here")

    monkeypatch.setattr(data, "load", missing)
    with pytest.raises(MissingError) as caught:
        collect(jobs(*range(4)))
    assert caught.value.code == "missing-data"


def test_an_error_of_the_disk_stops_the_training(monkeypatch, loader):
    use(monkeypatch, lambda spec, dataset, cancel, progress: outcome(spec))

    def full(job, made):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError) as caught:  # noqa: PT011
        run_all(jobs(*range(4)), keep=full, folder=HERE, workers=2)
    assert caught.value.errno == 28


def test_an_interruption_stops_running_jobs_within_a_second_and_starts_no_more(monkeypatch, loader):
    started = []

    def train(spec, dataset, cancel, progress):
        started.append(spec.seed)
        if spec.seed == 0:
            return outcome(spec)
        while not cancel():
            time.sleep(0.01)
        raise Cancelled

    use(monkeypatch, train)
    interrupted = interrupt_after(monkeypatch, 1)
    kept = []
    with pytest.raises(KeyboardInterrupt):
        run_all(jobs(*range(50)), keep=lambda job, made: kept.append(made.spec.seed), folder=HERE, workers=2)
    assert time.monotonic() - interrupted[0] < 1
    assert kept == [0]
    assert len(started) <= 4


def test_few_of_many_jobs_are_submitted_at_a_time_and_in_their_order(monkeypatch, loader):
    use(monkeypatch, lambda spec, dataset, cancel, progress: outcome(spec))
    unfinished, order, lock = [0], [], threading.Lock()

    def count(change):
        with lock:  # jobs finish in several threads
            unfinished.append(unfinished[-1] + change)

    class Pool(executors.ThreadPoolExecutor):
        def submit(self, work, job):
            order.append(job.run.seed)
            count(1)
            future = super().submit(work, job)
            future.add_done_callback(lambda done: count(-1))
            return future

    monkeypatch.setattr(executors, "ThreadPoolExecutor", Pool)
    assert len(collect(jobs(*range(60)), workers=2)) == 60
    assert order == list(range(60))
    assert max(unfinished) <= 8


def test_an_interruption_does_not_wait_for_a_job_that_cannot_stop(monkeypatch, loader):
    release = threading.Event()
    use(monkeypatch, lambda spec, dataset, cancel, progress: release.wait(30) and outcome(spec))
    interrupted = interrupt_after(monkeypatch, 0)
    with pytest.raises(KeyboardInterrupt):
        collect(jobs(0, 1))
    assert time.monotonic() - interrupted[0] < 1.0
    release.set()


def test_blas_has_one_thread_during_training_only(monkeypatch, loader):
    threads = []

    def train(spec, dataset, cancel, progress):
        threads.append({lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"})
        return outcome(spec)

    use(monkeypatch, train)
    with threadpool_limits(2, "blas"):  # the tests have one
        before = [lib["num_threads"] for lib in threadpool_info()]
        assert 2 in before
        collect(jobs(0))
        assert threads == [{1}]
        assert [lib["num_threads"] for lib in threadpool_info()] == before


def test_progress_names_the_job(monkeypatch, loader):
    def train(spec, dataset, cancel, progress):
        progress(4, 8)
        return outcome(spec)

    use(monkeypatch, train)
    reports = []
    collect(jobs(0, 1), progress=lambda job, done, total: reports.append((job.run.seed, done, total)))
    assert sorted(reports) == [(0, 4, 8), (1, 4, 8)]


def test_default_workers_is_at_least_one():
    assert default_workers() >= 1


def test_in_thread_returns_the_result_or_raises_the_error_of_its_action():
    assert in_thread(lambda: threading.current_thread() is threading.main_thread()) is False
    with pytest.raises(ZeroDivisionError):
        in_thread(lambda: 1 / 0)


def test_an_interruption_does_not_wait_for_an_action_in_a_thread(monkeypatch):
    released = threading.Event()

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(executors, "_as_finished", interrupted)
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        in_thread(lambda: released.wait(30))
    assert time.monotonic() - begin < 5
    released.set()
