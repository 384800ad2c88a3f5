"""The time of the runs of a study, measured on this machine by shortened trainings of which nothing is kept."""

from __future__ import annotations

import math
import statistics
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from reportgen import data
from reportgen.engine.spec import RunSpec
from reportgen.registry import Component
from reportgen.runs.executors import Job, SharedData, data_key
from reportgen.runs.timing import RunTimes, clock, measure_run, measure_training

BUDGET_SECONDS, LONGEST_SECONDS, SAMPLE_SECONDS = 3.0, 12.0, 0.15
"""Processor time of each thread, without loading kernels, and time of the clock in which shortened trainings may start,
and time of the measured steps of one of them."""

GOLDEN = (math.sqrt(5) - 1) / 2
"""The fractional parts of the multiples of this number are evenly spread."""


@dataclass(frozen=True)
class Measurement:
    """The measured times of a study.

    Attributes
    ----------
    runs : seconds of each run by key.
    data : seconds to prepare the data of a run, by key; 0 for all but the first run on the same data.
    loading : seconds to load the kernels from the cache, once in a process.
    """

    runs: Mapping[str, float]
    data: Mapping[str, float]
    loading: float


@dataclass(frozen=True)
class _Sample:
    """The times of a run, and those of its data: of the first ones, and of further ones of the same kind."""

    times: RunTimes
    n_train: int
    data_seconds: float
    first_data_seconds: float = 0.0


def measure_jobs(jobs: Sequence[Job], expected: Mapping[str, float], folder: Path, workers: int) -> Measurement | None:
    """Return the measured times of jobs, None if none could be measured.

    Jobs that differ in their seed alone are measured once, as many as start in the budget. Another one has the mean
    time of the measured jobs of its kind, or the expected time, times the median ratio of measured to expected times.

    Parameters
    ----------
    expected : seconds of each job by key, by a model of the costs.
    folder : the folder of the study.
    """
    samples = _measured(_representatives(jobs, expected), jobs, folder, workers)
    if not samples:
        return None
    runs, by_kind = {}, _by_kind(samples)
    for job in jobs:
        found = samples.get(_without_seed(job.run.spec))
        alike = [found] if found else by_kind.get(_kind(job.run.spec), [])
        runs[job.key] = statistics.fmean(one.times.total(job.run.spec, one.n_train) for one in alike) if alike else -1.0
    ratio = statistics.median(runs[job.key] / expected[job.key] for job in jobs if runs[job.key] >= 0)
    runs = {key: seconds if seconds >= 0 else ratio * expected[key] for key, seconds in runs.items()}
    return Measurement(runs, _data_seconds(jobs, samples), sum(map(_loading, samples.values())))


def _without_seed(spec: RunSpec) -> RunSpec:
    return replace(spec, seed=0)


def _kind(spec: RunSpec) -> Any:
    """Return what determines the time of a step apart from the values: no rates, penalties or initial values."""
    nodes = tuple(_plain(node) for node in spec.network.nodes)
    training = spec.training
    plain = replace(
        training, lr=0.0, schedule=Component("constant"), epochs=1, optimizer=Component(training.optimizer.name),
        l2=float(training.l2 > 0), l1=float(training.l1 > 0), patience=None, stop_above=None,
    )  # fmt: skip
    return nodes, plain, spec.probes, spec.evaluation, spec.data.source, spec.preprocess


def _plain(node: Any) -> Any:
    changes = {"init": Component(""), "bias": 0.0, "lr_factor": 1.0}
    return replace(node, **{name: value for name, value in changes.items() if hasattr(node, name)})


