"""Units of a saturating activation sit on its flat parts, where its slope is nearly zero and no gradient passes.

**Statistic.** The share of a hidden layer's activations whose slope is below 5% of the activation's largest (for tanh,
|a| > 0.975).

**Reference.** More than half of a layer's activations, at initialization or at all looks from the middle of training
to its end. For pre-activations of unit variance that share is 3% (tanh) and less than 0.1% (sigmoid); a trained net
commonly has more in its last layers, since it has become sure of its answers, hence the high level. A net that fits
its training split all the same is worth a sentence and no more at initialization (from a share of 80% on, one that
has mastered it, with 98% of its labels), and nothing later: there, saturation is success. Nor is it a fault later where
the training loss fell by a tenth of guessing's from then on: narrow nets draw sharp boundaries with flat units. What a
net knows only by heart, with far more mistakes on validation examples than a simple model makes, does not count. An
error where more than 80% are flat and the net learns next to nothing.

**Causes told apart.** From step 0, with biases beyond 1: these are. From step 0, with weights that keep the variance of
their input: the input is too large. From step 0 otherwise: the weights are. Later only: steps that were too large.

**Advice.** Start biases at zero, or standardize the input, or scale the weights by fan-in (`xavier`), or lower the
learning rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.input_scale import input_too_large, standardize
from reportgen.analysis.diagnosis.evidence.learning_rate import lower
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import CLOSE_FIT, FITS, fits, guess_loss, learned_task, stuck
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
from reportgen.runs.record import RunRecord

MUCH = 0.5
MOST = 0.8
LEARNED = 0.1
LARGE_BIAS = 1.0
"""A pre-activation of common size is about 1: a larger bias alone decides where a unit sits."""

SOURCES = ("Glorot and Bengio 2010", "lecture-review", "stanford-scribe", "nn1-notes")


def _bounded(record: RunRecord) -> NDArray[np.bool_]:
    layers = record.spec.network.layers[:-1]
    return np.array([ACTIVATIONS[layer.activation.name].bounded for layer in layers], bool)


def _flat(record: RunRecord) -> tuple[NDArray[np.bool_], int]:
    """Return which hidden layers are saturated, and the step from which on."""
    bounded = _bounded(record)
    if not bounded.any():
        return np.zeros(bounded.size, bool), 0
    much = (np.asarray(record.statistic("saturated_fraction"), np.float64)[:, :-1] > MUCH) & bounded
    if much[0].any():
        return np.asarray(much[0]), 0
    late = np.asarray(much[len(much) // 2 :].all(axis=0) if len(much) > 2 else much[-1], np.bool_)
    if fits(record):
        late = np.zeros_like(late)
    if not late.any():
        return late, 0
    first = int(record.probe_steps[np.flatnonzero(much[:, late].any(axis=1))[0]])
    return (np.zeros_like(late), 0) if _learned_since(record, first) else (late, first)


def _learned_since(record: RunRecord, step: int) -> bool:
    """Return whether the training loss fell after a step, so that units which are flat by then did not stop it."""
    steps, losses = (np.asarray(record.arrays.get(f"epoch_{name}", ()), np.float64) for name in ("step", "train_loss"))
    if not 2 <= steps.size == losses.size:
        return False
    return bool(losses[-1] < np.interp(step, steps, losses) - LEARNED * guess_loss(record))


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds have a saturated layer."""
    records = probed(evidence.records)
    saturated = [_flat(record) for record in records]
    seeds = tuple(r.spec.seed for r, (flags, _) in zip(records, saturated, strict=True) if flags.any())
    if not seeds or not enough(len(seeds), len(records)):
        return None
    layers = layers_in_most([flags for flags, _ in saturated])
    step = min(step for flags, step in saturated if flags.any())
    shares = [
        np.nanmax(np.asarray(r.statistic("saturated_fraction"), np.float64)[0 if step == 0 else -1][:-1][flags])
        for r, (flags, _) in zip(records, saturated, strict=True)
        if flags.any()
    ]
    share = mean(shares)
    shown = [r for r, (flags, _) in zip(records, saturated, strict=True) if flags.any()]
    name = shown[0].spec.network.layers[layers[0] - 1].activation.name
    advice, proposals = _remedy(evidence, shown[0], layers, step)
    return Finding(
        rule=RULE.id,
        severity=_severity(shown, share, step),
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=step,
        evidence={"saturated_fraction": share, "limit": MUCH, "activation": name},
        message=(
            f"Up to {percent(share)} of a layer's {name} activations sit where the slope is below 5% of its "
            f"largest ({words_for_seeds(seeds, len(records))}, {words_for_layers(layers)}, from step {step})."
        ),
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
        causes=None if step == 0 else ("symmetric_init", "lr_too_high"),
    )


def _severity(records: Sequence[RunRecord], share: float, step: int) -> Severity:
    needed = CLOSE_FIT if step == 0 and share > MOST else FITS
    if 2 * sum(learned_task(record, needed) for record in records) > len(records):
        return "info"
    return "error" if all(stuck(record) or record.steps == 0 for record in records) and share > MOST else "warning"


def _remedy(
    evidence: Evidence, record: RunRecord, layers: Sequence[int], step: int
) -> tuple[str, tuple[Proposal, ...]]:
    normalize = Proposal({"network.batchnorm": True}, "batch normalization sets the scale of pre-activations")
    if step > 0:
        rate, slower = lower(record, "smaller steps leave the weights smaller")
        return f"{rate}: large steps drove the units there.", (slower, normalize)
    if any(abs(record.spec.network.layers[layer - 1].bias) > LARGE_BIAS for layer in layers):
        change = Proposal({"network.bias": 0.0}, "biases that leave units where they are steep")
        return "Start biases at zero: large ones put units on their flat parts.", (change, normalize)
    if 1 in layers and input_too_large(record):
        advice, proposal = standardize(evidence, record)
        return advice, (proposal, normalize)
    advice = "Scale the weights by 1 / sqrt(fan_in) (init: xavier): pre-activations then stay where units are steep."
    return advice, (Proposal({"network.init": "xavier"}, "xavier gives pre-activations of unit variance"), normalize)


RULE = Rule(
    id="saturation",
    title="Saturated units",
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("unnormalized_input", "symmetric_init"),
)
