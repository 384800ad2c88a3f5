"""Progress of training, as a bar on a terminal and as lines in a log."""

from __future__ import annotations

import io
import threading
from dataclasses import replace

import pytest
from rich.console import Console

from reportgen import data
from reportgen.cli.progress import BarProgress, LineProgress, outcome, weights
from reportgen.errors import MissingError
from reportgen.workflow.events import BatchPosition
from reportgen.workflow.request import make_request, plan_jobs
from reportgen.workflow.run import run_study
from tests.runs.records import planned, record


def test_a_bar_counts_the_runs_and_vanishes(training):
    shown = io.StringIO()
    with BarProgress(Console(file=shown, force_terminal=True, width=100)) as listener:
        run_study("rates.yaml", formats=["json"], listener=listener)
        assert listener._filled == pytest.approx(sum(listener._weights.values()))
    assert "runs" in shown.getvalue()
    assert shown.getvalue().endswith("\x1b[2K")


def test_a_bar_takes_one_study_after_another(training):
    shown = io.StringIO()
    with BarProgress(Console(file=shown, force_terminal=True, width=100)) as listener:
        run_study("rates.yaml", formats=["json"], listener=listener)
        run_study("rates.yaml", formats=["json"], listener=listener, fresh=True)
        assert len(listener._bar.tasks) == 1


def test_the_bar_shows_half_a_run_and_adds_up_threads(training):
    request = make_request("rates.yaml")
    jobs = plan_jobs(request.plan)
    with BarProgress(Console(file=io.StringIO(), force_terminal=True)) as listener:
        listener.training(request.plan, jobs, 0)
        whole = listener._weights[jobs[0].key]
        listener.progress(jobs[0], 4, 8)
        assert listener._filled == pytest.approx(whole / 2)

        def train(job):
            for step in range(51):
                listener.progress(job, step, 50)

        threads = [threading.Thread(target=train, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert listener._filled == pytest.approx(sum(listener._weights.values()))


def test_the_bar_of_all_studies_counts_stored_runs_and_never_goes_back(training):
    request = make_request("rates.yaml")
    jobs = plan_jobs(request.plan)
    own = sum(weights(request.plan, jobs).values())
    part = BatchPosition(2, 3, before=10.0, own=own, total=20.0 + own)
    with BarProgress(Console(file=io.StringIO(), force_terminal=True), part) as listener:
        listener.training(request.plan, jobs[1:], 1)
        whole = listener._bar.tasks[0]
        assert whole.completed == pytest.approx(10 + own / len(jobs))
        for job in jobs[1:]:
            listener.finished(job, record(job.run))
        assert whole.completed == pytest.approx(10 + own)
        listener.training(request.plan, jobs, 0)  # the runs of a remedy, which the total does not contain
        assert whole.completed == pytest.approx(10 + own)
        assert whole.fields["runs"] == "2/3"


def test_all_runs_have_the_same_weight_if_the_data_are_missing(training, monkeypatch):
    def missing(*arguments):
        raise MissingError("file-not-found", "no mnist here")

    request = make_request("rates.yaml")
    monkeypatch.setattr(data, "shape", missing)
    assert set(weights(request.plan, plan_jobs(request.plan)).values()) == {1.0}


def test_a_line_has_variant_seed_and_outcome(training):
    lines = []
    training.failing = {1}
    run_study("rates.yaml", formats=["json"], listener=LineProgress(lines.append), workers=1)
    assert lines[0] == "rates: 6 runs to train, 0 stored"
    assert [line.split("] ")[1] for line in lines if "failed" in line] == [
        "small rate, seed 1: failed (MemoryError: too wide)",
        "large rate, seed 1: failed (MemoryError: too wide)",
    ]


def test_the_name_of_a_run_of_a_remedy_contains_the_remedy(training):
    request = make_request("rates.yaml")
    purpose = "remedy training.lr = 0.1"
    jobs = [replace(job, run=replace(job.run, purpose=purpose)) for job in plan_jobs(request.plan)[:2]]
    lines = []
    listener = LineProgress(lines.append)
    listener.training(request.plan, jobs, 0)
    listener.finished(jobs[1], record(jobs[1].run))
    name = "small rate, remedy training.lr = 0.1"
    assert lines[0] == f"rates: {name}: 2 runs to train, 0 stored"
    assert lines[1].startswith(f"[1/2] {name}, seed 1: done")
    with BarProgress(Console(file=io.StringIO(), force_terminal=True)) as bar:
        bar.training(request.plan, jobs, 0)
        assert bar._bar.tasks[0].description == "rates, remedy training.lr = 0.1"


def test_the_outcome_of_a_run_is_a_short_text():
    run = planned()
    assert outcome(record(run, status="diverged", stopped_at_step=7)).startswith("diverged at step 7, validation")
    assert outcome(record(run, final={"val_accuracy": float("nan")}, train_seconds=1.25)) == "done, 1.2 s"
