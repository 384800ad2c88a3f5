"""What a log is about: classification, regression or a likelihood, and the number of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reportgen.external.logs.assignment import Assigned
from reportgen.external.logs.options import TASKS, LogOptions
from reportgen.external.logs.roles import REGRESSION, plain_name
from reportgen.languages.translate import N_
from reportgen.runs.training_log import Task

CLASSES = ("num_classes", "n_classes", "num_labels", "n_labels", "classes", "number_of_classes")
"""Names of hyperparameters that state the number of classes."""
MOST_CLASSES = 10**7


def task_of(assigned: Sequence[Assigned], settings: Mapping[str, Any], options: LogOptions) -> Task:
    """Return the task: as the options state it, otherwise as the scores show it."""
    classes = options.classes
    if options.task is not None:
        kind = next(kind for kind in TASKS if kind == options.task)
        if kind == "classification" and classes is None:
            classes = classes_of(settings)
        return Task(kind, classes, N_("given with --task"))
    if classes is not None:
        return Task("classification", classes, N_("given with --classes"))
    if any(one.role.endswith("accuracy") for one in assigned):
        return Task("classification", classes_of(settings), N_("the log has an accuracy"))
    losses = [one.column for one in assigned if one.role.endswith("loss")]
    for column in losses:
        if (column.values[np.isfinite(column.values)] < 0).any():
            return Task("likelihood", None, N_("{column} has negative values").format(column=repr(column.name)))
    for one in assigned:
        if one.role.endswith(("score", "loss")) and REGRESSION.fullmatch(one.words):
            return Task("regression", None, N_("the log has {column}").format(column=repr(one.column.name)))
    stated = classes_of(settings)
    if stated is not None:
        return Task("classification", stated, N_("the settings of the log state the number of classes"))
    return Task("unknown", None, "the log has no accuracy, no error of a regression and no negative loss")


def classes_of(settings: Mapping[str, Any]) -> int | None:
    """Return the number of classes that hyperparameters state, None if they do not or contradict each other."""
    stated = {
        value
        for name, value in settings.items()
        if plain_name(name.rpartition(".")[2]) in CLASSES and isinstance(value, int) and not isinstance(value, bool)
    }
    number = stated.pop() if len(stated) == 1 else 0
    return number if 2 <= number <= MOST_CLASSES else None


def seed_of(settings: Mapping[str, Any]) -> int | None:
    """Return the seed that hyperparameters state."""
    for name, value in settings.items():
        if is_seed(name) and isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def is_seed(name: str) -> bool:
    """Return whether a hyperparameter is a seed."""
    return plain_name(name).split("_")[-1] == "seed" or plain_name(name).endswith("random_state")
