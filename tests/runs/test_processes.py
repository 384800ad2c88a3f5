"""Processes for short runs: when they pay, the same bytes as threads, and no run lost if one ends or Ctrl-C comes."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace

import pytest

from reportgen.errors import MissingError
from reportgen.runs import executors, identity, processes
from reportgen.runs.processes import LOCK_SECONDS, THREADS, count_processes, run_all, throughput
from reportgen.runs.store import Store, dump_record
from reportgen.workflow.request import make_request, plan_jobs
from tests.rates import write_study

pytestmark = pytest.mark.slow

SHORT = 0.05
"""Seconds of a short run."""


@pytest.fixture(scope="module")
def request_of_six(tmp_path_factory):
    """A request for six runs of two variants, each of three seeds with their own data."""
    folder = tmp_path_factory.mktemp("short")
    write_study(folder / "rates.yaml")
    return make_request(folder / "rates.yaml", output=folder / "reports")


@pytest.fixture(scope="module")
def jobs(request_of_six):
    return plan_jobs(request_of_six.plan)


def train(jobs, folder, finished=lambda job, record: None, **options):
    """Train in processes and return the store."""
    store = Store(folder / "runs")
    values = {"workers": 2, "processes": 1} | options
    run_all(jobs, store=store, finished=finished, folder=folder, **values)
    return store


def record_processes(monkeypatch):
    """Return a list that receives the processes that are started to train."""
    started, start = [], processes._Division._start

    def recorded(division):
        start(division)
        started.append(division._processes[-1].popen)

    monkeypatch.setattr(processes._Division, "_start", recorded)
    return started


def content(record):
    """Return what is stored of a record, without times."""
    return dump_record(replace(record, train_seconds=0.0, provenance={}))


@pytest.mark.parametrize(
    ("count", "seconds", "workers", "pays"),
    [
        (10_000, SHORT, 64, True),
        (10_000, SHORT, THREADS, False),  # few cores do not wait for the lock
        (10_000, 10.0, 64, False),  # neither do long runs
        (100, SHORT, 64, False),  # done before the processes have started
        (0, SHORT, 64, False),
        (10_000, SHORT, 10**18, True),  # at most as many as runs
    ],
)
def test_processes_are_used_for_many_short_runs_on_many_cores(monkeypatch, count, seconds, workers, pays):
    monkeypatch.setattr(processes, "has_lock", lambda: True)
    assert (count_processes([seconds] * count, workers) > 1) is pays


def test_threads_without_a_lock_need_no_processes(monkeypatch):
    monkeypatch.setattr(processes, "has_lock", lambda: False)
    assert count_processes([SHORT] * 10_000, 64) == 1


def test_threads_share_the_lock_of_their_process(monkeypatch):
    monkeypatch.setattr(processes, "has_lock", lambda: True)
    alone = 1 / (SHORT + LOCK_SECONDS)
    assert throughput(1, SHORT) == pytest.approx(alone)
    assert throughput(1000, SHORT) == pytest.approx(1 / LOCK_SECONDS, rel=0.01)
    assert 0.9 * 64 * alone < count_processes([SHORT] * 10_000, 64) * throughput(THREADS, SHORT) < 64 * alone


def test_runs_are_the_same_bytes_as_in_threads_also_if_a_process_is_killed(jobs, tmp_path, monkeypatch):
    found, started = {}, record_processes(monkeypatch)

    def finished(job, record):
        if not found:
            started[0].kill()
        found[job.key] = record

    store, expected = train(jobs, tmp_path, finished), {}
    executors.run_all(jobs, keep=lambda job, made: expected.__setitem__(job.key, made), folder=tmp_path, workers=2)
    assert len(started) == 2
    assert found.keys() == expected.keys() == store.keys()
    for job in jobs:
        stored = store.load(job.run, job.fingerprint)
        assert content(stored) == content(expected[job.key])
        assert stored.provenance["workers"] == 2
        assert found[job.key].status == "ok"
        assert found[job.key].final["val_loss"] == expected[job.key].final["val_loss"]


def test_ctrl_c_ends_the_processes_within_seconds_and_keeps_finished_runs(jobs, tmp_path, monkeypatch):
    started = record_processes(monkeypatch)

    def finished(job, record):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(jobs, tmp_path, finished)
    assert all(process.poll() is not None for process in started)
    store = Store(tmp_path / "runs")
    assert any(store.load(job.run, job.fingerprint) is not None for job in jobs)


def test_a_process_with_other_source_code_trains_nothing(jobs, tmp_path, monkeypatch):
    other = replace(identity.identity(), sources="other")
    monkeypatch.setattr(identity, "identity", lambda: other)
    with pytest.raises(MissingError) as caught:
        train(jobs, tmp_path)
    assert caught.value.code == "worker-differs"
    assert not Store(tmp_path / "runs").keys()


def test_a_process_that_cannot_start_to_train_is_an_error(jobs, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "MODULE", "no_such_module_for_training")
    began = time.monotonic()
    with pytest.raises(MissingError) as caught:
        train(jobs, tmp_path)
    assert caught.value.code == "no-workers"
    assert time.monotonic() - began < 60


def test_a_job_that_another_process_has_claimed_is_left_out(jobs, tmp_path):
    found = []
    train(jobs[:3], tmp_path, lambda job, record: found.append(job), claim=lambda job: nullcontext(job is not jobs[1]))
    assert {job.key for job in found} == {jobs[0].key, jobs[2].key}


def test_a_process_executes_no_module_of_the_current_folder(jobs, tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit", encoding="utf-8")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    assert train(jobs[:1], tmp_path).keys() == {jobs[0].key}
