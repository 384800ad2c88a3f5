"""Remedies for a signal that grows or shrinks: a suitable initialization, or normalization."""

from __future__ import annotations

from reportgen.analysis.finding import Proposal
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.runs.record import RunRecord

WIDER = 4
SHALLOW = 0.5
NORMALIZE = Proposal({"network.batchnorm": True}, "restores the scale of the signal in each layer")


def fitting_init(record: RunRecord) -> str:
    """Return the initialization that preserves the scale of the signal for the first layer's activation."""
    return ACTIVATIONS[record.spec.network.layers[0].activation.name].suits


def is_shallow(record: RunRecord) -> bool:
    """Return whether the maximum slope of the first layer's activation is at most one half."""
    return max_slope(record) <= SHALLOW


def max_slope(record: RunRecord) -> float:
    """Return the maximum slope of the first layer's activation."""
    return ACTIVATIONS[record.spec.network.layers[0].activation.name].max_slope


def widen(record: RunRecord) -> Proposal:
    """Return the proposal of hidden layers of four times the width."""
    widths = [WIDER * layer.units for layer in record.spec.network.layers[:-1]]
    return Proposal({"network.hidden": widths}, "chance averages out in wider layers")


def rescale(record: RunRecord, fault: str) -> tuple[str, tuple[Proposal, ...]]:
    """Return the advice to use a suitable initialization, or to normalize if it is used; fault: "too small here"."""
    init, used = fitting_init(record), record.spec.network.layers[0].init
    if used.name == init and float(used.get("gain", 1.0)) == 1.0:
        return f"Normalize each layer (batchnorm: true): the initialization used, {init}, is {fault}.", (NORMALIZE,)
    scale = f" (standard deviation {INITS[init].scale})" if INITS[init].scale else ""
    advice = f"Use the initialization {init}{scale}. It preserves the scale of the signal from layer to layer."
    return advice, (Proposal({"network.init": init}, "preserves the variance of the signal"), NORMALIZE)
