"""The forward signal shrinks from layer to layer, until deep layers see next to nothing.

**Statistic.** The standard deviation of each hidden layer's activations at initialization, relative to the first
hidden layer's.

**Reference.** What chance does, and what theory expects. In a ReLU net with He weights the logarithm of the scale
wanders with standard deviation 0.5 sqrt(sum of 5 / n) over layers of n units: 0.5 at 10 layers of 50. A fall counts
where it is beyond that for a rate of false discoveries of one in a thousand, beyond a factor of 10, and steady: at
least half of the steps from layer to layer shrink. In a wide tanh net with weights of variance 1/fan_in the signal
shrinks only like one over the square root of depth, and ten layers cost a factor of 3. The message names the fall that
mean-field theory expects of the settings: where both agree, the settings are at fault and not the draw. Layers that
are silent carry no signal to shrink: they are `symmetric_init`'s and `dead_relu`'s.

**Severity.** An error where the training loss stays within 10% of that of guessing; else a warning from a factor of
100 on, or where the loss was flat for a costly part of it (see `init_plateau`). A net that fits its training split all
the same is worth a sentence and no more, from a factor of 100 on one that has mastered it (98%). Where nothing was
trained: a warning from a factor of 100 on, an error from 10000 on.

**Advice.** Scale the weights by fan-in: `he` for rectifiers, `xavier` for tanh and sigmoid; or normalize each layer.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis import theory
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.scale_remedies import rescale
from reportgen.analysis.diagnosis.evidence.signal import (
    LEAST,
    beyond_chance,
    chance_variance,
    forward,
    severity_of_change,
)
from reportgen.analysis.diagnosis.evidence.symptoms import (
    enough,
    fold,
    initial,
    layers_in_most,
    number,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.runs.record import RunRecord

SILENT = 0.4  # as dead_relu has it
SOURCES = ("Glorot and Bengio 2010", "He et al. 2015", "Poole et al. 2016", "csci-497p", "stanford-scribe")


def _small(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers have lost the signal, (layers - 1,)."""
    std = forward(record)
    lost: NDArray[np.bool_] = np.zeros(std.size, bool)
    if std.size < 2 or not np.isfinite(std).all() or std[0] <= 0 or initial(record, "dead_fraction")[-1] > SILENT:
        return lost
    with np.errstate(divide="ignore"):
        change = np.log(std / std[0])
    low = change < -math.log(LEAST)
    if not low[-1]:
        return lost
    flags = low & beyond_chance(change, chance_variance(record))
    return flags if flags[-1] and (np.diff(std) < 0).mean() >= 0.5 else lost


def _expected_fall(record: RunRecord) -> float | None:
    """Return the factor by which mean-field theory expects the signal to fall, None where it does not speak."""
    found = theory.of_record(record)
    std = found["activation_std"][:-1] if found else [0.0]
    return std[0] / std[-1] if std[-1] > 0 else None


def _words(fall: float, expected: float | None) -> str:
    times = f"by {fold(fall)}" if math.isfinite(fall) else "to nothing"
    return f"{times}; theory expects {fold(expected)} of these settings" if expected else times


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds lose the signal before training."""
    records = probed(evidence.records)
    flags = [_small(record) for record in records]
    shown = [r for r, f in zip(records, flags, strict=True) if f.any()]
    if not shown or not enough(len(shown), len(records)):
        return None
    seeds = tuple(r.spec.seed for r in shown)
    layers = layers_in_most(flags)
    first = mean([initial(r, "activation_std")[0] for r in shown])
    last = mean([initial(r, "activation_std")[-1] for r in shown])
    depth = len(initial(shown[0], "activation_std"))
    fall = first / last if last > 0 else math.inf
    expected = _expected_fall(shown[0])
    advice, proposals = rescale(shown[0], "too small for it")
    return Finding(
        rule=RULE.id,
        severity=severity_of_change(shown, fall),
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=0,
        evidence={
            "first_layer_std": first,
            "last_layer_std": last,
            "fall": fall if math.isfinite(fall) else None,
            "expected_fall": expected,
            "spread_by_chance": float(np.sqrt(chance_variance(shown[0])[-1]) / 2),
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


RULE = Rule(
    id="vanishing_activations",
    title="Vanishing activations",
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("symmetric_init",),
)
