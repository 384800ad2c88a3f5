"""Trains one run: the driver around the compiled loop, which keeps the record's arrays by step, epoch and look."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.dataset import Dataset
from reportgen.engine.cost import batches_per_epoch, count_parameters, step_operations
from reportgen.engine.evaluation import Evaluation
from reportgen.engine.jit import ahead
from reportgen.engine.probes.probe import Watch, new_probe_arrays, probe, record_arrays
from reportgen.engine.probes.spectra import curvature, probe_singular_values
from reportgen.engine.setup import Setup, probe_address, set_up
from reportgen.engine.spec import EPOCH_COLUMNS, SCORES, RunSpec
from reportgen.engine.step import SCORE_COLUMNS, evaluate, score, train_steps
from reportgen.engine.tables.schedules import rates

_CALL_OPERATIONS, _LAYER_OPERATIONS = 2e9, 2e4
"""Operations in one call of the kernel, so that it returns several times a second even on a slow core.

A layer takes the time of so many even where its products are small.
"""

_ROOM = 10_000
"""Steps for which there is room at first, since a run of very many epochs may be stopped after a few of them."""

_NOTHING = np.empty(0, np.float32)
_PENALTY, _TRAIN_LOSS, _VAL_LOSS = (SCORE_COLUMNS.index(name) for name in ("penalty", "train_loss", "val_loss"))

Progress = Callable[[int, int], None]


class Cancelled(Exception):  # noqa: N818 - it is no error: someone asked for it
    """The run was asked to stop; nothing of it is kept."""


@dataclass(frozen=True)
class Outcome:
    """What training leaves; the fields are those of a RunRecord."""

    status: str
    stopped_at_step: int | None
    steps: int
    train_seconds: float
    final: dict[str, float]
    facts: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


def train(
    spec: RunSpec,
    dataset: Dataset,
    cancel: Callable[[], bool] | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Return the outcome of one run, the same bytes on every call.

    Kernels run without the GIL, on one core. Hold BLAS, which some initializations call, to one thread. `cancel` is
    asked several times a second; progress gets (steps done, steps in all).

    Raises
    ------
    Cancelled : when `cancel()` returned true.
    """
    ahead.begin()
    run = _Run(spec, dataset, set_up(spec, dataset), cancel or (lambda: False), progress or (lambda done, total: None))
    run.start()
    started = time.perf_counter()  # a training's time is not that of compiling, which the first run waits for
    while run.status == "ok" and run.step < run.total:
        run.advance()
    return run.outcome(started)


def _heed(cancel: Callable[[], bool]) -> None:
    """Raise Cancelled where the run was asked to stop."""
    if cancel():
        raise Cancelled


def probe_steps(looks: int, total: int) -> list[int]:
    """Return at most `looks` steps, 0 and `total` among them, about even in log time."""
    if looks == 0:
        return []
    if looks == 1 or total == 0:
        return [0]
    inner = np.geomspace(1, total, looks - 1) if looks > 2 else [total]
    return sorted({0, *(round(float(step)) for step in inner)})


