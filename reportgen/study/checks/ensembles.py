"""Ensembles over seeds and over snapshots: their sizes, and checks that the runs can be averaged."""

from __future__ import annotations

from collections.abc import Callable

from reportgen.data.datasets import DATASETS
from reportgen.engine.tables.schedules import phases
from reportgen.errors import StudyError
from reportgen.study.metrics.metric import ENSEMBLE
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.study import Study
from reportgen.study.planning.plan import Plan
from reportgen.study.syntax.yaml12 import Path

USUAL_SIZES = (2, 3, 5, 10, 20, 50, 100)


def ensemble_sizes(study: Study) -> tuple[int, ...]:
    """Return the ensemble sizes in ascending order, up to the number of seeds; empty without ensembles."""
    count, requested = len(study.seeds), study.ensembles
    if not requested:
        return ()
    sizes = requested if isinstance(requested, tuple) else (*(size for size in USUAL_SIZES if size < count), count)
    return tuple(sorted({size for size in sizes if 2 <= size <= count}))


def check_ensembles(plan: Plan, where: Callable[[Path, bool], str]) -> None:
    """Raise a StudyError if the runs of a variant do not share their validation examples, or have none."""
    if not plan.study.ensembles:
        return
    place = where(("ensembles",), False)
    if len(plan.study.seeds) < 2:
        raise StudyError("too-few-seeds", "an ensemble needs at least 2 seeds", place, "such as seeds: 5")
    _check_sizes(plan.study, place)
    for run in plan.runs:
        if run.spec.data.seed is None:
            message = "the members of an ensemble need the same validation examples, but each seed has its own split"
            raise StudyError("ensemble-split", message, place, "set data: {seed: 0}")
        if run.spec.data.validation == 0 and "validation" not in DATASETS[run.spec.data.source.name].own_splits:
            raise StudyError(
                "ensemble-split", "an ensemble needs validation examples", place, "set data.validation above 0"
            )


def _check_sizes(study: Study, place: str) -> None:
    """Raise a StudyError for a size above the number of seeds."""
    requested, count = study.ensembles, len(study.seeds)
    largest = max(requested) if isinstance(requested, tuple) else 0
    if largest > count:
        message = f"an ensemble of {largest} members needs as many seeds, but the study has {count}"
        raise StudyError("too-few-seeds", message, place, f"set seeds: {largest}")


def check_snapshots(plan: Plan, where: Callable[[Path, bool], str]) -> None:
    """Raise a StudyError if a study uses snapshots, but no variant restarts its learning rate."""
    schedules = [run.spec.training.schedule for run in plan.runs if run.spec.evaluation.snapshots is True]
    if schedules and not any(row.restarts for schedule in schedules for row in phases(schedule)):
        message = "snapshots need a schedule that restarts the learning rate"
        hint = "set training.schedule: {name: warm_restarts, cycle: 10}, or set snapshots to a number of epochs"
        raise StudyError("no-restarts", message, where(("evaluation", "snapshots"), False), hint)


def check_ensemble_claim(plan: Plan, metric: str, at: Callable[..., str]) -> None:
    """Raise a StudyError for a claim about ensembles in a study without ensembles."""
    if METRICS[metric].place is ENSEMBLE and not plan.study.ensembles:
        message = f"{metric} is not measured by default"
        raise StudyError("not-measured", message, at("measure", "metric"), "set ensembles: true")
