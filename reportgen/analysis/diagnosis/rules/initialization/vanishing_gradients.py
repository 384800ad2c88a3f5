"""Gradients shrink from layer to layer on the way back, until the first layers hardly learn.

**Statistic.** The root mean square of the deltas of each hidden layer, relative to the last hidden layer: before
training, and at the last three probes of a run that has learned next to nothing. Deltas are the gradients of the loss
with respect to the pre-activations; in a convolution, they are summed over the positions of a channel, which share its
weights. Weight gradients are not used: if activations shrink on the way forward as deltas
shrink on the way back, the weight gradients of all layers are equally small.

**Reference.** The decrease must exceed chance and a factor of 10. In a ReLU network with He initialization, the
logarithm of the ratio has a standard deviation of 0.5 sqrt(S) by chance, where S is the sum of 5 / n over layers of n
units; the false discovery rate is 0.001. Mean-field theory predicts that squared deltas are multiplied by
chi = sigma_w^2 E[phi'(z)^2] per layer. In a wide tanh network with weights of variance 1/fan_in, thirty layers reduce
deltas by a factor of 6. The slope of a sigmoid is at most 1/4, so with such weights each layer reduces them by a factor
of 4. In a network that learns next to nothing, a decrease beyond a factor of 10 counts even if chance explains it: such
a network is too narrow for its depth. Small gradients at the end of successful training are normal and are not tested.

**Severity.** Error if the training loss stays within 10% of the loss of guessing. Warning from a factor of 100, or if
training starts on a long plateau (see `init_plateau`). For information only if the network fits the training set; from
a factor of 100, only if its training accuracy reaches 98% of the maximum. Without training: warning from a factor of
100, error from a factor of 10,000.

**Advice.** Use activations with larger slopes and a suitable initialization (tanh with `xavier`, ReLU with `he`), or
normalize each layer. If theory does not predict the decrease, use wider layers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis import theory
from reportgen.analysis.diagnosis.evidence.outcome import stuck
from reportgen.analysis.diagnosis.evidence.scale_remedies import (
    is_shallow,
    main_activation,
    max_slope,
    normalize,
    rescale,
    widen,
)
from reportgen.analysis.diagnosis.evidence.signal import (
    LEAST,
    backward,
    beyond_chance,
    chance_variance,
    expected_deltas,
    has_zero_weights,
    severity_of_change,
)
from reportgen.analysis.diagnosis.evidence.symptoms import (
    FROM_START,
    enough,
    fold,
    layers_in_most,
    number,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.languages.translate import N_, _
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
    """Hidden layers with vanishing gradients, the factor of the first layer, and the step of the probe."""

    flags: NDArray[np.bool_]
    factor: float
    step: int


def _fall(record: RunRecord) -> _Fall | None:
    """Return where the gradients of a run vanish, None if they do not."""
    if record.layers < 3 or has_zero_weights(record):
        return None
    before = _at(record, 0)
    if before is not None or not stuck(record) or len(record.probe_steps) <= PROBES:
        return before
    late = [_at(record, probe) for probe in range(len(record.probe_steps) - PROBES, len(record.probe_steps))]
    lasting = [fall for fall in late if fall is not None]
    return lasting[0] if len(lasting) == PROBES else None


def _at(record: RunRecord, probe: int) -> _Fall | None:
    sizes = backward(record, probe)
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
    return _Fall(flags, last / float(sizes[0]) if sizes[0] > 0 else math.inf, int(record.probe_steps[probe]))


def _expected(record: RunRecord) -> float | None:
    """Return the decrease that mean-field theory predicts before training, None if it does not apply."""
    deltas = expected_deltas(record, theory.of_record(record))
    return float(deltas[-1] / deltas[0]) if deltas.size and deltas[0] > 0 else None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if gradients vanish in most seeds."""
    records = probed(evidence.records)
    found = [(record, fall) for record in records if (fall := _fall(record)) is not None]
    if not enough(len(found), len(records)):
        return None
    shown, falls = [r for r, _ in found], [fall for _, fall in found]
    factor, step = float(np.median([fall.factor for fall in falls])), min(fall.step for fall in falls)
    layers = layers_in_most([fall.flags for fall in falls])
    seeds = tuple(record.spec.seed for record in shown)
    expected = _expected(shown[0]) if step == 0 else None
    advice, proposals = _remedy(shown[0], step, expected)
    return RULE.finding(
        evidence,
        severity=severity_of_change(shown, factor),
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
            _(
                "Gradients vanish: they fall {words} from hidden layer {layers} back to layer 1 ({seeds}, "
                "{layers2}, from step {step})."
            ).format(
                words=_words(factor, expected),
                layers=shown[0].layers - 1,
                seeds=words_for_seeds(seeds, len(records)),
                layers2=words_for_layers(layers),
                step=step,
            )
        ),
        advice=advice,
        proposals=proposals,
        causes=None if step == 0 else (*RULE.causes, *LATE_CAUSES),
    )


def _words(factor: float, expected: float | None) -> str:
    times = _("by {factor}").format(factor=fold(factor)) if math.isfinite(factor) else _("to zero")
    return _("{times} (theory predicts {expected})").format(times=times, expected=fold(expected)) if expected else times


def _remedy(record: RunRecord, step: int, expected: float | None) -> tuple[str, tuple[Proposal, ...]]:
    if step > 0:
        return _("Normalize each layer (batchnorm: true), so that its units do not become silent."), (
            normalize(record),
        )
    if is_shallow(record):
        name, slope = main_activation(record).name, f"1/{number(1 / max_slope(record))}"
        change = {"network.activation": "tanh", "network.init": "xavier"}
        steeper = Proposal(
            change, _("the maximum slope is 1 for tanh and {slope} for {name}").format(slope=slope, name=name)
        )
        advice = _("Use tanh and Xavier initialization: the maximum slope of tanh is 1, not {slope}.").format(
            slope=slope
        )
        return advice, (steeper, normalize(record))
    advice, proposals = rescale(record, _("not sufficient at this depth and width"))
    if (expected or math.inf) > LEAST:
        return advice, proposals
    return _("Use wider layers: in a network as narrow and deep as this, gradients vanish by chance."), (
        widen(record),
        *proposals,
    )


RULE = Rule(
    id="vanishing_gradients",
    title=N_("Vanishing gradients"),
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=(*FROM_START, "vanishing_activations", "saturation", "missing_nonlinearity"),
)
