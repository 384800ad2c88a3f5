"""Scores beside those of the trained network: Monte Carlo dropout, averaged weights, snapshots; and kept predictions.

Probabilities are the softmax of the outputs. They are averaged in float64, and their loss is the cross-entropy, so
there is none where the network is trained on another loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.dataset import Dataset
from reportgen.data.streams import stream
from reportgen.engine.math.random import key_words
from reportgen.engine.network import BETA, GAMMA, RUNNING, State
from reportgen.engine.predict import outputs, renew_running
from reportgen.engine.setup import Setup
from reportgen.engine.spec import RunSpec
from reportgen.engine.step import evaluate
from reportgen.engine.tables.losses import LOSSES
from reportgen.engine.tables.schedules import cycle_ends

Probabilities = NDArray[np.float64]
Scores = dict[str, float]
NO_SCORES = (float("nan"), float("nan"))

_LEAST_PROBABILITY = 1e-30


def softmax(logits: NDArray[Any]) -> Probabilities:
    """Return the softmax of each row, float64."""
    z = logits.astype(np.float64)
    with np.errstate(invalid="ignore"):
        e = np.exp(z - z.max(axis=1, keepdims=True))
    p: Probabilities = e / e.sum(axis=1, keepdims=True)
    return p


def scores(p: Probabilities, y: NDArray[np.int64]) -> tuple[float, float]:
    """Return (cross-entropy, accuracy) of probabilities (n, classes); a row with NaN is wrong, NaN for no rows."""
    if len(y) == 0:
        return NO_SCORES
    at_label = p[np.arange(len(y)), y]
    with np.errstate(divide="ignore"):
        loss = float(-np.log(at_label).mean())
    right = (p.argmax(axis=1) == y) & np.isfinite(p).all(axis=1)
    return loss, float(right.mean())


def confusion(labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> NDArray[np.int32]:
    """Return how many examples of each class (row) were taken for each class (column)."""
    counts = np.bincount(labels * classes + predicted, minlength=classes**2)
    return counts.astype(np.int32).reshape(classes, classes)


def _snapshot_epochs(spec: RunSpec) -> list[float]:
    every, epochs = spec.evaluation.snapshots, spec.training.epochs
    if every is True:
        return cycle_ends(spec.training.schedule, epochs)
    return [float(end) for end in range(every, epochs + 1, every)] if every else []


class Evaluation:
    """What a run's EvaluationSpec asks for, gathered while it trains and at its end."""

    def __init__(self, spec: RunSpec, dataset: Dataset, setup: Setup, per_epoch: int, ask: Callable[[], None]) -> None:
        self.spec, self.asked, self.data, self.setup, self.ask = spec, spec.evaluation, dataset, setup, ask
        self.snapshots: list[tuple[int, Probabilities]] = []
        self.mean: NDArray[np.float64] | None = None
        self.averaged = 0
        start = self.asked.polyak_start
        self.average_after = None if start is None else (start - 1) * per_epoch
        self.cycle_steps = [int(np.ceil(end * per_epoch - 1e-6)) for end in _snapshot_epochs(spec)]

    def next_stop(self, step: int) -> int | None:
        """Return the next step after which `after` must be called; None where there is none."""
        if self.average_after is not None and step >= self.average_after:
            return step + 1
        stops = [*self.cycle_steps, *([] if self.average_after is None else [self.average_after])]
        return min((stop for stop in stops if stop > step), default=None)

    def after(self, step: int) -> None:
        """Take into account the weights after `step` steps."""
        if self.average_after is not None and step > self.average_after:
            params = self.setup.state.params.astype(np.float64)
            self.mean = np.zeros_like(params) if self.mean is None else self.mean
            self.averaged += 1
            self.mean += (params - self.mean) / self.averaged
        if step in self.cycle_steps:
            self.snapshots.append((step, self._predict("val")))

    def results(self, final: Mapping[str, float]) -> tuple[Scores, dict[str, NDArray[Any]]]:
        """Return the scores that were asked for, by name, and arrays; `final` are those of the trained network."""
        found: Scores = {}
        arrays: dict[str, NDArray[Any]] = {}
        if self.asked.predictions:
            arrays |= self._predictions()
        if self.asked.mc_dropout:
            found |= _named("mc", self._score(self._dropout_mean()), final["val_loss"], final["val_accuracy"])
        if self.average_after is not None:
            found |= _named("polyak", self._score_of_mean(), final["val_loss"], final["val_accuracy"])
        if self.asked.snapshots:
            more, kept = self._score_snapshots()
            found, arrays = found | more, arrays | kept
        return found, arrays

    def by_class(self) -> tuple[dict[str, float], dict[str, NDArray[Any]]]:
        """Return facts and arrays of what the network makes of each class: val_confusion, train_confusion (C, C).

        The facts: val_loss_sd, the spread of validation examples' cross-entropies. Of training examples a
        part is taken, `Dataset.sample`. Nothing where outputs are not finite.
        """
        found: dict[str, float] = {}
        arrays: dict[str, NDArray[Any]] = {}
        for split, (x, y) in {"val": self._split("val"), "train": self.data.sample}.items():
            p = self._probabilities(x, y)
            if not len(y) or not np.isfinite(p).all():
                continue
            arrays[f"{split}_confusion"] = confusion(y, p.argmax(axis=1), self.data.classes)
            if split == "val":
                found["val_loss_sd"] = float(np.log(np.maximum(p[np.arange(len(y)), y], _LEAST_PROBABILITY)).std())
        return found, arrays

    def _split(self, split: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
        x, y = getattr(self.data, f"x_{split}"), getattr(self.data, f"y_{split}")
        return np.ascontiguousarray(x, np.float32).reshape(-1), y

    def _predict(self, split: str, state: State | None = None, dropping: bool = False, step: int = 0) -> Probabilities:
        """Return the probabilities of a split's examples; `dropping` draws dropout's masks, from counter `step` on."""
        return self._probabilities(*self._split(split), state, dropping, step)

    def _probabilities(
        self,
        x: NDArray[Any],
        y: NDArray[np.int64],
        state: State | None = None,
        dropping: bool = False,
        step: int = 0,
    ) -> Probabilities:
        s = self.setup
        logits = np.empty(len(y) * s.net.classes, np.float32)
        outputs(s.net, state or s.state, s.work, x, y, s.evaluation_rows, dropping, step, logits)
        return softmax(logits.reshape(len(y), s.net.classes))

    def _score(self, p: Probabilities) -> tuple[float, float]:
        loss, accuracy = scores(p, self.data.y_val)
        return (loss if LOSSES[self.spec.training.loss.name].is_likelihood else np.nan), accuracy

    def _predictions(self) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {}
        for split in ("val", "test"):
            labels = self._split(split)[1]
            if len(labels):
                arrays[f"{split}_probabilities"] = self._predict(split).astype(np.float32)
                arrays[f"{split}_labels"] = labels.astype(np.int32)
        return arrays

    def of_modes(self) -> dict[str, float]:
        """Return facts of how the two modes of batch-norm and dropout go together."""
        return self._batch_norm_facts() | self.train_mode_scale()

    def _batch_norm_facts(self) -> dict[str, float]:
        """Return what there is to say of batch normalization at the end of training; nothing without it."""
        if not any(layer.batchnorm for layer in self.spec.network.layers):
            return {}
        return self._batch_dependent() | {"bn_identity_gap": self._identity_gap()}

    def _identity_gap(self) -> float:
        """Return how far the layers' outputs are from their inputs, in the inputs' standard deviations.

        An input of mean m and deviation s leaves as gamma (z - m) / s + beta: the mean square of the difference is
        (gamma - s)^2 + (beta - m)^2, averaged over units and divided by that of s^2. It is 0 for the identity alone.
        """
        s, apart, spread = self.setup, 0.0, 0.0
        for code, layer in zip(s.net.codes, self.spec.network.layers, strict=True):
            if layer.batchnorm:
                gamma, beta = (s.state.params[code[k] :][: layer.units].astype(np.float64) for k in (GAMMA, BETA))
                mean, variance = s.state.running[code[RUNNING] :][: 2 * layer.units].reshape(2, -1).astype(np.float64)
                with np.errstate(invalid="ignore"):  # a run that diverged leaves any numbers
                    std = np.sqrt(variance + layer.batchnorm.epsilon)
                apart += float(((gamma - std) ** 2 + (beta - mean) ** 2).sum())
                spread += float((std**2).sum())
        return float(np.sqrt(apart / spread)) if spread > 0 else np.nan

    def _batch_dependent(self) -> dict[str, float]:
        """Return the share of validation examples whose class changes when they are scored in other batches.

        Both times in batches of the training's size, in order and shuffled; nothing without validation examples.
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
        """Return the outputs under dropout's masks as a multiple of those in test mode: 1 where they agree on average.

        By least squares over training examples and classes, outputs less their mean over classes. Nothing without
        dropout, or where outputs are not finite.
        """
        if not any(layer.dropout for layer in self.spec.network.layers) or not len(self.data.y_train):
            return {}
        s, (x, y) = self.setup, self.data.sample
        state = s.state._replace(keys=key_words(self.spec.seed, "train mode"))
        logits = np.empty((2, len(y), s.net.classes), np.float32)
        for index, dropping in enumerate((False, True)):
            outputs(s.net, state, s.work, x, y, s.evaluation_rows, dropping, 0, logits[index].reshape(-1))
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            tested, dropped = logits.astype(np.float64) - logits.mean(axis=2, keepdims=True, dtype=np.float64)
            scale = float((tested * dropped).sum() / (tested**2).sum())
        return {"train_mode_scale": scale} if np.isfinite(scale) else {}

    def _dropout_mean(self) -> Probabilities:
        state = self.setup.state._replace(keys=key_words(self.spec.seed, "mc dropout"))
        batches = -(-len(self.data.y_val) // self.setup.evaluation_rows)
        total = np.zeros((len(self.data.y_val), self.setup.net.classes))
        for draw in range(self.asked.mc_dropout):
            self.ask()
            total += self._predict("val", state, True, draw * batches)
        return total / self.asked.mc_dropout

    def _score_of_mean(self) -> tuple[float, float]:
        """Return the scores of the averaged weights, whose batch-norm statistics are taken anew on the training split.

        As in Izmailov et al. 2018, section 3.2: the running values become those of one pass over the split.
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
        """Return the scores of the averaged probabilities and their number, and what each snapshot has alone."""
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
        named = _named("snapshot", together, float(loss), float(accuracy))
        return named | {"snapshots": float(len(self.snapshots))}, arrays


def _named(kind: str, found: tuple[float, float], loss: float, accuracy: float) -> Scores:
    """Return (loss, accuracy) under their names, with how far they lie above what they are compared with.

    Differences are rounded, since equal accuracies may differ in their last bit.
    """
    return {
        f"{kind}_val_accuracy": found[1],
        f"{kind}_val_loss": found[0],
        f"{kind}_val_accuracy_difference": round(found[1] - accuracy, 12) + 0.0,
        f"{kind}_val_loss_difference": round(found[0] - loss, 12) + 0.0,
    }
