"""Trains a run with the engine and interferes: stops and continues it, spoils steps, or measures scores wrongly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.diagnosis.logs.courses import Course, begin, course_from
from reportgen.data.dataset import Dataset
from reportgen.engine.network import WEIGHTS
from reportgen.engine.predict import outputs
from reportgen.engine.run import Run
from reportgen.engine.spec import RunSpec
from reportgen.engine.step import evaluate

Array = NDArray[np.float64]
Make = Callable[[RunSpec, Dataset], list[Course]]
"""Trains a run and returns the courses that its log holds, in the order of writing."""

BURST = 3
"""Steps of a burst."""


@dataclass(frozen=True)
class Resume:
    """How training stops and is continued.

    Attributes
    ----------
    at : share of the epochs after which the checkpoint is written.
    further : number of epochs that are trained and logged after it, before training stops.
    is_complete : whether everything is restored; else the optimizer begins anew.
    older : epoch of the weights that are restored, by default those of the checkpoint; None for new weights.
    keeps_schedule : whether the schedule of the learning rate goes on; else it begins anew.
    rate : factor of the learning rate from there on.
    loses_output : whether the output layer begins with new weights.
    scale : factor of the inputs from there on.
    counts_on : whether the log goes on after the last value instead of after the checkpoint.
    """

    at: float = 0.6
    further: int = 2
    is_complete: bool = False
    older: int | None = -1
    keeps_schedule: bool = True
    rate: float = 1.0
    loses_output: bool = False
    scale: float = 1.0
    counts_on: bool = False

    def __call__(self, spec: RunSpec, dataset: Dataset) -> list[Course]:
        """Return the courses before and after the interruption."""
        run = begin(spec, dataset)
        checkpoint = round(self.at * spec.training.epochs)
        weights_of = checkpoint if self.older == -1 else self.older or 0
        run.train(weights_of * run.per_epoch)
        saved = _copy(run)
        run.train(checkpoint * run.per_epoch)
        run.train((checkpoint + self.further) * run.per_epoch)
        before = course_from(run)
        if self.is_complete:
            _restore(run, saved)
            run.step = checkpoint * run.per_epoch
            run.train(run.total)
            return [before, course_from(run, checkpoint)]
        done = checkpoint + self.further * self.counts_on
        return [before, course_from(self._again(run, saved, done, dataset), before=done)]

    def _again(self, run: Run, saved: Sequence[NDArray[np.generic]], done: int, dataset: Dataset) -> Run:
        """Return a new run for the rest of the epochs, after training."""
        rest = run.total - done * run.per_epoch
        splits = {name: getattr(dataset, name) * np.float32(self.scale) for name in ("x_train", "x_val")}
        again = begin(run.spec, replace(dataset, **splits))
        state = again.setup.state
        new = state.params.copy()
        if self.older is not None:
            state.params[:], state.running[:] = saved[0], saved[1]
        if self.loses_output:
            for operation, code in zip(again.setup.operations, again.setup.net.codes, strict=True):
                place = slice(int(code[WEIGHTS]), int(code[WEIGHTS]) + operation.weights)
                if operation.is_output:
                    state.params[place] = new[place]
        rates = run.lr[done * run.per_epoch :] if self.keeps_schedule else run.lr
        again.lr[:rest] = rates[:rest] * self.rate
        again.train(rest)
        return again


def _copy(run: Run) -> list[NDArray[np.generic]]:
    state = run.setup.state
    return [state.params.copy(), state.running.copy(), state.optimizer_state.copy()]


def _restore(run: Run, saved: Sequence[NDArray[np.generic]]) -> None:
    state = run.setup.state
    state.params[:], state.running[:], state.optimizer_state[:] = saved


@dataclass(frozen=True)
class Spoil:
    """What happens to single steps of a training whose gradient norm is logged.

    The study must clip gradients, at any norm, since only then does the engine keep the whole gradient.

    Attributes
    ----------
    bursts : shares of training after which the learning rate is too large for a few steps.
    times : factor of the learning rate in them.
    outliers : number of training examples whose inputs are those of one of them, `scale` times as large, so that
        they contradict each other unless they have the same class.
    """

    bursts: tuple[float, ...] = ()
    times: float = 1.0
    outliers: int = 0
    scale: float = 1.0

    def __call__(self, spec: RunSpec, dataset: Dataset) -> list[Course]:
        """Return the course with its gradient norms."""
        x = dataset.x_train.copy()
        rows = np.random.default_rng(spec.seed).permutation(len(x))[: self.outliers]
        x[rows] = x[rows[:1]] * np.float32(self.scale)
        run = begin(spec, replace(dataset, x_train=x))
        for share in self.bursts:
            at = round(share * run.total)
            run.lr[at : at + BURST] *= self.times
        norms = np.full(run.total, np.nan)
        while run.step < run.total and run.status == "ok":
            run.train(run.step + 1)
            norms[run.step - 1] = np.linalg.norm(run.setup.state.grads.astype(np.float64))
        return [course_from(run, norms=norms)]


def _split_by_epoch(run: Run, score: Callable[[Run], float]) -> Array:
    """Train a run and return a score after each epoch."""
    found = []
    for epoch in range(run.total // run.per_epoch):
        run.train((epoch + 1) * run.per_epoch)
        found.append(score(run))
    return np.array(found)


def _accuracy(run: Run, x: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    s = run.setup
    return float(evaluate(s.net, s.state, s.work, x, y, s.evaluation_rows)[1])


def right_metrics(spec: RunSpec, dataset: Dataset) -> list[Course]:
    """Return the course of an untouched training."""
    run = begin(spec, dataset)
    run.train(run.total)
    return [course_from(run)]


def shuffled_labels(spec: RunSpec, dataset: Dataset) -> list[Course]:
    """Return a course whose validation accuracy is measured with the labels of other examples."""
    other = np.random.default_rng(spec.seed).permutation(dataset.y_val)
    return _with_labels(spec, dataset, other)


def renumbered_labels(spec: RunSpec, dataset: Dataset) -> list[Course]:
    """Return a course whose validation accuracy is measured with classes that are counted from 1."""
    return _with_labels(spec, dataset, (dataset.y_val + 1) % dataset.classes)


def _with_labels(spec: RunSpec, dataset: Dataset, labels: NDArray[np.int64]) -> list[Course]:
    run = begin(spec, dataset)
    right = _split_by_epoch(run, lambda run: _accuracy(run, run.setup.examples.x_val, labels))
    return [replace(course_from(run), val_accuracy=right)]


def labels_of_next_batch(spec: RunSpec, dataset: Dataset) -> list[Course]:
    """Return a course whose training accuracy is measured with the labels of other examples."""
    run = begin(spec, dataset)
    other = np.roll(dataset.y_train, run.setup.batch_size)
    right = _split_by_epoch(run, lambda run: _accuracy(run, run.setup.examples.x, other))
    return [replace(course_from(run), train_accuracy=right)]


def softmax_twice(spec: RunSpec, dataset: Dataset) -> list[Course]:
    """Return a course whose validation loss takes probabilities for logits."""
    run, y = begin(spec, dataset), dataset.y_val

    def loss(run: Run) -> float:
        s = run.setup
        logits = np.empty(y.size * dataset.classes, np.float32)
        outputs(s.net, s.state, s.work, s.examples.x_val, s.examples.y_val, s.evaluation_rows, False, 0, logits)
        once = _log_softmax(logits.reshape(y.size, dataset.classes).astype(np.float64))
        return -float(_log_softmax(np.exp(once))[np.arange(y.size), y].mean())

    losses = _split_by_epoch(run, loss)
    return [replace(course_from(run), val_loss=losses)]


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
