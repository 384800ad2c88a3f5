"""Choose the figure that opens a report: one that shows what the answer says, or what the claims measure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.analysis.claims.quoted_sides import quoted_claims
from reportgen.analysis.results import Analysis, ClaimResult
from reportgen.figures import FIGURES
from reportgen.figures.drawing.figure import Drawing
from reportgen.study.model.claims import Claim

OVERVIEW, ANSWER = "claims_overview", "answer_values"
"""The figures of all claims and of the values behind the answer; a figure of measurements that shows them is better."""

WITHOUT_CLAIMS = ("search_scatter", "scores_by_setting", "accuracy_curves", "loss_curves")
"""Figures of the training; the first available one opens a report if no figure shows a metric of a claim."""

OF_ALL_SCORES = ("loss_curves", "accuracy_curves", "final_scores")
"""Figures of the scores of all variants, among which the values of an answer are hard to find."""

FEWEST = 3
"""Smallest number of claims for which the overview may open a report."""

VISIBLE = 0.05
"""Smallest difference that is visible in a figure, as a share of the range of the score in it."""

ENDS = (None, "first", "last", 0)
"""The steps and epochs at which figures by layer and of finished runs show a metric."""


def opening_figure(analysis: Analysis, drawings: Sequence[Drawing]) -> Drawing | None:
    """Return the figure that opens the report.

    If the answer of the study quotes measured values, it is the figure that shows most of them, the first of several.
    If this is no more than half of the values, the figure of the values behind the answer opens the report. It also
    shows them better than the figures of the scores of all variants.

    Otherwise it is the first figure that the study names, or else the one for the most claims; a figure that is made
    for a kind of question, such as scores against the setting that varies, needs half as many. A figure whose values
    are all equal is chosen only if the study names it, or if there is no other. If every claim is about a difference
    that is not visible in this figure, the overview of the claims takes its place, in which each claim has its own
    scale.
    """
    candidates = [drawing for drawing in drawings if drawing.id not in (OVERVIEW, ANSWER)]
    others = {drawing.id: drawing for drawing in drawings if drawing not in candidates}
    if quoted := quoted_claims(analysis):
        found = _showing_quoted(analysis, candidates, quoted) or others.get(ANSWER)
        if found is not None:
            return found
    if not candidates:
        return None
    chosen = candidates[0] if analysis.plan.study.figures else _showing_most(analysis, candidates)
    return others[OVERVIEW] if OVERVIEW in others and _is_invisible(analysis, chosen) else chosen


def _showing_quoted(analysis: Analysis, candidates: Sequence[Drawing], quoted: Sequence[Claim]) -> Drawing | None:
    """Return the figure that shows most of the quoted values, None if it is no more than half of them."""
    able = [drawing for drawing in candidates if drawing.id not in OF_ALL_SCORES]
    counts = [sum(_shows(analysis, drawing, claim) for claim in quoted) for drawing in able]
    most = max(counts, default=0)
    return able[counts.index(most)] if 2 * most > len(quoted) else None


def _shows(analysis: Analysis, drawing: Drawing, claim: Claim) -> bool:
    """Return whether a reader can see in a figure what a claim measures."""
    kind, measure = FIGURES[drawing.id], claim.measure
    if claim.tune is not None or claim.holds_for != "mean":
        return False  # a figure of all values does not tell which is the best or the decisive one
    there = measure.step in ENDS and measure.epoch in ENDS and not measure.relative_to
    result = next((result for result in analysis.claims if result.id == claim.id), None)
    return there and measure.metric in kind.shows and not (result is not None and _is_hidden(result, drawing))


def _is_hidden(claim: ClaimResult, drawing: Drawing) -> bool:
    """Return whether a claim is about a difference that is too small to see in a figure."""
    extent = _ranges(drawing).get(claim.metric)
    return claim.quantity == "difference" and bool(extent) and abs(claim.measured) < VISIBLE * (extent or 0.0)


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
    known = [
        claim for claim in analysis.claims if claim.quantity == "difference" and _ranges(drawing).get(claim.metric)
    ]
    return len(known) == len(analysis.claims) >= FEWEST and all(_is_hidden(claim, drawing) for claim in known)


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
