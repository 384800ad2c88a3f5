"""The outcome of a run: whether it learned its task, learned next to nothing, or diverged."""

from __future__ import annotations

import math

import numpy as np

from reportgen.analysis.diagnosis.evidence.held_out import CLEAR_ERRORS, SIMPLE
from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.diagnosis.layers import normalizations
from reportgen.analysis.sanity import chance_loss
from reportgen.engine.tables.losses import guess_of, least_of
from reportgen.runs.record import RunRecord

FITS = 0.9
"""A network fits if it predicts this share of the training labels that can be learned."""

CLOSE_FIT = 0.98
"""The share of a close fit, with next to nothing left to learn in training."""

HALF = 0.5
"""Largest loss of a fit, as a share of the loss of guessing, in addition to the cost of noisy labels."""

FAR = 0.1
"""A run is clearly worse than a simple model if it loses this share of its lead over the most common class."""

STUCK = 0.9
"""A network is stuck if its loss stays above this share of the loss of guessing."""

NOTHING = np.zeros(0)


@memoize
def guess_loss(record: RunRecord) -> float:
    """Return the loss of the best constant prediction: for cross-entropy, the entropy of the labels."""
    counts = [float(count) for count in record.facts.get("class_counts", ())]
    return guess_of(record.spec.training.loss, counts) if sum(counts) else chance_loss(record.spec)


def above_least(record: RunRecord, share: float) -> float:
    """Return the loss at this share of the way from the smallest possible loss, which may not be 0, to guessing."""
    least = least_of(record.spec.training.loss, record.spec.network.layers[-1].units)
    return least + share * (guess_loss(record) - least)


def start_loss(record: RunRecord) -> float:
    """Return the loss before training, NaN if unknown.

    With batch normalization, the loss of the first batch, because running statistics do not exist yet.
    """
    if normalizations(record.spec.network):
        losses = record.arrays.get("step_loss", NOTHING)
    else:
        losses = record.arrays.get("epoch_train_loss", NOTHING)
    return float(losses[0]) if len(losses) else math.nan


def end_loss(record: RunRecord) -> float:
    """Return the final training loss in test mode or in train mode, the smaller; infinite if the run diverged."""
    columns = (record.arrays.get(f"epoch_{name}", NOTHING) for name in ("train_loss", "batch_loss"))
    last = [float(column[-1]) for column in columns if len(column) and math.isfinite(column[-1])]
    return math.inf if record.status == "diverged" else min(last, default=math.nan)


@memoize
def fits(record: RunRecord) -> bool:
    """Return whether the run fits the training set, as far as its labels can be learned.

    An untrained run does not. Neither does a run with correct predictions whose loss exceeds half of the loss of
    guessing because of a few confident mistakes. If classes overlap, a run also fits if its validation accuracy is
    within one standard error of the best simple model that predicts labels.
    """
    return _learned(record, FITS) or (not stuck(record) and _matches_simple_models(record))


def fits_closely(record: RunRecord) -> bool:
    """Return whether the run has next to nothing left to learn in training."""
    return _learned(record, CLOSE_FIT)


def _learned(record: RunRecord, share: float) -> bool:
    noise = record.spec.data.label_noise
    right = float(record.final.get("train_accuracy", 0.0)) >= share * (1 - noise)
    return record.steps > 0 and right and end_loss(record) < above_least(record, HALF + noise)


@memoize
def stuck(record: RunRecord) -> bool:
    """Return whether the run was trained and learned next to nothing although there is a signal, or diverged."""
    if record.steps == 0 or end_loss(record) < above_least(record, STUCK):
        return False
    return record.status == "diverged" or not _nothing_to_learn(record)


def learned_task(record: RunRecord, share: float = FITS) -> bool:
    """Return whether the run fits by this share and is not clearly worse than simple models in validation."""
    learned = fits_closely(record) if share >= CLOSE_FIT else fits(record)
    return learned and not worse_than_simple_models(record)


def worse_than_simple_models(record: RunRecord) -> bool:
    """Return whether a run is clearly worse than simple models on validation examples.

    The gap must be three standard errors and a tenth of the best model's lead over the most common class.
    """
    best, error = _simple_models(record)
    least = FAR * (best - float(record.facts.get("baseline_majority", 0.0)))
    return float(record.final.get("val_accuracy", math.nan)) < best - max(CLEAR_ERRORS * error, least)


def above_guessing(record: RunRecord) -> bool:
    """Return whether the validation loss was above the loss of guessing after every epoch."""
    losses = np.asarray(record.arrays.get("epoch_val_loss", NOTHING), np.float64)[1:]
    return losses.size > 0 and bool(np.nanmin(losses, initial=math.inf) > guess_loss(record))


def _matches_simple_models(record: RunRecord) -> bool:
    best, error = _simple_models(record)
    significant = error > 0 and best > float(record.facts.get("baseline_majority", 1.0)) + CLEAR_ERRORS * error
    return record.steps > 0 and significant and float(record.final.get("val_accuracy", 0.0)) >= best - error


def _simple_models(record: RunRecord) -> tuple[float, float]:
    """Return the validation accuracy of the best simple model and its standard error, (0, 0) if unknown.

    One success and one failure are added, so that a model without mistakes has an error above 0.
    """
    count = float(record.facts.get("baseline_val_n", 0))
    known = _simple_accuracies(record) if count else []
    if not known:
        return 0.0, 0.0
    share = (max(known) * count + 1) / (count + 2)
    return max(known), math.sqrt(share * (1 - share) / count)


def _simple_accuracies(record: RunRecord, of: str = "") -> list[float]:
    """Return the accuracies of the simple models in a record, on validation or other examples."""
    names = [f"{name}{of}" for name in SIMPLE.values()]
    return [float(record.facts[name]) for name in names if name in record.facts]


def _nothing_to_learn(record: RunRecord) -> bool:
    """Return whether no simple model predicts left-out training labels."""
    count = float(record.facts.get("baseline_left_out_n", 0))
    counts = np.asarray(record.facts.get("class_counts", ()), np.float64)
    known = _simple_accuracies(record, "_left_out") if count and counts.sum() else []
    if not known:
        return False
    majority_share = float(counts.max() / counts.sum())
    return max(known) <= majority_share + CLEAR_ERRORS * math.sqrt(majority_share * (1 - majority_share) / count)
