"""Ensembles over seeds: accuracy of the mean of the members' probabilities, and its gain over the members.

Runs that diverged or failed are not members.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.results import EnsembleScore, VariantSummary
from reportgen.analysis.statistics import LEVEL
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.metric import Metric

Values = NDArray[np.float64]

MOST_SETS = 200
"""Largest number of sets of one size; if there are more, a random sample of this size is used."""

RESAMPLES = 1000
_CHUNK_BYTES = 1e8


def members_of(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the records of completed runs with predictions for the same labels."""
    found = [r for r in records if r.status in ("ok", "stopped") and "val_probabilities" in r.arrays]
    return [r for r in found if np.array_equal(r.arrays["val_labels"], found[0].arrays["val_labels"])]


def score_ensembles(variants: Sequence[VariantSummary], sizes: Sequence[int]) -> tuple[EnsembleScore, ...]:
    """Return the ensembles of each variant and of each size up to its number of members."""
    scores = []
    for variant in variants if sizes else ():
        members = members_of(variant.records)
        if members:
            p, labels = _stacked(members)
            scores += [_score(variant.variant.id, p, labels, size) for size in sizes if size <= len(members)]
    return tuple(scores)


def ensemble_by_seed(records: Sequence[RunRecord], metric: Metric) -> dict[int, float]:
    """Return jackknife values of an ensemble metric by seed (Tukey 1958).

    With the metric T of all n members and T_i without member i, the value of seed i is T + (n - 1) (mean of T_i - T_i).
    The values have mean T, and their standard error is the standard error of T.
    """
    members = members_of(records)
    if len(members) < metric.least_members or metric.combine is None:
        return {}
    p, labels = _stacked(members)
    n = len(members)
    single = accuracies(np.eye(n), p, labels)
    weights = np.vstack([np.ones((1, n)), 1 - np.eye(n)])
    found = metric.combine(weights, single, accuracies(weights, p, labels))
    whole, without = found[0], found[1:]
    values = whole + (n - 1) * (without.mean() - without)
    return {record.spec.seed: float(value) for record, value in zip(members, values, strict=True)}


def accuracies(weights: Values, p: Values, labels: NDArray[np.int64]) -> Values:
    """Return the accuracy of each weighted sum of members.

    weights: shape (sets, members); p: probabilities, shape (members, n, classes); labels: shape (n,).
    """
    members, n, classes = p.shape
    flat = p.reshape(members, -1)
    rows = max(1, int(_CHUNK_BYTES / (8 * flat.shape[1])))
    right = [
        ((weights[k : k + rows] @ flat).reshape(-1, n, classes).argmax(axis=2) == labels).mean(axis=1)
        for k in range(0, len(weights), rows)
    ]
    return np.concatenate(right)


def _stacked(members: Sequence[RunRecord]) -> tuple[Values, NDArray[np.int64]]:
    p = np.array([record.arrays["val_probabilities"] for record in members], np.float64)
    return p, np.asarray(members[0].arrays["val_labels"], np.int64)


def _score(variant: str, p: Values, labels: NDArray[np.int64], size: int) -> EnsembleScore:
    n = len(p)
    sets = _sets(n, size)
    single = accuracies(np.eye(n), p, labels)
    score = float(accuracies(sets, p, labels).mean())
    difference = score - float(single.mean())
    interval = _bootstrap(p, labels, single, size, difference)
    return EnsembleScore(variant, size, len(sets), score, tuple(float(x) for x in single), difference, interval)


def _sets(n: int, size: int) -> Values:
    """Return sets of members as rows of zeros and ones: all sets, or a random sample of MOST_SETS."""
    if math.comb(n, size) <= MOST_SETS:
        chosen = [list(each) for each in itertools.combinations(range(n), size)]
    else:
        rng = np.random.default_rng(0)
        chosen = [list(rng.choice(n, size, replace=False)) for _ in range(MOST_SETS)]
    sets = np.zeros((len(chosen), n))
    for row, members in zip(sets, chosen, strict=True):
        row[members] = 1
    return sets


def _bootstrap(
    p: Values, labels: NDArray[np.int64], single: Values, size: int, difference: float
) -> tuple[float, float]:
    """Return the 95% bootstrap interval of the difference over members (Efron 1979).

    A resample contains duplicate members, which add nothing to the ensemble. This lowers all resamples equally, so
    their distribution is shifted to the measured difference.
    """
    n = len(p)
    drawn = np.random.default_rng(1).multinomial(n, np.full(n, 1 / n), RESAMPLES).astype(np.float64)
    weights = drawn if size == n else _thinned(drawn, size)
    gains = accuracies(weights, p, labels) - drawn @ single / n
    low, high = np.quantile(gains - gains.mean(), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return difference + float(low), difference + float(high)


def _thinned(drawn: Values, size: int) -> Values:
    """Return `size` members of each resample, chosen without replacement."""
    rng = np.random.default_rng(2)
    chosen = [rng.multivariate_hypergeometric(row.astype(np.int64), size) for row in drawn]
    return np.array(chosen, np.float64)
