"""Ensembles over seeds and along a run: which sizes a study asks for, and whether its runs can be averaged."""

from __future__ import annotations

from collections.abc import Callable

from reportgen.data.datasets import DATASETS
from reportgen.engine.tables.schedules import phases
from reportgen.errors import StudyError
from reportgen.study.model.study import Study
from reportgen.study.planning.plan import Plan
from reportgen.study.syntax.yaml12 import Path

ENSEMBLE_METRICS = ("ensemble_val_accuracy", "ensemble_val_gain", "ensemble_val_spread")
"""The accuracy of the mean probabilities of all seeds, its lead on the members' mean, and the members' deviation."""

USUAL_SIZES = (2, 3, 5, 10, 20, 50, 100)


def ensemble_sizes(study: Study) -> tuple[int, ...]:
    """Return the sizes in rising order, none larger than the number of seeds; empty where none are asked for."""
    count, asked = len(study.seeds), study.ensembles
    if not asked:
        return ()
    sizes = asked if isinstance(asked, tuple) else (*(size for size in USUAL_SIZES if size < count), count)
    return tuple(sorted({size for size in sizes if 2 <= size <= count}))


def check_ensembles(plan: Plan, where: Callable[[Path, bool], str]) -> None:
    """Raise a StudyError where a variant's runs do not share their examples, or have none to be averaged on."""
    if not plan.study.ensembles:
        return
    place = where(("ensembles",), False)
    if len(plan.study.seeds) < 2:
        raise StudyError("?", "an ensemble needs at least two seeds", place, "seeds: 5")
    _check_sizes(plan.study, place)
    for run in plan.runs:
        if run.spec.data.seed is None:
            lack = "the members of an ensemble must be scored on the same examples, and each seed draws its own split"
            raise StudyError("?", lack, place, "set data: {seed: 0}")
        if run.spec.data.validation == 0 and "validation" not in DATASETS[run.spec.data.source.name].given:
            raise StudyError("?", "an ensemble needs validation examples", place, "set data.validation above 0")


def _check_sizes(study: Study, place: str) -> None:
    """Raise a StudyError for a size that the seeds cannot fill."""
    asked, count = study.ensembles, len(study.seeds)
    largest = max(asked) if isinstance(asked, tuple) else 0
    if largest > count:
        lack = f"an ensemble of {largest} needs as many seeds, and the study has {count}"
        raise StudyError("?", lack, place, f"seeds: {largest}")


def check_snapshots(plan: Plan, where: Callable[[Path, bool], str]) -> None:
    """Raise a StudyError where snapshots are asked for and no variant's learning rate restarts."""
    asking = [run.spec.training.schedule for run in plan.runs if run.spec.evaluation.snapshots is True]
    if asking and not any(row.restarts for schedule in asking for row in phases(schedule)):
        lack = "snapshots are taken where the learning rate restarts, and here it never does"
        hint = "training.schedule: {name: warm_restarts, cycle: 10}, or a number: every so many epochs"
        raise StudyError("?", lack, where(("evaluation", "snapshots"), False), hint)


def check_ensemble_claim(plan: Plan, metric: str, at: Callable[..., str]) -> None:
    """Raise a StudyError for a claim on ensembles in a study that has none."""
    if metric in ENSEMBLE_METRICS and not plan.study.ensembles:
        raise StudyError("?", f"{metric} is measured on request", at("measure", "metric"), "set ensembles: true")