def _representatives(jobs: Sequence[Job], expected: Mapping[str, float]) -> list[Job]:
    """Return a job for each specification in the order of measurement.

    First comes the most expensive job of each kind. The others of a kind are spread over its jobs in the order of their
    cost and of the plan, since jobs with neighbouring rates diverge together. Kinds that cost more come more often.
    """
    groups: dict[RunSpec, list[Job]] = {}
    for job in jobs:
        groups.setdefault(_without_seed(job.run.spec), []).append(job)
    kinds: dict[Any, list[tuple[float, Job]]] = {}
    for group in groups.values():
        kinds.setdefault(_kind(group[0].run.spec), []).append((sum(expected[job.key] for job in group), group[0]))
    placed = []
    for members in kinds.values():
        whole = sum(cost for cost, _ in members)
        by_cost = sorted(members, key=lambda member: member[0], reverse=True)
        spread = sorted(range(len(members)), key=lambda number: number * GOLDEN % 1)
        placed += [(turn > 0, (turn + 1) / max(whole, 1e-9), by_cost[one][1]) for turn, one in enumerate(spread)]
    return [job for *_, job in sorted(placed, key=lambda entry: entry[:2])]


def _measured(chosen: Sequence[Job], jobs: Sequence[Job], folder: Path, workers: int) -> dict[RunSpec, _Sample]:
    """Return the samples by specification without seed; several threads measure, as several threads train."""
    datasets, end = SharedData(jobs, folder), time.monotonic() + LONGEST_SECONDS
    samples: dict[RunSpec, _Sample] = {}
    left, lock = iter(chosen), threading.Lock()

    def work() -> None:
        budget = BUDGET_SECONDS
        while budget > 0 and time.monotonic() < end:
            with lock:
                job, known = next(left, None), dict(samples)
            if job is None:
                return
            begin = clock()
            try:
                sample = _sample(job, known, datasets, folder)
            except Exception:  # the training of the study will report it
                continue
            samples[_without_seed(job.run.spec)] = sample
            budget -= clock() - begin - _loading(sample)

    threads = max(1, min(workers, len(chosen)))
    with threadpool_limits(limits=1), ThreadPoolExecutor(threads, thread_name_prefix="reportgen") as pool:
        for future in [pool.submit(work) for _ in range(threads)]:
            future.result()
    return samples


def _sample(job: Job, known: Mapping[RunSpec, _Sample], datasets: SharedData, folder: Path) -> _Sample:
    """Return the times of a job: all of them for the first one of its kind, else those that depend on the values."""
    spec, begin = job.run.spec, clock()
    dataset = datasets.get(job)
    first_seconds = clock() - begin
    n_train, alike = len(dataset.y_train), _by_kind(known).get(_kind(spec))
    if alike:
        times = measure_training(spec, dataset, SAMPLE_SECONDS, alike[0].times)
    else:
        times = measure_run(spec, dataset, SAMPLE_SECONDS)
    if same := [one for other, one in known.items() if _prepared(other) == _prepared(spec)]:
        return _Sample(times, n_train, same[0].data_seconds)
    begin = clock()
    data.load(*data_key(spec), folder, job.fingerprint)
    return _Sample(times, n_train, clock() - begin, first_seconds)


def _prepared(spec: RunSpec) -> Any:
    """Return what determines the time to prepare data, apart from the seed."""
    return spec.data, spec.preprocess


def _loading(sample: _Sample) -> float:
    """Return what the first run and the first data need once in a process: kernels, and libraries of the data."""
    return sample.times.loading + max(0.0, sample.first_data_seconds - sample.data_seconds)


def _by_kind(samples: Mapping[RunSpec, _Sample]) -> dict[Any, list[_Sample]]:
    found: dict[Any, list[_Sample]] = {}
    for spec, sample in samples.items():
        found.setdefault(_kind(spec), []).append(sample)
    return found


def _data_seconds(jobs: Sequence[Job], samples: Mapping[RunSpec, _Sample]) -> dict[str, float]:
    """Return the seconds to prepare the data of each job, 0 for all but the first one on the same data."""
    measured: dict[Any, float] = {}
    for spec, sample in samples.items():
        key = _prepared(spec)
        measured[key] = max(measured.get(key, 0.0), sample.data_seconds)
    usual, seen, found = statistics.fmean(measured.values()), set(), {}
    for job in jobs:
        spec, own = job.run.spec, data_key(job.run.spec)
        found[job.key] = 0.0 if own in seen else measured.get(_prepared(spec), usual)
        seen.add(own)
    return found
