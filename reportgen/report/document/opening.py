"""Which figure opens a report: one in which its readers see what the claims measure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.analysis.results import Analysis
from reportgen.figures import FIGURES
from reportgen.figures.drawing.figure import Drawing

OVERVIEW = "claims_overview"
"""The figure that tells about the report rather than about the networks: where another says as much, that opens."""

WITHOUT_CLAIMS = ("search_scatter", "scores_by_setting", "accuracy_curves", "loss_curves")
"""Figures that tell how training went: the first of them opens a report whose claims ask for no other."""

FEWEST = 3
"""The least claims of which an overview says more than their table."""

SEEN = 0.05
"""The part of all that a figure shows of a score from which two variants are seen to differ."""


def opening_figure(analysis: Analysis, drawings: Sequence[Drawing]) -> Drawing | None:
    """Return the figure that opens the report: the first that the study names, else the one that shows most claims.

    Where all claims compare variants that differ too little to be seen apart in it, the overview of the claims, where
    each has a scale of its own, opens in its place.
    """
    able = [drawing for drawing in drawings if drawing.id != OVERVIEW]
    if not able:
        return None
    chosen = able[0] if analysis.plan.study.figures else _showing_most(analysis, able)
    overview = next((drawing for drawing in drawings if drawing.id == OVERVIEW), None)
    return overview if overview is not None and _unseen(analysis, chosen) else chosen


def _showing_most(analysis: Analysis, able: Sequence[Drawing]) -> Drawing:
    shown = [sum(claim.metric in FIGURES[drawing.id].shows for claim in analysis.claims) for drawing in able]
    if max(shown) > 0:
        return able[shown.index(max(shown))]
    return next((drawing for id_ in WITHOUT_CLAIMS for drawing in able if drawing.id == id_), able[0])


def _unseen(analysis: Analysis, drawing: Drawing) -> bool:
    """Say whether every claim is about a difference that is small beside all that the figure shows of its metric."""
    ranges = _ranges(drawing)
    parts = [
        abs(claim.measured) / ranges[claim.metric]
        for claim in analysis.claims
        if claim.quantity == "difference" and ranges.get(claim.metric)
    ]
    return len(parts) == len(analysis.claims) >= FEWEST and max(parts) < SEEN


def _ranges(drawing: Drawing) -> dict[str, float]:
    """Return how far apart the means of each score are that a figure shows, empty where it shows none."""
    if not {"score", "mean"} <= set(drawing.columns):
        return {}
    score, mean = drawing.columns.index("score"), drawing.columns.index("mean")
    found: dict[str, list[float]] = {}
    for row in drawing.rows:
        if row[mean] is not None and np.isfinite(row[mean]):
            found.setdefault(row[score], []).append(float(row[mean]))
    return {name: max(values) - min(values) for name, values in found.items()}
