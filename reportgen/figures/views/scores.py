"""Which scores of the finished runs a figure shows: those that the study's claims measure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from reportgen.analysis.results import Analysis, Estimate, VariantSummary
from reportgen.engine.spec import EVALUATION_SCORES

SPLITS = ("test", "val", "train")
"""In the order in which they are shown where no claim decides."""

ASKED = tuple(f"{kind}_val" for kind in EVALUATION_SCORES)
"""Scores of averages, which a study may ask for beside those of the network."""


def shown_scores(analysis: Analysis, rows: Sequence[VariantSummary]) -> str | None:
    """Return what the names of the scores begin with, such as "val" or "snapshot_val"; None where there is no score.

    Of those that some variant has, it is the one that most claims measure at the end of training.
    """
    able = [name for name in (*SPLITS, *ASKED) if any(mean_of(row, f"{name}_accuracy") for row in rows)]
    claimed = Counter(
        claim.measure.metric for claim in analysis.plan.study.claims if claim.measure.epoch in (None, "last")
    )
    counts = {name: sum(claimed[metric] for metric in _names(name)) for name in able}
    return max(able, key=lambda name: counts[name], default=None)


def _names(start: str) -> list[str]:
    return [f"{start}_{score}{part}" for score in ("accuracy", "loss") for part in ("", "_difference")]


def mean_of(row: VariantSummary, score: str) -> Estimate | None:
    """Return a variant's score with its interval, None where no run has a finite one."""
    found = row.scores.get(score)
    return found if found is not None and np.isfinite(found.value) else None
