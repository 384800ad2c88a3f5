"""The remedies for a signal that grows or shrinks: the scale of weights that suits the activation, or normalization."""

from __future__ import annotations

from reportgen.analysis.finding import Proposal
from reportgen.runs.record import RunRecord

RECTIFIERS = ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu")
"""Activations that pass about half of what comes in, for which He's scale was made or is the closest."""

WIDER = 4
NORMALIZE = Proposal({"network.batchnorm": True}, "batch normalization sets the scale anew in each layer")


def fitting_init(activation: str) -> str:
    """Return the initialization that keeps the size of a signal through units of this kind."""
    if activation in RECTIFIERS:
        return "he_normal"
    return "lecun_normal" if activation == "selu" else "xavier"


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
    scale = "sqrt(2 / fan_in)" if init == "he_normal" else "1 / sqrt(fan_in)"
    advice = f"Scale the weights by {scale} (init: {init}), which keeps the signal's size from layer to layer."
    return advice, (Proposal({"network.init": init}, f"{init} keeps the variance of the signal"), NORMALIZE)
