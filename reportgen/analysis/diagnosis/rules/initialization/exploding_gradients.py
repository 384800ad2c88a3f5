"""Gradients grow from layer to layer on the way back, so the steps of the first layers are far too large.

**Statistic.** The root mean square of the deltas of each hidden layer before training, relative to the last hidden
layer. Deltas are the gradients of the loss with respect to the pre-activations; in a convolution, they are summed over
the positions of a channel, which share its weights.

**Reference.** The growth must exceed chance and a factor of 10. In a ReLU network with He initialization, the logarithm
of the ratio has a standard deviation of 0.5 sqrt(S) by chance, where S is the sum of 5 / n over layers of n units; the
false discovery rate is 0.001. Mean-field theory predicts that squared deltas are multiplied by
chi = sigma_w^2 E[phi'(z)^2] per layer. They explode if chi > 1, even where tanh bounds the activations. Batch
normalization increases deltas by a factor of 1.21 per ReLU layer. The rule allows for this factor up to a total of 100,
since a dozen such layers train well. Beyond 100, no network without shortcuts trains well. A layer with at most half as
many units as there are classes collects the gradients of a wide next layer, whatever the depth: see `underfitting`.

**Severity.** Error if the run diverged or if the training loss stays within 10% of the loss of guessing, otherwise
warning. For information only if the network fits the training set; from a factor of 100, only if its training accuracy
reaches 98% of the maximum. Without training: warning from a factor of 100, error from a factor of 10,000.

**Advice.** Scale the weights by fan-in: `he` for ReLU, `xavier` for tanh and sigmoid. Alternatively, normalize each
layer. If the layers are normalized already, use fewer, or residual blocks: twelve layers increase deltas tenfold.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis import theory
from reportgen.analysis.diagnosis.evidence.scale_remedies import rescale
from reportgen.analysis.diagnosis.evidence.signal import (
    LARGE,
    LEAST,
    backward,
    beyond_chance,
    chance_variance,
    expected_deltas,
    has_zero_weights,
    severity_of_change,
)
from reportgen.analysis.diagnosis.evidence.symptoms import (
    enough,
    fold,
    layers_in_most,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.layers import has_bottleneck, normalization_noun
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.engine.network_spec import normalizes
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

BATCHNORM = math.sqrt(math.pi / (math.pi - 1))
"""The factor by which deltas grow through a batch-normalized ReLU layer (Yang et al. 2019)."""

BEARABLE = 12
"""Number of such layers that increase deltas about tenfold."""

SOURCES = (
    "lecture-review",
    "stanford-scribe",
    "Poole et al. 2016",
    "Schoenholz et al. 2017",
    "Yang et al. 2019",
)


def _growth(record: RunRecord) -> tuple[NDArray[np.bool_], float]:
    """Return which hidden layers have exploding gradients, and the factor of the first layer."""
    sizes = backward(record)
    nowhere = np.zeros(sizes.size, np.bool_)
    if sizes.size < 2 or has_zero_weights(record) or has_bottleneck(record):
        return nowhere, 1.0
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        return nowhere, 1.0
    normalized = [normalizes(layer) for layer in record.spec.network.layers[:-1]]
    change = np.log(sizes / sizes[-1])
    other = change - math.log(BATCHNORM) * np.cumsum(normalized[::-1])[::-1]
    large = (other > math.log(LEAST)) | (change > math.log(LARGE))
    if not large[0]:
        return nowhere, 1.0
    flags = large & beyond_chance(change, chance_variance(record)[-1] - chance_variance(record))
    return (flags if flags[0] else nowhere), float(sizes[0] / sizes[-1])


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if gradients explode before training in most seeds."""
    records = probed(evidence.records)
    grown = [_growth(record) for record in records]
    shown = [record for record, (flags, _) in zip(records, grown, strict=True) if flags.any()]
    if not enough(len(shown), len(records)):
        return None
    factor = float(np.median([times for flags, times in grown if flags.any()]))
    layers = layers_in_most([flags for flags, _ in grown])
    seeds = tuple(record.spec.seed for record in shown)
    expected = _expected(shown[0])
    theirs = _(" (theory predicts {expected})").format(expected=fold(expected)) if expected else ""
    advice, proposals = _remedy(shown[0])
    return RULE.finding(
        evidence,
        severity=severity_of_change(shown, factor, LEAST),
        seeds=seeds,
        layers=layers,
        step=0,
        evidence={
            "growth": factor,
            "expected_growth": expected,
            "limit": LEAST,
            "spread_by_chance": float(np.sqrt(chance_variance(shown[0])[-1]) / 2),
        },
        message=(
            _(
                "Gradients explode: they grow by {factor}{theirs} from hidden layer {layers} back to layer 1 "
                "({seeds}, {layers2}, from step 0)."
            ).format(
                factor=fold(factor),
                theirs=theirs,
                layers=shown[0].layers - 1,
                seeds=words_for_seeds(seeds, len(records)),
                layers2=words_for_layers(layers),
            )
        ),
        advice=advice,
        proposals=proposals,
    )


def _remedy(record: RunRecord) -> tuple[str, tuple[Proposal, ...]]:
    hidden = record.spec.network.layers[:-1]
    if not all(map(normalizes, hidden)) or len(hidden) <= BEARABLE:
        return rescale(record, _("too large here"))
    fewer = [_thinned([layer.units for layer in hidden], most) for most in (BEARABLE, BEARABLE // 2)]
    proposals = tuple(
        Proposal({"network.hidden": widths}, _("gradients grow less in fewer layers")) for widths in fewer
    )
    return (
        _(
            "Use at most {bearable} layers, or residual blocks: gradients grow in each layer with {normalization}."
        ).format(bearable=BEARABLE, normalization=normalization_noun(record.spec.network)),
        proposals,
    )


def _thinned(widths: list[int], most: int) -> list[int]:
    """Return `most` of the widths, evenly spaced from first to last."""
    return [widths[round(at)] for at in np.linspace(0, len(widths) - 1, most)]


def _expected(record: RunRecord) -> float | None:
    deltas = expected_deltas(record, theory.of_record(record))
    return float(deltas[0] / deltas[-1]) if deltas.size and deltas[-1] > 0 else None


RULE = Rule(
    id="exploding_gradients",
    title=N_("Exploding gradients"),
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("symmetric_init", "exploding_activations", "saturation", "missing_nonlinearity"),
)
