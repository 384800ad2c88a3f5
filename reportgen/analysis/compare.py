"""Pairwise comparisons of variants, paired by seed and corrected for multiple testing."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from reportgen.analysis.results import Comparison, Estimate, VariantSummary
from reportgen.analysis.statistics import (
    effect_size,
    holm,
    magnitude,
    mean_interval,
    p_value,
    paired_error,
    possible_difference,
)
from reportgen.study.metrics.table import metric_of

MOST_FOR_ALL_PAIRS = 6
"""With more variants, only the best one is compared with all others.

The best variant is selected by the data, so the correction counts all pairs. For 12 equal variants, correcting for only
11 tests would find a difference in every seventh study.
"""


def compare(variants: Sequence[VariantSummary]) -> tuple[Comparison, ...]:
    """Return the comparisons of validation accuracy, or of training loss if nothing is held out.

    A study without training, or with fewer than two common seeds, has none.
    """
    trained = [v for v in variants if any(r.steps > 0 for r in v.records)]
    score = next((s for s in ("val_accuracy", "train_loss") if any(v.scores[s].n for v in trained)), None)
    if score is None or len(trained) < 2:
        return ()
    found = [pair for a, b in _pairs(trained, score) if (pair := _comparison(a, b, score)) is not None]
    pairs = math.comb(len(trained), 2) if len(trained) > MOST_FOR_ALL_PAIRS else len(found)
    adjusted = holm([comparison.p_value for comparison in found], pairs)
    return tuple(dataclasses.replace(c, p_adjusted=p, pairs=pairs) for c, p in zip(found, adjusted, strict=True))


def _pairs(variants: Sequence[VariantSummary], score: str) -> list[tuple[VariantSummary, VariantSummary]]:
    if len(variants) <= MOST_FOR_ALL_PAIRS:
        return list(itertools.combinations(variants, 2))
    known = [v for v in variants if np.isfinite(v.scores[score].value)]
    if not known:
        return []
    best = max(known, key=lambda v: v.scores[score].value * (1 if metric_of(score).higher_is_better else -1))
    return [(other, best) for other in variants if other is not best]


def _by_seed(variant: VariantSummary, score: str) -> Mapping[int, float]:
    return {
        record.spec.seed: record.final[score]
        for record in variant.records
        if np.isfinite(record.final.get(score, np.nan))
    }


def _examples(*variants: VariantSummary) -> int:
    """Return the number of validation examples."""
    return min((int(r.facts["val_n"]) for v in variants for r in v.records if "val_n" in r.facts), default=0)


def _comparison(a: VariantSummary, b: VariantSummary, score: str) -> Comparison | None:
    first, second = _by_seed(a, score), _by_seed(b, score)
    seeds = sorted(set(first) & set(second))
    if len(seeds) < 2:
        return None
    before, after = (np.array([side[seed] for seed in seeds]) for side in (first, second))
    differences = after - before
    error = paired_error(float(differences.mean()), _examples(a, b), len(seeds)) if metric_of(score).counted else 0.0
    mean, lo, hi = mean_interval(differences, error)
    return Comparison(
        a=a.variant.id,
        b=b.variant.id,
        score=score,
        difference=Estimate(mean, *possible_difference(score, lo, hi), n=len(seeds)),
        p_value=p_value(differences, 0.0, error),
        p_adjusted=float("nan"),
        effect_size=effect_size(differences, magnitude(before, after)),
    )
