"""Whether a run left the finite numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.runs.training_log import Curve, TrainingLog

LOSSES = ("train_loss", "val_loss")


@dataclass(frozen=True)
class Divergence:
    """The first value that is not finite: its role, column and position, and the last finite value before it.

    before: NaN if no finite value precedes. stays: no finite value of the column follows.
    """

    role: str
    column: str
    position: float
    before: float
    count: int
    of: int
    stays: bool


def divergence(log: TrainingLog) -> Divergence | None:
    """Return the first loss that is not finite, None if all are. One that stays so precedes one that does not."""
    found = [d for curve in log.curves if curve.role in LOSSES and (d := _of_curve(curve)) is not None]
    return min(found, key=lambda d: (not d.stays, d.position), default=None)


def diverged(log: TrainingLog) -> bool:
    """Return whether a loss ended in values that are not finite."""
    found = divergence(log)
    return found is not None and found.stays


def _of_curve(curve: Curve) -> Divergence | None:
    finite = np.isfinite(curve.values)
    if finite.all():
        return None
    first = int(np.flatnonzero(~finite)[0])
    return Divergence(
        curve.role,
        curve.column,
        float(curve.positions[first]),
        float(curve.values[first - 1]) if first else float("nan"),
        int((~finite).sum()),
        int(finite.size),
        bool(not finite[-1]),
    )
