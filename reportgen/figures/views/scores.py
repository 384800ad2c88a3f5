"""The choice of final scores that a figure shows: those that the study's claims measure, of a number of seeds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from reportgen.analysis.results import Analysis, Array, Estimate, VariantSummary
from reportgen.engine.spec import EVALUATION_SCORES
from reportgen.languages.translate import _

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


MOST_MARKS, FEWEST_SEEDS, MOST_SEEDS = 4000, 20, 100
"""Largest number of marks of seeds in a figure, and the range of seeds of a variant with that, to limit its size."""

MISSING = Estimate(math.nan, math.nan, math.nan, 0)


def seeds_of(row: VariantSummary, score: str) -> dict[int, float]:
    """Return the finite scores by seed, without diverged runs."""
    good = {r.spec.seed: float(r.final.get(score, math.nan)) for r in row.records if r.status in ("ok", "stopped")}
    return {seed: value for seed, value in good.items() if math.isfinite(value)}


def mean_of(row: VariantSummary, score: str) -> Estimate | None:
    """Return a variant's score with its interval, None if no run has a finite score."""
    found = row.scores.get(score)
    return found if found is not None and math.isfinite(found.value) else None


def drawn_seeds(seeds: int, groups: int) -> int:
    """Return how many seeds a figure draws of this number; groups: number of variants, or of variants and layers."""
    return min(seeds, max(FEWEST_SEEDS, min(MOST_SEEDS, MOST_MARKS // max(groups, 1))))


def some_seeds(per_seed: Array, groups: int) -> Array:
    """Return the values (S, ...) of the seeds that a figure draws: all, or those at evenly spaced ranks with both ends.

    NaN values have no rank. groups: as in `drawn_seeds`.
    """
    most = drawn_seeds(len(per_seed), groups)
    if most == len(per_seed):
        return per_seed
    ordered = np.sort(per_seed, axis=0)
    last = np.maximum((~np.isnan(ordered)).sum(axis=0) - 1, 0)
    ranks = np.round(np.multiply.outer(np.linspace(0, 1, most), last)).astype(int)
    return np.take_along_axis(ordered, ranks, axis=0)


def seeds_note(seeds: int, groups: int) -> str:
    """Return the words of a caption on the seeds that are drawn, empty if all are; parameters as in `drawn_seeds`."""
    most = drawn_seeds(seeds, groups)
    words = _("of {seeds} seeds, {drawn} at evenly spaced ranks are drawn")
    return words.format(seeds=seeds, drawn=most) if most < seeds else ""
