"""Choose the figure that opens a report: one that shows what the claims measure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.analysis.results import Analysis
from reportgen.figures import FIGURES
from reportgen.figures.drawing.figure import Drawing

OVERVIEW = "claims_overview"
"""The figure of all claims; a figure of the measurements is preferred if it shows the differences."""

WITHOUT_CLAIMS = ("search_scatter", "scores_by_setting", "accuracy_curves", "loss_curves")
"""Figures of the training; the first available one opens a report if no figure shows a metric of a claim."""

FEWEST = 3
"""Smallest number of claims for which the overview may open a report."""

VISIBLE = 0.05
"""Smallest difference that is visible in a figure, as a share of the range of the score in it."""


def opening_figure(analysis: Analysis, drawings: Sequence[Drawing]) -> Drawing | None:
    """Return the figure that opens the report: the first that the study names, else the one for the most claims.

    A figure that is made for a kind of question, such as scores against the setting that varies, needs half as many.

    A figure whose values are all equal is chosen only if the study names it, or if there is no other.

    If every claim is about a difference that is not visible in this figure, the overview of the claims takes its
    place, in which each claim has its own scale.
    """
    candidates = [drawing for drawing in drawings if drawing.id != OVERVIEW]
    if not candidates:
        return None
    chosen = candidates[0] if analysis.plan.study.figures else _showing_most(analysis, candidates)
    overview = next((drawing for drawing in drawings if drawing.id == OVERVIEW), None)
    return overview if overview is not None and _is_invisible(analysis, chosen) else chosen


def _showing_most(analysis: Analysis, candidates: Sequence[Drawing]) -> Drawing:
    able = [drawing for drawing in candidates if not _is_constant(drawing)] or candidates
    shown = [sum(claim.metric in FIGURES[drawing.id].shows for claim in analysis.claims) for drawing in able]
    if max(shown) > 0:
        made = [number if FIGURES[drawing.id].opens else 0 for drawing, number in zip(able, shown, strict=True)]
        best = made if 2 * max(made) >= max(shown) else shown
        return able[best.index(max(best))]
    return next((drawing for id_ in WITHOUT_CLAIMS for drawing in able if drawing.id == id_), able[0])


def _is_constant(drawing: Drawing) -> bool:
    """Return whether all values in a figure are equal, such as the shares of dead units of networks without any."""
    places = [drawing.columns.index(name) for name in ("mean", "values_by_seed") if name in drawing.columns]
    fields = [str(row[at]) for row in drawing.rows for at in places if row[at] is not None]
    values = {float(number) for field in fields for number in field.split()}
    return bool(places) and len({value for value in values if np.isfinite(value)}) <= 1


def _is_invisible(analysis: Analysis, drawing: Drawing) -> bool:
    """Return whether every claim is about a difference that is too small to see in the figure."""
    ranges = _ranges(drawing)
    shares = [
        abs(claim.measured) / ranges[claim.metric]
        for claim in analysis.claims
        if claim.quantity == "difference" and ranges.get(claim.metric)
    ]
    return len(shares) == len(analysis.claims) >= FEWEST and max(shares) < VISIBLE


def _ranges(drawing: Drawing) -> dict[str, float]:
    """Return the range of the means of each score in a figure, empty if it shows no scores."""
    if not {"score", "mean"} <= set(drawing.columns):
        return {}
    score, mean = drawing.columns.index("score"), drawing.columns.index("mean")
    means: dict[str, list[float]] = {}
    for row in drawing.rows:
        if row[mean] is not None and np.isfinite(row[mean]):
            means.setdefault(row[score], []).append(float(row[mean]))
    return {name: max(values) - min(values) for name, values in means.items()}
