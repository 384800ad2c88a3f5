"""Estimates of the time and memory that a study needs."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from reportgen import data
from reportgen.engine.architecture import Architecture, architecture
from reportgen.engine.cost import count_parameters, estimate_seconds, run_bytes, total_steps
from reportgen.engine.layout import lay_out
from reportgen.engine.spec import RunSpec
from reportgen.errors import MissingError, data_errors_at
from reportgen.registry import Component
from reportgen.runs.executors import Job, by_data
from reportgen.runs.processes import DATASETS, THREADS, count_processes
from reportgen.study.planning.plan import Plan
from reportgen.workflow.costs.measured import measure_jobs
from reportgen.workflow.costs.memory import machine_bytes
from reportgen.workflow.costs.report_time import pace, report_seconds

MEMORY_FACTOR = 2.0
"""Training is refused if the estimated memory exceeds the machine's by this factor; the estimate may be too high."""

START_SECONDS, COMPILE_SECONDS, IMAGE_COMPILE_SECONDS = 2.8, 30.0, 20.0
"""Time to load the program, to compile the kernels once per machine, and to compile the kernels for images in addition.

Compiling for a convolutional network takes 1.6 times the processor time of compiling for a dense one.
"""

PROCESS_BYTES = 300_000_000
"""Memory of a process that trains, without its runs and data."""

SMALLER = "use smaller hidden layers, batches or data, or train fewer runs at a time with -j"


@dataclass(frozen=True)
class Cost:
    """The cost of one run.

    Attributes
    ----------
    parameters : number of learned parameters.
    steps : number of training steps.
    run_bytes, data_bytes : memory of the run without its data, and of its data.
    seconds : estimated training time on one core.
    architecture : the layers of the network.
    """

    parameters: int
    steps: int
    run_bytes: int
    data_bytes: int
    seconds: float
    architecture: Architecture


def run_costs(plan: Plan, jobs: Sequence[Job]) -> Mapping[str, Cost]:
    """Return the cost of each job by key."""
    folder = plan.study.folder
    shape = cache(lambda spec, preprocess: data.shape(spec, preprocess, folder))

    @cache
    def cost(spec: RunSpec) -> Cost:
        n_train, features, _ = shape(spec.data, spec.preprocess)
        operations = lay_out(spec.network, features, data.image_shape_of(spec.data, spec.preprocess, folder))
        return Cost(
            parameters=count_parameters(operations),
            steps=total_steps(spec, n_train),
            run_bytes=run_bytes(spec, operations, n_train),
            data_bytes=4 * n_train * features,
            seconds=estimate_seconds(spec, operations, n_train),
            architecture=architecture(operations),
        )

    costs = {}
    for job in jobs:
        with data_errors_at(job.data_place):
            costs[job.key] = cost(replace(job.run.spec, seed=0))  # it does not depend on the seed
    return costs


@dataclass(frozen=True)
class Compiled:
    """Whether the cache contains kernels, and those of networks on images."""

    dense: bool
    images: bool


@dataclass(frozen=True)
class Seconds:
    """Estimated time of a study, in seconds.

    Attributes
    ----------
    training : training of the study's own runs.
    report : the report in all formats.
    remedies : additional time if as many remedies as allowed are tried.
    compiling : additional time to compile the kernels that the networks need, once per machine.
    processor : processor time of training and report, which is longer than their time if several runs train at once.
    measured : whether the time of training was measured on this machine; otherwise a model gives a rough estimate.
    """

    training: float
    report: float
    remedies: float
    compiling: float
    processor: float
    measured: bool = False


