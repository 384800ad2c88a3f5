"""Stochastic depth and label smoothing are judged like dropout and penalties."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reportgen.analysis.diagnosis.evidence.regularization import cost_of_penalty
from reportgen.engine.network_spec import BranchDropSpec, NetworkSpec
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from tests.analysis.diagnosis.held_out_runs import falling, found, runs

BADLY = {
    "train_loss": falling(1.4, 1.2), "val_loss": falling(1.4, 1.2), "batch_loss": falling(1.4, 1.38),
    "train_accuracy": falling(0.25, 0.5), "val_accuracy": falling(0.25, 0.5),
}  # fmt: skip
"""Curves of a network that does not fit."""


def changed(records: list[RunRecord], network: dict[str, Any] | None = None, **training: Any) -> list[RunRecord]:
    """Return records with other settings of the first layer, or of training."""
    made = []
    for record in records:
        first, *others = record.spec.network.layers
        layers = NetworkSpec((replace(first, **(network or {})), *others))
        spec = replace(record.spec, network=layers, training=replace(record.spec.training, **training))
        made.append(replace(record, spec=spec))
    return made


@pytest.mark.parametrize(("survival", "reported"), [(0.5, True), (1.0, False)])
def test_stochastic_depth_that_keeps_the_network_from_fitting_is_reported(survival: float, reported: bool) -> None:
    drop = BranchDropSpec(survival) if survival < 1 else None
    finding = found("over_regularization", changed(runs(curves=BADLY), {"branch_drop": drop}))
    assert (finding is not None) == reported
    if finding is not None:
        assert dict(finding.proposals[0].change) == {"network.stochastic_depth": None}


@pytest.mark.parametrize(("share", "reported"), [(0.9, True), (0.1, False)])
def test_label_smoothing_that_leaves_nothing_to_learn_is_reported(share: float, reported: bool) -> None:
    loss = Component.of("softmax_cross_entropy", smoothing=share)
    finding = found("over_regularization", changed(runs(curves=BADLY), loss=loss))
    assert (finding is not None) == reported
    if finding is not None:
        assert dict(finding.proposals[0].change) == {"training.loss.smoothing": 0.0}


def test_label_smoothing_of_a_network_that_fits_is_not_reported() -> None:
    loss = Component.of("softmax_cross_entropy", smoothing=0.9)
    assert found("over_regularization", changed(runs(), loss=loss)) is None


def test_a_penalty_of_normalized_weights_has_no_cost() -> None:
    plain = runs(curves={"penalty": 1.0}, l2=0.1)
    normalized = changed(plain, {"norm": Component.of("layer_norm", epsilon=1e-5)})
    assert cost_of_penalty(plain[0]) > 1
    assert cost_of_penalty(normalized[0]) == 0
