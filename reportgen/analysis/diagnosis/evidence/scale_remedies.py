"""Remedies for a signal that grows or shrinks: a suitable initialization, or normalization."""

from __future__ import annotations

from typing import Any

from reportgen.analysis.diagnosis.layers import branches, has_normalization
from reportgen.analysis.finding import Proposal
from reportgen.engine.network_spec import PoolSpec
from reportgen.engine.tables.activation import Activation
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.languages.translate import _
from reportgen.runs.record import RunRecord

WIDER = 4
SHALLOW = 0.5


def fitting_init(record: RunRecord) -> str:
    """Return the initialization that preserves the scale of the signal for the network's activation."""
    return main_activation(record).suits


def main_activation(record: RunRecord) -> Activation:
    """Return the row of the first activation that is not the identity, of the first layer's if all are."""
    nodes = [node for node in record.spec.network.nodes if not isinstance(node, PoolSpec)]
    rows = [ACTIVATIONS[node.activation.name] for node in nodes]
    return next((row for row in rows if row.activate is not None), rows[0])


def is_shallow(record: RunRecord) -> bool:
    """Return whether the maximum slope of the network's activation is at most one half."""
    return max_slope(record) <= SHALLOW


def max_slope(record: RunRecord) -> float:
    """Return the maximum slope of the network's activation."""
    return main_activation(record).max_slope


def normalize(record: RunRecord, why: str = "") -> Proposal:
    """Return the proposal of batch normalization, with another initialization if that of the network excludes it."""
    excludes = any(INITS[layer.init.name].scalars for layer in record.spec.network.layers)
    change: dict[str, Any] = {"network.batchnorm": True}
    change |= {"network.init": fitting_init(record)} if excludes else {}
    if any(layer.norm is not None for layer in record.spec.network.layers):
        change["network.norm"] = None
    return Proposal(change, why or _("restores the scale of the signal in each layer"))


def widen(record: RunRecord) -> Proposal:
    """Return the proposal of hidden layers of four times the width."""
    widths = [WIDER * layer.units for layer in record.spec.network.layers[:-1]]
    return Proposal({"network.hidden": widths}, _("chance averages out in wider layers"))


def rescale(record: RunRecord, fault: str) -> tuple[str, tuple[Proposal, ...]]:
    """Return the advice to use a suitable initialization, or to normalize if it is used; fault: "too small here"."""
    init, used = fitting_init(record), record.spec.network.layers[0].init
    if used.name == init and float(used.get("gain", 1.0)) == 1.0:
        if branches(record) and not has_normalization(record.spec.network):
            fixup = Proposal({"network.init": "fixup"}, _("residual branches start at zero"))
            advice = _(
                "Normalize each layer (batchnorm: true), or use Fixup (init: fixup): the initialization used, {init}, "
                "adds up over residual blocks."
            )
            return advice.format(init=init), (
                normalize(record),
                fixup,
            )
        return _("Normalize each layer (batchnorm: true): the initialization used, {init}, is {fault}.").format(
            init=init, fault=fault
        ), (normalize(record),)
    scale = _(" (standard deviation {scale})").format(scale=INITS[init].scale) if INITS[init].scale else ""
    advice = _(
        "Use the initialization {init}{scale}. It preserves the scale of the signal from layer to layer."
    ).format(init=init, scale=scale)
    return advice, (Proposal({"network.init": init}, _("preserves the variance of the signal")), normalize(record))
