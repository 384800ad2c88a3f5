"""The backward signal grows from layer to layer, so that the first layers' steps are far too large for them.

**Statistic.** The root mean square of the deltas (the loss's gradient by a layer's pre-activations) of each hidden
layer before training, relative to the last hidden layer's.

**Reference.** What chance does, and what theory expects. In a ReLU network with He weights the logarithm of the ratio
wanders with standard deviation 0.5 sqrt(sum of 5 / n) over layers of n units; a growth counts where it is beyond that
for a rate of false discoveries of one in a thousand, and beyond a factor of 10. Mean-field theory multiplies squared
deltas by chi = sigma_w^2 E[phi'(z)^2] from layer to layer; above 1 they explode, even where tanh bounds the
activations. Batch normalization itself makes gradients grow by a factor of 1.21 a ReLU layer. Up to a factor of 100
that is allowed for, since a dozen such layers train well; beyond, no net without shortcuts does.

**Severity.** An error where the run diverged or the training loss stays within 10% of that of guessing; else a
warning. A net that fits its training split all the same is worth a sentence, from a factor of 100 on one that has
mastered it (98%). Where nothing was trained: a warning from
a factor of 100 on, an error from 10000 on.

**Advice.** Scale the weights by fan-in: `he` for rectifiers, `xavier` for tanh and sigmoid; or normalize each layer.
Where layers are normalized, take fewer: twelve of them make a factor of 10.
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
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.runs.record import RunRecord

BATCHNORM = math.sqrt(math.pi / (math.pi - 1))
"""The factor by which deltas grow through a batch-normalized ReLU layer (Yang et al. 2019)."""

BEARABLE = 12
"""How many such layers make a factor of 10, about."""

SOURCES = (
    "lecture-review",
    "stanford-scribe",
    "Poole et al. 2016",
    "Schoenholz et al. 2017",
    "Yang et al. 2019",
)


def _growth(record: RunRecord) -> tuple[NDArray[np.bool_], float]:
    """Return which hidden layers get a gradient that has exploded, and by what factor the first one's is larger."""
    sizes = backward(record)
    nowhere = np.zeros(sizes.size, np.bool_)
    if sizes.size < 2 or has_zero_weights(record) or not (np.isfinite(sizes).all() and (sizes > 0).all()):
        return nowhere, 1.0
    normalized = [layer.batchnorm is not None for layer in record.spec.network.layers[:-1]]
    change = np.log(sizes / sizes[-1])
    other = change - math.log(BATCHNORM) * np.cumsum(normalized[::-1])[::-1]
    large = (other > math.log(LEAST)) | (change > math.log(LARGE))
    if not large[0]:
        return nowhere, 1.0
    flags = large & beyond_chance(change, chance_variance(record)[-1] - chance_variance(record))
    return (flags if flags[0] else nowhere), float(sizes[0] / sizes[-1])


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where the gradient of most seeds explodes on the way back."""
    records = probed(evidence.records)
    grown = [_growth(record) for record in records]
    shown = [record for record, (flags, _) in zip(records, grown, strict=True) if flags.any()]
    if not shown or not enough(len(shown), len(records)):
        return None
    factor = float(np.median([times for flags, times in grown if flags.any()]))
    layers = layers_in_most([flags for flags, _ in grown])
    seeds = tuple(record.spec.seed for record in shown)
    expected = _expected(shown[0])
    theirs = f" (theory expects {fold(expected)} of these settings)" if expected else ""
    advice, proposals = _remedy(shown[0])
    return Finding(
        rule=RULE.id,
        severity=severity_of_change(shown, factor, LEAST),
        variant=evidence.variant.id,
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
            f"The gradient grows by {fold(factor)}{theirs} on its way from hidden layer "
            f"{shown[0].layers - 1} to layer 1 ({words_for_seeds(seeds, len(records))}, {words_for_layers(layers)}, "
            "from step 0)."
        ),
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
    )


def _remedy(record: RunRecord) -> tuple[str, tuple[Proposal, ...]]:
    hidden = record.spec.network.layers[:-1]
    if not all(layer.batchnorm for layer in hidden) or len(hidden) <= BEARABLE:
        return rescale(record, "too large for it")
    fewer = [_thinned([layer.units for layer in hidden], most) for most in (BEARABLE, BEARABLE // 2)]
    proposals = tuple(
        Proposal({"network.hidden": widths}, "fewer layers for the gradient to grow in") for widths in fewer
    )
    return f"Take fewer layers, at most {BEARABLE}: batch normalization lets the gradient grow in each.", proposals


def _thinned(widths: list[int], most: int) -> list[int]:
    """Return at most so many of the layers' widths, evenly from first to last."""
    return [widths[round(at)] for at in np.linspace(0, len(widths) - 1, most)]


def _expected(record: RunRecord) -> float | None:
    found = theory.of_record(record) or {}
    deltas = found.get("gradient_std", [0.0])[:-1]
    return deltas[0] / deltas[-1] if deltas and deltas[-1] > 0 else None


RULE = Rule(
    id="exploding_gradients",
    title="Exploding gradients",
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("symmetric_init", "exploding_activations", "saturation", "missing_nonlinearity"),
)
