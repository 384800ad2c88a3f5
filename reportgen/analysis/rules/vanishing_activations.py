"""The forward signal shrinks from layer to layer, until deep layers see next to nothing.

**Statistic.** The standard deviation of each hidden layer's activations at initialization, relative to the first
hidden layer's.

**Reference.** A factor of 100 in all, and a steady fall: at least half of the steps from layer to layer shrink. In a
ReLU net with He weights the logarithm of the scale wanders with standard deviation 0.5 sqrt(5 L / n) over L layers of
n units, which at 10 layers of 50 is 0.5, a factor of 1.6; a factor of 100 is beyond nine such deviations. In a wide
tanh net with weights of variance 1/fan_in the signal shrinks only like one over the square root of depth: ten layers
cost a factor of 3. Layers whose activations are all zero carry no signal to shrink: they are `symmetric_init`'s.

**Advice.** Scale the weights by fan-in: `he` for rectifiers, `xavier` for tanh and sigmoid; or normalize each layer.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.analysis.rules._seen import (
    enough,
    initial,
    layers_in_most,
    looked_at,
    number,
    words_for_layers,
    words_for_seeds,
)
from reportgen.runs.record import RunRecord

SHRINKS_BY = 100.0
RECTIFIERS = ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu", "selu")
SOURCES = ("Glorot and Bengio 2010", "He et al. 2015", "csci-497p", "stanford-scribe")


def _small(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers have lost the signal, (layers - 1,)."""
    std = initial(record, "activation_std")
    lost: NDArray[np.bool_] = np.zeros(std.size, bool)
    if std.size < 2 or not np.isfinite(std).all() or std[0] <= 0:
        return lost
    falls = np.diff(std) < 0
    if falls.mean() < 0.5 or std[-1] > std[0] / SHRINKS_BY:
        return lost
    lost |= std < std[0] / SHRINKS_BY
    return lost


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds lose the signal before training."""
    records = looked_at(evidence.records)
    flags = [_small(record) for record in records]
    seeds = tuple(r.spec.seed for r, f in zip(records, flags, strict=True) if f.any())
    if not seeds or not enough(len(seeds), len(records)):
        return None
    layers = layers_in_most(flags)
    shown = [r for r, f in zip(records, flags, strict=True) if f.any()]
    first = float(np.mean([initial(r, "activation_std")[0] for r in shown]))
    last = float(np.mean([initial(r, "activation_std")[-1] for r in shown]))
    depth = len(initial(shown[0], "activation_std"))
    per_layer = (last / first) ** (1 / (depth - 1)) if last > 0 else 0.0
    activation = shown[0].spec.network.layers[0].activation.name
    init = "he_normal" if activation in RECTIFIERS else "xavier"
    scale = "sqrt(2 / fan_in)" if init == "he_normal" else "1 / sqrt(fan_in)"
    return Finding(
        rule=RULE.id,
        severity="error" if last < first * 1e-4 else "warning",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=0,
        evidence={
            "first_layer_std": first,
            "last_layer_std": last,
            "ratio_per_layer": per_layer,
            "limit": SHRINKS_BY,
            "orders_of_magnitude": math.log10(first / last) if last > 0 else None,
        },
        message=(
            f"The standard deviation of activations falls from {number(first)} in layer 1 to {number(last)} in layer "
            f"{depth}, by a factor of {number(per_layer)} a layer ({words_for_seeds(seeds, len(records))}, "
            f"{words_for_layers(layers)}, from step 0)."
        ),
        advice=f"Scale the weights by {scale} (init: {init}), which keeps the signal's size from layer to layer.",
        sources=SOURCES,
        proposals=(
            Proposal({"network.init": init}, f"{init} keeps the variance of the signal"),
            Proposal({"network.batchnorm": True}, "batch normalization sets the scale anew in each layer"),
        ),
    )


RULE = Rule(
    id="vanishing_activations",
    title="Vanishing activations",
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("symmetric_init",),
)
