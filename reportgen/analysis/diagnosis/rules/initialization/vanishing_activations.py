"""Activations shrink from layer to layer, until almost nothing of the input reaches the deep layers.

**Statistic.** The standard deviation of each hidden layer's activations at initialization, relative to the first hidden
layer.

**Reference.** The decrease must exceed chance and a factor of 10, and at least half of the layers must shrink the
signal. In a ReLU network with He initialization, the logarithm of the scale has a standard deviation of 0.5 sqrt(S) by
chance, where S is the sum of 5 / n over layers of n units: 0.5 for 10 layers of 50 units. Average pooling of m
positions may reduce the signal by sqrt(m), which is not counted. The false discovery rate is
0.001. In a wide tanh network with weights of variance 1/fan_in, the signal decreases with one over the square root of
depth, and ten layers reduce it by a factor of 3. The message states the decrease that mean-field theory predicts. If
both agree, the settings are the cause and not chance. Silent layers carry no signal and are cases of `symmetric_init`
and `dead_relu`, unless theory explains the decrease: in deep ReLU networks, the examples become alike, and half of the
units are silent on all of them.

**Severity.** Error if the training loss stays within 10% of the loss of guessing. Warning from a factor of 100, or if
training starts on a long plateau (see `init_plateau`). For information only if the network fits the training set; from
a factor of 100, only if its training accuracy reaches 98% of the maximum. Without training: warning from a factor of
100, error from a factor of 10,000.

**Advice.** Scale the weights by fan-in: `he` for ReLU, `xavier` for tanh and sigmoid. Alternatively, normalize each
layer.
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
from reportgen.analysis.diagnosis.layers import averaging
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

SILENT = 0.4  # as in dead_relu
NEARLY_ALL = 0.9
SOURCES = ("Glorot and Bengio 2010", "He et al. 2015", "Poole et al. 2016", "csci-497p", "stanford-scribe")


def _small(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers have vanishing activations, shape (layers - 1,)."""
    std = forward(record)
    lost: NDArray[np.bool_] = np.zeros(std.size, bool)
    if std.size < 2 or not np.isfinite(std).all() or std[0] <= 0:
        return lost
    with np.errstate(divide="ignore"):
        change = np.log(std * averaging(record)[:-1] / std[0])
    low = change < -math.log(LEAST)
    if not low[-1]:
        return lost
    flags = low & beyond_chance(change, chance_variance(record))
    shrinks = flags[-1] and (np.diff(std) < 0).mean() >= 0.5
    return flags if shrinks and not _is_silent(record, std) else lost


def _is_silent(record: RunRecord, std: NDArray[np.float64]) -> bool:
    """Return whether the last layer is silent for another reason than the scale of the weights.

    With depth, the examples become alike, so that up to half of the ReLU units are silent on all of them. If theory
    predicts at least half of the decrease, on a logarithmic scale, the silent units do not cause it.
    """
    silent = float(initial(record, "dead_fraction")[-1])
    if silent <= SILENT:
        return False
    if silent > NEARLY_ALL or any(layer.bias < 0 for layer in record.spec.network.layers[:-1]):
        return True  # whatever theory predicts, which takes long for deep networks
    expected, fall = _expected_fall(record), std[0] / std[-1] if std[-1] > 0 else math.inf
    return not (expected is not None and expected > LEAST and math.log(expected) > math.log(fall) / 2)


def _expected_fall(record: RunRecord) -> float | None:
    """Return the decrease that mean-field theory predicts, None if it does not apply."""
    found = theory.of_record(record)
    std = found["activation_std"][:-1] if found else [0.0]
    return std[0] / std[-1] if std[-1] > 0 else None


def _words(fall: float, expected: float | None) -> str:
    factor = fold(fall) if math.isfinite(fall) else _("a decrease to zero")
    return (
        _("{factor}; theory predicts {expected}").format(factor=factor, expected=fold(expected)) if expected else factor
    )


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if activations vanish before training in most seeds."""
    records = probed(evidence.records)
    flags = [_small(record) for record in records]
    shown = [r for r, f in zip(records, flags, strict=True) if f.any()]
    if not enough(len(shown), len(records)):
        return None
    seeds = tuple(r.spec.seed for r in shown)
    layers = layers_in_most(flags)
    first = mean([initial(r, "activation_std")[0] for r in shown])
    last = mean([initial(r, "activation_std")[-1] for r in shown])
    depth = len(initial(shown[0], "activation_std"))
    fall = first / last if last > 0 else math.inf
    expected = _expected_fall(shown[0])
    advice, proposals = rescale(shown[0], _("too small here"))
    return RULE.finding(
        evidence,
        severity=severity_of_change(shown, fall),
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
            _(
                "Activations vanish: their standard deviation falls from {first} in layer 1 to {last} in "
                "layer {depth}, {words} ({seeds}, {layers}, from step 0)."
            ).format(
                first=number(first), last=number(last), depth=depth, words=_words(fall, expected),
                seeds=words_for_seeds(seeds, len(records)), layers=words_for_layers(layers),
            )
        ),
        advice=advice,
        proposals=proposals,
    )  # fmt: skip


RULE = Rule(
    id="vanishing_activations",
    title=N_("Vanishing activations"),
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("symmetric_init",),
)