def expected_seconds(
    plan: Plan,
    missing: Sequence[Job],
    costs: Mapping[str, Cost],
    workers: int,
    compiled: Compiled,
    formats: Collection[str] = (),
) -> Seconds:
    """Return the estimated time of a study with these missing runs; sanity checks are not included.

    Where all kernels are compiled, the runs are measured, else a model estimates them.
    """
    start = START_SECONDS * pace()
    report = report_seconds(plan, formats)
    if not missing:
        return Seconds(training=0.0, report=start + report, remedies=0.0, compiling=0.0, processor=start + report)
    on_images = any(run.spec.network.needs_images for run in plan.runs)
    compiling = (0.0 if compiled.dense else COMPILE_SECONDS) + (
        IMAGE_COMPILE_SECONDS if on_images and not compiled.images else 0.0
    )
    model = {job.key: costs[job.key].seconds for job in missing}
    found = None if compiling else measure_jobs(by_data(missing), model, plan.study.folder, workers)
    runs = found.runs if found else model
    own = [runs[job.key] + (found.data[job.key] if found else 0.0) for job in by_data(missing)]
    start += found.loading if found else 0.0
    return Seconds(
        training=start + makespan(own, workers),
        report=report,
        remedies=_remedy_seconds(plan, sum(own) / len(own), workers),
        compiling=compiling,
        processor=start + sum(own) + report,
        measured=found is not None,
    )


def makespan(seconds: Collection[float], workers: int) -> float:
    """Return the time in which workers finish jobs, each of which starts as soon as a worker is free."""
    ends = [0.0] * max(1, min(workers, len(seconds)))
    for own in seconds:
        heapq.heapreplace(ends, ends[0] + own)
    return max(ends)


def _remedy_seconds(plan: Plan, one_run: float, workers: int) -> float:
    """Return the time of as many remedies as allowed; a run of a remedy counts as long as one of the study."""
    study, seeds = plan.study, len(plan.study.seeds)
    return 0.0 if study.watermark else study.remedies.limit * one_run * seeds / min(workers, seeds)


def download_bytes(plan: Plan, jobs: Sequence[Job]) -> int:
    """Return how many bytes of data these jobs would download; raises MissingError if data are not available."""
    downloads: dict[Component, int] = {}
    for job in jobs:
        spec = job.run.spec.data
        if spec.source not in downloads:
            with data_errors_at(job.data_place):
                downloads[spec.source] = data.missing_files(spec, plan.study.folder)
    return sum(downloads.values())


def refuse_beyond_memory(plan: Plan, jobs: Sequence[Job], workers: int) -> None:
    """Raise MissingError if the jobs need far more memory than the machine has; does nothing if either is unknown."""
    available = machine_bytes()
    try:
        needed = peak_bytes(run_costs(plan, jobs), workers)
    except MissingError:  # training reports missing data
        return
    if available is not None and needed > MEMORY_FACTOR * available:
        message = (
            f"training needs about {needed / 1e6:,.0f} MB of memory; this process may use {available / 1e6:,.0f} MB"
        )
        raise MissingError("out-of-memory", message, where=plan.study.id, hint=SMALLER)


def helpful_processes(plan: Plan, jobs: Sequence[Job], workers: int) -> int:
    """Return the number of processes in which the jobs end soonest; 1 for threads of this process."""
    if workers <= THREADS:
        return 1
    try:
        costs = run_costs(plan, jobs)
    except MissingError:  # training reports missing data
        return 1
    count, available = count_processes([cost.seconds for cost in costs.values()], workers), machine_bytes()
    if count > 1 and available is not None:
        data_bytes = DATASETS * max(cost.data_bytes for cost in costs.values())
        needed = peak_bytes(costs, workers) + count * (PROCESS_BYTES + data_bytes)
        return count if needed < available else 1
    return count


def peak_bytes(costs: Mapping[str, Cost], workers: int) -> int:
    """Return the estimated peak memory in bytes: the largest runs, one per worker, and their data."""
    busy = sorted(costs.values(), key=lambda cost: cost.run_bytes, reverse=True)[:workers]
    return sum(cost.run_bytes for cost in busy) + 2 * max((cost.data_bytes for cost in costs.values()), default=0)
