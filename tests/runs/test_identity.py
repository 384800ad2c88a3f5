"""Workers of a cluster prove the engine that they train with, or none of their runs is kept."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from reportgen.errors import MissingError
from reportgen.runs import executors, identity
from reportgen.runs.executors import run_all
from tests.runs.test_executors import cluster, collect, jobs, loader, outcome, use

HERE = Path()

__all__ = ["cluster", "loader"]


@pytest.mark.parametrize("change", [{"engine": 0}, {"sources": "other"}, {"numpy": "0"}, {"reportgen": "0"}])
def test_a_worker_with_another_engine_or_library_trains_nothing(monkeypatch, loader, cluster, change):
    use(monkeypatch, lambda *given: pytest.fail("trains"))
    theirs, own = replace(identity.identity(), **change), identity.identity
    monkeypatch.setattr(executors, "identity", lambda: theirs if threading.current_thread() is not main else own())
    main = threading.current_thread()
    with pytest.raises(MissingError) as caught:
        collect(jobs(0), dask="tcp://scheduler")
    assert caught.value.code == "worker-differs"


@pytest.mark.parametrize("prove", [lambda run: run.record, lambda run: replace(run, identity=None), lambda run: None])
def test_a_run_is_kept_only_if_its_worker_proves_its_engine(monkeypatch, loader, cluster, prove):
    use(monkeypatch, lambda spec, dataset, cancel, progress: outcome(spec))
    original, kept = executors._train_remotely, []
    monkeypatch.setattr(executors, "_train_remotely", lambda *given: prove(original(*given)))
    with pytest.raises(MissingError) as caught:
        run_all(jobs(0), keep=lambda job, made: kept.append(made), folder=HERE, workers=1, dask="tcp://scheduler")
    assert (caught.value.code, kept) == ("worker-differs", [])


def test_a_worker_that_cannot_read_a_task_is_named(monkeypatch, loader, cluster):
    def fail(*given):
        raise ModuleNotFoundError("No module named 'reportgen.runs.identity'")

    monkeypatch.setattr(executors, "_train_remotely", fail)
    with pytest.raises(MissingError) as caught:
        collect(jobs(0), dask="tcp://scheduler")
    assert caught.value.code == "worker-differs"
