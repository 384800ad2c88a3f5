"""The forward signal shrinks from layer to layer, until deep layers see next to nothing.

**Statistic.** The standard deviation of each hidden layer's activations at initialization, relative to the first
hidden layer's.

**Reference.** What chance does, and what theory expects. In a ReLU net with He weights the logarithm of the scale
wanders with standard deviation 0.5 sqrt(sum of 5 / n) over layers of n units: 0.5 at 10 layers of 50. A fall counts
where it is beyond three such deviations and beyond a factor of 10, and is steady: at least half of the steps from
layer to layer shrink. In a wide tanh net with weights of variance 1/fan_in the signal shrinks only like one over the
square root of depth, and ten layers cost a factor of 3. The message names the fall that mean-field theory expects of
the settings: where both agree, the settings are at fault and not the draw. Layers that are silent carry no signal
to shrink: they are `symmetric_init`'s and `dead_relu`'s.

**Severity.** A warning from a factor of 100 on, or where the training loss keeps more than 80% of its first value; an
error from a factor of 10000 on. A net that fits its training split all the same is worth a sentence and no more.

**Advice.** Scale the weights by fan-in: `he` for rectifiers, `xavier` for tanh and sigmoid; or normalize each layer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis import theory
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule, Severity
from reportgen.analysis.rules._seen import (
    enough,
    fits,
    initial,
    layers_in_most,
    looked_at,
    number,
    stuck,
    words_for_layers,
    words_for_seeds,
)
from reportgen.engine.spec import Component
from reportgen.runs.record import RunRecord

LEAST = 10.0
LARGE = 100.0
HUGE = 1e4
DEVIATIONS = 3.0
SILENT = 0.4  # as dead_relu has it
RECTIFIERS = ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu", "selu")
SOURCES = ("Glorot and Bengio 2010", "He et al. 2015", "Poole et al. 2016", "csci-497p", "stanford-scribe")


def _by_chance(record: RunRecord) -> float:
    """Return the factor by which the signal may fall by the luck of the draw."""
    wander = 0.5 * math.sqrt(sum(5 / layer.units for layer in record.spec.network.layers[:-1]))
    return math.exp(DEVIATIONS * wander)


def _small(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers have lost the signal, (layers - 1,)."""
    std = initial(record, "activation_std")
    lost: NDArray[np.bool_] = np.zeros(std.size, bool)
    if std.size < 2 or not np.isfinite(std).all() or std[0] <= 0 or initial(record, "dead_fraction")[-1] > SILENT:
        return lost
    limit = max(LEAST, _by_chance(record))
    if (np.diff(std) < 0).mean() >= 0.5 and std[-1] < std[0] / limit:
        lost |= std < std[0] / limit
    return lost


def _severity(records: Sequence[RunRecord], fall: float) -> Severity:
    if all(fits(record) for record in records):
        return "info"
    if fall > HUGE:
        return "error"
    return "warning" if fall > LARGE or all(stuck(record) for record in records) else "info"


def _expected_fall(record: RunRecord) -> float | None:
    """Return the factor by which mean-field theory expects the signal to fall, None where it does not speak."""
    found = theory.of_record(record)
    std = found["activation_std"][:-1] if found else [0.0]
    return std[0] / std[-1] if std[-1] > 0 else None


def _words(fall: float, expected: float | None) -> str:
    times = f"by a factor of {number(fall)}" if math.isfinite(fall) else "to nothing"
    return f"{times}; theory expects {number(expected)} of these settings" if expected else times


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds lose the signal before training."""
    records = looked_at(evidence.records)
    flags = [_small(record) for record in records]
    shown = [r for r, f in zip(records, flags, strict=True) if f.any()]
    if not shown or not enough(len(shown), len(records)):
        return None
    seeds = tuple(r.spec.seed for r in shown)
    layers = layers_in_most(flags)
    first = float(np.mean([initial(r, "activation_std")[0] for r in shown]))
    last = float(np.mean([initial(r, "activation_std")[-1] for r in shown]))
    depth = len(initial(shown[0], "activation_std"))
    fall = first / last if last > 0 else math.inf
    expected = _expected_fall(shown[0])
    activation = shown[0].spec.network.layers[0].activation.name
    init = "he_normal" if activation in RECTIFIERS else "xavier"
    advice, proposals = _cure(shown[0], init)
    return Finding(
        rule=RULE.id,
        severity=_severity(shown, fall),
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=0,
        evidence={
            "first_layer_std": first,
            "last_layer_std": last,
            "fall": fall if math.isfinite(fall) else None,
            "expected_fall": expected,
            "fall_by_chance": _by_chance(shown[0]),
            "limit": LEAST,
        },
        message=(
            f"The standard deviation of activations falls from {number(first)} in layer 1 to {number(last)} in layer "
            f"{depth}, {_words(fall, expected)} ({words_for_seeds(seeds, len(records))}, "
            f"{words_for_layers(layers)}, from step 0)."
        ),
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
    )


def _cure(record: RunRecord, init: str) -> tuple[str, tuple[Proposal, ...]]:
    normalize = Proposal({"network.batchnorm": True}, "batch normalization sets the scale anew in each layer")
    if record.spec.network.layers[0].init == Component.of(init, gain=1.0):
        return f"Normalize each layer (batchnorm: true): {init}, which the net has, is too small for it.", (normalize,)
    scale = "sqrt(2 / fan_in)" if init == "he_normal" else "1 / sqrt(fan_in)"
    advice = f"Scale the weights by {scale} (init: {init}), which keeps the signal's size from layer to layer."
    return advice, (Proposal({"network.init": init}, f"{init} keeps the variance of the signal"), normalize)


RULE = Rule(
    id="vanishing_activations",
    title="Vanishing activations",
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("symmetric_init",),
)
