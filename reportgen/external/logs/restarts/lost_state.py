"""A loss that returns to its beginning while the positions count on: training went on from new weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.external.logs.raw import Array
from reportgen.languages.translate import N_
from reportgen.runs.training_log import Curve, LogNote, LostState, TrainingLog

LEAST = 4
"""Values before and after the jump; the loss must fall again along the same course for so many."""
NEAR = 0.25
"""Share of the fall of the loss by which the second course may differ from the first, on the average."""
CURVES = ("train_loss", "val_loss")


def without_lost_state(log: TrainingLog) -> TrainingLog:
    """Return a log from the last position on at which training began anew, so that no rule judges across it.

    The losses of training and validation, as far as they are logged by epoch, must both return to their first values
    and fall again as they fell at first. A divergence does not fall again, a spike falls faster, and an
    oscillation rises on its way.
    """
    curves = [curve for curve in map(log.curve, CURVES) if curve is not None and curve.resolution == "epoch"]
    if not curves or (log.curve("train_loss") is None and len(curves) < len(CURVES)):
        return log
    jumps = [set(_returns(curve)) for curve in curves]
    common = sorted(set.intersection(*jumps))
    if not common:
        return log
    main = curves[0]
    lost = []
    for position in common:
        at = int(np.searchsorted(main.positions, position))
        lost.append(LostState(float(main.positions[at - 1]), float(main.values[at - 1]), float(main.values[at])))
    last = lost[-1].position
    text = N_("the loss returns to its beginning after {unit} {at}, and the earlier values are not judged")
    note = LogNote("lost-state", text.format(unit=log.unit, at=f"{last:g}"))
    return replace(
        log,
        curves=tuple(_after(curve, last) for curve in log.curves if (curve.positions > last).any()),
        layers={
            layer: {name: _after(curve, last) for name, curve in statistics.items()}
            for layer, statistics in log.layers.items()
        },
        lost_states=tuple(lost),
        resumed_at=tuple(position for position in log.resumed_at if position > last),
        notes=(*log.notes, note),
    )


def _after(curve: Curve, position: float) -> Curve:
    kept = curve.positions > position
    return replace(curve, positions=curve.positions[kept], values=curve.values[kept])


def _returns(curve: Curve) -> list[float]:
    """Return the positions of the first values after a return of the loss to its beginning."""
    values, found, start = curve.values, list[float](), 0
    if not np.isfinite(values).all():
        return []
    rises = np.flatnonzero(np.diff(values) > 0) + 1
    for index in rises:
        if index - start >= LEAST and _repeats(values[start:index], values[index:]):
            found.append(float(curve.positions[index]))
            start = int(index)
    return found


def _repeats(before: Array, after: Array) -> bool:
    """Return whether a loss begins as high as before and falls along the same course."""
    compared = min(before.size, after.size)
    fall = float(before[0] - before[-1])
    if compared < LEAST or fall <= 0 or max(np.diff(before).max(), np.diff(after[:compared]).max()) > fall * NEAR:
        return False
    near = np.abs(after[:compared] - before[:compared]) / fall
    falls = after[0] - after[:compared].min() > fall / 4
    return bool(after[0] - before[-1] > fall / 2 and near[0] < NEAR and near.mean() < NEAR and falls)
