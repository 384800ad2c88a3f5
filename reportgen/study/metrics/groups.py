"""Metrics of several runs: ensembles over the seeds of a variant, and the best trial of a search."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.languages.translate import N_
from reportgen.study.metrics.metric import DIFFERENCE, ENSEMBLE, SEARCH, SHARE, TRIAL, Metric, Values
from reportgen.study.metrics.scores import EPOCH_ROWS, TEST_ROWS

_SCORES = {row.name: row for row in (*EPOCH_ROWS, *TEST_ROWS)}


def gain(weights: Values, single: Values, together: Values) -> Values:
    """Return the accuracy of each set of members minus the mean accuracy of its members."""
    lead: Values = together - weights @ single / weights.sum(axis=1)
    return lead


def spread(weights: Values, single: Values, together: Values) -> Values:
    """Return the standard deviation of the accuracies of the members of each set."""
    return np.array([single[chosen].std(ddof=1) for chosen in weights > 0], np.float64)


ENSEMBLE_ROWS = (
    Metric(
        name="ensemble_val_accuracy",
        summary="share of validation examples classified correctly by the mean of all seeds' networks",
        place=ENSEMBLE,
        combine=lambda weights, single, together: together,
        higher_is_better=True,
        split="val",
        counted=True,
        **SHARE,
        words=N_("validation accuracy of the ensemble"),
    ),
    Metric(
        name="ensemble_val_gain",
        summary="validation accuracy of the mean of the networks of all seeds minus their mean accuracy",
        place=ENSEMBLE,
        combine=gain,
        higher_is_better=True,
        split="val",
        **DIFFERENCE,
        words=N_("validation accuracy of the ensemble minus that of its members"),
    ),
    Metric(
        name="ensemble_val_spread",
        summary="standard deviation of the validation accuracies over all seeds",
        place=ENSEMBLE,
        combine=spread,
        least_members=3,  # without one of two members, no standard deviation remains
        split="val",
        **SHARE,
        words=N_("standard deviation of the members' validation accuracies"),
    ),
)


def _best(score: str) -> Metric:
    """Return the row of a score of the best trial, with the facts of the score."""
    row = _SCORES[score]
    facts: dict[str, Any] = {
        name: getattr(row, name)
        for name in ("summary", "scale", "lowest", "highest", "higher_is_better", "needs", "split", "counted")
    }
    return Metric(name=f"best_{score}", place=SEARCH, best_of=score, **facts)


SEARCH_ROWS = (
    *map(_best, ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy")),
    Metric(
        name="best_setting",
        summary="value of a searched setting in each seed's best trial",
        place=TRIAL,
        from_trial=lambda trial, path: float(trial.values[path]),
        words=N_("value in the best trial"),
    ),
    Metric(
        name="best_place",
        summary="position of that value in its range, from 0 (low end) to 1 (high end), on the scale of the range",
        place=TRIAL,
        from_trial=lambda trial, path: float(trial.places[path]),
        lowest=0.0,
        highest=1.0,
        words=N_("position of the best value in its range"),
    ),
    Metric(
        name="largest_trainable",
        summary="largest value of a searched setting up to which all of a seed's runs train: they do not diverge, and "
        "their training loss ends lower than it started",
        place=TRIAL,
        from_trial=lambda trial, path: float(trial.values[path]),
        of_largest=True,
        lowest=0.0,
        words=N_("largest value that trains"),
    ),
)
"""A variant without a search has its own scores."""
