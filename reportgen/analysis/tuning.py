"""Which of several settings is best, told without looking at the seed that is to be judged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
