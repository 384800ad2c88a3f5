"""Names of runs, and groups of runs with equal settings, which are judged together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reportgen.external.logs.tasks import is_seed
from reportgen.runs.training_log import TrainingLog

TOGETHER = "all runs"
UNINFORMATIVE = (
    "version",
    "name",
    "run_name",
    "run_id",
    "id",
    "output_dir",
    "save_dir",
    "log_dir",
    "logdir",
    "dir",
    "path",
)
"""Hyperparameters that differ between runs of the same settings."""


def named(logs: Sequence[TrainingLog], root: Path) -> list[TrainingLog]:
    """Return the logs with short names that differ: the run's own, or as much of its path as is needed."""
    names = [log.name for log in logs]
    for depth in range(1, 10):
        counts = Counter(names)
        if max(counts.values(), default=0) < 2:
            break
        names = [_longer(log, root, depth) if counts[name] > 1 else name for log, name in zip(logs, names, strict=True)]
    return [replace(log, name=name) for log, name in zip(logs, _numbered(names), strict=True)]


def _longer(log: TrainingLog, root: Path, depth: int) -> str:
    """Return the name of a run after the names of folders above it."""
    folders = [part for part in log.path.relative_to(root).parts[:-1]] if log.path.is_relative_to(root) else []
    if folders and folders[-1] == log.name:
        folders.pop()
    return "/".join([*folders[-depth:], log.name])


def _numbered(names: Sequence[str]) -> list[str]:
    counts, seen = Counter(names), Counter[str]()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(f"{name} ({seen[name]})" if counts[name] > 1 else name)
    return numbered


def grouped(logs: Sequence[TrainingLog], together: bool) -> dict[str, list[TrainingLog]]:
    """Return the groups of runs by name.

    Runs are of one setting if the user says so, or if they state their settings, these are equal but for the seed, and
    the logs have the same columns and as many steps in an epoch.
    """
    if together and len(logs) > 1:
        return {TOGETHER: list(logs)}
    groups: dict[tuple[str, ...], list[TrainingLog]] = {}
    for log in logs:
        groups.setdefault(_setting(log), []).append(log)
    return {_group_name(members): members for members in groups.values()}


def _setting(log: TrainingLog) -> tuple[str, ...]:
    settings = stated_settings(log.settings)
    if not settings:
        return (log.name,)
    columns = sorted({curve.column for curve in log.curves})
    per_epoch = "" if log.steps_per_epoch is None else f"{log.steps_per_epoch:.0f}"
    return ("", log.format, json.dumps(settings, sort_keys=True, default=str), per_epoch, *columns)


def stated_settings(settings: Mapping[str, object]) -> dict[str, object]:
    """Return the settings without seeds and without names of runs and folders."""
    return {
        name: value
        for name, value in settings.items()
        if not is_seed(name) and name.rpartition(".")[2].lower() not in UNINFORMATIVE
    }


def _group_name(members: Sequence[TrainingLog]) -> str:
    return members[0].name if len(members) == 1 else f"{members[0].name} and {len(members) - 1} more"
