"""Train some runs of a report again, to find records that were written by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from reportgen.paths import RUNS
from reportgen.runs.executors import Job, run_all
from reportgen.runs.record import RunRecord
from reportgen.runs.store import Store
from reportgen.study.planning.plan import Plan
from reportgen.workflow.request import plan_jobs, unique

FIRST_STEPS, FIRST_TOLERANCE = 5, 1e-3
"""The losses of this many steps agree up to a relative difference; the last bits depend on the processor."""

SCORE_TOLERANCE = 0.1
"""Largest difference of a final accuracy; training amplifies the last bits."""

_ACCURACIES = ("train_accuracy", "val_accuracy")


def forged_runs(folder: Path, plan: Plan, count: int) -> list[str]:
    """Return the variant and seed of each run, of up to `count` random ones, that training does not reproduce.

    Raises
    ------
    ReportgenError : a run cannot be trained.
    """
    jobs = unique(plan_jobs(plan))
    chosen = random.SystemRandom().sample(jobs, min(count, len(jobs)))  # a student cannot know which runs are trained
    trained: dict[str, RunRecord] = {}

    def keep(job: Job, record: RunRecord) -> None:
        trained[job.key] = record

    run_all(chosen, keep=keep, folder=plan.study.folder, workers=1)
    return list(_differing(chosen, trained, Store(folder / RUNS), plan))


def _differing(jobs: list[Job], trained: dict[str, RunRecord], store: Store, plan: Plan) -> Iterator[str]:
    labels = {variant.id: variant.label for variant in plan.variants}
    for job in sorted(jobs, key=lambda job: (job.run.variant, job.run.seed)):
        stored = store.load(job.run, job.fingerprint)
        if stored is None or not agree(stored, trained[job.key]):
            yield f"{labels[job.run.variant]}, seed {job.run.seed}"


def agree(stored: RunRecord, trained: RunRecord) -> bool:
    """Return whether a stored run can be the result of the same training."""
    first = [
        np.allclose(_first(stored, name), _first(trained, name), rtol=FIRST_TOLERANCE, atol=0, equal_nan=True)
        for name in ("step_loss", "epoch_train_loss", "epoch_val_loss")
        if _first(stored, name).shape == _first(trained, name).shape
    ]
    final = [(stored.final.get(name, np.nan), trained.final.get(name, np.nan)) for name in _ACCURACIES]
    close = [bool(np.isclose(a, b, rtol=0, atol=SCORE_TOLERANCE, equal_nan=True)) for a, b in final]
    return len(first) == 3 and all(first) and all(close)


def _first(record: RunRecord, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the losses of the first steps, or the first value of an array by epoch."""
    values = np.asarray(record.arrays.get(name, ()), np.float64)
    return values[: FIRST_STEPS if name == "step_loss" else 1]
