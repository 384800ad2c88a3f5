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
from reportgen.data.describe import facts
from reportgen.data.streams import stream
from reportgen.engine.cost import batches_per_epoch, count_parameters, step_operations
from reportgen.engine.evaluation import Evaluation
from reportgen.engine.evenness import WEIGHT_SHAPES, weight_shapes
from reportgen.engine.probe import Look, look_arrays, new_look, probe, update_ratios
from reportgen.engine.schedules import rates
from reportgen.engine.setup import Setup, set_up
from reportgen.engine.spec import EPOCH_COLUMNS, SCORES, STATISTICS, RunSpec
from reportgen.engine.spectra import curvature, look_at_singular_values
from reportgen.engine.step import evaluate, gather, penalty, train_steps

_CALL_OPERATIONS = 2e9
"""Operations in one call of the kernel, so that it returns several times a second even on a slow core."""

_UPDATE_RATIO = STATISTICS.index("update_ratio")
_SCORED_WITHOUT_VALIDATION = 1000

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
    started = time.perf_counter()
    run = _Run(spec, dataset, set_up(spec, dataset), cancel or (lambda: False), progress or (lambda done, total: None))
    run.start()
    for epoch in range(1, spec.training.epochs + 1):
        if not run.epoch(epoch):
            break
    return run.outcome(started)


def _heed(cancel: Callable[[], bool]) -> None:
    """Raise Cancelled where the run was asked to stop."""
    if cancel():
        raise Cancelled


