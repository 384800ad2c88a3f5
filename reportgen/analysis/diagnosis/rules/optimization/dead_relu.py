"""ReLU units output zero on every example and stay silent: without a gradient, no step can change them.

**Statistic.** The share of a hidden layer's ReLU units that output zero on all probe examples at each of the last three
probes after step 0 (at initialization if nothing is trained). A channel of a convolution is one unit, which is silent
if it outputs zero at every position.

**Reference.** More than 40% of a layer's units at initialization and in the end, or more than 20% if that is 15
percentage points above the share at initialization. In a deep network with He initialization and zero biases, 10 to 20%
of a layer's units are silent by chance, and the network trains well. A unit that is silent on most examples only is
healthy. At least 100 probe examples are required. A layer that gets less than a hundredth of the first layer's signal
before training outputs little more than its biases, so that small steps silence it: see `vanishing_activations`. A
layer whose weights are zero, or have shrunk to a thousandth of their size, is silent for other reasons, which other
rules report.

**Causes.** Dead from step 0: the biases or the scale of the weights. Dead later: steps that were too large, because of
an input that is too large or of the learning rate.

**Severity.** Error if the network learns next to nothing, otherwise warning. For information only if most
networks fit the training set or have no such layer: they have units to spare.

**Advice.** Dead from the start: zero biases and He initialization; if both are present, leaky ReLU or wider layers.
Dead in training: a standardized input, a learning rate at most a tenth as high, or leaky ReLU.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.input_scale import input_too_large, standardize
from reportgen.analysis.diagnosis.evidence.learning_rate import lower
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import fits, stuck
from reportgen.analysis.diagnosis.evidence.signal import LARGE, forward
from reportgen.analysis.diagnosis.evidence.symptoms import (
    enough,
    layers_in_most,
    percent,
    percent_up_to,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.layers import ends_of_branches, unit_word
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule, Severity
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

MANY = 0.40
GROWTH = 0.15
PROBES = 3
GONE = 1e-3
LEAST_EXAMPLES = 100
SOURCES = ("nn1-notes", "lecture-review", "chicago-14", "Lu et al. 2020, Dying ReLU and initialization")


def _dead_by_layer(record: RunRecord) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares of dead units by hidden layer: at step 0, and at all of the last probes."""
    dead, layer_of = record.arrays["probe_unit_dead"], record.arrays["unit_layer"]
    trained = dead[record.probe_steps > 0][-PROBES:]
    last = trained.all(axis=0) if len(trained) else dead[-1]
    relu = np.array(_rectified(record))
    units = np.maximum(np.bincount(layer_of, minlength=record.layers)[1:], 1)
    start, end = (np.bincount(layer_of, flags, record.layers)[1:] * relu / units for flags in (dead[0], last))
    return start, end


def _rectified(record: RunRecord) -> list[bool]:
    """Return which hidden layers have units that can become permanently silent."""
    return [ACTIVATIONS[layer.activation.name].silences for layer in record.spec.network.layers[:-1]]


def _flagged(record: RunRecord) -> NDArray[np.bool_]:
    start, end = _dead_by_layer(record)
    flags = ((start > MANY) & (end > MANY)) | ((end > start + GROWTH) & (end > MANY / 2))
    return np.asarray(flags & ((start > MANY) | ~_without_signal(record)))


