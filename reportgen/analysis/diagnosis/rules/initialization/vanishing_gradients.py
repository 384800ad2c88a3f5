"""The backward signal shrinks from layer to layer, until the first layers get next to no gradient and do not learn.

**Statistic.** The root mean square of the deltas (the loss's gradient by a layer's pre-activations) of each hidden
layer, relative to the last hidden layer's: before training, and in the last three looks of a run that has learned
next to nothing. Deltas and not the gradients of weights: where activations shrink forward as deltas shrink backward,
every layer's weight gradient is equally tiny, and their ratio tells nothing.

**Reference.** What chance does, and what theory expects. In a ReLU network with He weights the logarithm of the ratio
wanders with standard deviation 0.5 sqrt(sum of 5 / n) over layers of n units; a fall counts where it is beyond that
for a rate of false discoveries of one in a thousand, and beyond a factor of 10. In a wide tanh net with weights of
variance 1 / fan_in, thirty layers cost a factor of 6. A sigmoid's slope is at most 1/4, and each layer costs a factor
of 4 with such weights: mean-field theory multiplies squared deltas by chi = sigma_w^2 E[phi'(z)^2] from layer to
layer. A fall within the luck of the draw counts too where it is beyond a factor of 10 and the net learns nothing: a
net that is narrow for its depth. Small gradients at the end of a training that went well are success, and are not
looked at.

**Severity.** An error where the training loss stays within 10% of that of guessing; else a warning from a factor of
100 on, or where the loss was flat for a costly part of it (see `init_plateau`). A net that fits its training split all
the same is worth a sentence, from a factor of 100 on one that has mastered it (98%). Where nothing was trained: a
warning from a factor of 100 on, an error from 10000 on.

**Advice.** Units with steeper slopes and weights that suit them (tanh with `xavier`, ReLU with `he`), or normalized
layers; wider ones, where theory expects no such fall.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis import theory
from reportgen.analysis.diagnosis.evidence.outcome import stuck
from reportgen.analysis.diagnosis.evidence.scale_remedies import NORMALIZE, is_shallow, max_slope, rescale, widen
from reportgen.analysis.diagnosis.evidence.signal import (
    LEAST,
    backward,
    beyond_chance,
    chance_variance,
    has_zero_weights,
    severity_of_change,
)
from reportgen.analysis.diagnosis.evidence.symptoms import (
    enough,
    fold,
    layers_in_most,
    number,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.runs.record import RunRecord

PROBES = 3
LATE_CAUSES = ("dead_relu", "lr_too_high", "nan_divergence", "over_regularization")
SOURCES = (
    "stanford-scribe",
    "nn1-notes",
    "Glorot and Bengio 2010",
    "Schoenholz et al. 2017",
    "Hanin and Rolnick 2018",
)


@dataclass(frozen=True)
class _Fall:
    """Which hidden layers of a run have lost the gradient, by what factor the first one, and from which step on."""

    flags: NDArray[np.bool_]
    factor: float
    step: int


def _fall(record: RunRecord) -> _Fall | None:
    """Return where a run's gradient vanishes, None where it does not."""
    if record.layers < 3 or has_zero_weights(record):
        return None
    before = _at(record, 0)
    if before is not None or not stuck(record) or len(record.probe_steps) <= PROBES:
        return before
    late = [_at(record, look) for look in range(len(record.probe_steps) - PROBES, len(record.probe_steps))]
    lasting = [fall for fall in late if fall is not None]
    return lasting[0] if len(lasting) == PROBES else None


def _at(record: RunRecord, look: int) -> _Fall | None:
    sizes = backward(record, look)
    if not (np.isfinite(sizes).all() and sizes.max() > 0):
        return None
    last = float(sizes[-1]) or float(sizes.max())
    with np.errstate(divide="ignore"):
        change = np.log(sizes / last)
    low = change < -math.log(LEAST)
    if not low[0]:
        return None
    flags = low if stuck(record) else low & beyond_chance(change, chance_variance(record)[-1] - chance_variance(record))
    if not flags[0]:
        return None
    return _Fall(flags, last / float(sizes[0]) if sizes[0] > 0 else math.inf, int(record.probe_steps[look]))


def _expected(record: RunRecord) -> float | None:
    """Return the factor by which theory expects deltas to fall before training, None where it does not speak."""
    found = theory.of_record(record) or {}
    deltas = found.get("gradient_std", [0.0])[:-1]
    return deltas[-1] / deltas[0] if deltas and deltas[0] > 0 else None


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds lose the gradient on the way back."""
    records = probed(evidence.records)
    found = [(record, fall) for record in records if (fall := _fall(record)) is not None]
    if not found or not enough(len(found), len(records)):
        return None
    shown, falls = [r for r, _ in found], [fall for _, fall in found]
    factor, step = float(np.median([fall.factor for fall in falls])), min(fall.step for fall in falls)
    layers = layers_in_most([fall.flags for fall in falls])
    seeds = tuple(record.spec.seed for record in shown)
    expected = _expected(shown[0]) if step == 0 else None
    advice, proposals = _remedy(shown[0], step, expected)
    return Finding(
        rule=RULE.id,
        severity=severity_of_change(shown, factor),
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=step,
        evidence={
            "fall": factor if math.isfinite(factor) else None,
            "expected_fall": expected,
            "limit": LEAST,
            "spread_by_chance": float(np.sqrt(chance_variance(shown[0])[-1]) / 2),
        },
        message=(
            f"The gradient falls {_words(factor, expected)} on its way from hidden layer {shown[0].layers - 1} to "
            f"layer 1 ({words_for_seeds(seeds, len(records))}, {words_for_layers(layers)}, from step {step})."
        ),
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
        causes=None if step == 0 else (*RULE.causes, *LATE_CAUSES),
    )


def _words(factor: float, expected: float | None) -> str:
    times = f"by {fold(factor)}" if math.isfinite(factor) else "to nothing"
    return f"{times} (theory expects {fold(expected)} of these settings)" if expected else times


def _remedy(record: RunRecord, step: int, expected: float | None) -> tuple[str, tuple[Proposal, ...]]:
    if step > 0:
        return "Normalize each layer (batchnorm: true), so that none falls silent.", (NORMALIZE,)
    if is_shallow(record):
        name, slope = record.spec.network.layers[0].activation.name, f"1/{number(1 / max_slope(record))}"
        change = {"network.activation": "tanh", "network.init": "xavier"}
        steeper = Proposal(change, f"the largest slope of tanh is 1, that of {name} is {slope}")
        advice = (
            f"Take tanh with weights scaled by 1 / sqrt(fan_in) (init: xavier): its largest slope is 1 and not {slope}."
        )
        return advice, (steeper, NORMALIZE)
    advice, proposals = rescale(record, "no help at this depth and width")
    if (expected or math.inf) > LEAST:
        return advice, proposals
    return "Widen the layers: as narrow as this, so many of them lose the gradient by luck.", (
        widen(record),
        *proposals,
    )


RULE = Rule(
    id="vanishing_gradients",
    title="Vanishing gradients",
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("unnormalized_input", "symmetric_init", "vanishing_activations", "saturation", "missing_nonlinearity"),
)
