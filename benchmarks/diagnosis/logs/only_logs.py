"""Logs of faults that only logs show, with healthy counterparts: resumed runs, gradient spikes, contradicting scores.

Each log is of a real training. A fault counts only if its effect is there, measured on all steps and independent of the
rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.diagnosis.build import prepare
from benchmarks.diagnosis.halves import SCORING, TUNING
from benchmarks.diagnosis.logs.courses import Course
from benchmarks.diagnosis.logs.judge import CROSS_ENTROPY, Key, LoggedCase, read_log
from benchmarks.diagnosis.logs.planted import PLANTED, RESUMED, SPIKES, Planted
from benchmarks.diagnosis.logs.planted_fresh import FRESH
from reportgen import data
from reportgen.runs.training_log import TrainingLog

JUMP, TIMES, HIGHER = 1.1, 2.0, 3.0
EARLY, LATER = 5, 10


HALVES = {SCORING: FRESH, TUNING: PLANTED}


def planted_logs(folder: Path, seeds: Sequence[int], workers: int, half: str = TUNING) -> list[LoggedCase]:
    """Train all runs of the planted logs, write and read the logs; raises RuntimeError if a fault has no effect."""
    folder.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(limits=1), ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda planted: _logged(planted, folder, seeds), HALVES[half]))


def _logged(planted: Planted, folder: Path, seeds: Sequence[int]) -> LoggedCase:
    prepared = prepare(planted.case, folder, seeds)
    courses, classes = dict[int, list[Course]](), 0
    for run in prepared.plan.runs:
        dataset = data.load(run.spec.data, run.spec.preprocess, run.seed, folder)
        courses[run.seed], classes = planted.make(run.spec, dataset), dataset.classes
    lost = [seed for seed, found in courses.items() if planted.faulty and not has_effect(planted.rule, found)]
    if lost:
        raise RuntimeError(f"{planted.name}: no effect with seed {lost[0]}")
    paths: dict[str, dict[Key, Path]] = {}
    logs: dict[tuple[str, bool], dict[Key, TrainingLog]] = {}
    for writer in planted.writers:
        for run in prepared.plan.runs:
            path = writer.write(courses[run.seed], folder / "logs" / planted.name / writer.name / str(run.seed))
            paths.setdefault(writer.name, {})[run.variant, run.seed] = path
            for with_classes in (True, False):
                known = classes if with_classes and run.spec.training.loss.name == CROSS_ENTROPY else None
                by_run = logs.setdefault((writer.name, with_classes), {})
                by_run[run.variant, run.seed] = read_log(path, known, run.seed)
    return LoggedCase(planted.case, prepared.subject.id, paths, logs)


def has_effect(rule: str, courses: Sequence[Course]) -> bool:
    """Return whether the effect of a planted fault is there.

    Resumed: the mean loss of the first epoch after it is a tenth higher than that of the last one, or the learning rate
    differs by a factor of two. Spikes: the mean loss of the ten steps after the largest gradient, without the first
    fifth of training, is three times that of ten steps well before it. Scores need no check: they are measured with
    other labels.
    """
    if rule == RESUMED:
        before, after = courses
        end = after.epoch - before.epoch
        ratio = after.rates[0] / before.rates[end - 1]
        return bool(after.batch_loss[0] > JUMP * before.batch_loss[end - 1] or max(ratio, 1 / ratio) > TIMES)
    if rule == SPIKES and courses[0].norms is not None:
        losses, start = courses[0].losses, courses[0].losses.size // EARLY
        largest = start + int(np.nanargmax(courses[0].norms[start:-LATER]))
        return bool(losses[largest + 1 :][:LATER].mean() > HIGHER * losses[:largest][-30:-20].mean())
    return True
