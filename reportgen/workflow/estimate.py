"""What a study will cost, before it runs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from reportgen import data
from reportgen.engine.cost import count_parameters, estimate_seconds, run_bytes, total_steps
from reportgen.errors import MissingError, data_errors_at
from reportgen.registry import Component
from reportgen.runs.executors import Job
from reportgen.study.model.figure_names import figure_names
from reportgen.study.planning.plan import Plan

FAR_BEYOND = 2.0
"""How many times a machine's memory the estimate is at least where training is refused: it may be too high."""

START_SECONDS, COMPILE_SECONDS = 2.0, 30.0
"""What loading the kernels takes, and compiling them, which is done once for a machine."""

REPORT_SECONDS, FIGURE_SECONDS, VARIANT_SECONDS = 5.0, 0.25, 0.35
"""What a report takes in all formats, and how much more with each figure and each variant: fits to shipped studies."""

SMALLER = "make the hidden layers, the batches or the data smaller, or train fewer runs at a time with -j"


@dataclass(frozen=True)
class Cost:
    """What one run costs: learned parameters, training steps, bytes beside its data, bytes of data, seconds."""

    parameters: int
    steps: int
    run_bytes: int
    data_bytes: int
    seconds: float


def run_costs(plan: Plan, jobs: Sequence[Job]) -> Mapping[str, Cost]:
    """Return the cost of each job by its key; the seconds are a rough guess for one core."""
    shape = cache(lambda spec, preprocess: data.shape(spec, preprocess, plan.study.folder))
    costs = {}
    for job in jobs:
        spec = job.run.spec
        with data_errors_at(job.data_place):
            n_train, features, _ = shape(spec.data, spec.preprocess)
        costs[job.key] = Cost(
            parameters=count_parameters(spec.network, features),
            steps=total_steps(spec, n_train),
            run_bytes=run_bytes(spec, n_train, features),
            data_bytes=4 * n_train * features,
            seconds=estimate_seconds(spec, n_train, features),
        )
    return costs


@dataclass(frozen=True)
class Seconds:
    """How long a study is guessed to take, in seconds: its own training, its report in every format.

    remedies: all that may be tried, which is the most that can come on top. compiling: what comes on top once.
    """

    training: float
    report: float
    remedies: float
    compiling: float


def expected_seconds(plan: Plan, missing: Sequence[Cost], workers: int, compiled: bool) -> Seconds:
    """Return how long the study is guessed to take where these runs are missing; sanity checks are not counted."""
    training = sum(cost.seconds for cost in missing)
    return Seconds(
        training=START_SECONDS + training / min(workers, len(missing)) if missing else 0.0,
        report=_report_seconds(plan),
        remedies=_remedy_seconds(plan, training / max(len(missing), 1), workers) if missing else 0.0,
        compiling=0.0 if compiled or not missing else COMPILE_SECONDS,
    )


def _report_seconds(plan: Plan) -> float:
    variants = sum(variant.trial is None for variant in plan.variants)
    figures = len(plan.study.figures) or len(figure_names())
    return REPORT_SECONDS + figures * FIGURE_SECONDS + variants * VARIANT_SECONDS


def _remedy_seconds(plan: Plan, one_run: float, workers: int) -> float:
    """Return the time of all remedies that may be tried, a run of which takes as long as one of the study."""
    study, seeds = plan.study, len(plan.study.seeds)
    return 0.0 if study.watermark else study.remedies.limit * one_run * seeds / min(workers, seeds)


def download_bytes(plan: Plan, jobs: Sequence[Job]) -> int:
    """Return how many bytes of data these jobs would download first; MissingError where data are not at hand."""
    wanted: dict[Component, int] = {}
    for job in jobs:
        spec = job.run.spec.data
        if spec.source not in wanted:
            with data_errors_at(job.data_place):
                wanted[spec.source] = data.missing_files(spec, plan.study.folder)
    return sum(wanted.values())


def machine_bytes() -> int | None:
    """Return the bytes of this machine's memory, None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def refuse_beyond_memory(plan: Plan, jobs: Sequence[Job], workers: int) -> None:
    """Raise MissingError where the jobs would need far more memory than the machine has, as far as both are known."""
    there = machine_bytes()
    try:
        needed = peak_bytes(run_costs(plan, jobs), workers)
    except MissingError:  # data that are not at hand; training will say so
        return
    if there is not None and needed > FAR_BEYOND * there:
        message = f"training needs about {needed / 1e6:,.0f} MB of memory; this machine has {there / 1e6:,.0f} MB"
        raise MissingError("out-of-memory", message, where=plan.study.id, hint=SMALLER)


def peak_bytes(costs: Mapping[str, Cost], workers: int) -> int:
    """Return an estimate of the memory in use at a time: the largest runs, one a worker, and their data."""
    busy = sorted(costs.values(), key=lambda cost: cost.run_bytes, reverse=True)[:workers]
    return sum(cost.run_bytes for cost in busy) + 2 * max((cost.data_bytes for cost in costs.values()), default=0)
