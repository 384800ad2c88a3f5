"""Measures how long the parts of a run take on this machine, by a shortened training of which nothing is kept.

The shortened training has the seed of the run, so it ends where the run ends if that diverges or stops in its first
steps.
"""

from __future__ import annotations

import dataclasses
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from reportgen.data.dataset import Dataset
from reportgen.engine.cost import batches_per_epoch, total_epochs, total_steps
from reportgen.engine.probes.arrays import probe_steps
from reportgen.engine.run import Run
from reportgen.engine.setup import Setup, set_up
from reportgen.engine.spec import RunSpec
from reportgen.engine.step import SCORE_COLUMNS
from reportgen.engine.step import score as score_kernel
from reportgen.runs.record import RunRecord
from reportgen.runs.store import dump_record

clock = time.thread_time if time.get_clock_info("thread_time").resolution < 1e-4 else time.perf_counter
"""The processor time of this thread, without the turns of other programs; the time of day if it is too coarse."""

LEAST_STEPS = 2
"""Number of steps that are measured at least, unless the training has fewer."""


@dataclass(frozen=True)
class RunTimes:
    """Seconds of the parts of a run.

    Attributes
    ----------
    loading : to load the kernels of the network from the cache, once in a process.
    start : to set up the network and to score it before training.
    step, epoch, probe : of a training step, of the scores of an epoch, and of a probe.
    end : of the scores and evaluations of the trained network, and of its record.
    ended_at : number of steps after which the training diverged or stopped, None if it did neither within the measured
        steps.
    """

    loading: float
    start: float
    step: float
    epoch: float
    probe: float
    end: float
    ended_at: int | None = None

    def total(self, spec: RunSpec, n_train: int) -> float:
        """Return the seconds of a whole run of such a network, without loading the kernels."""
        steps, epochs, per_epoch = total_steps(spec, n_train), total_epochs(spec), batches_per_epoch(spec, n_train)
        trainings = spec.training.pruning.trainings if spec.training.pruning else 1
        due = probe_steps(spec.probes.looks, spec.training.epochs * per_epoch)
        probes = trainings * len(due)
        if self.ended_at is not None and self.ended_at < steps:
            steps, epochs = self.ended_at, min(epochs, -(-self.ended_at // per_epoch))
            probes = min(probes, bisect_right(due, steps) + bool(due))  # the last one of the network at the end
        scored = epochs + trainings - 1
        return self.start + steps * self.step + scored * self.epoch + probes * self.probe + self.end


def measure_run(spec: RunSpec, dataset: Dataset, seconds: float) -> RunTimes:
    """Return the times of a run, of which training steps are measured for about this many seconds."""
    begin = clock()
    _start(spec, dataset)[1].train(1)
    _probing(spec, dataset, set_up(spec, dataset)).probe()
    first = clock() - begin
    begin = clock()
    setup, run = _start(spec, dataset)
    start = clock() - begin
    epoch = _time_of(partial(_score, setup), seconds / 5)
    step = _step_time(run, epoch, seconds)
    probing = _probing(spec, dataset, setup)
    probe = _time_of(partial(_probe, probing, run.step), 0) if spec.probes.looks else 0.0
    first_end = _time_of(partial(_finish, probing), 0)
    end = _time_of(partial(_finish, probing), seconds / 10)
    return RunTimes(
        loading=max(0.0, first - start - probe - step) + max(0.0, first_end - end),
        start=start,
        step=step + _averaging(spec, setup),
        epoch=epoch,
        probe=probe,
        end=end,
        ended_at=_end(run),
    )


def measure_training(spec: RunSpec, dataset: Dataset, seconds: float, alike: RunTimes) -> RunTimes:
    """Return the times of a run whose steps are measured; the other times are those of a run of the same kind."""
    begin = clock()
    _, run = _start(spec, dataset)
    start = clock() - begin
    step = _step_time(run, alike.epoch, seconds)
    return dataclasses.replace(alike, loading=0.0, start=start, step=step, ended_at=_end(run))


def _end(run: Run) -> int | None:
    """Return the step at which the run ended early; with pruning, the next training begins after an early stop."""
    goes_on = run.status == "ok" or (run.status == "stopped" and run.spec.training.pruning is not None)
    return None if goes_on else run.step


def _start(spec: RunSpec, dataset: Dataset) -> tuple[Setup, Run]:
    """Return a started run without probes and without what is done at each step."""
    probes = dataclasses.replace(spec.probes, looks=0, unit_path=0)
    evaluation = dataclasses.replace(spec.evaluation, polyak_start=None)
    setup = set_up(spec, dataset)
    run = Run(dataclasses.replace(spec, probes=probes, evaluation=evaluation), dataset, setup, _never, _ignore)
    run.start()
    return setup, run


def _probing(spec: RunSpec, dataset: Dataset, setup: Setup) -> Run:
    run = Run(spec, dataset, setup, _never, _ignore)
    run.pictures.start()
    return run


def _probe(probing: Run, step: int) -> None:
    """Probe the network after a step; before the first one, some statistics do not exist."""
    probing.step, before = step, probing.step
    probing.probe()
    probing.step = before


def _score(setup: Setup) -> None:
    """Score the network as at the end of an epoch."""
    row = np.empty(len(SCORE_COLUMNS))
    score_kernel(setup.net, setup.state, setup.work, setup.recipe, setup.examples, row)  # type: ignore[no-untyped-call]


def _never() -> bool:
    return False


def _ignore(done: int, total: int) -> None:
    pass


def _time_of(action: Callable[[], object], seconds: float) -> float:
    """Return the seconds of an action, which is repeated for about `seconds`."""
    begin, times = clock(), 0
    while not times or clock() - begin < seconds:
        action()
        times += 1
    return (clock() - begin) / times


def _step_time(run: Run, epoch: float, seconds: float) -> float:
    """Return the seconds of a step, without the scores at the ends of epochs."""
    run.train(min(1, run.total))  # the first step touches the memory of the buffers for the first time
    first, spent, chunk = run.step, 0.0, LEAST_STEPS
    epochs = run.step // run.per_epoch
    while run.status == "ok" and run.step < run.total and spent < seconds:
        begin = clock()
        run.train(min(run.total, run.step + chunk))
        spent, chunk = spent + clock() - begin, 2 * chunk
    scored = epoch * (run.step // run.per_epoch - epochs)
    return max(spent - scored, 0.01 * spent) / max(run.step - first, 1)


def _averaging(spec: RunSpec, setup: Setup) -> float:
    """Return the seconds by step of the average of the weights, which is taken from `polyak_start` on."""
    begin = spec.evaluation.polyak_start
    if begin is None or not spec.training.epochs:
        return 0.0
    params = setup.state.params.astype(np.float64)
    mean = np.zeros_like(params)

    def average() -> None:
        np.add(mean, (setup.state.params.astype(np.float64) - mean) / 2, out=mean)

    share = max(0.0, (spec.training.epochs - begin + 1) / spec.training.epochs)
    return share * _time_of(average, 0.01)


def _finish(run: Run) -> None:
    """Score and evaluate the network as at the end of a run, and convert its record to the contents of files."""
    if run.evaluation.average_after is not None:
        run.evaluation.mean = run.setup.state.params.astype(np.float64)
    run.finish()
    dump_record(RunRecord.of(run.outcome(clock()), run.spec))
