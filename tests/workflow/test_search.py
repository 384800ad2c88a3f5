"""Searches from file to report: stages, stored runs and resumption."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import UsageError
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.outcomes import Report
from reportgen.workflow.request import make_request
from reportgen.workflow.run import render_study, run_request, run_study

STUDY = """
title: A search on three blobs
question: Which rate learns best?
data: {name: blobs, samples: 120, features: 2, classes: 3, test: 0.2}
network: {hidden: [8], activation: tanh, init: xavier}
training: {batch_size: 20, epochs: 2}
search:
  training.lr: {log_uniform: [1e-3, 10]}
  samples: 7
  stages: [{epochs: 1}, {epochs: 2, shrink: 0.3}]
seeds: 3
remedies: false
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "blobs.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def run(study: Path, output: str = "reports", **options: Any) -> Report:
    return run_study(study, output=output, formats=["json"], **options)


def results(folder: str = "reports") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(folder, "blobs", "results.json").read_text("utf-8"))
    del found["provenance"]
    for one in found["runs"]:
        del one["train_seconds"]
    return found


def test_all_stages_are_trained_and_a_second_run_trains_nothing(study: Path) -> None:
    first = run(study)
    assert (first.trained, first.stored) == (21, 0)
    keys = [one["key"] for one in results()["runs"]]
    assert len(set(keys)) == 21
    second = run(study)
    assert (second.trained, second.stored) == (0, 21)
    assert [one["key"] for one in results()["runs"]] == keys
    before = results()
    render_study(study, formats=["json"])
    assert results() == before


def test_the_number_of_workers_does_not_change_the_results(study: Path) -> None:
    run(study, "one", workers=1)
    run(study, "two", workers=2)
    assert results("one") == results("two")


def test_the_second_stage_is_around_the_best_of_the_first(study: Path) -> None:
    plan = run(study).analysis.plan
    found = [variant.trial for variant in plan.variants if variant.trial]
    means: dict[float, float] = {}
    for trial in found[:4]:
        own = [one["final"]["val_accuracy"] for one in results()["runs"] if one["variant"] == trial.id]
        means[trial.places["training.lr"]] = sum(own) / len(own)
    best = max(means, key=means.__getitem__)
    later = [trial.places["training.lr"] for trial in found[4:]]
    assert later[0] == best
    assert all(abs(place - best) <= 0.3 for place in later)


def test_an_interrupted_search_is_continued(study: Path) -> None:
    class Impatient(ProgressListener):
        left = 15

        def finished(self, job: Any, record: Any) -> None:
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(study, workers=1, listener=Impatient())
    with pytest.raises(UsageError) as caught:
        render_study(study, formats=["json"])
    assert caught.value.code == "runs-missing"
    resumed = run(study)
    assert resumed.stored >= 15  # a worker may finish another run during the interruption
    assert resumed.trained + resumed.stored == 21
    run(study, "whole")
    assert results() == results("whole")


def test_fresh_trains_each_run_once_more(study: Path) -> None:
    run(study)
    assert run(study, fresh=True).trained == 21


def test_check_shows_all_stages(study: Path) -> None:
    from reportgen.cli.output.reports import check_lines, check_values

    request = make_request(study, formats=["json"])
    values = check_values(request, 1)
    assert (values["runs"], values["stored"], values["variants"]) == (21, 0, [])
    assert [(stage["trials"], stage["runs"]) for stage in values["searches"][0]["stages"]] == [(4, 12), (3, 9)]
    assert any("stage 2: 3 trials, 9 runs of 2 epochs" in line for _, line in check_lines(values))
    run_request(request)
    assert check_values(request, 1)["stored"] == 21
