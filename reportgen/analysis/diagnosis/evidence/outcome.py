"""What became of a run: whether it learned its task, learned next to nothing, or lost its way."""

from __future__ import annotations

import math

import numpy as np

from reportgen.analysis.diagnosis.evidence.held_out import SIMPLE
from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.sanity import chance_loss
from reportgen.engine.tables.losses import LOSSES
from reportgen.runs.record import RunRecord

FITS = 0.9
"""The share of training labels that can be learned at all from which on a network has learned its task."""

CLOSE_FIT = 0.98
"""The same share from which on nothing is left to wish for in training."""

HALF = 0.5
"""The share of the loss of guessing that fitting leaves at most, beside what noisy labels cost."""

CLEAR_ERRORS = 3.0
"""The standard errors above the commonest class from which on a simple model sees something in the data."""

FAR = 0.1
"""The share of what a simple model has above the commonest class by which a run has to be below it at least."""

STUCK = 0.9
"""The share of the loss of guessing at which a network has learned next to nothing."""


NOTHING = np.zeros(0)


@memoize
def guess_loss(record: RunRecord) -> float:
    """Return the loss of the best answer that ignores the input: for cross-entropy, the entropy of the labels."""
    name, units = record.spec.training.loss.name, record.spec.network.layers[-1].units
    counts = [float(count) for count in record.facts.get("class_counts", ())]
    if sum(counts) == 0:
        return chance_loss(name, units)
    return LOSSES[name].guess(counts)


def start_loss(record: RunRecord) -> float:
    """Return the loss before training; with batch normalization that of the first batch, NaN where there is none.

    In test mode a network with batch normalization has no statistics to normalize with before its first step.
    """
    if any(layer.batchnorm for layer in record.spec.network.layers):
        losses = record.arrays.get("step_loss", NOTHING)
    else:
        losses = record.arrays.get("epoch_train_loss", NOTHING)
    return float(losses[0]) if len(losses) else math.nan


def end_loss(record: RunRecord) -> float:
    """Return the training loss at the end, in test or in train mode, whichever is less; infinite where it diverged."""
    columns = (record.arrays.get(f"epoch_{name}", NOTHING) for name in ("train_loss", "batch_loss"))
    last = [float(column[-1]) for column in columns if len(column) and math.isfinite(column[-1])]
    return math.inf if record.status == "diverged" else min(last, default=math.nan)


@memoize
def fits(record: RunRecord) -> bool:
    """Return whether the run fits its training split, as far as its labels can be learned and not only by heart.

    A run that was not trained does not, nor does one that is right and yet pays more than half of what guessing costs,
    for the few answers of which it is sure and wrong. Where classes overlap, a run fits that is as good on validation
    examples as simple models which see something in the data, but for a standard error: the best of several noisy
    scores flatters them by about as much.
    """
    return _learned(record, FITS) or (not stuck(record) and _matches_simple_models(record))


def fits_closely(record: RunRecord) -> bool:
    """Return whether the run has next to nothing left to learn of its training split."""
    return _learned(record, CLOSE_FIT)


def _learned(record: RunRecord, share: float) -> bool:
    noise = record.spec.data.label_noise
    right = float(record.final.get("train_accuracy", 0.0)) >= share * (1 - noise)
    return record.steps > 0 and right and end_loss(record) < (HALF + noise) * guess_loss(record)


@memoize
def stuck(record: RunRecord) -> bool:
    """Return whether the run was trained and has learned next to nothing of what there is to learn, or has diverged."""
    if record.steps == 0 or end_loss(record) < STUCK * guess_loss(record):
        return False
    return record.status == "diverged" or not _nothing_to_learn(record)


def learned_task(record: RunRecord, share: float = FITS) -> bool:
    """Return whether the run has learned its task by this share, and not only by heart.

    Only by heart is what lies clearly below simple models on validation examples.
    """
    learned = fits_closely(record) if share >= CLOSE_FIT else fits(record)
    return learned and not worse_than_simple_models(record)


def worse_than_simple_models(record: RunRecord) -> bool:
    """Return whether a run is clearly below simple models on validation examples.

    By three standard errors, and by a tenth of what the best of them has above the commonest class.
    """
    best, error = _simple_models(record)
    least = FAR * (best - float(record.facts.get("baseline_majority", 0.0)))
    return float(record.final.get("val_accuracy", math.nan)) < best - max(CLEAR_ERRORS * error, least)


def _matches_simple_models(record: RunRecord) -> bool:
    best, error = _simple_models(record)
    sees = error > 0 and best > float(record.facts.get("baseline_majority", 1.0)) + CLEAR_ERRORS * error
    return record.steps > 0 and sees and float(record.final.get("val_accuracy", 0.0)) >= best - error


def _simple_models(record: RunRecord) -> tuple[float, float]:
    """Return the validation accuracy of the best simple model and its standard error, (0, 0) where not known.

    One success and one failure are added, or a model without mistakes would be certain.
    """
    count = float(record.facts.get("baseline_val_n", 0))
    known = _simple_accuracies(record) if count else []
    if not known:
        return 0.0, 0.0
    share = (max(known) * count + 1) / (count + 2)
    return max(known), math.sqrt(share * (1 - share) / count)


def _simple_accuracies(record: RunRecord, of: str = "") -> list[float]:
    """Return the accuracies of those simple models that a record holds, on validation examples or on others."""
    names = [f"{name}{of}" for name in SIMPLE.values()]
    return [float(record.facts[name]) for name in names if name in record.facts]


def _nothing_to_learn(record: RunRecord) -> bool:
    """Return whether simple models are known to see nothing in training examples that they have not seen."""
    count = float(record.facts.get("baseline_left_out_n", 0))
    counts = np.asarray(record.facts.get("class_counts", ()), np.float64)
    known = _simple_accuracies(record, "_left_out") if count and counts.sum() else []
    if not known:
        return False
    majority_share = float(counts.max() / counts.sum())
    return max(known) <= majority_share + CLEAR_ERRORS * math.sqrt(majority_share * (1 - majority_share) / count)
