"""Residual branches that add nothing, and branches that only start at zero."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Finding
from reportgen.engine.network_spec import LayerSpec, Node
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from tests.analysis.diagnosis.image_runs import HE, PLAIN, ZERO, residual, runs
from tests.analysis.diagnosis.planted import changed, findings
from tests.engine.image_networks import NORM, output
from tests.engine.networks import init

TINY, FIXUP = init("gaussian", std=1e-6), init("fixup")
FIXED_UP = (*residual(FIXUP)[:-1], output("fixup"))
RULE = "idle_branch"


def unfit(records: list[RunRecord]) -> list[RunRecord]:
    """Return the records as of networks that do not fit the training set."""
    return [replace(r, final={**r.final, "train_accuracy": 0.5, "val_accuracy": 0.3}) for r in records]


def idle(records: list[RunRecord]) -> Finding | None:
    return findings(unfit(records), RULE).get(RULE)


def with_ratio(value: float, nodes: tuple[Node, ...] = residual(HE), **training: Any) -> list[RunRecord]:
    """Return records whose branches have this size relative to their shortcuts after the first probe."""
    records = runs(nodes, **training)
    sizes = [np.array(r.arrays["probe_branch_ratio"]) for r in records]
    for size in sizes:
        size[1:, [2, 4]] = value
    return [changed(r, probe_branch_ratio=size) for r, size in zip(records, sizes, strict=True)]


@pytest.mark.parametrize(
    ("name", "nodes", "words"),
    [
        ("tiny weights", residual(TINY), "only a constant is added"),
        ("silent units", residual(HE, bias=-30.0), "silent"),
        ("zero weights", residual(ZERO), "zero times"),
    ],
)
def test_branches_that_add_a_constant_are_idle(name: str, nodes: tuple[Node, ...], words: str) -> None:
    found = idle(runs(nodes))
    assert found is not None, name
    assert found.severity == "warning"
    assert found.layers == (3, 5)
    assert found.evidence["idle_branches"] == 2
    assert words in found.message
    assert found.advice
    assert found.proposals


def test_branches_far_smaller_than_their_shortcuts_are_idle() -> None:
    found = idle(with_ratio(0.002))
    assert found is not None
    assert "at most 0.2% of the norm of the shortcut" in found.message
    assert idle(with_ratio(0.05)) is None


def test_fixup_is_not_proposed_for_networks_with_normalization() -> None:
    normalized = [
        replace(node, norm=Component.of("layer_norm", epsilon=1e-5)) if isinstance(node, LayerSpec) else node
        for node in residual(HE)[:-1]
    ]
    found = idle(with_ratio(0.002, (*normalized, residual(HE)[-1])))
    assert found is not None
    assert [proposal.change for proposal in found.proposals] == [{"network.init": "he_normal"}]


@pytest.mark.parametrize("nodes", [residual(HE), residual(HE, ZERO), FIXED_UP, residual(HE, batchnorm=NORM)])
def test_branches_that_learn_are_not_idle(nodes: tuple[Node, ...]) -> None:
    assert idle(runs(nodes, lr=0.05)) is None


@pytest.mark.parametrize("nodes", [FIXED_UP, residual(TINY), PLAIN])
def test_untrained_networks_and_networks_without_branches_are_not_tested(nodes: tuple[Node, ...]) -> None:
    assert idle(runs(nodes, epochs=0)) is None


def test_a_branch_that_starts_at_zero_and_gets_a_gradient_is_not_idle() -> None:
    assert idle(with_ratio(1e-4, FIXED_UP, lr=1e-7)) is None
    assert idle(with_ratio(1e-4, residual(TINY, ZERO))) is not None


def test_fixup_with_a_rate_too_low_is_reported_as_such() -> None:
    found = findings(unfit(runs(FIXED_UP, lr=1e-7, epochs=8)))
    assert "lr_too_low" in found
    assert RULE not in found


def test_a_network_that_fits_has_branches_to_spare() -> None:
    good = {"train_accuracy": 1.0, "val_accuracy": 0.99}
    seen = [replace(r, final={**r.final, **good}) for r in with_ratio(0.001)]
    for r in seen:
        r.arrays["epoch_train_loss"][-1] = 0.01  # type: ignore[index]
    assert findings(seen, RULE)[RULE].severity == "info"


def test_a_few_idle_branches_are_no_alarm() -> None:
    records = with_ratio(0.5)
    sizes = [np.array(r.arrays["probe_branch_ratio"]) for r in records]
    names = residual(HE)[:-1]
    for size in sizes:
        size[1:, 2] = 0.001
    one = [changed(r, probe_branch_ratio=size) for r, size in zip(records, sizes, strict=True)]
    found = idle(one)
    assert found is not None
    assert (found.layers, found.evidence["branches"]) == ((3,), 2)
    assert len(names) == 5


def test_a_penalty_that_shrinks_the_branches_is_named() -> None:
    records = runs(residual(HE), l2=0.5)
    scales = [np.array(r.arrays["probe_weight_std"]) for r in records]
    for scale in scales:
        scale[2:, 1:5] = 1e-5
    found = idle([changed(r, probe_weight_std=scale) for r, scale in zip(records, scales, strict=True)])
    assert found is not None
    assert dict(found.proposals[0].change) == {"training.l2": 0.005}
    assert RULES[RULE].causes[-1] == "over_regularization"


def test_a_large_input_on_the_shortcut_is_named() -> None:
    large = [replace(r, facts={**r.facts, "input_second_moment": 1e4}) for r in with_ratio(0.001)]
    found = idle(large)
    assert found is not None
    assert dict(found.proposals[0].change) == {"preprocess": ["standardize"]}
