"""Remedies: same seeds, budget, and verdicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from reportgen.analysis.analyse import analyse
from reportgen.analysis.finding import Finding, Proposal
from reportgen.analysis.results import Analysis
from reportgen.engine.train import train
from reportgen.runs.record import RunRecord
from reportgen.study.loading.loader import load_study
from reportgen.study.planning.plan import PlannedRun
from reportgen.workflow.analysing.remedies import try_remedies
from tests.engine.networks import data

STUDY = """
title: A net that does not train
question: Does the remedy help?
data: {name: gaussian, samples: 40, features: 5, classes: 4}
network: {hidden: [16, 16, 16, 16, 16, 16, 16, 16], activation: tanh, init: {name: gaussian, std: 0.02}}
training: {epochs: %d, lr: 0.2, batch_size: 8}
vary: {network.bias: [0, 0.001]}
seeds: %d
remedies: %s
"""


class Trainer:
    """Trains the fetched runs and records them."""

    def __init__(self) -> None:
        self.fetched: list[tuple[PlannedRun, ...]] = []

    def __call__(self, runs: Sequence[PlannedRun]) -> Mapping[int, RunRecord]:
        self.fetched.append(tuple(runs))
        return {run.seed: record(run) for run in runs}


def record(run: PlannedRun) -> RunRecord:
    o = train(run.spec, data(val=100))
    return RunRecord("k", run.spec, o.status, o.stopped_at_step, o.steps, 0.1, o.final, o.facts, o.arrays)


def analysed(folder: Path, epochs: int, remedies: str, seeds: int = 3) -> Analysis:
    path = folder / "s.yaml"
    path.write_text(STUDY % (epochs, seeds, remedies), encoding="utf-8")
    plan = load_study(path)
    return analyse(plan, {(run.variant, run.seed): record(run) for run in plan.runs})


@pytest.mark.parametrize("epochs", [0, 40])
def test_a_remedy_that_helps_is_found_on_the_same_seeds(tmp_path: Path, epochs: int) -> None:
    trainer = Trainer()
    found = try_remedies(analysed(tmp_path, epochs, "{limit: 6}"), trainer)
    remedies = [f.remedy for f in found.findings if f.rule == "vanishing_activations"]
    assert [r.verdict for r in remedies if r is not None] == ["helped", "helped"]
    assert all([run.seed for run in runs] == [0, 1, 2] for runs in trainer.fetched)
    assert all(run.purpose.startswith("remedy network.") for runs in trainer.fetched for run in runs)
    assert remedies[0] is not None
    assert remedies[0].change in ({"network.init": "xavier"}, {"network.batchnorm": True})
    assert remedies[0].metric == ("finding_seen" if epochs == 0 else "val_accuracy")


@pytest.mark.parametrize(("remedies", "tried"), [("false", 0), ("{limit: 0}", 0), ("{limit: 1}", 1)])
def test_no_more_remedies_are_tried_than_the_budget_allows(tmp_path: Path, remedies: str, tried: int) -> None:
    trainer = Trainer()
    try_remedies(analysed(tmp_path, 0, remedies), trainer)
    assert len(trainer.fetched) == tried


def test_remedies_without_runs_stay_untried(tmp_path: Path) -> None:
    found = try_remedies(analysed(tmp_path, 0, "{limit: 6}"), lambda runs: None)
    assert all(finding.remedy is None for finding in found.findings)
    assert found.findings


def test_the_next_proposal_is_tried_if_the_first_does_not_help(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, 0, "{limit: 6}")
    useless = [
        dataclasses.replace(
            f, proposals=(dataclasses.replace(f.proposals[0], change={"network.bias": 0.002}), *f.proposals)
        )
        for f in analysis.findings[:1]
    ]
    trainer = Trainer()
    found = try_remedies(dataclasses.replace(analysis, findings=tuple(useless)), trainer)
    assert len(trainer.fetched) == 2
    assert found.findings[0].remedy is not None
    assert found.findings[0].remedy.verdict == "helped"


def test_a_proposal_that_changes_nothing_or_is_invalid_is_skipped(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, 0, "{limit: 6}")
    finding = analysis.findings[0]
    proposals = tuple(
        dataclasses.replace(finding.proposals[0], change=change)
        for change in ({"network.activation": "tanh"}, {"network.nothing": 1}, {"training.lr": -1})
    )
    trainer = Trainer()
    found = try_remedies(
        dataclasses.replace(analysis, findings=(dataclasses.replace(finding, proposals=proposals),)), trainer
    )
    assert trainer.fetched == []
    assert found.findings[0].remedy is None


def test_with_too_few_seeds_no_second_proposal_is_tried(tmp_path: Path) -> None:
    trainer = Trainer()
    found = try_remedies(analysed(tmp_path, 2, "{limit: 6}", seeds=2), trainer)
    tried = [f.remedy.verdict for f in found.findings if f.remedy is not None]
    assert set(tried) == {"too few seeds"}
    assert len(trainer.fetched) == len(tried)


RATES = """
title: A learning rate that is too low
question: Which learning rate trains?
data: {name: gaussian, samples: 40, features: 5, classes: 4}
network: {hidden: [16], activation: tanh}
training: {epochs: 20, lr: 0.02, batch_size: 8}
seeds: 3
"""


def rated(folder: Path, *rates: float) -> Analysis:
    """Return an analysis with one finding that proposes these learning rates."""
    path = folder / "s.yaml"
    path.write_text(RATES, encoding="utf-8")
    plan = load_study(path)
    analysis = analyse(plan, {(run.variant, run.seed): record(run) for run in plan.runs})
    proposals = tuple(Proposal({"training.lr": rate}, "larger steps") for rate in rates)
    found = Finding(
        "lr_too_low", "error", plan.variants[0].id, (0, 1, 2), (), None, {}, "", f"To {rates[0]}.", (), proposals
    )
    return dataclasses.replace(analysis, findings=(found,))


def test_larger_values_are_not_tried_after_one_hurts_and_all_tests_are_kept(tmp_path: Path) -> None:
    trainer = Trainer()
    (found,) = try_remedies(rated(tmp_path, 1e6, 1e7, 0.2), trainer).findings
    assert [runs[0].spec.training.lr for runs in trainer.fetched] == [1e6, 0.2]
    assert [(r.change["training.lr"], r.verdict) for r in found.remedies] == [(1e6, "hurt"), (0.2, "helped")]
    assert found.remedy is found.remedies[1]
    assert [proposal.change for proposal in found.proposals] == [{"training.lr": 0.2}]
    assert "0.2" in found.advice
    assert "1000000" not in found.advice


def test_the_advice_names_no_value_that_was_tested_without_success(tmp_path: Path) -> None:
    analysis = rated(tmp_path, 1e6, 1e7)
    (found,) = try_remedies(analysis, Trainer()).findings
    assert (len(found.remedies), found.proposals) == (1, ())
    assert found.advice.startswith("Change another setting")


def test_advice_that_helped_stays_as_it_is(tmp_path: Path) -> None:
    (found,) = try_remedies(rated(tmp_path, 0.2, 1e7), Trainer()).findings
    assert (found.advice, [r.verdict for r in found.remedies]) == ("To 0.2.", ["helped"])
