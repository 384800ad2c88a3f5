"""A training run of another program as its log shows it: curves of scores, with the column that each was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.languages.translate import N_

Array = NDArray[np.float64]

Resolution = Literal["step", "window", "epoch"]
"""What a value is: of one minibatch, the mean since the last value, or of an epoch (also a validation at any time)."""

Unit = Literal["step", "epoch"]

TaskKind = Literal["classification", "regression", "likelihood", "unknown"]

TASK_WORDS = (N_("classification"), N_("regression"), N_("likelihood"))
"""The known kinds in the words of a report, which translates them."""

ROLES: Mapping[str, str] = {
    "train_loss": N_("training loss"),
    "val_loss": N_("validation loss"),
    "train_accuracy": N_("training accuracy"),
    "val_accuracy": N_("validation accuracy"),
    "train_score": N_("another training score"),
    "val_score": N_("another validation score"),
    "lr": N_("learning rate"),
    "gradient_norm": N_("gradient norm"),
}
"""Every role of a curve, with its name in sentences."""


SCORES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy")
"""Roles of the scores that most logs have, in the order of tables."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A column of a log in a role.

    Attributes
    ----------
    role : a name in ROLES.
    column : name of the column in the log.
    resolution : what one value is.
    positions : increasing positions of the values, (n,), in the unit of the log. An epoch counts when it ends: the
        scores at the end of the first epoch are at 1.
    values : (n,). An accuracy is a share from 0 to 1. A value that the log states as NaN or infinite is kept; a missing
        value is not a value.
    higher_is_better : direction of another score; None if unknown.
    """

    role: str
    column: str
    resolution: Resolution
    positions: Array
    values: Array
    higher_is_better: bool | None = None

    @property
    def finite(self) -> Array:
        """The values that are finite."""
        return self.values[np.isfinite(self.values)]


@dataclass(frozen=True)
class Task:
    """What is learned, and why it was taken for that.

    classes: number of classes, None if unknown. reason: one clause, such as "given with --task" or "the log has an
    accuracy".
    """

    kind: TaskKind = "unknown"
    classes: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class LogNote:
    """Something the reader had to decide, as a code for programs and a sentence for people."""

    code: str
    text: str


@dataclass(frozen=True)
class LostState:
    """A return of the loss to its beginning: the last position before it, and the loss there and after it."""

    position: float
    before: float
    after: float


@dataclass(frozen=True, eq=False)
class TrainingLog:
    """A training run read from a log.

    Attributes
    ----------
    path : file or folder of the log.
    format : name of the format, a row of `external.logs.formats`.
    name : name of the run.
    unit : unit of all positions; "epoch" if the log does not count steps.
    curves : all curves; several may have the same role at different resolutions.
    layers : curves of layer statistics, by layer and then by statistic, such as "mean" and "std" of "fc1.weight".
    settings : hyperparameters that the log states, by name.
    seed : seed of the run if the log states it.
    steps_per_epoch, planned_steps, log_every : numbers of steps, None if unknown.
    resumed_at : positions after which training was resumed; later values of the interrupted run are left out.
    lost_states : where training began anew while the positions counted on; the curves begin after the last of them.
    ignored : columns without a role, with the reason.
    notes : decisions of the reader.
    """

    path: Path
    format: str
    name: str
    unit: Unit
    curves: tuple[Curve, ...]
    task: Task = Task()
    layers: Mapping[str, Mapping[str, Curve]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    steps_per_epoch: float | None = None
    planned_steps: int | None = None
    log_every: int | None = None
    resumed_at: tuple[float, ...] = ()
    lost_states: tuple[LostState, ...] = ()
    ignored: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[LogNote, ...] = ()

    def curve(self, role: str, *resolutions: Resolution) -> Curve | None:
        """Return the curve in a role with the first of these resolutions that exists; by default any, epochs first."""
        for resolution in resolutions or ("epoch", "window", "step"):
            for curve in self.curves:
                if curve.role == role and curve.resolution == resolution:
                    return curve
        return None

    @property
    def end(self) -> float:
        """The last position of any curve, 0 without values."""
        return max((float(curve.positions[-1]) for curve in self.curves if curve.positions.size), default=0.0)
