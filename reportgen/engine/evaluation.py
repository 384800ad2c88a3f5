"""Additional evaluations of a run: Monte Carlo dropout, averaged weights, snapshots and stored predictions.

Probabilities are the softmax of the outputs, averaged in float64. Their loss is the cross-entropy, which is NaN for a
network trained with another loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.streams import stream
from reportgen.engine.inspect.by_class import class_losses, confusion
from reportgen.engine.inspect.calibration import calibration_scores
from reportgen.engine.inspect.probabilities import NO_SCORES, Probabilities, scores, softmax
from reportgen.engine.math.random import key_words
from reportgen.engine.network import BETA, GAMMA, RUNNING, State
from reportgen.engine.predict import outputs, renew_running
from reportgen.engine.setup import Setup
from reportgen.engine.spec import RunSpec
from reportgen.engine.step import evaluate
from reportgen.engine.tables.losses import is_likelihood
from reportgen.engine.tables.schedules import cycle_ends

Scores = dict[str, float]

_SMALLEST_PROBABILITY = 1e-30


def _snapshot_epochs(spec: RunSpec) -> list[float]:
    every, epochs = spec.evaluation.snapshots, spec.training.epochs
    if every is True:
        return cycle_ends(spec.training.schedule, epochs)
    return [float(end) for end in range(every, epochs + 1, every)] if every else []


class Evaluation:
    """Collects the evaluations that the EvaluationSpec of a run requests, during and after training."""

    def __init__(self, spec: RunSpec, setup: Setup, per_epoch: int, check_cancelled: Callable[[], None]) -> None:
        self.spec, self.settings = spec, spec.evaluation
        self.use(setup)
        self.check_cancelled = check_cancelled
        self.snapshots: list[tuple[int, Probabilities]] = []
        self.mean: NDArray[np.float64] | None = None
        self.averaged = 0
        start = self.settings.polyak_start
        self.average_after = None if start is None else (start - 1) * per_epoch
        self.cycle_steps = [int(np.ceil(end * per_epoch - 1e-6)) for end in _snapshot_epochs(spec)]

    def use(self, setup: Setup) -> None:
        """Evaluate on the examples of this setup from now on."""
        self.setup, self.data = setup, setup.dataset

    def next_stop(self, step: int) -> int | None:
        """Return the next step after which `after` must be called, or None."""
        if self.average_after is not None and step >= self.average_after:
            return step + 1
        stops = [*self.cycle_steps, *([] if self.average_after is None else [self.average_after])]
        return min((stop for stop in stops if stop > step), default=None)

    def after(self, step: int) -> None:
        """Update the averaged weights and the snapshots with the network after `step` steps."""
        if self.average_after is not None and step > self.average_after:
            params = self.setup.state.params.astype(np.float64)
            self.mean = np.zeros_like(params) if self.mean is None else self.mean
            self.averaged += 1
            self.mean += (params - self.mean) / self.averaged
        if step in self.cycle_steps:
            self.snapshots.append((step, self._predict("val")))

    def results(self, final: Mapping[str, float]) -> tuple[Scores, dict[str, NDArray[Any]]]:
        """Return the requested scores by name, and the arrays for the record.

        `final` holds the scores of the trained network, to which the differences are taken.
        """
        found: Scores = {}
        arrays: dict[str, NDArray[Any]] = {}
        if self.settings.predictions:
            arrays |= self._predictions()
        if self.settings.mc_dropout:
            found |= _with_differences(
                "mc", self._score(self._dropout_mean()), final["val_loss"], final["val_accuracy"]
            )
        if self.average_after is not None:
            found |= _with_differences("polyak", self._score_of_mean(), final["val_loss"], final["val_accuracy"])
        if self.settings.snapshots:
            more, kept = self._score_snapshots()
            found, arrays = found | more, arrays | kept
        if self.settings.calibration:
            order = stream(self.spec.seed, "calibration").permutation(len(self.data.y_val))
            logits = self._logits(*self._split("val")).astype(np.float64)
            found |= calibration_scores(logits, self.data.y_val, order)
        return found, arrays

    def by_class(self) -> tuple[dict[str, float], dict[str, NDArray[Any]]]:
        """Return facts and arrays by class, for the validation split and the training examples in `Dataset.sample`.

        The arrays are val_confusion and train_confusion, shape (classes, classes). The fact val_loss_sd is the
        standard deviation of the cross-entropy over validation examples. A split with outputs that are not finite
        is left out. With `class_losses`, train_class_loss and val_class_loss, shape (classes,), are of all examples.
        """
        found: dict[str, float] = {}
        arrays: dict[str, NDArray[Any]] = {}
        for split, (x, y) in {"val": self._split("val"), "train": self.data.sample}.items():
            p = self._probabilities(x, y)
            if not len(y) or not np.isfinite(p).all():
                continue
            arrays[f"{split}_confusion"] = confusion(y, p.argmax(axis=1), self.data.classes)
            if split == "val":
                found["val_loss_sd"] = float(np.log(np.maximum(p[np.arange(len(y)), y], _SMALLEST_PROBABILITY)).std())
        for split in ("train", "val") if self.settings.class_losses else ():
            x, y = self._split(split)
            arrays[f"{split}_class_loss"] = class_losses(self._probabilities(x, y), y, self.data.classes)
        return found, arrays

    def _split(self, split: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
        x, y = getattr(self.data, f"x_{split}"), getattr(self.data, f"y_{split}")
        return np.ascontiguousarray(x, np.float32).reshape(-1), y

    def _predict(
        self, split: str, state: State | None = None, with_dropout: bool = False, step: int = 0
    ) -> Probabilities:
        """Return the probabilities of a split; batch number b draws the dropout masks of step `step` + b."""
        return self._probabilities(*self._split(split), state, with_dropout, step)

    def _probabilities(self, x: NDArray[Any], y: NDArray[np.int64], *draw: Any) -> Probabilities:
        return softmax(self._logits(x, y, *draw))

    def _logits(
        self,
        x: NDArray[Any],
        y: NDArray[np.int64],
        state: State | None = None,
        with_dropout: bool = False,
        step: int = 0,
    ) -> NDArray[np.float32]:
        s = self.setup
        logits = np.empty(len(y) * s.net.classes, np.float32)
        outputs(s.net, state or s.state, s.work, x, y, s.evaluation_rows, with_dropout, step, logits)
        return logits.reshape(len(y), s.net.classes)

    def _score(self, p: Probabilities) -> tuple[float, float]:
        loss, accuracy = scores(p, self.data.y_val)
        return (loss if is_likelihood(self.spec.training.loss) else np.nan), accuracy

    def _predictions(self) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {}
        for split in ("val", "test"):
            labels = self._split(split)[1]
            if len(labels):
                arrays[f"{split}_probabilities"] = self._predict(split).astype(np.float32)
                arrays[f"{split}_labels"] = labels.astype(np.int32)
        return arrays

    def mode_facts(self) -> dict[str, float]:
        """Return facts that compare the training mode and the test mode of batch normalization and dropout."""
        return self._batch_norm_facts() | self.train_mode_scale()

    def _batch_norm_facts(self) -> dict[str, float]:
        """Return the facts about batch normalization at the end of training; empty without it."""
        if not any(operation.batchnorm for operation in self.setup.operations):
            return {}
        return self._batch_dependence() | {"bn_identity_gap": self._identity_gap()}

    def _identity_gap(self) -> float:
        """Return the root mean square difference between outputs and inputs of the batch normalizations.

        A unit with input z of mean m and standard deviation s has the output gamma (z - m) / s + beta. The mean
        square of output minus input is (gamma - s)^2 + (beta - m)^2. It is averaged over all units and divided by
        the average of s^2. The result is 0 only for the identity.
        """
        s, squares, spread = self.setup, 0.0, 0.0
        for code, operation in zip(s.net.codes, s.operations, strict=True):
            if operation.batchnorm:
                width = operation.width
                gamma, beta = (s.state.params[code[k] :][:width].astype(np.float64) for k in (GAMMA, BETA))
                mean, variance = s.state.running[code[RUNNING] :][: 2 * width].reshape(2, -1).astype(np.float64)
                with np.errstate(invalid="ignore"):  # a diverged run can have negative variances or NaN
                    std = np.sqrt(variance + operation.batchnorm.epsilon)
                squares += float(((gamma - std) ** 2 + (beta - mean) ** 2).sum())
                spread += float((std**2).sum())
        return float(np.sqrt(squares / spread)) if spread > 0 else np.nan

    def _batch_dependence(self) -> dict[str, float]:
        """Return the share of validation examples whose predicted class depends on the batch that they are in.

        The examples are scored in batches of the training's size twice, in order and shuffled. Empty without
        validation examples.
        """
        s, count = self.setup, len(self.data.y_val)
        if count == 0:
            return {}
        x, y = self._split("val")
        rows = x.reshape(count, -1)
        order = stream(self.spec.seed, "other batches").permutation(count)
        logits = np.empty((2, count, s.net.classes), np.float32)
        for index, chosen in enumerate((np.arange(count), order)):
            part = np.ascontiguousarray(rows[chosen]).reshape(-1)
            outputs(s.net, s.state, s.work, part, y, s.batch_size, False, 0, logits[index].reshape(-1))
        changed = logits[0].argmax(axis=1)[order] != logits[1].argmax(axis=1)
        return {"batch_dependent_fraction": float(changed.mean())}

    def train_mode_scale(self) -> dict[str, float]:
        """Return the scale of the outputs with dropout relative to test mode: 1 if they agree on average.

        The scale is the least-squares slope over training examples and classes, after subtracting the mean over
        classes. Empty without dropout, or if outputs are not finite.
        """
        if not any(operation.dropout for operation in self.setup.operations) or not len(self.data.y_train):
            return {}
        s, (x, y) = self.setup, self.data.sample
        state = s.state._replace(keys=key_words(self.spec.seed, "train mode"))
        logits = np.empty((2, len(y), s.net.classes), np.float32)
        for index, with_dropout in enumerate((False, True)):
            outputs(s.net, state, s.work, x, y, s.evaluation_rows, with_dropout, 0, logits[index].reshape(-1))
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            tested, dropped = logits.astype(np.float64) - logits.mean(axis=2, keepdims=True, dtype=np.float64)
            scale = float((tested * dropped).sum() / (tested**2).sum())
        return {"train_mode_scale": scale} if np.isfinite(scale) else {}

    def _dropout_mean(self) -> Probabilities:
        state = self.setup.state._replace(keys=key_words(self.spec.seed, "mc dropout"))
        batches = -(-len(self.data.y_val) // self.setup.evaluation_rows)
        total = np.zeros((len(self.data.y_val), self.setup.net.classes))
        for draw in range(self.settings.mc_dropout):
            self.check_cancelled()
            total += self._predict("val", state, True, draw * batches)
        return total / self.settings.mc_dropout

    def _score_of_mean(self) -> tuple[float, float]:
        """Return the scores of the averaged weights.

        The running values of batch normalization are computed again in one pass over the training split (Izmailov
        et al. 2018, section 3.2).
        """
        if self.mean is None or len(self.data.y_val) == 0:
            return NO_SCORES
        s = self.setup
        state = s.state._replace(params=self.mean.astype(np.float32), running=s.state.running.copy())
        net = s.net._replace(constants=s.net.constants.copy())
        x, y = self._split("train")
        renew_running(net, state, s.work, x, y, stream(self.spec.seed, "polyak").permutation(len(y)), s.batch_size)
        x, y = self._split("val")
        loss, accuracy = evaluate(s.net, state, s.work, x, y, s.evaluation_rows)
        return float(loss), float(accuracy)

    def _score_snapshots(self) -> tuple[Scores, dict[str, NDArray[Any]]]:
        """Return the scores of the averaged snapshots and their number, and arrays with the scores of each."""
        single = np.array([self._score(p) for _, p in self.snapshots]).reshape(-1, 2)
        together = self._score(np.mean([p for _, p in self.snapshots], axis=0)) if self.snapshots else NO_SCORES
        loss, accuracy = single.mean(axis=0) if len(single) else NO_SCORES
        shape = (len(self.data.y_val), self.setup.net.classes)
        arrays = {
            "snapshot_step": np.array([step for step, _ in self.snapshots], np.int64),
            "snapshot_single_val_loss": single[:, 0],
            "snapshot_single_val_accuracy": single[:, 1],
            "snapshot_val_probabilities": np.array([p for _, p in self.snapshots], np.float32).reshape(
                len(self.snapshots), *shape
            ),
        }
        named = _with_differences("snapshot", together, float(loss), float(accuracy))
        return named | {"snapshots": float(len(self.snapshots))}, arrays


def _with_differences(kind: str, found: tuple[float, float], loss: float, accuracy: float) -> Scores:
    """Return the scores `found`, (loss, accuracy), by name, and their differences to a reference loss and accuracy.

    The differences are rounded, since equal accuracies may differ in their last bit.
    """
    return {
        f"{kind}_val_accuracy": found[1],
        f"{kind}_val_loss": found[0],
        f"{kind}_val_accuracy_difference": round(found[1] - accuracy, 12) + 0.0,
        f"{kind}_val_loss_difference": round(found[0] - loss, 12) + 0.0,
    }
