"""ReLU units that are silent on every example, and do not come back: they pass no gradient, so nothing moves them.

**Statistic.** The share of a hidden layer's ReLU units that output zero on all probe examples, in every one of the
last three looks (or at initialization, where nothing is trained).

**Reference.** More than 40% of a layer's units, or more than 20% where that is 15 points above the share at
initialization. A deep net with He weights and zero biases begins with 10 to 20% of such units in a layer and trains
well, since by chance a whole batch can lie on one side of a unit's boundary; a unit silent on most examples is
healthy. Silence on the probe examples is taken for silence on all where there are at least 100 of them. A layer whose
weights are zero, or were pulled to a thousandth of their size, is silent for another reason, which other rules name.

**Causes told apart.** Dead from step 0: the bias or the scale at initialization. Dead later: a step that was too
large, because of the input where this is larger than the weights fit, or else of the learning rate.

**Severity.** An error where the net learns next to nothing, else a warning. Worth a sentence where the net fits its
training split all the same: it has units to spare.

**Advice.** Dead from the start: zero biases, He's weights; where both are there already, leaky ReLU or wider layers.
Dead in training: a standardized input, or a learning rate at least ten times lower, or leaky ReLU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.input_scale import input_too_large, standardize
from reportgen.analysis.diagnosis.evidence.learning_rate import lower
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import fits, stuck
from reportgen.analysis.diagnosis.evidence.symptoms import (
    enough,
    layers_in_most,
    percent,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule, Severity
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.runs.record import RunRecord

MANY = 0.40
GROWTH = 0.15
PROBES = 3
GONE = 1e-3
LEAST_EXAMPLES = 100
SOURCES = ("nn1-notes", "lecture-review", "chicago-14", "Lu et al. 2020, Dying ReLU and initialization")


def _dead_by_layer(record: RunRecord) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares of dead units by hidden layer: at step 0, and in all of the last looks."""
    dead, layer_of = record.arrays["probe_unit_dead"], record.arrays["unit_layer"]
    last = dead[-PROBES:].all(axis=0) if len(dead) > 1 else dead[-1]
    relu = np.array(_rectified(record))
    units = np.maximum(np.bincount(layer_of, minlength=record.layers)[1:], 1)
    start, end = (np.bincount(layer_of, flags, record.layers)[1:] * relu / units for flags in (dead[0], last))
    return start, end


def _rectified(record: RunRecord) -> list[bool]:
    """Return which hidden layers have units that can fall silent for good."""
    return [ACTIVATIONS[layer.activation.name].silences for layer in record.spec.network.layers[:-1]]


def _flagged(record: RunRecord) -> NDArray[np.bool_]:
    start, end = _dead_by_layer(record)
    return (end > MANY) | ((end > start + GROWTH) & (end > MANY / 2))


def _silent(record: RunRecord) -> bool:
    """Return whether a layer's silence is that of weights that are all zero, or that a penalty has pulled to nothing.

    symmetric_init and over_regularization name these.
    """
    norms = np.asarray(record.statistic("weight_norm"), np.float64)[:, :-1]
    return bool((norms[0] == 0).any() or (norms[-1] < GONE * norms[0]).any())


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds have a layer with many units that stay dead."""
    records = [
        r
        for r in probed(evidence.records)
        if int(r.facts.get("probe_n", 0)) >= LEAST_EXAMPLES and any(_rectified(r)) and not _silent(r)
    ]
    flags = [_flagged(record) for record in records]
    shown = [r for r, f in zip(records, flags, strict=True) if f.any()]
    if not shown or not enough(len(shown), len(records)):
        return None
    layers = layers_in_most(flags)
    starts, ends = zip(*(_dead_by_layer(r) for r in shown), strict=True)
    start, end = mean([s.max() for s in starts]), mean([e.max() for e in ends])
    from_start = start > MANY
    seeds = tuple(r.spec.seed for r in shown)
    advice, proposals = _remedy(evidence, shown[0], from_start)
    most, when = end, f"after training, against {percent(start)} at the start"
    if from_start:
        most, when = start, "already at initialization"
    return Finding(
        rule=RULE.id,
        severity=_severity(shown),
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=0 if from_start else _when(shown[0]),
        evidence={"dead_fraction": end, "dead_fraction_at_start": start, "limit": MANY, "looks": PROBES},
        message=(
            f"Up to {percent(most)} of a layer's ReLU units are silent on every probe example {when} "
            f"({words_for_seeds(seeds, len(records))}, {words_for_layers(layers)})."
        ),
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
        causes=("unnormalized_input", "vanishing_activations", "vanishing_gradients") if from_start else None,
    )


def _severity(records: Sequence[RunRecord]) -> Severity:
    if 2 * sum(fits(record) for record in records) > len(records):
        return "info"
    return "error" if all(stuck(record) for record in records) else "warning"


def _when(record: RunRecord) -> int:
    """Return the step of the first look at which the layers that end with dead units have more than half of them."""
    share = np.nan_to_num(np.asarray(record.statistic("dead_fraction"), np.float64)[:, :-1]).max(axis=1)
    grown = np.flatnonzero(share >= 0.5 * (share[0] + share[-1]))
    return int(record.probe_steps[grown[0]]) if grown.size else int(record.probe_steps[-1])


def _begins_well(record: RunRecord) -> bool:
    """Return whether hidden layers begin with He's weights, at no other gain, and with zero biases."""
    hidden, scale = record.spec.network.layers[:-1], INITS["he_normal"].scale
    return all(
        INITS[one.init.name].scale == scale and one.init.get("gain", 1.0) == 1 and one.bias == 0 for one in hidden
    )


def _remedy(evidence: Evidence, record: RunRecord, from_start: bool) -> tuple[str, tuple[Proposal, ...]]:
    leaky = Proposal({"network.activation": "leaky_relu"}, "leaky ReLU passes a gradient where ReLU passes none")
    negative_bias = any(layer.bias < 0 for layer in record.spec.network.layers[:-1])
    if from_start and negative_bias:
        return "Start biases at zero: negative ones silence units.", (Proposal({"network.bias": 0.0}, "no bias"), leaky)
    if from_start and _begins_well(record):
        return "Take leaky ReLU, or wider layers: weights and biases are as they should be at the start.", (leaky,)
    if from_start:
        change: dict[str, Any] = {"network.init": "he_normal"}
        return "Start with He's weights and zero biases.", (Proposal(change, "He's scale"), leaky)
    if input_too_large(record):
        advice, standard = standardize(evidence, record)
        return advice, (standard, leaky)
    rate, slower = lower(record, "smaller steps throw fewer units off")
    return f"{rate}: large steps throw units off for good.", (slower, leaky)


RULE = Rule(
    id="dead_relu",
    title="Dead ReLU units",
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=(
        "unnormalized_input",
        "vanishing_activations",
        "exploding_activations",
        "lr_too_high",
        "nan_divergence",
        "over_regularization",
    ),
)
