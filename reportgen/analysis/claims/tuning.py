"""The choice of the best of several settings for each seed, from the scores of the other seeds."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.statistics import ALPHA, p_value

Values = NDArray[np.float64]


def chosen_by_others(scores: Values) -> list[int]:
    """Return, for each seed, the setting with the highest mean score over all other seeds.

    Choosing by the scores of the same seed would overestimate the best of many equal settings. A single seed has no
    other seeds, so its own scores are used.

    Parameters
    ----------
    scores : shape (seeds, settings); higher is better, and NaN is worst.
    """
    known = np.where(np.isnan(scores), -np.inf, scores)
    count = len(known)
    if count == 1:
        return [int(known[0].argmax())]
    means = [np.delete(known, seed, axis=0).mean(axis=0) for seed in range(count)]
    return [int(mean.argmax()) for mean in means]


def is_settled(scores: Values) -> bool:
    """Return whether one setting is significantly better than every other setting (paired over seeds, Bonferroni).

    scores: see `chosen_by_others`. A setting with NaN or minus infinity for some seed is worse than one without.
    """
    known = np.where(np.isnan(scores), -np.inf, scores)
    means = known.mean(axis=0)
    best = int(means.argmax())
    others = [index for index in range(len(means)) if index != best and math.isfinite(means[index])]
    gaps = [known[:, best] - known[:, index] for index in others]
    return all(gap.mean() > 0 and p_value(gap, 0.0) < ALPHA / max(len(others), 1) for gap in gaps)


def widening(seeds: int) -> float:
    """Return the factor by which a standard error grows if each seed's setting is chosen by the other seeds.

    The choice correlates the values, as in cross-validation. Nadeau and Bengio (2003) estimate the variance of the mean
    as 1 / n + 1 / (n - 1) times the variance of one value, instead of 1 / n times.
    """
    return math.sqrt(1 + seeds / (seeds - 1)) if seeds > 1 else 1.0
