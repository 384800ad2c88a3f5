"""Metrics by epoch and final scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from reportgen.engine.inspect.calibration import LOWEST
from reportgen.languages.translate import N_
from reportgen.study.metrics.metric import DIFFERENCE, EPOCHS, RUN, SHARE, SIZE, Metric, Need, Record, Values
from reportgen.study.metrics.needs import AVERAGED_WEIGHTS, CALIBRATION, DROPOUT_PASSES, SNAPSHOTS, TEST, VALIDATION
from reportgen.study.model.claims import Measure

LOSS: dict[str, Any] = {"scale": "loss", "higher_is_better": False, "infinite": True, **SIZE}
ACCURACY: dict[str, Any] = {"higher_is_better": True, "counted": True, **SHARE}


def final(name: str) -> Callable[[Record, Measure], float]:
    """Return a function that reads a final score, NaN in records that do not have it."""
    return lambda record, measure: float(record.final.get(name, math.nan))


def _column(name: str) -> Callable[[Record], Values]:
    """Return a function that reads a column by epoch, empty in records that do not have it."""
    return lambda record: np.asarray(record.arrays.get(f"epoch_{name}", ()), np.float64)


def _by_epoch(
    name: str,
    summary: str,
    curve: Callable[[Record], Values] | None = None,
    at_end: Callable[[Record, Measure], float] | None = None,
    **facts: Any,
) -> Metric:
    """Return the row of a metric by epoch.

    at_end: the value without an epoch, by default the one after the last epoch.
    """
    course = curve or _column(name)

    def read(record: Record, measure: Measure) -> float:
        if measure.epoch is None and at_end is not None:
            return at_end(record, measure)
        values = course(record)
        index = epoch_index(record, measure.epoch) if len(values) else 0
        return float(values[index]) if index < len(values) else math.nan

    return Metric(name=name, summary=summary, place=EPOCHS, curve=course, read=read, **facts)


def epoch_index(record: Record, epoch: int | str | None) -> int:
    """Return the index of an epoch; the best one has the lowest validation loss, or training loss without one."""
    if epoch == "best":
        loss = record.epochs("val_loss")
        loss = record.epochs("train_loss") if np.isnan(loss).all() else loss
        return int(np.nanargmin(loss)) if np.isfinite(loss).any() else 0
    return len(record.epochs("epoch")) - 1 if epoch in (None, "last") else int(epoch or 0)


def _score(name: str, summary: str, **facts: Any) -> Metric:
    return _by_epoch(name, summary, at_end=final(name), **facts)


EPOCH_ROWS = (
    _by_epoch("lr", "learning rate", initial=False, infinite=True),
    _by_epoch(
        "batch_loss", "mean minibatch loss of an epoch, in training mode, without penalties", initial=False, **LOSS
    ),
    _by_epoch("penalty", "L1 and L2 terms of the loss", infinite=True),
    _score(
        "train_loss",
        "loss on training examples in test mode, without penalties; after an epoch, on a subset",
        split="train",
        theory=True,
        **LOSS,
    ),
    _score(
        "train_accuracy",
        "share of training examples classified correctly, in test mode; after an epoch, on a subset",
        split="train",
        higher_is_better=True,
        **SHARE,
    ),
    _score(
        "val_loss",
        "loss on validation examples, without penalties",
        split="val",
        theory=True,
        needs=(VALIDATION,),
        **LOSS,
    ),
    _score(
        "val_accuracy",
        "share of validation examples classified correctly",
        split="val",
        needs=(VALIDATION,),
        **ACCURACY,
    ),
    _by_epoch(
        "train_cost",
        "training loss plus the penalty",
        lambda record: np.asarray(record.epochs("train_loss") + record.epochs("penalty"), np.float64),
        higher_is_better=False,
        infinite=True,
        words=N_("training loss with penalty"),
    ),
    _by_epoch(
        "accuracy_gap",
        "training accuracy minus validation accuracy",
        lambda record: np.asarray(record.epochs("train_accuracy") - record.epochs("val_accuracy"), np.float64),
        lambda record, measure: final("train_accuracy")(record, measure) - final("val_accuracy")(record, measure),
        split="val",
        counted=True,
        needs=(VALIDATION,),
        **DIFFERENCE,
        words=N_("training accuracy minus validation accuracy"),
    ),
)
"""Columns by epoch, and values that are computed from two columns."""


def _final(name: str, summary: str, need: Need, split: Literal["val", "test"], **facts: Any) -> Metric:
    return Metric(name=name, summary=summary, place=RUN, read=final(name), needs=(need,), split=split, **facts)


TEST_ROWS = (
    _final("test_loss", "loss on test examples, without penalties", TEST, "test", **LOSS),
    _final("test_accuracy", "share of test examples classified correctly", TEST, "test", **ACCURACY),
)


def _on_request(name: str, summary: str, need: Need, **facts: Any) -> Metric:
    return _final(name, summary, need, "val", **facts)


EVALUATION_ROWS = (
    _on_request(
        "mc_val_accuracy",
        "share of validation examples classified correctly by the mean of passes with dropout",
        DROPOUT_PASSES,
        **ACCURACY,
        words=N_("validation accuracy of averaged dropout masks"),
    ),
    _on_request(
        "mc_val_loss",
        "cross-entropy of the mean of passes with dropout, on validation examples",
        DROPOUT_PASSES,
        **LOSS,
        words=N_("validation loss of averaged dropout masks"),
    ),
    _on_request(
        "mc_val_accuracy_difference",
        "validation accuracy of passes with dropout minus the accuracy without dropout",
        DROPOUT_PASSES,
        comparison=True,
        **DIFFERENCE,
        words=N_("validation accuracy of averaged dropout masks minus that without dropout"),
    ),
    _on_request(
        "mc_val_loss_difference",
        "validation loss of passes with dropout minus the loss without dropout",
        DROPOUT_PASSES,
        comparison=True,
        words=N_("validation loss of averaged dropout masks minus that without dropout"),
    ),
    _on_request(
        "polyak_val_accuracy",
        "share of validation examples classified correctly with averaged weights",
        AVERAGED_WEIGHTS,
        **ACCURACY,
        words=N_("validation accuracy with averaged weights"),
    ),
    _on_request(
        "polyak_val_loss",
        "loss on validation examples with averaged weights",
        AVERAGED_WEIGHTS,
        **LOSS,
        words=N_("validation loss with averaged weights"),
    ),
    _on_request(
        "polyak_val_accuracy_difference",
        "validation accuracy with averaged weights minus the accuracy with final weights",
        AVERAGED_WEIGHTS,
        comparison=True,
        **DIFFERENCE,
        words=N_("validation accuracy with averaged weights minus that with final weights"),
    ),
    _on_request(
        "polyak_val_loss_difference",
        "validation loss with averaged weights minus the loss with final weights",
        AVERAGED_WEIGHTS,
        comparison=True,
        words=N_("validation loss with averaged weights minus that with final weights"),
    ),
    _on_request(
        "snapshot_val_accuracy",
        "share of validation examples classified correctly by the mean of all cycles' networks",
        SNAPSHOTS,
        **ACCURACY,
        words=N_("validation accuracy of averaged snapshots"),
    ),
    _on_request(
        "snapshot_val_loss",
        "cross-entropy of the mean of all cycles' networks, on validation examples",
        SNAPSHOTS,
        **LOSS,
        words=N_("validation loss of averaged snapshots"),
    ),
    _on_request(
        "snapshot_val_accuracy_difference",
        "validation accuracy of the mean of all cycles minus the accuracy of a single cycle",
        SNAPSHOTS,
        comparison=True,
        **DIFFERENCE,
        words=N_("validation accuracy of averaged snapshots minus that of a single one"),
    ),
    _on_request(
        "snapshot_val_loss_difference",
        "validation loss of the mean of all cycles minus the loss of a single cycle",
        SNAPSHOTS,
        comparison=True,
        words=N_("validation loss of averaged snapshots minus that of a single one"),
    ),
    _on_request(
        "val_calibration_error",
        "expected calibration error: mean distance of accuracy and predicted probability (softmax of the outputs, for "
        "every loss) over 15 bins of validation examples",
        CALIBRATION,
        source="Guo et al. 2017, equation 3",
        higher_is_better=False,
        **SHARE,
    ),
    _on_request(
        "temperature",
        "temperature of the smallest cross-entropy of the validation examples, above 1 for too confident predictions; "
        f"at least {LOWEST:g}, which a network without a mistake has",
        CALIBRATION,
        source="Guo et al. 2017, section 4.2",
        words=N_("temperature of calibrated probabilities"),
    ),
    _on_request(
        "val_calibration_error_scaled",
        "expected calibration error after temperature scaling, each half of the validation examples with the "
        "temperature of the other half",
        CALIBRATION,
        source="Guo et al. 2017, section 4.2",
        higher_is_better=False,
        **SHARE,
        words=N_("validation calibration error after temperature scaling"),
    ),
    _on_request(
        "val_loss_scaled",
        "cross-entropy of the validation examples after temperature scaling, fitted to the other half of them",
        CALIBRATION,
        source="Guo et al. 2017, section 4.2",
        **LOSS,
        words=N_("validation loss after temperature scaling"),
    ),
    _on_request(
        "snapshots", "number of averaged cycles", SNAPSHOTS, infinite=True, words=N_("number of averaged snapshots")
    ),
)
"""Final scores that a study requests: means of passes with dropout, averaged weights, calibration, snapshots."""
