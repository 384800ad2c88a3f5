"""What a check measures of a record: a study's own metrics, and a few that only this benchmark needs.

None of them asks a rule, or uses a rule's threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from reportgen.analysis.metrics.measures import value
from reportgen.runs.record import RunRecord
from reportgen.study.model.claims import Measure


def input_rms(record: RunRecord) -> float:
    """Return the root mean square of the input, as trained on."""
    return math.sqrt(float(record.facts["input_second_moment"]))


def majority_share(record: RunRecord) -> float:
    """Return the share of the largest class in the training split."""
    counts = record.facts["class_counts"]
    return float(max(counts) / sum(counts))


def missed_classes(record: RunRecord) -> float:
    """Return how many classes of the validation split are never predicted there; asks for kept predictions."""
    predicted = np.argmax(record.arrays["val_probabilities"], axis=1)
    return float(len(set(record.arrays["val_labels"].tolist()) - set(predicted.tolist())))


def loss_swing(record: RunRecord) -> float:
    """Return how far the training loss rises from one epoch to the next, by its mean, over the last half of the epochs.

    Steps down count as nothing, so that a loss that falls smoothly has none; infinite where the loss is.
    """
    loss = np.asarray(record.epochs("train_loss"), np.float64)[1:]
    half = loss[len(loss) // 2 :]
    if not np.isfinite(half).all():
        return math.inf
    rises = np.maximum(np.diff(half), 0.0)
    return float(rises.mean() / half.mean()) if rises.size and half.mean() > 0 else 0.0


def usual_update(record: RunRecord) -> float:
    """Return the median over looks of the largest ratio of update to weight; the look at step 0 has none."""
    ratios = np.asarray(record.statistic("update_ratio"), np.float64)[1:]
    return float(np.median(np.nanmax(ratios, axis=1)))


def share_kept(record: RunRecord) -> float:
    """Return the share of its initial training loss that the network ends with; infinite where it diverged."""
    loss = np.asarray(record.epochs("train_loss"), np.float64)
    return float(loss[-1] / loss[0]) if np.isfinite(loss[-1]) else math.inf


def plateau(record: RunRecord) -> float:
    """Return the share of the epochs after which the training loss has made less than 5% of its whole descent."""
    loss = np.asarray(record.epochs("train_loss"), np.float64)
    fall = loss[0] - np.minimum.accumulate(loss)
    return float((fall[1:] < 0.05 * fall[-1]).mean()) if fall[-1] > 0 else 1.0


def val_loss_rise(record: RunRecord) -> float:
    """Return the validation loss at the end by the least that it has had."""
    loss = np.asarray(record.epochs("val_loss"), np.float64)
    return float(loss[-1] / np.nanmin(loss)) if np.isfinite(loss).any() else math.nan


def last_fifth(record: RunRecord) -> float:
    """Return the share of the whole descent of the training loss that its last fifth of the epochs made."""
    loss = np.asarray(record.epochs("train_loss"), np.float64)
    cut = max(1, round(0.8 * (len(loss) - 1)))
    return float((loss[min(cut, len(loss) - 2)] - loss[-1]) / (loss[0] - loss[-1])) if loss[0] > loss[-1] else 0.0


def mode_gap(record: RunRecord) -> float:
    """Return the training loss in test mode by the loss of the last epoch's batches in train mode."""
    batch = float(record.epochs("batch_loss")[-1])
    test = float(record.epochs("train_loss")[-1])
    return test / batch if batch > 0 else math.inf


def generalization_gap(record: RunRecord) -> float:
    """Return training accuracy minus validation accuracy at the end."""
    return float(record.final["train_accuracy"] - record.final["val_accuracy"])


OWN: Mapping[str, Callable[[RunRecord], float]] = {
    "input_rms": input_rms,
    "majority_share": majority_share,
    "missed_classes": missed_classes,
    "loss_swing": loss_swing,
    "usual_update": usual_update,
    "share_kept": share_kept,
    "plateau": plateau,
    "val_loss_rise": val_loss_rise,
    "last_fifth": last_fifth,
    "mode_gap": mode_gap,
    "generalization_gap": generalization_gap,
}
"""The benchmark's own metrics by name; every other name is one of a study's claims."""


def measured(record: RunRecord, metric: str, place: Mapping[str, Any]) -> float:
    """Return a metric of a record; place: layer, step, epoch and reduce, as a claim's measure has them."""
    if metric in OWN:
        return OWN[metric](record)
    return value(record, Measure(metric=metric, **place))
