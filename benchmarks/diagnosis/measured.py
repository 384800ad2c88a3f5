"""Metrics of checks: the metrics of claims, and a few of this benchmark only.

They are independent of the rules and their thresholds.
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
    """Return the root mean square of the preprocessed inputs."""
    return math.sqrt(float(record.facts["input_second_moment"]))


def majority_share(record: RunRecord) -> float:
    """Return the share of the largest class in the training split."""
    counts = record.facts["class_counts"]
    return float(max(counts) / sum(counts))


def missed_classes(record: RunRecord) -> float:
    """Return the number of validation classes that are never predicted; requires `evaluation.predictions`."""
    predicted = np.argmax(record.arrays["val_probabilities"], axis=1)
    return float(len(set(record.arrays["val_labels"].tolist()) - set(predicted.tolist())))


def loss_swing(record: RunRecord) -> float:
    """Return the mean rise of the training loss per epoch, relative to its mean, over the last half of the epochs.

    Falls count as 0, so the result is 0 for a monotonic loss. It is infinite if the loss is not finite.
    """
    loss = np.asarray(record.epochs("train_loss"), np.float64)[1:]
    half = loss[len(loss) // 2 :]
    if not np.isfinite(half).all():
        return math.inf
    rises = np.maximum(np.diff(half), 0.0)
    return float(rises.mean() / half.mean()) if rises.size and half.mean() > 0 else 0.0


def usual_update(record: RunRecord) -> float:
    """Return the median over probes of the largest update ratio; the probe at step 0 has none."""
    ratios = np.asarray(record.statistic("update_ratio"), np.float64)[1:]
    return float(np.median(np.nanmax(ratios, axis=1)))


def share_kept(record: RunRecord) -> float:
    """Return the ratio of the final to the initial training loss; infinite for a diverged run."""
    loss = np.asarray(record.epochs("train_loss"), np.float64)
    return float(loss[-1] / loss[0]) if np.isfinite(loss[-1]) else math.inf


def plateau(record: RunRecord) -> float:
    """Return the share of epochs after which the training loss has fallen by less than 5% of its total decrease."""
    loss = np.asarray(record.epochs("train_loss"), np.float64)
    fall = loss[0] - np.minimum.accumulate(loss)
    return float((fall[1:] < 0.05 * fall[-1]).mean()) if fall[-1] > 0 else 1.0


def val_loss_rise(record: RunRecord) -> float:
    """Return the ratio of the final to the minimum validation loss."""
    loss = np.asarray(record.epochs("val_loss"), np.float64)
    return float(loss[-1] / np.nanmin(loss)) if np.isfinite(loss).any() else math.nan


def last_fifth(record: RunRecord) -> float:
    """Return the share of the total decrease of the training loss in the last fifth of the epochs."""
    loss = np.asarray(record.epochs("train_loss"), np.float64)
    cut = max(1, round(0.8 * (len(loss) - 1)))
    return float((loss[min(cut, len(loss) - 2)] - loss[-1]) / (loss[0] - loss[-1])) if loss[0] > loss[-1] else 0.0


def mode_gap(record: RunRecord) -> float:
    """Return the ratio of the final training loss in test mode to the batch loss of the last epoch in train mode."""
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
"""Metrics of the benchmark by name; all other names are metrics of claims."""


def measured(record: RunRecord, metric: str, place: Mapping[str, Any]) -> float:
    """Return a metric of a record; place: layer, step, epoch and reduce, as in the measure of a claim."""
    if metric in OWN:
        return OWN[metric](record)
    return value(record, Measure(metric=metric, **place))
