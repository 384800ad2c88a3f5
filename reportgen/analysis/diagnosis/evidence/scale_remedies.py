"""The remedies for a signal that grows or shrinks: the scale of weights that suits the activation, or normalization."""

from __future__ import annotations

from reportgen.analysis.finding import Proposal
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.runs.record import RunRecord

WIDER = 4
SHALLOW = 0.5
NORMALIZE = Proposal({"network.batchnorm": True}, "batch normalization sets the scale anew in each layer")


def fitting_init(activation: str) -> str:
    """Return the initialization that keeps the size of a signal through units of this kind."""
    return ACTIVATIONS[activation].suits


def is_shallow(record: RunRecord) -> bool:
    """Return whether the first layer's units pass at most half of a gradient where they are steepest."""
    return max_slope(record) <= SHALLOW


def max_slope(record: RunRecord) -> float:
    """Return the largest slope of the first layer's units."""
    return ACTIVATIONS[record.spec.network.layers[0].activation.name].max_slope


def widen(record: RunRecord) -> Proposal:
    """Return the change to hidden layers of four times the width."""
    widths = [WIDER * layer.units for layer in record.spec.network.layers[:-1]]
    return Proposal({"network.hidden": widths}, "in wider layers the luck of the draw averages out")


def rescale(record: RunRecord, fault: str) -> tuple[str, tuple[Proposal, ...]]:
    """Return the advice to scale the weights by fan-in, or to normalize where they are; fault: "too small for it"."""
    first = record.spec.network.layers[0]
    init = fitting_init(first.activation.name)
    if first.init.name == init and float(first.init.get("gain", 1.0)) == 1.0:
        return f"Normalize each layer (batchnorm: true): {init}, which the net has, is {fault}.", (NORMALIZE,)
    scale = f"Scale the weights by {INITS[init].scale} (init: {init})" if INITS[init].scale else f"Take init: {init}"
    advice = f"{scale}, which keeps the signal's size from layer to layer."
    return advice, (Proposal({"network.init": init}, f"{init} keeps the variance of the signal"), NORMALIZE)
