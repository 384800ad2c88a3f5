"""The choice of final scores that a figure shows: those that the study's claims measure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from reportgen.analysis.results import Analysis, Estimate, VariantSummary
from reportgen.engine.spec import EVALUATION_SCORES

SPLITS = ("test", "val", "train")
"""Splits in order of preference if no claim measures a score."""

AVERAGES = tuple(f"{kind}_val" for kind in EVALUATION_SCORES)
"""Scores of averaged networks or predictions, which a study may request."""


def shown_scores(analysis: Analysis, rows: Sequence[VariantSummary]) -> str | None:
    """Return the prefix of the scores, such as "val" or "snapshot_val"; None if there is no score.

    These are the scores that most claims measure at the end of training, out of the scores that a variant has.
    """
    able = [name for name in (*SPLITS, *AVERAGES) if any(mean_of(row, f"{name}_accuracy") for row in rows)]
    claimed = Counter(
        claim.measure.metric for claim in analysis.plan.study.claims if claim.measure.epoch in (None, "last")
    )
    counts = {name: sum(claimed[metric] for metric in _names(name)) for name in able}
    return max(able, key=lambda name: counts[name], default=None)


def _names(start: str) -> list[str]:
    return [f"{start}_{score}{part}" for score in ("accuracy", "loss") for part in ("", "_difference")]


MISSING = Estimate(math.nan, math.nan, math.nan, 0)


def seeds_of(row: VariantSummary, score: str) -> dict[int, float]:
    """Return the finite scores by seed, without diverged runs."""
    good = {r.spec.seed: float(r.final.get(score, math.nan)) for r in row.records if r.status in ("ok", "stopped")}
    return {seed: value for seed, value in good.items() if math.isfinite(value)}


def mean_of(row: VariantSummary, score: str) -> Estimate | None:
    """Return a variant's score with its interval, None if no run has a finite score."""
    found = row.scores.get(score)
    return found if found is not None and math.isfinite(found.value) else None
