"""The time of the runs of a study, measured on this machine by shortened trainings of which nothing is kept."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from reportgen import data
from reportgen.engine.spec import RunSpec
from reportgen.registry import Component
from reportgen.runs.executors import Job, SharedData, data_key
from reportgen.runs.timing import RunTimes, clock, measure_run

BUDGET_SECONDS, SAMPLE_SECONDS = 4.0, 0.15
"""Time in which shortened trainings may start, and time of the measured steps of one of them."""


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
    first_data_seconds: float


def measure_jobs(jobs: Sequence[Job], expected: Mapping[str, float], folder: Path, workers: int) -> Measurement | None:
    """Return the measured times of jobs, None if none could be measured.

    Jobs that differ in their seed alone are measured once, the most expensive ones first, as many as start in the
    budget. Another one has the times of the measured job that is most similar to it, or the expected time, times the
    median ratio of measured to expected times.

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
    """Return a job for each specification: first one of each kind, and in each part the most expensive ones first."""
    groups: dict[RunSpec, list[Job]] = {}
    for job in jobs:
        groups.setdefault(_without_seed(job.run.spec), []).append(job)
    by_cost = sorted(groups.values(), key=lambda group: sum(expected[job.key] for job in group), reverse=True)
    first: dict[Any, Job] = {}
    rest = [group[0] for group in by_cost if first.setdefault(_kind(group[0].run.spec), group[0]) is not group[0]]
    return [*first.values(), *rest]


def _measured(chosen: Iterable[Job], jobs: Sequence[Job], folder: Path, workers: int) -> dict[RunSpec, _Sample]:
    """Return the samples by specification without seed; several threads measure, as several threads train."""
    datasets, end = SharedData(jobs, folder), time.monotonic() + BUDGET_SECONDS
    samples: dict[RunSpec, _Sample] = {}
    left, lock = iter(chosen), threading.Lock()

    def work() -> None:
        while time.monotonic() < end:
            with lock:
                job = next(left, None)
            if job is None:
                return
            try:
                samples[_without_seed(job.run.spec)] = _sample(job, datasets, folder)
            except Exception:  # the training of the study will report it
                continue

    with threadpool_limits(limits=1), ThreadPoolExecutor(workers, thread_name_prefix="reportgen") as pool:
        for future in [pool.submit(work) for _ in range(workers)]:
            future.result()
    return samples


def _sample(job: Job, datasets: SharedData, folder: Path) -> _Sample:
    begin = clock()
    dataset = datasets.get(job)
    first = clock() - begin
    times = measure_run(job.run.spec, dataset, SAMPLE_SECONDS)
    begin = clock()
    data.load(*data_key(job.run.spec), folder, job.fingerprint)
    return _Sample(times, len(dataset.y_train), clock() - begin, first)


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
        key = spec.data, spec.preprocess
        measured[key] = max(measured.get(key, 0.0), sample.data_seconds)
    usual, seen, found = statistics.fmean(measured.values()), set(), {}
    for job in jobs:
        spec, own = job.run.spec, data_key(job.run.spec)
        found[job.key] = 0.0 if own in seen else measured.get((spec.data, spec.preprocess), usual)
        seen.add(own)
    return found
