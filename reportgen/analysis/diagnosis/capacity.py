"""Advice and proposals on the capacity of a network, on how long it trains, and on its regularization."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.analysis.finding import Evidence, Proposal
from reportgen.languages.translate import _
from reportgen.runs.record import RunRecord

PINCHED = 0.25
"""A layer is much narrower than the others if its width is at most this fraction of the usual one."""


def more_patience(patience: int) -> tuple[str, tuple[Proposal, ...]]:
    """Return the advice if early stopping ended training."""
    longer = Proposal({"training.early_stopping": {"patience": max(10, 5 * patience)}}, _("more patience"))
    never = Proposal({"training.early_stopping": None}, _("no early stopping"))
    epochs = _("one epoch") if patience == 1 else _("{patience} epochs").format(patience=patience)
    return _("Increase the patience of early stopping above {epochs}, or turn early stopping off.").format(
        epochs=epochs
    ), (longer, never)


def more_capacity(evidence: Evidence) -> tuple[str, tuple[Proposal, ...]]:
    """Return the advice to use more units or to train longer, and the proposals."""
    training = evidence.records[0].spec.training
    widths = [layer.units for layer in evidence.records[0].spec.network.layers[:-1]]
    longer = Proposal({"training.epochs": max(10, 4 * training.epochs)}, _("four times as many epochs"))
    if not evidence.records[0].spec.network.is_plain:
        return _("Use more units or filters in each layer, then train longer."), (longer,)
    wider: dict[str, Any] = {"network.hidden": [max(32, 4 * width) for width in widths] or [64]}
    if not widths:
        change = Proposal(wider, _("a hidden layer allows curved class boundaries"))
        return _("Add a hidden layer: without one, the class boundaries are linear."), (change, longer)
    change = Proposal(wider, _("more units"))
    usual = int(np.median(widths))
    if min(widths) <= PINCHED * usual:  # a single change first
        even = [usual if width <= PINCHED * usual else width for width in widths]
        narrow = Proposal({"network.hidden": even}, _("no layer much narrower than the others"))
        return _("Widen the narrowest hidden layer to {usual} units, like the others.").format(usual=usual), (
            narrow,
            change,
            longer,
        )
    return _("Use wider hidden layers, such as {widths}, then train longer.").format(widths=wider["network.hidden"]), (
        change,
        longer,
    )


def earlier_or_regularized(record: RunRecord, best: int) -> tuple[Proposal, ...]:
    """Return the proposals to end training at an epoch and to regularize."""
    return (
        Proposal({"training.epochs": max(1, best)}, _("training ends at the best validation score")),
        *regularized(record),
    )


def regularized(record: RunRecord) -> tuple[Proposal, ...]:
    """Return proposals of a stronger penalty and of dropout."""
    training = record.spec.training
    stronger = 0.01 if training.l2 == 0 else 10 * training.l2
    return (
        Proposal({"training.l2": stronger}, _("smaller weights give smoother functions")),
        Proposal({"network.dropout": 0.5}, _("prevents co-adaptation of units")),
    )
