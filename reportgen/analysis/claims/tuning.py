"""Which of several settings is best, told without looking at the seed that is to be judged."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.statistics import ALPHA, p_value

Values = NDArray[np.float64]


def chosen_by_others(scores: Values) -> list[int]:
    """Return, for each seed, the setting with the highest mean score over all other seeds.

    scores (seeds, settings), higher is better; NaN counts as worst. Had a seed a say in the choice, the best of many
    equal settings would look better than it is. A single seed has no others, and chooses for itself.
    """
    known = np.where(np.isnan(scores), -np.inf, scores)
    count = len(known)
    if count == 1:
        return [int(known[0].argmax())]
    means = [np.delete(known, seed, axis=0).mean(axis=0) for seed in range(count)]
    return [int(mean.argmax()) for mean in means]


def is_settled(scores: Values) -> bool:
    """Return whether one setting is surely better than each of the others, over all seeds (paired, Bonferroni).

    scores as in `chosen_by_others`; what is NaN or minus infinity on some seed is surely worse than what never is.
    """
    known = np.where(np.isnan(scores), -np.inf, scores)
    means = known.mean(axis=0)
    best = int(means.argmax())
    rivals = [index for index in range(len(means)) if index != best and math.isfinite(means[index])]
    gaps = [known[:, best] - known[:, index] for index in rivals]
    return all(gap.mean() > 0 and p_value(gap, 0.0) < ALPHA / max(len(rivals), 1) for gap in gaps)


def widening(seeds: int) -> float:
    """Return by what a standard error grows where the seeds that judge a setting have chosen it for one another.

    Their values are correlated through the choice, as scores of cross-validation are; Nadeau and Bengio (2003) take
    the variance of their mean to be 1 / n + 1 / (n - 1) of that of one, in the place of 1 / n.
    """
    return math.sqrt(1 + seeds / (seeds - 1)) if seeds > 1 else 1.0
