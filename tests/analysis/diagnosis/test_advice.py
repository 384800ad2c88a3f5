"""Advice agrees with the variants of the study: it proposes the best value, never a diverged or worse one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from reportgen.analysis.diagnosis import capacity, regularizers, rules
from reportgen.analysis.diagnosis import evidence as evidence_package
from reportgen.analysis.diagnosis.advice import consistent
from reportgen.analysis.diagnosis.partial import diagnose_partial
from reportgen.analysis.finding import Evidence, Finding, Proposal
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.study.planning.plan import Plan, changed
from tests.analysis.diagnosis.rate_runs import runs
from tests.analysis.studies import plan_of, record

BASE: Mapping[str, Any] = {
    "title": "A sweep",
    "question": "Which value is best?",
    "data": {"name": "gaussian", "samples": 200, "features": 20, "classes": 4, "validation": 0.25},
    "network": {"hidden": [16, 16], "activation": "tanh", "init": "xavier"},
    "training": {"epochs": 2, "lr": 0.1, "optimizer": "adamw"},
}
SWEPT: Mapping[str, tuple[Any, Any, Any]] = {
    "training.lr": (1e-6, 0.1, 0.01),
    "training.epochs": (2, 8, 20),
    "training.batch_size": (2, 16, "full"),
    "training.schedule": ({"name": "step", "every": 1}, "constant", "cosine"),
    "training.clip_norm": (0.001, None, 1.0),
    "training.early_stopping": ({"patience": 1}, {"patience": 10}, None),
    "training.l1": (1.0, 0.01, 0.0),
    "training.l2": (1.0, 0.01, 0.001),
    "training.optimizer.weight_decay": (1.0, 0.01, 0.001),
    "network.activation": ("sigmoid", "tanh", {"name": "leaky_relu", "slope": 0.3}),
    "network.batchnorm": (False, True, {"momentum": 0.5}),
    "network.bias": (-1.0, 0.0, 0.1),
    "network.dropout": (0.9, 0.0, 0.5),
    "network.hidden": ([2], [32], [8, 8]),
    "network.init": ({"name": "gaussian", "std": 1e-3}, "he_normal", "xavier"),
    "network.output_init": ({"name": "gaussian", "std": 9.0}, "xavier", {"name": "gaussian", "std": 0.01}),
    "preprocess": ([], ["center"], ["standardize"]),
    "data.keep": ({0: 0.1}, {}, {0: 0.9}),
    "data.label_noise": (0.5, 0.0, 0.1),
}
"""The diagnosed value, the proposed value and another value by path."""

SWITCHED = {
    "data.shuffle": (False, True),
    "data.shuffle_labels": (True, False),
    "training.shuffle": (False, True),
}
"""The diagnosed and the proposed value by path, for settings without a third value."""


def sweep(folder: Path, vary: Mapping[str, Any], **more: Any) -> Plan:
    """Return the plan of a study with these variants or a grid of settings."""
    named = {name: settings for name, settings in vary.items() if isinstance(settings, dict)}
    study = {**BASE, **more, **({"variants": named} if named else {"vary": vary} if vary else {})}
    return plan_of(folder, head=yaml.safe_dump(study, sort_keys=False), seeds=3)


def evidence(plan: Plan, losses: Mapping[str, float | None]) -> Evidence:
    """Return the evidence of the first variant, with the loss of each variant, None for diverged runs."""
    found = {}
    for variant in plan.variants:
        loss = losses[variant.id]
        values = {"status": "diverged"} if loss is None else {"val_loss": loss, "train_loss": loss}
        found[variant.id] = [record(run, **values) for run in plan.runs if run.variant == variant.id]
    first, *_ = plan.variants
    return Evidence(first, found.pop(first.id), found)


def finding(*changes: Mapping[str, Any], rule: str = "lr_too_low") -> Finding:
    proposals = tuple(Proposal(change, "why") for change in changes)
    return Finding(rule, "warning", "diagnosed", (0, 1, 2), (), None, {}, "seen", "advised", (), proposals)


def proposed(given: Finding, seen: Evidence, alarms: Mapping[str, Collection[str]] | None = None) -> Finding:
    return consistent(given, seen, lambda name: (alarms or {}).get(name, ()))


def rates(seen: Finding) -> list[float]:
    return [proposal.change["training.lr"] for proposal in seen.proposals]


def lr_sweep(folder: Path, *others: float) -> Plan:
    named = {f"lr-{index}": {"training.lr": lr} for index, lr in enumerate(others)}
    return sweep(folder, {"diagnosed": {"training.lr": 1e-3}, **named})


def test_every_setting_that_a_rule_proposes_is_covered() -> None:
    folders = [Path(package.__file__).parent for package in (rules, evidence_package)]
    files = [
        Path(capacity.__file__),
        Path(regularizers.__file__),
        *(file for folder in folders for file in folder.rglob("*.py")),
    ]
    named = re.compile(r'"((?:training|network|data)\.[a-z0-9_.]+|preprocess)"\s*:')
    found = {path for file in files for path in named.findall(file.read_text(encoding="utf-8"))}
    found |= {f"training.optimizer.{row.decay}" for row in OPTIMIZERS.values() if row.decay}
    of_residual_blocks = {"network.stochastic_depth"}  # the network of these tests has none
    assert found - of_residual_blocks == {*SWEPT, *SWITCHED}


@pytest.mark.parametrize("path", SWEPT)
@pytest.mark.parametrize("loss", [None, 1.2, 0.9], ids=["diverged", "worse", "second best"])
def test_a_value_that_is_not_the_best_of_the_study_is_replaced(tmp_path: Path, path: str, loss: float | None) -> None:
    own, value, best = SWEPT[path]
    plan = sweep(tmp_path, {"diagnosed": {path: own}, "proposed": {path: value}, "best": {path: best}})
    seen = proposed(finding({path: value}), evidence(plan, {"diagnosed": 1.0, "proposed": loss, "best": 0.3}))
    (proposal,) = seen.proposals
    runs = changed(plan, "diagnosed", proposal.change, "")
    assert [run.spec for run in runs] == [run.spec for run in plan.runs if run.variant == "best"]
    assert "0.3" in seen.advice
    assert "advised" not in seen.advice


@pytest.mark.parametrize("path", SWEPT)
def test_the_best_value_of_the_study_is_kept(tmp_path: Path, path: str) -> None:
    own, other, value = SWEPT[path]
    plan = sweep(tmp_path, {"diagnosed": {path: own}, "other": {path: other}, "best": {path: value}})
    given = finding({path: value})
    seen = proposed(given, evidence(plan, {"diagnosed": 1.0, "other": 0.9, "best": 0.321}))
    assert seen.proposals == given.proposals
    assert seen.advice.startswith("advised ")
    assert "0.321" in seen.advice


@pytest.mark.parametrize("path", [*SWEPT, *SWITCHED])
@pytest.mark.parametrize("loss", [None, 1.2], ids=["diverged", "worse"])
def test_a_value_that_failed_is_dropped_if_the_study_has_no_better_one(
    tmp_path: Path, path: str, loss: float | None
) -> None:
    own, value = {**SWEPT, **SWITCHED}[path][:2]
    plan = sweep(tmp_path, {"diagnosed": {path: own}, "proposed": {path: value}})
    seen = proposed(finding({path: value}), evidence(plan, {"diagnosed": 1.0, "proposed": loss}))
    assert seen.proposals == ()
    assert seen.advice != "advised"


def test_a_learning_rate_as_high_as_a_diverged_one_is_not_proposed(tmp_path: Path) -> None:
    plan = lr_sweep(tmp_path, 0.01, 0.1)
    seen = evidence(plan, {"diagnosed": 1.0, "lr-0": 0.9, "lr-1": None})
    assert rates(proposed(finding({"training.lr": 0.5}), seen, {"lr-0": ["lr_too_low"]})) == [0.01]
    assert rates(proposed(finding({"training.lr": 0.05}), seen, {"lr-0": ["lr_too_low"]})) == [0.05]
    assert rates(proposed(finding({"training.lr": 1e-4}), seen, {"lr-0": ["lr_too_low"]})) == [1e-4]


def test_a_value_beyond_one_that_is_worse_is_not_proposed(tmp_path: Path) -> None:
    seen = evidence(lr_sweep(tmp_path, 0.01), {"diagnosed": 1.0, "lr-0": 1.1})
    assert rates(proposed(finding({"training.lr": 0.1}, {"training.lr": 1e-4}), seen)) == [1e-4]


def test_a_learning_rate_below_two_diverged_ones_is_proposed(tmp_path: Path) -> None:
    seen = evidence(lr_sweep(tmp_path, 1e-4), {"diagnosed": None, "lr-0": None})
    assert rates(proposed(finding({"training.lr": 1e-4}, {"training.lr": 1e-5}), seen)) == [1e-5]


def test_the_best_variant_precedes_an_untested_value_unless_it_has_the_same_fault(tmp_path: Path) -> None:
    seen = evidence(lr_sweep(tmp_path, 0.01), {"diagnosed": 1.0, "lr-0": 0.5})
    assert rates(proposed(finding({"training.lr": 0.1}), seen)) == [0.01]
    afflicted = proposed(finding({"training.lr": 0.1}), seen, {"lr-0": ["lr_too_low"]})
    assert (rates(afflicted), afflicted.advice) == ([0.1], "advised")


def test_equal_changes_are_proposed_once(tmp_path: Path) -> None:
    seen = evidence(lr_sweep(tmp_path, 0.01), {"diagnosed": 1.0, "lr-0": 0.5})
    given = finding({"training.lr": 0.1}, {"training.lr": 1.0}, {"training.epochs": 8}, {"training.lr": 0.01})
    assert [p.change for p in proposed(given, seen).proposals] == [{"training.lr": 0.01}, {"training.epochs": 8}]


def test_only_variants_that_are_equal_in_all_other_settings_count(tmp_path: Path) -> None:
    grid = {"training.lr": [1e-3, 0.1], "network.activation": ["tanh", "relu"]}
    plan = sweep(tmp_path, grid)
    names = {frozenset((v.settings["training.lr"], v.settings["network.activation"])): v.id for v in plan.variants}
    first, other, low_relu, high_relu = (
        names[frozenset(pair)] for pair in ((1e-3, "tanh"), (0.1, "tanh"), (1e-3, "relu"), (0.1, "relu"))
    )
    seen = evidence(plan, {first: 1.0, other: 0.8, low_relu: 0.1, high_relu: None})
    assert rates(proposed(finding({"training.lr": 0.1}), seen)) == [0.1]
    both = proposed(finding({"training.lr": 0.1, "network.activation": "relu"}), seen)
    assert [dict(p.change) for p in both.proposals] == [{"network.activation": "relu"}]


def test_the_trials_of_a_search_count_as_a_sweep(tmp_path: Path) -> None:
    search = {"training.lr": {"log_uniform": [1e-4, 1]}, "method": "grid", "samples": 5}
    plan = sweep(tmp_path, {}, search=search)
    loss_of = {0.0001: 1.0, 0.01: 0.4, 1.0: None}
    losses = {v.id: loss_of.get(round(v.settings["training.lr"], 6), 0.5) for v in plan.variants}
    assert set(loss_of.values()) < set(losses.values())
    for tried in (1.0, 2.0):
        assert rates(proposed(finding({"training.lr": tried}), evidence(plan, losses))) == [pytest.approx(0.01)]


def test_seeds_are_paired(tmp_path: Path) -> None:
    seen = evidence(lr_sweep(tmp_path, 0.01, 0.1), {"diagnosed": 1.0, "lr-0": 0.5, "lr-1": 0.6})
    unequal = Evidence(seen.variant, seen.records[:1], {**seen.siblings, "lr-0": seen.siblings["lr-0"][1:]})
    assert rates(proposed(finding({"training.lr": 0.1}), unequal)) == [0.1]


def test_external_records_are_compared_too() -> None:
    found = diagnose_partial({"crawls": runs(lr=1e-4), "learns": runs(lr=0.1), "breaks": runs(lr=1e4)})
    advised = {one.variant: [f for f in one.findings if f.proposals] for one in found}
    assert advised["crawls"]
    assert advised["breaks"]
    for seen in (*advised["crawls"], *advised["breaks"]):
        assert {p.change["training.lr"] for p in seen.proposals if "training.lr" in p.change} <= {0.1}


def test_without_training_a_value_without_the_fault_counts(tmp_path: Path) -> None:
    inits = {"diagnosed": "zero", "he": "he_normal", "xavier": "xavier"}
    plan = sweep(tmp_path, {name: {"network.init": init} for name, init in inits.items()}, training={"epochs": 0})
    spreads = {"diagnosed": 0.0, "he": 0.0, "xavier": 0.5}
    found = {
        name: [
            record(run, weight_unit_spread=spread, gradient_unit_spread=spread)
            for run in plan.runs
            if run.variant == name
        ]
        for name, spread in spreads.items()
    }
    seen = Evidence(plan.variants[0], found.pop("diagnosed"), found)
    given = finding({"network.init": "he_normal"}, rule="symmetric_init")
    assert [dict(p.change) for p in proposed(given, seen).proposals] == [{"network.init": "xavier"}]
    assert proposed(given, seen, {"xavier": ["saturation"]}).proposals == ()
    untried = finding({"network.init": "lecun_normal"}, rule="symmetric_init")
    assert proposed(untried, seen) == untried


@pytest.mark.parametrize("path", [*SWEPT, *SWITCHED])
def test_a_value_that_is_set_already_is_not_proposed(path: str, tmp_path: Path) -> None:
    value = (SWEPT | SWITCHED)[path][1]
    plan = sweep(tmp_path, {"diagnosed": {path: value}})
    seen = evidence(plan, {"diagnosed": 1.0})
    only, other = (proposed(finding({path: value}, *more), seen) for more in ((), ({"training.lr": 0.7},)))
    assert only.proposals == ()
    assert only.advice != "advised"
    assert [dict(proposal.change) for proposal in other.proposals] == [{"training.lr": 0.7}]


def test_only_the_parts_of_a_proposal_that_change_something_are_proposed(tmp_path: Path) -> None:
    seen = evidence(sweep(tmp_path, {"diagnosed": {"training.lr": 0.3}}), {"diagnosed": 1.0})
    both = proposed(finding({"training.lr": 0.3, "training.epochs": 9}), seen)
    assert [dict(proposal.change) for proposal in both.proposals] == [{"training.epochs": 9}]


def test_another_parameter_of_the_same_component_is_a_change(tmp_path: Path) -> None:
    seen = evidence(sweep(tmp_path, {"diagnosed": {"network.init": "gaussian"}}), {"diagnosed": 1.0})
    change = {"network.init": {"name": "gaussian", "std": 0.5}}
    assert [dict(p.change) for p in proposed(finding(change), seen).proposals] == [change]
