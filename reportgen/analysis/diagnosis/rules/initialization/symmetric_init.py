"""The units of a layer are copies of one another, in weights and in gradients, so training cannot tell them apart.

**Statistic.** How far the columns of a layer's weight matrix lie from their mean column, relative to the matrix's norm;
and the same for the gradient. 0 means copies; independent random columns of n units give sqrt(1 - 1/n).

**Reference.** Below one in ten thousand for weights and gradient alike, at step 0 and at every later look: rounding
in single precision leaves about one in ten million. Layers of one unit have no copies. Some units that happen to
agree, as with a sparse init, are not copies of all. Dropout drops each unit by itself and so tells copies apart: with
it, step 0 decides. A net that fits its training split all the same is worth a sentence and no more.

**Advice.** Draw the weights at random; any spread breaks the symmetry.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.outcome import fits
from reportgen.analysis.diagnosis.evidence.scale_remedies import fitting_init
from reportgen.analysis.diagnosis.evidence.symptoms import (
    enough,
    layers_in_most,
    number,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.runs.record import RunRecord

COPIES = 1e-4
SOURCES = ("nn1-notes", "lecture-review", "stanford-scribe", "csci-497p", "Goodfellow, Bengio and Courville 2016, 8.4")


def _copies(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers have units that are copies in every look, (layers - 1,)."""
    weights = np.asarray(record.statistic("weight_unit_spread"), np.float64)[:, :-1]
    gradients = np.asarray(record.statistic("gradient_unit_spread"), np.float64)[:, :-1]
    same = (weights < COPIES) & (gradients < COPIES)  # NaN, of a layer with one unit, compares false
    if _drops(record) or not same[0].any():
        return np.asarray(same[0], np.bool_)
    finite = np.asarray(np.isfinite(weights).all(axis=1) & np.isfinite(gradients).all(axis=1))
    finite[0] = True
    return np.asarray(same[finite].all(axis=0), np.bool_)


def _drops(record: RunRecord) -> bool:
    return any(layer.dropout is not None and layer.dropout.rate > 0 for layer in record.spec.network.layers)


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds have a layer of copies."""
    records = probed(evidence.records)
    flags = [_copies(record) for record in records]
    seeds = tuple(r.spec.seed for r, f in zip(records, flags, strict=True) if f.any())
    if not seeds or not enough(len(seeds), len(records)):
        return None
    layers = layers_in_most(flags)
    spread = max(
        float(np.nanmax(np.asarray(r.statistic("weight_unit_spread"), np.float64)[0][:-1][f]))
        for r, f in zip(records, flags, strict=True)
        if f.any()
    )
    trained = max(record.steps for record in records)
    after = f" and after {trained} steps of training" if trained and not _drops(records[0]) else ""
    init = fitting_init(records[0].spec.network.layers[0].activation.name)
    return Finding(
        rule=RULE.id,
        severity="info" if all(fits(r) for r in records) else "error",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=0,
        evidence={"weight_unit_spread": spread, "limit": COPIES, "steps_trained": trained},
        message=(
            f"All units of a layer are copies of one another at step 0{after}: {_difference(spread)}, and so are their "
            f"gradients ({words_for_seeds(seeds, len(records))}, {words_for_layers(layers)}), so that each step "
            "changes them alike. The layer can do no more than a single unit could."
        ),
        advice=f"Draw the weights at random (init: {init}); any spread lets units learn different things.",
        sources=SOURCES,
        proposals=(Proposal({"network.init": init}, f"{init} gives every unit weights of its own"),),
    )


def _difference(spread: float) -> str:
    """Return how alike the weights of a layer's units are, in words."""
    return f"their weights are equal to within {number(spread)} of their size" if spread else "their weights are equal"


RULE = Rule(
    id="symmetric_init",
    title="Symmetric initialization",
    check=check,
    sources=SOURCES,
    stage="initialization",
)