def look_steps(looks: int, total: int) -> list[int]:
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
    losses: list[NDArray[np.float32]] = field(default_factory=list)
    rows: list[tuple[float, ...]] = field(default_factory=list)
    looks: list[tuple[int, Look]] = field(default_factory=list)
    shapes: list[NDArray[np.float64]] = field(default_factory=list)
    curvatures: list[float] = field(default_factory=list)
    best: tuple[float, int, NDArray[Any], NDArray[Any]] | None = None

    def __post_init__(self) -> None:
        data, training = self.dataset, self.spec.training
        self.n = len(data.y_train)
        self.x = np.ascontiguousarray(data.x_train, np.float32).reshape(-1)
        self.per_epoch = batches_per_epoch(self.spec, self.n)
        self.total = training.epochs * self.per_epoch
        self.due = look_steps(self.spec.probes.looks, self.total)
        one_step = step_operations(self.spec.network, data.features, self.setup.batch_size)
        self.call_steps = max(1, int(_CALL_OPERATIONS / max(one_step, 1e4)))
        # No bound method: a circle would keep each finished run's buffers until the garbage is collected.
        self.heed = functools.partial(_heed, self.cancel)
        self.evaluation = Evaluation(self.spec, data, self.setup, self.per_epoch, self.heed)
        self.scored = np.arange(min(len(data.y_val) or _SCORED_WITHOUT_VALIDATION, self.n))

    def start(self) -> None:
        """Score and look at the network at initialization."""
        self.look()
        self.score(0, np.nan, self._rate(0))

    def _rate(self, step: int) -> float:
        schedule, lr = self.spec.training.schedule, self.spec.training.lr
        return float(rates(schedule, lr, np.array([step]), self.per_epoch, max(self.spec.training.epochs, 1))[0])

    def epoch(self, epoch: int) -> bool:
        """Train for one epoch and score it; return whether to go on."""
        order = np.arange(self.n)
        if self.spec.training.shuffle:
            order = stream(self.spec.seed, "order", epoch).permutation(self.n)
        begin = (epoch - 1) * self.per_epoch
        lr = rates(
            self.spec.training.schedule,
            self.spec.training.lr,
            np.arange(begin, begin + self.per_epoch),
            self.per_epoch,
            self.spec.training.epochs,
        ).astype(np.float32)
        done = len(self.losses)
        while self.step < begin + self.per_epoch and self.status == "ok":
            self._advance(order, begin, lr)
        losses = np.concatenate(self.losses[done:]) if len(self.losses) > done else np.array([np.nan])
        self.score(epoch, float(losses.mean(dtype=np.float64)), float(lr[self.step - begin - 1]))
        self._judge(epoch)
        return self.status == "ok"

    def _advance(self, order: NDArray[np.int64], begin: int, lr: NDArray[np.float32]) -> None:
        """Call the kernel up to the next look, the end of the epoch, or the longest call; look where one is due."""
        due = next((step for step in self.due if step > self.step), self.total)
        stop = min(due, begin + self.per_epoch, self.step + self.call_steps)
        stop = min(stop, self.evaluation.next_stop(self.step) or stop)
        if stop == due and stop - self.step > 1:
            stop -= 1  # the step before a look goes alone, to measure its update
        before = self.setup.state.params.copy() if stop == due else None
        losses = np.empty(stop - self.step, np.float32)
        chunk = lr[self.step - begin : stop - begin]
        s = self.setup
        done = train_steps(
            s.net, s.state, s.work, s.recipe, self.x, self.dataset.y_train, order, self.step - begin, self.step, chunk,
            losses,
        )  # fmt: skip
        self.losses.append(losses[: min(done + 1, len(losses))])
        self.step += done
        if done < len(losses):
            self.status = "diverged"
            self.step += 1
            self.look()
        elif before is not None and self.due:
            self.look(before)
        self.evaluation.after(self.step)
        self.progress(self.step, self.total)
        self.heed()

    def look(self, before: NDArray[Any] | None = None) -> None:
        """Look at all layers; `before` are the parameters one step ago."""
        if not self.due:
            return
        s = self.setup
        gather(self.x, self.dataset.y_train, self.dataset.features, np.arange(s.probe_n), s.work)
        look = new_look(self.spec.network, s.net)
        probe(s.net, s.state, s.work, s.probe_n, look)
        if before is not None:
            update_ratios(s.net, before, s.state.params, look.statistics[:, _UPDATE_RATIO])
        self.shapes.append(weight_shapes(s))
        if self.spec.probes.singular_values:
            look_at_singular_values(s, s.probe_n, look.statistics)
        if self.spec.probes.curvature:
            self.curvatures.append(curvature(s, s.probe_n, self.spec.seed, self.heed))
        self.looks.append((self.step, look))

    def score(self, epoch: int, batch_loss: float, lr: float) -> None:
        """Add the row of an epoch: test mode, on validation and on a fixed, equally large part of training."""
        training, s = self.spec.training, self.setup
        cost = float(penalty(s.net, s.state.params, training.l2, training.l1))
        train_scores = self._evaluate(self.x, self.dataset.y_train, self.scored)
        val_scores = self._split(self.dataset.x_val, self.dataset.y_val)
        self.rows.append((epoch, self.step, lr, batch_loss, cost, *train_scores, *val_scores))

    def _split(self, x: NDArray[Any], y: NDArray[np.int64]) -> tuple[float, float]:
        return self._evaluate(np.ascontiguousarray(x, np.float32).reshape(-1), y, np.arange(len(y)))

    def _evaluate(self, x: NDArray[Any], y: NDArray[np.int64], index: NDArray[np.int64]) -> tuple[float, float]:
        if index.size == 0:
            return np.nan, np.nan
        s = self.setup
        loss, accuracy = evaluate(s.net, s.state, s.work, x, y, index, s.evaluation_rows)
        return float(loss), float(accuracy)

    def _judge(self, epoch: int) -> None:
        """Stop where the cost has grown too far, or validation has not improved for `patience` epochs."""
        training = self.spec.training
        if self.status != "ok":
            return
        cost, penalized, first = self.rows[-1][3], self.rows[-1][4], self.rows[0]
        if training.stop_above is not None and cost + penalized > training.stop_above * (first[5] + first[4]):
            self.status = "stopped"
        if training.patience is None:
            return
        val_loss = self.rows[-1][7]
        if self.best is None or val_loss < self.best[0]:
            state = self.setup.state
            self.best = (val_loss, epoch, state.params.copy(), state.running.copy())
        elif epoch - self.best[1] >= training.patience:
            self.status = "stopped"

    def outcome(self, started: float) -> Outcome:
        """Return what was gathered; with early stopping, final scores are those of the best epoch's network."""
        state, data = self.setup.state, self.dataset
        if self.status == "stopped" and self.looks and self.looks[-1][0] < self.step:
            self.look()
        fresh = self.best is None or self.status == "diverged"  # the last epoch's scores are of this very network
        if not fresh and self.best is not None:
            state.params[:], state.running[:] = self.best[2], self.best[3]
        whole = fresh and self.scored.size == self.n
        train_scores = self.rows[-1][5:7] if whole else self._evaluate(self.x, data.y_train, np.arange(self.n))
        val_scores = self.rows[-1][7:9] if fresh else self._split(data.x_val, data.y_val)
        scores = (*train_scores, *val_scores, *self._split(data.x_test, data.y_test))
        final = dict(zip(SCORES, scores, strict=True))
        more, kept = self.evaluation.results(final)
        about_classes, by_class = self.evaluation.by_class() if self.total else ({}, {})
        units = [layer.units for layer in self.spec.network.layers[:-1]]
        arrays = look_arrays(self.looks, units) | kept | by_class
        if self.shapes:
            arrays |= {f"probe_{name}": np.array(self.shapes)[:, :, k] for k, name in enumerate(WEIGHT_SHAPES)}
        if self.curvatures:
            arrays["probe_curvature"] = np.array(self.curvatures)
        arrays["step_loss"] = np.concatenate([*self.losses, np.empty(0, np.float32)])
        columns = np.array(self.rows, np.float64).T
        arrays |= {f"epoch_{name}": columns[i] for i, name in enumerate(EPOCH_COLUMNS)}
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
        return {**facts(self.dataset), **references, "parameters": parameters, "probe_n": self.setup.probe_n}
