"""The course of a training as a training loop logs it, from a record or from a run that is interfered with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.layers import dropouts, normalizations
from reportgen.data.dataset import Dataset
from reportgen.engine.run import Run
from reportgen.engine.setup import set_up
from reportgen.engine.spec import RunSpec
from reportgen.engine.step import SCORE_COLUMNS
from reportgen.runs.record import RunRecord

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Course:
    """Scores of consecutive steps, from the start of an epoch on; S steps and E complete epochs.

    Attributes
    ----------
    settings : hyperparameters in the log.
    losses : loss of each minibatch before its update, (S,).
    steps : number of completed steps at the end of each epoch, counted from the start of training, (E,).
    epoch : number of epochs before the course.
    rates, batch_loss, val_loss, val_accuracy : learning rate and scores at the end of each epoch, (E,).
    train_accuracy : mean over the batches of each epoch, (E,); None if the records do not show it.
    norms : norm of the gradient at each step, (S,), None if it is not logged.
    """

    settings: Mapping[str, Any]
    losses: Array
    steps: NDArray[np.int64]
    epoch: int
    rates: Array
    batch_loss: Array
    val_loss: Array
    val_accuracy: Array
    train_accuracy: Array | None
    norms: Array | None = None

    @property
    def first_step(self) -> int:
        """Number of steps before the course."""
        return self.epoch * int(self.steps[0]) // (self.epoch + 1) if self.steps.size else 0


def _settings(spec: RunSpec) -> dict[str, Any]:
    return {"lr": spec.training.lr, "batch_size": spec.training.batch_size}


def _shows_accuracy(spec: RunSpec) -> bool:
    """Return whether the mean of the accuracies at both ends of an epoch is about that of its batches in train mode."""
    return not (dropouts(spec.network) or normalizations(spec.network) or spec.training.augment is not None)


def course_of(record: RunRecord) -> Course:
    """Return the course of a whole run."""

    def column(name: str) -> Array:
        return np.asarray(record.epochs(name), np.float64)

    right = column("train_accuracy")
    return Course(
        settings=_settings(record.spec),
        losses=np.asarray(record.arrays.get("step_loss", ()), np.float64),
        steps=np.asarray(record.epochs("step"), np.int64)[1:],
        epoch=0,
        rates=column("lr")[1:],
        batch_loss=column("batch_loss")[1:],
        val_loss=column("val_loss")[1:],
        val_accuracy=column("val_accuracy")[1:],
        train_accuracy=(right[1:] + right[:-1]) / 2 if _shows_accuracy(record.spec) else None,
    )


def begin(spec: RunSpec, dataset: Dataset) -> Run:
    """Return a run before its first step. Its learning rates and its state may be changed between calls of `train`."""
    run = Run(spec, dataset, set_up(spec, dataset), lambda: False, lambda done, total: None)
    run.start()
    return run


def course_from(run: Run, first: int = 0, before: int = 0, norms: Array | None = None) -> Course:
    """Return the course of a run from epoch `first` on.

    before: number of epochs of other runs before this one, which the log counts too.
    """
    size, complete = run.per_epoch, run.step // run.per_epoch
    epochs = np.arange(first, complete)
    scores = {name: run.scores[first : complete + 1, at].copy() for at, name in enumerate(SCORE_COLUMNS)}
    losses = run.losses[first * size : run.step].astype(np.float64)
    right = scores["train_accuracy"]
    return Course(
        settings=_settings(run.spec),
        losses=losses,
        steps=(epochs + 1 + before) * size,
        epoch=first + before,
        rates=np.asarray(run.lr[(epochs + 1) * size - 1], np.float64),
        batch_loss=losses[: epochs.size * size].reshape(epochs.size, size).mean(axis=1),
        val_loss=scores["val_loss"][1:],
        val_accuracy=scores["val_accuracy"][1:],
        train_accuracy=(right[1:] + right[:-1]) / 2 if _shows_accuracy(run.spec) else None,
        norms=None if norms is None else norms[first * size : run.step],
    )