def _without_signal(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers get almost no signal before training, shape (layers - 1,)."""
    std = forward(record)
    return np.asarray(std < std[0] / LARGE, np.bool_)


def _silent(record: RunRecord) -> bool:
    """Return whether a layer is silent because its weights are zero or have shrunk to almost zero.

    symmetric_init and over_regularization report these cases.
    """
    norms = np.asarray(record.statistic("weight_norm"), np.float64)[:, :-1]
    norms = norms[:, ~ends_of_branches(record)[:-1]]  # the signal passes by them
    return bool((norms[0] == 0).any() or (norms[-1] < GONE * norms[0]).any())


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds have a layer with many dead units."""
    records = [
        r
        for r in probed(evidence.records)
        if int(r.facts.get("probe_n", 0)) >= LEAST_EXAMPLES and any(_rectified(r)) and not _silent(r)
    ]
    flags = [_flagged(record) for record in records]
    shown = [r for r, f in zip(records, flags, strict=True) if f.any()]
    if not enough(len(shown), len(records)):
        return None
    layers = layers_in_most(flags)
    starts, ends = zip(*(_dead_by_layer(r) for r in shown), strict=True)
    start, end = mean([s.max() for s in starts]), mean([e.max() for e in ends])
    from_start = start > MANY
    seeds = tuple(r.spec.seed for r in shown)
    advice, proposals = _remedy(evidence, shown[0], from_start, layers)
    units = unit_word(shown[0], layers)
    where = _("at every position of every probe example") if units == "channels" else _("on every probe example")
    most, when = end, _("after training, compared with {start} at the start").format(start=percent(start))
    if from_start:
        most, when = start, _("at initialization")
    return RULE.finding(
        evidence,
        severity=_severity(shown, len(records)),
        seeds=seeds,
        layers=layers,
        step=0 if from_start else _when(shown[0]),
        evidence={"dead_fraction": end, "dead_fraction_at_start": start, "limit": MANY, "looks": PROBES},
        message=(
            _("ReLU {word} are dead: {most} of a layer's {word} are silent {where} {when} ({seeds}, {layers}).").format(
                word=_(units), most=percent_up_to(most), where=where, when=when,
                seeds=words_for_seeds(seeds, len(records)), layers=words_for_layers(layers),
            )
        ),
        advice=advice,
        proposals=proposals,
        causes=("unnormalized_input", "vanishing_activations", "vanishing_gradients") if from_start else None,
    )  # fmt: skip


def _severity(records: Sequence[RunRecord], runs: int) -> Severity:
    """Return the severity for the runs with dead units, of all diagnosed runs."""
    if not enough(sum(not fits(record) for record in records), runs):
        return "info"
    return "error" if all(stuck(record) for record in records) else "warning"


def _when(record: RunRecord) -> int:
    """Return the step of the first probe at which the increase of dead units exceeds half of its final value."""
    share = np.nan_to_num(np.asarray(record.statistic("dead_fraction"), np.float64)[:, :-1]).max(axis=1)
    grown = np.flatnonzero(share >= 0.5 * (share[0] + share[-1]))
    return int(record.probe_steps[grown[0]]) if grown.size else int(record.probe_steps[-1])


def _begins_well(record: RunRecord) -> bool:
    """Return whether all hidden layers start with He initialization, a gain of 1 and zero biases."""
    hidden, scale = record.spec.network.layers[:-1], INITS["he_normal"].scale
    return all(
        INITS[layer.init.name].scale == scale and layer.init.get("gain", 1.0) == 1 and layer.bias == 0
        for layer in hidden
    )


def _remedy(
    evidence: Evidence, record: RunRecord, from_start: bool, layers: tuple[int, ...]
) -> tuple[str, tuple[Proposal, ...]]:
    word = _(unit_word(record, layers))
    leaky = Proposal({"network.activation": "leaky_relu"}, _("passes a gradient for negative inputs"))
    negative_bias = any(layer.bias < 0 for layer in record.spec.network.layers[:-1])
    if from_start and negative_bias:
        return _("Start biases at zero: negative biases silence {word}.").format(word=word), (
            Proposal({"network.bias": 0.0}, _("zero biases")),
            leaky,
        )
    if from_start and _begins_well(record):
        return _("Use leaky ReLU or wider layers: weights and biases are initialized well already."), (leaky,)
    if from_start:
        return _("Use He initialization (standard deviation sqrt(2/fan_in)) and zero biases."), (
            Proposal({"network.init": "he_normal"}, _("preserves the scale of the signal")),
            leaky,
        )
    if input_too_large(record):
        advice, standard = standardize(evidence, record)
        return advice, (standard, leaky)
    rate, slower = lower(record, _("smaller steps silence fewer {word}").format(word=word))
    return _("{rate}: large steps silence {word} permanently.").format(rate=rate, word=word), (slower, leaky)


RULE = Rule(
    id="dead_relu",
    title=N_("Dead ReLU units"),
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=(
        "unnormalized_input",
        "layer_learning_rate",
        "vanishing_activations",
        "exploding_activations",
        "lr_too_high",
        "nan_divergence",
        "over_regularization",
    ),
)
