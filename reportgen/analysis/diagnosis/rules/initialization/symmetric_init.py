"""All units of a layer are identical in weights and gradients, so training cannot make them different.

**Statistic.** The distance of the columns of a layer's weight matrix from their mean column, relative to the norm of
the matrix, and the same for the gradient. It is 0 for identical units and sqrt(1 - 1/n) for n independent random units.

**Reference.** Below 1e-4 for weights and gradients, at step 0 and at every later probe. Rounding in single precision
leaves about 1e-7. Layers of a single unit are not tested. The rule does not report layers in which only some units are
identical, as with sparse initialization. The last layer of a residual branch may start at zero, as in Fixup, since its
gradients differ as soon as the next layers have learned. Dropout drops units independently and thereby breaks the
symmetry, so with dropout only step 0 is tested.

**Severity.** Error. For information only if the network fits the training set nevertheless.

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
from reportgen.analysis.diagnosis.layers import ends_of_branches
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

COPIES = 1e-4
SOURCES = ("nn1-notes", "lecture-review", "stanford-scribe", "csci-497p", "Goodfellow, Bengio and Courville 2016, 8.4")


def _copies(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers have identical units at every probe, shape (layers - 1,)."""
    weights = np.asarray(record.statistic("weight_unit_spread"), np.float64)[:, :-1]
    gradients = np.asarray(record.statistic("gradient_unit_spread"), np.float64)[:, :-1]
    same = (weights < COPIES) & (gradients < COPIES)  # NaN (a layer of one unit) compares false
    same &= ~(ends_of_branches(record)[:-1] & (np.asarray(record.statistic("weight_norm"))[0, :-1] == 0))
    if _drops(record) or not same[0].any():
        return np.asarray(same[0], np.bool_)
    finite = np.asarray(np.isfinite(weights).all(axis=1) & np.isfinite(gradients).all(axis=1))
    finite[0] = True
    return np.asarray(same[finite].all(axis=0), np.bool_)


def _drops(record: RunRecord) -> bool:
    return any(layer.dropout is not None and layer.dropout.rate > 0 for layer in record.spec.network.layers)


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds have a layer of identical units."""
    records = probed(evidence.records)
    flags = [_copies(record) for record in records]
    seeds = tuple(r.spec.seed for r, f in zip(records, flags, strict=True) if f.any())
    if not enough(len(seeds), len(records)):
        return None
    layers = layers_in_most(flags)
    spread = max(
        float(np.nanmax(np.asarray(r.statistic("weight_unit_spread"), np.float64)[0][:-1][f]))
        for r, f in zip(records, flags, strict=True)
        if f.any()
    )
    trained = max(record.steps for record in records)
    after = (
        _(" and after {trained} steps of training").format(trained=trained)
        if trained and not _drops(records[0])
        else ""
    )
    init = fitting_init(records[0])
    return RULE.finding(
        evidence,
        severity="info" if all(fits(r) for r in records) else "error",
        seeds=seeds,
        layers=layers,
        step=0,
        evidence={"weight_unit_spread": spread, "limit": COPIES, "steps_trained": trained},
        message=(
            _(
                "All units of a layer have the same weights and gradients at step 0{after}{difference} "
                "({seeds}, {layers}). The layer computes no more than a single unit."
            ).format(
                after=after, difference=_difference(spread), seeds=words_for_seeds(seeds, len(records)),
                layers=words_for_layers(layers),
            )
        ),
        advice=_(
            "Draw the weights at random (init: {init}). Any spread allows the units to learn different features."
        ).format(init=init),
        proposals=(Proposal({"network.init": init}, _("gives each unit different weights")),),
    )  # fmt: skip


def _difference(spread: float) -> str:
    """Return a phrase on the difference between the weights of a layer's units, empty if they are equal."""
    return _(", up to a relative difference of {spread}").format(spread=number(spread)) if spread else ""


RULE = Rule(
    id="symmetric_init",
    title=N_("Symmetric initialization"),
    check=check,
    sources=SOURCES,
    stage="initialization",
)
