"""What the user says about a log: its format, the columns of roles, the task, and whether runs belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reportgen.errors import UsageError
from reportgen.runs.training_log import ROLES, TaskKind

COLUMN_OPTIONS: Mapping[str, str] = {
    "train_loss": "--loss",
    "val_loss": "--val-loss",
    "train_accuracy": "--accuracy",
    "val_accuracy": "--val-accuracy",
    "lr": "--lr",
    "gradient_norm": "--gradient-norm",
}
"""Options of the command line that name the column of a role."""

TASKS: tuple[TaskKind, ...] = ("classification", "regression", "likelihood")


@dataclass(frozen=True)
class LogOptions:
    """What the user says about logs; what is not given is found in the logs.

    Attributes
    ----------
    format : name of the format, None to recognize it by content.
    columns : names of columns by role.
    task, classes : what is learned, and the number of classes.
    together : whether all runs have the same settings and are judged together.
    step, epoch : columns that count steps and epochs.
    """

    format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    task: str | None = None
    classes: int | None = None
    together: bool = False
    step: str | None = None
    epoch: str | None = None

    def __post_init__(self) -> None:
        """Raise UsageError for an invalid value or a contradiction."""
        if self.task is not None and self.task not in TASKS:
            raise UsageError("invalid-option", f"invalid --task {self.task!r}", hint=f"one of {', '.join(TASKS)}")
        if self.classes is not None and self.classes < 2:
            raise UsageError("invalid-option", f"invalid --classes {self.classes}", hint="at least 2")
        if self.classes is not None and self.task not in (None, "classification"):
            text = f"--task {self.task} and --classes exclude each other"
            raise UsageError("option-conflict", text, hint="classes belong to --task classification")
        self._check_columns()

    def _check_columns(self) -> None:
        accuracy = next((role for role in self.columns if role.endswith("accuracy")), None)
        if accuracy is not None and self.task not in (None, "classification"):
            text = f"--task {self.task} and {COLUMN_OPTIONS[accuracy]} exclude each other"
            raise UsageError("option-conflict", text, hint="an accuracy belongs to --task classification")
        role_of: dict[str, str] = {}
        for role, column in self.columns.items():
            other = role_of.setdefault(column, role)
            if other != role:
                text = f"column {column!r} is given as {ROLES[other]} and as {ROLES[role]}"
                raise UsageError("option-conflict", text, hint="one column for each role")