@dataclass
class _Run:
    """One run under way: where it stands, and what it has gathered."""

    spec: RunSpec
    dataset: Dataset
    setup: Setup
    cancel: Callable[[], bool]
    progress: Progress
    step: int = 0
    status: str = "ok"
    looked_at: list[int] = field(default_factory=list)
    curvatures: list[float] = field(default_factory=list)
    best: tuple[float, int, NDArray[Any], NDArray[Any]] | None = None

    def __post_init__(self) -> None:
        data, training = self.dataset, self.spec.training
        n = len(data.y_train)
        self.order = np.arange(n)
        self.per_epoch = batches_per_epoch(self.spec, n)
        self.total = training.epochs * self.per_epoch
        self.due = probe_steps(self.spec.probes.looks, self.total)
        self.looks = new_probe_arrays(self.spec.network, len(self.due) + 1)  # and one where it diverges or is stopped
        self.lr, self.losses = np.empty(0), np.empty(0, np.float32)
        self._make_room(min(_ROOM, self.total))
        self.scores = np.full((training.epochs + 1, len(SCORE_COLUMNS)), np.nan)
        self.call_steps = self._call_steps()
        self.pauses = self.spec.probes.singular_values or self.spec.probes.curvature  # which no kernel looks for
        self.judged = training.patience is not None or training.stop_above is not None
        # No bound method: a circle would keep each finished run's buffers until the garbage is collected.
        self.heed = functools.partial(_heed, self.cancel)
        self.evaluation = Evaluation(self.spec, data, self.setup, self.per_epoch, self.heed)

    def _make_room(self, steps: int) -> None:
        """Let there be learning rates of so many steps, of one at least, and places for their losses."""
        training, done = self.spec.training, self.losses
        numbers = np.arange(max(steps, 1))
        self.lr = rates(training.schedule, training.lr, numbers, self.per_epoch, max(training.epochs, 1))
        self.losses = np.empty(steps, np.float32)
        self.losses[: done.size] = done

    def _call_steps(self) -> int:
        """Return how many steps a call of the kernel may take, each with its share of its epoch's scores."""
        s = self.setup
        scored = (s.examples.scored + len(s.examples.y_val)) // self.per_epoch
        one_step = step_operations(self.spec.network, self.dataset.features, s.batch_size + scored)
        return max(1, int(_CALL_OPERATIONS / max(one_step, _LAYER_OPERATIONS * len(s.net.codes))))

    def start(self) -> None:
        """Score and look at the network at initialization."""
        self._score(0)
        self.look()
        if self.total:
            ahead.compile_deferred()
        due, before = np.array(self.due, np.int64), np.empty_like(self.setup.state.params)
        self.watch = Watch(probe_address() if self.due else 0, self.setup.probe_n, due, before, self.looks)
        self._train(0)  # compiles the loop

    def _score(self, epoch: int) -> None:
        s = self.setup
        score(s.net, s.state, s.work, s.recipe, s.examples, self.scores[epoch])

    @property
    def epoch(self) -> int:
        """Return the number of the epoch that the last step belongs to; 0 before training."""
        return -(-self.step // self.per_epoch)

    def advance(self) -> None:
        """Train up to whatever is due that takes more than the kernel, or for the longest call."""
        stop = min(self.total, self.step + self.call_steps, self.evaluation.next_stop(self.step) or self.total)
        if self.judged:
            stop = min(stop, (self.step // self.per_epoch + 1) * self.per_epoch)
        if self.pauses:
            stop = min([stop, *(step for step in self.due if step > self.step)])
        self._train(stop)
        self.evaluation.after(self.step)
        if self.judged and self.step % self.per_epoch == 0:
            self._judge()
        self.progress(self.step, self.total)
        self.heed()

    def _train(self, stop: int) -> None:
        """Call the kernel for the steps up to `stop`; look and score where the loss is no longer finite."""
        s = self.setup
        if stop > self.losses.size:
            self._make_room(min(max(stop, 2 * self.losses.size), self.total))
        lr = self.lr[:stop]
        self.step = train_steps(
            s.net, s.state, s.work, s.recipe, s.examples, self.per_epoch, self.order, self.step, lr, self.losses,
            self.scores, self.watch,
        )  # fmt: skip
        for step in self.due[len(self.looked_at) :]:
            if step <= self.step:
                self._looked(step)
        if self.step < stop:
            self.status = "diverged"
            self.step += 1
            self.look()
            self._score(self.epoch)

    def look(self) -> None:
        """Look at all layers where no kernel does: before training, where it ends early."""
        if not self.due:
            return
        ahead.wait(self.heed)
        s = self.setup
        probe(s.net, s.state, s.work, s.examples, s.probe_n, _NOTHING, len(self.looked_at), self.looks)
        self._looked(self.step)

    def _looked(self, step: int) -> None:
        """Note a look at the network after so many steps, and add to it what no kernel looks for."""
        s, index = self.setup, len(self.looked_at)
        if self.spec.probes.singular_values:
            probe_singular_values(s, s.probe_n, self.looks.statistics[index])
        if self.spec.probes.curvature:
            self.curvatures.append(curvature(s, s.probe_n, self.spec.seed, self.heed))
        self.looked_at.append(step)

    def _split(self, x: NDArray[Any], y: NDArray[np.int64]) -> tuple[float, float]:
        return self._evaluate(np.ascontiguousarray(x, np.float32).reshape(-1), y)

    def _evaluate(self, x: NDArray[Any], y: NDArray[np.int64]) -> tuple[float, float]:
        s = self.setup
        loss, accuracy = evaluate(s.net, s.state, s.work, x, y, s.evaluation_rows)
        return float(loss), float(accuracy)

    def _judge(self) -> None:
        """Stop where the cost has grown too far, or validation has not improved for `patience` epochs."""
        training, epoch = self.spec.training, self.epoch
        if self.status != "ok":
            return
        first, now = self.scores[0], self.scores[epoch]
        cost = self._batch_loss(epoch) + now[_PENALTY]
        if training.stop_above is not None and cost > training.stop_above * (first[_PENALTY] + first[_TRAIN_LOSS]):
            self.status = "stopped"
        if training.patience is None:
            return
        val_loss = float(now[_VAL_LOSS])
        if self.best is None or val_loss < self.best[0]:
            state = self.setup.state
            self.best = (val_loss, epoch, state.params.copy(), state.running.copy())
        elif epoch - self.best[1] >= training.patience:
            self.status = "stopped"

    def _batch_loss(self, epoch: int) -> float:
        """Return the mean data loss of an epoch's minibatches, each before its step; NaN before training."""
        end = min(epoch * self.per_epoch, self.step)
        begin = (epoch - 1) * self.per_epoch
        return float(self.losses[begin:end].mean(dtype=np.float64)) if epoch else np.nan

    def _epochs(self) -> NDArray[np.float64]:
        """Return the rows of EPOCH_COLUMNS, float64."""
        epochs = np.arange(self.epoch + 1)
        steps = np.minimum(epochs * self.per_epoch, self.step)
        whole = self.step // self.per_epoch
        losses = np.full(len(epochs), self._batch_loss(self.epoch))
        by_epoch = self.losses[: whole * self.per_epoch].reshape(whole, self.per_epoch)
        losses[1 : whole + 1] = by_epoch.mean(axis=1, dtype=np.float64)
        losses[0] = np.nan
        return np.column_stack([epochs, steps, self.lr[np.maximum(steps - 1, 0)], losses, self.scores[epochs]])

    def outcome(self, started: float) -> Outcome:
        """Return what was gathered; with early stopping, final scores are those of the best epoch's network."""
        state, data = self.setup.state, self.dataset
        if self.status == "stopped" and self.looked_at and self.looked_at[-1] < self.step:
            self.look()
        fresh = self.best is None or self.status == "diverged"  # the last epoch's scores are of this very network
        if not fresh and self.best is not None:
            state.params[:], state.running[:] = self.best[2], self.best[3]
        train, last = self.setup.examples, tuple(map(float, self.scores[self.epoch]))
        whole = fresh and train.scored == len(train.y)
        train_scores = last[_TRAIN_LOSS:_VAL_LOSS] if whole else self._evaluate(train.x, train.y)
        val_scores = last[_VAL_LOSS:] if fresh else self._evaluate(train.x_val, train.y_val)
        scores = (*train_scores, *val_scores, *self._split(data.x_test, data.y_test))
        final = dict(zip(SCORES, scores, strict=True))
        more, kept = self.evaluation.results(final)
        about_classes, by_class = self.evaluation.by_class() if self.total else ({}, {})
        units = [layer.units for layer in self.spec.network.layers[:-1]]
        arrays = record_arrays(self.looked_at, self.looks, units) | kept | by_class
        if self.curvatures:
            arrays["probe_curvature"] = np.array(self.curvatures)
        arrays["step_loss"] = self.losses[: self.step]
        arrays |= {f"epoch_{name}": column for name, column in zip(EPOCH_COLUMNS, self._epochs().T, strict=True)}
        return Outcome(
            status=self.status,
            stopped_at_step=None if self.status == "ok" else self.step,
            steps=self.step,
            train_seconds=time.perf_counter() - started,
            final=final | more,
            facts=self._facts() | self.evaluation.of_modes() | about_classes,
            arrays=arrays,
        )

    def _facts(self) -> dict[str, Any]:
        parameters = count_parameters(self.spec.network, self.dataset.features)
        references = self.dataset.baselines if self.total else {}
        return {**self.dataset.described, **references, "parameters": parameters, "probe_n": self.setup.probe_n}
