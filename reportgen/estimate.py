"""What a study will cost, before it runs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from reportgen import data
from reportgen.engine.cost import count_parameters, estimate_seconds, run_bytes, total_steps
from reportgen.engine.spec import Component
from reportgen.errors import MissingError, data_named_at
from reportgen.runs.executors import Job
from reportgen.study.plan import Plan

FAR_BEYOND = 2.0
"""How many times a machine's memory the estimate is at least where training is refused: it may be too high."""

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
        with data_named_at(job.data_place):
            n_train, features, _ = shape(spec.data, spec.preprocess)
        costs[job.key] = Cost(
            parameters=count_parameters(spec.network, features),
            steps=total_steps(spec, n_train),
            run_bytes=run_bytes(spec, n_train, features),
            data_bytes=4 * n_train * features,
            seconds=estimate_seconds(spec, n_train, features),
        )
    return costs


def download_bytes(plan: Plan, jobs: Sequence[Job]) -> int:
    """Return how many bytes of data these jobs would download first; MissingError where data are not at hand."""
    wanted: dict[Component, int] = {}
    for job in jobs:
        spec = job.run.spec.data
        if spec.source not in wanted:
            with data_named_at(job.data_place):
                wanted[spec.source] = data.lacking(spec, plan.study.folder)
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
        found = f"training needs about {needed / 1e6:,.0f} MB of memory, and this machine has {there / 1e6:,.0f} MB"
        raise MissingError(found, where=plan.study.id, hint=SMALLER)


def peak_bytes(costs: Mapping[str, Cost], workers: int) -> int:
    """Return an estimate of the memory in use at a time: the largest runs, one a worker, and their data."""
    busy = sorted(costs.values(), key=lambda cost: cost.run_bytes, reverse=True)[:workers]
    return sum(cost.run_bytes for cost in busy) + 2 * max((cost.data_bytes for cost in costs.values()), default=0)
