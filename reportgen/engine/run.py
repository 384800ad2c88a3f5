"""One training of a run: calls the compiled loop and collects the arrays of the record."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.dataset import Dataset
from reportgen.data.tasks import task
from reportgen.engine.cost import batches_per_epoch, count_parameters, optimizer_operations, step_operations
from reportgen.engine.evaluation import Evaluation
from reportgen.engine.inspect.pictures import Pictures
from reportgen.engine.jit import ahead
from reportgen.engine.outcome import Outcome, Progress, raise_if_cancelled
from reportgen.engine.probes.arrays import (
    ProbeSchedule,
    copy_probes,
    new_probe_arrays,
    probe_steps,
    record_arrays,
)
from reportgen.engine.probes.on_request import Moment, Value, measure
from reportgen.engine.probes.probe import probe
from reportgen.engine.probes.spectra import probe_singular_values
from reportgen.engine.setup import Setup, probe_address, with_task
from reportgen.engine.spec import EPOCH_COLUMNS, SCORES, RunSpec
from reportgen.engine.step import SCORE_COLUMNS, evaluate, score, train_steps
from reportgen.engine.tables.schedules import rates

_CALL_OPERATIONS, _LAYER_OPERATIONS = 2e9, 2e4
"""Operations of one call of the kernel, which then returns several times per second even on a slow core; and the
operations that correspond to the time of a layer with small products."""

_FIRST_STEPS = 10_000
"""Initial length of the arrays by step, since a run of very many epochs may stop after a few of them."""

_NO_PARAMETERS = np.empty(0, np.float32)
_PENALTY, _TRAIN_LOSS, _VAL_LOSS = (SCORE_COLUMNS.index(name) for name in ("penalty", "train_loss", "val_loss"))


@dataclass
class Run:
    """The state of a run during one training, and the results so far."""

    spec: RunSpec
    dataset: Dataset
    setup: Setup
    cancel: Callable[[], bool]
    progress: Progress
    step: int = 0
    status: str = "ok"
    probed_steps: list[int] = field(default_factory=list)
    requested: dict[str, list[Value]] = field(default_factory=dict)
    best: tuple[float, int, NDArray[Any], NDArray[Any]] | None = None
    final: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        data, training = self.dataset, self.spec.training
        n = len(data.y_train)
        self.order = np.arange(n)
        self.per_epoch = batches_per_epoch(self.spec, n)
        self.total = training.epochs * self.per_epoch
        self.task_steps = self.total // self.spec.data.tasks
        self.first_task = self.setup.dataset
        self.due = probe_steps(self.spec.probes.looks, self.total)
        # One more probe than due, in case that the run diverges or stops early.
        self.probe_arrays = new_probe_arrays(self.spec.network, len(self.due) + 1)
        self.lr, self.losses = np.empty(0), np.empty(0, np.float32)
        self._extend_arrays(min(_FIRST_STEPS, self.total))
        self.scores = np.full((training.epochs + 1, len(SCORE_COLUMNS)), np.nan)
        self.call_steps = self._call_steps()
        # No kernel measures these.
        self.stops_at_probes = self.spec.probes.measures_outside
        self.may_stop_early = training.patience is not None or training.stop_above is not None
        # A bound method would be a reference cycle, which keeps the buffers until the next garbage collection.
        self.check_cancelled = functools.partial(raise_if_cancelled, self.cancel)
        self.evaluation = Evaluation(self.spec, self.setup, self.per_epoch, self.check_cancelled)
        self.pictures = Pictures(self.spec, self.setup)

    def _extend_arrays(self, steps: int) -> None:
        """Extend the learning rates and losses to this number of steps; there is at least one learning rate."""
        training, old = self.spec.training, self.losses
        numbers = np.arange(max(steps, 1))
        self.lr = rates(training.schedule, training.lr, numbers, self.per_epoch, max(training.epochs, 1))
        self.losses = np.empty(steps, np.float32)
        self.losses[: old.size] = old

    def _call_steps(self) -> int:
        """Return the largest number of steps of a call of the kernel, counting each step's share of the scores."""
        s = self.setup
        scored = (s.examples.scored + len(s.examples.y_val)) // self.per_epoch
        one_step = step_operations(s.operations, s.batch_size + scored) + optimizer_operations(self.spec, s.operations)
        return max(1, int(_CALL_OPERATIONS / max(one_step, _LAYER_OPERATIONS * len(s.net.codes))))

    def start(self) -> None:
        """Score and probe the initial network, and compile the training loop."""
        self._score(0)
        self.pictures.start()
        self.probe()
        if self.total:
            ahead.compile_deferred()
        self._schedule_probes()
        self._train(0)

    def resume(self, dense: Run, step: int) -> None:
        """Continue from the end of an epoch with the changed network; before, the results are those of `dense`."""
        self.step, done = step, sum(due < step for due in self.due)
        if step > self.losses.size:
            self._extend_arrays(step)
        self.losses[:step], self.scores[: self.epoch] = dense.losses[:step], dense.scores[: self.epoch]
        copy_probes(dense.probe_arrays, self.probe_arrays, done)
        self.probed_steps = dense.probed_steps[:done]
        self.requested = {name: values[:done] for name, values in dense.requested.items()}
        self.pictures.resume(dense.pictures, step)
        self._score(self.epoch)
        if step in self.due:
            self.probe()
        self._schedule_probes()

    def train(self, end: int) -> None:
        """Train up to a step, at most the last one, unless the training diverges or stops before."""
        end = min(end, self.total)
        while self.status == "ok" and self.step < end:
            self._advance(end)

    def _schedule_probes(self) -> None:
        due, before = np.array(self.due, np.int64), np.empty_like(self.setup.state.params)
        address = probe_address() if self.due else 0
        self.schedule = ProbeSchedule(address, self.setup.probe_n, due, before, self.probe_arrays)

    def _score(self, epoch: int) -> None:
        s = self.setup
        score(s.net, s.state, s.work, s.recipe, s.examples, self.scores[epoch])

    @property
    def epoch(self) -> int:
        """The epoch of the last step; 0 before training."""
        return -(-self.step // self.per_epoch)

    def _advance(self, end: int) -> None:
        """Train to the next step that needs work outside of the kernel, or for the longest call of the kernel."""
        stops = (self.evaluation.next_stop(self.step), self.pictures.next_stop(self.step))
        stop = min(end, self.step + self.call_steps, *(stop for stop in stops if stop is not None))
        if self.may_stop_early:
            stop = min(stop, (self.step // self.per_epoch + 1) * self.per_epoch)
        if self.spec.data.tasks > 1:
            stop = min(stop, (self.step // self.task_steps + 1) * self.task_steps)
        if self.stops_at_probes:
            stop = min([stop, *(step for step in self.due if step > self.step)])
        self._train(stop)
        self.evaluation.after(self.step)
        self.pictures.after(self.step)
        if self.may_stop_early and self.step % self.per_epoch == 0:
            self._check_early_stopping()
        if self.status == "ok" and self.spec.data.tasks > 1 and self.step % self.task_steps == 0:
            self._start_task(self.step // self.task_steps)
        self.progress(self.step, self.total)
        self.check_cancelled()

    def _start_task(self, number: int) -> None:
        """Continue with the examples of another task, unless all tasks are done."""
        data = self.spec.data
        if number < data.tasks:
            self.setup = with_task(self.setup, task(self.first_task, data.new_task, number, self.spec.seed))
            self.evaluation.use(self.setup)

    def _train(self, stop: int) -> None:
        """Call the kernel for the steps up to `stop`; after divergence, probe and score the network."""
        s = self.setup
        if stop > self.losses.size:
            self._extend_arrays(min(max(stop, 2 * self.losses.size), self.total))
        lr = self.lr[:stop]
        self.step = train_steps(
            s.net, s.state, s.work, s.recipe, s.examples, self.per_epoch, self.order, self.step, lr, self.losses,
            self.scores, self.schedule,
        )  # fmt: skip
        for step in self.due[len(self.probed_steps) :]:
            if step <= self.step:
                self._record_probe(step, self.schedule.before)
        if self.step < stop:
            self.status = "diverged"
            self.step += 1
            self.probe()
            self._score(self.epoch)

    def probe(self) -> None:
        """Probe the network outside of the kernel: before training, and if training ends early."""
        if not self.due:
            return
        ahead.wait(self.check_cancelled)
        s = self.setup
        probe(s.net, s.state, s.work, s.examples, s.probe_n, _NO_PARAMETERS, len(self.probed_steps), self.probe_arrays)
        self._record_probe(self.step, _NO_PARAMETERS)

    def _record_probe(self, step: int, before: NDArray[np.float32]) -> None:
        """Record a probe after this step, and add the statistics that kernels do not measure.

        before: parameters before the step, empty if they are unknown.
        """
        s, index = self.setup, len(self.probed_steps)
        if self.spec.probes.singular_values:
            probe_singular_values(s, s.probe_n, self.probe_arrays.statistics[index])
        now = Moment(self.spec, s, s.probe_n, step, before, self.check_cancelled)
        for name, value in measure(now).items():
            self.requested.setdefault(name, []).append(value)
        self.pictures.probe(step)
        self.probed_steps.append(step)

    def _split(self, x: NDArray[Any], y: NDArray[np.int64]) -> tuple[float, float]:
        return self._evaluate(np.ascontiguousarray(x, np.float32).reshape(-1), y)

    def _evaluate(self, x: NDArray[Any], y: NDArray[np.int64]) -> tuple[float, float]:
        s = self.setup
        loss, accuracy = evaluate(s.net, s.state, s.work, x, y, s.evaluation_rows)
        return float(loss), float(accuracy)

    def _check_early_stopping(self) -> None:
        """Stop if the cost has grown too much, or the validation loss has not improved for `patience` epochs."""
        training, epoch = self.spec.training, self.epoch
        if self.status != "ok":
            return
        initial, current = self.scores[0], self.scores[epoch]
        cost = self._batch_loss(epoch) + current[_PENALTY]
        if training.stop_above is not None and cost > training.stop_above * (initial[_PENALTY] + initial[_TRAIN_LOSS]):
            self.status = "stopped"
        if training.patience is None:
            return
        val_loss = float(current[_VAL_LOSS])
        if self.best is None or val_loss < self.best[0]:
            state = self.setup.state
            self.best = (val_loss, epoch, state.params.copy(), state.running.copy())
        elif epoch - self.best[1] >= training.patience:
            self.status = "stopped"

    def _batch_loss(self, epoch: int) -> float:
        """Return the mean data loss of the minibatches of an epoch, each before its update; NaN for epoch 0."""
        end = min(epoch * self.per_epoch, self.step)
        begin = (epoch - 1) * self.per_epoch
        return float(self.losses[begin:end].mean(dtype=np.float64)) if epoch else np.nan

    def _epochs(self) -> NDArray[np.float64]:
        """Return the EPOCH_COLUMNS, shape (epochs + 1, columns), float64."""
        epochs = np.arange(self.epoch + 1)
        steps = np.minimum(epochs * self.per_epoch, self.step)
        complete = self.step // self.per_epoch
        losses = np.full(len(epochs), self._batch_loss(self.epoch))
        by_epoch = self.losses[: complete * self.per_epoch].reshape(complete, self.per_epoch)
        losses[1 : complete + 1] = by_epoch.mean(axis=1, dtype=np.float64)
        losses[0] = np.nan
        return np.column_stack([epochs, steps, self.lr[np.maximum(steps - 1, 0)], losses, self.scores[epochs]])

    def finish(self) -> None:
        """Set the final scores; with `patience`, the network of the best epoch becomes the final one."""
        state, data = self.setup.state, self.setup.dataset
        if self.status == "stopped" and self.probed_steps and self.probed_steps[-1] < self.step:
            self.probe()
        fresh = self.best is None or self.status == "diverged"  # the scores of the last epoch are those of this network
        if not fresh and self.best is not None:
            state.params[:], state.running[:] = self.best[2], self.best[3]
        train, last = self.setup.examples, tuple(map(float, self.scores[self.epoch]))
        complete = fresh and train.scored == len(train.y)
        train_scores = last[_TRAIN_LOSS:_VAL_LOSS] if complete else self._evaluate(train.x, train.y)
        val_scores = last[_VAL_LOSS:] if fresh else self._evaluate(train.x_val, train.y_val)
        scores = (*train_scores, *val_scores, *self._split(data.x_test, data.y_test))
        self.final = dict(zip(SCORES, scores, strict=True))

    def outcome(self, started: float) -> Outcome:
        """Return the outcome of a finished training."""
        more, kept = self.evaluation.results(self.final)
        about_classes, by_class = self.evaluation.by_class() if self.total else ({}, {})
        units = [layer.units for layer in self.spec.network.layers[:-1]]
        arrays = record_arrays(self.probed_steps, self.probe_arrays, units) | kept | by_class
        arrays |= {f"probe_{name}": np.array(values) for name, values in self.requested.items()}
        arrays |= {"step_loss": self.losses[: self.step]} | self.pictures.arrays(self.step)
        arrays |= {f"epoch_{name}": column for name, column in zip(EPOCH_COLUMNS, self._epochs().T, strict=True)}
        return Outcome(
            status=self.status,
            stopped_at_step=None if self.status == "ok" else self.step,
            steps=self.step,
            train_seconds=time.perf_counter() - started,
            final=self.final | more,
            facts=self._facts() | self.evaluation.mode_facts() | about_classes,
            arrays=arrays,
        )

    def _facts(self) -> dict[str, Any]:
        references = self.dataset.baselines if self.total else {}
        own = {"parameters": count_parameters(self.setup.operations), "probe_n": self.setup.probe_n}
        return {**self.dataset.described, **references, **own}
