"""From columns to curves: positions, order, units and resolutions, with a note for each decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from reportgen.external.logs.assignment import (
    LEAST_PERCENT,
    PERCENT,
    TAKEN_FROM,
    Assigned,
    assign_roles,
)
from reportgen.external.logs.axis import MOST_POSITION, Axis, axis_of
from reportgen.external.logs.options import LogOptions
from reportgen.external.logs.ordering import Ordered, ordered
from reportgen.external.logs.raw import Array, RawColumn, RawLog
from reportgen.external.logs.tasks import seed_of, task_of
from reportgen.languages.translate import N_
from reportgen.runs.training_log import ROLES, Curve, LogNote, Resolution, TrainingLog

PER_EPOCH = 1.2
"""A training column with at most this many values an epoch, each at the end of one, is of epochs."""
END_TOLERANCE = 0.01
MOST_EPOCHS = 0.5
"""Share of the epochs that have a value of a column of epochs."""
MOST_VALIDATIONS = 0.9
"""Share of the validations from which on training values at validations alone are means since the last one."""
AT_A_STEP = ("lr", "gradient_norm")
"""Roles of values that are not averaged over an epoch unless the log says so."""
GAPS = 2
"""NaN values that end this often mark missing values: a run that diverges does not recover again and again."""


def clean(raw: RawLog, options: LogOptions) -> TrainingLog:
    """Return the log with roles, positions and clean values.

    Raises
    ------
    StudyError : a column that the user named does not exist or cannot have its role.
    """
    assignment = assign_roles(raw, options)
    ignored, notes = dict(assignment.ignored), [*raw.notes, *assignment.notes]
    counted = [replace(one, column=_with_valid_counts(one.column, notes)) for one in assignment.columns]
    axis, columns = axis_of(raw, counted)
    notes += axis.notes
    curves: dict[tuple[str, str], Curve] = {}
    resumed: list[tuple[float, ...]] = []
    placed = [(one, _placed(one.column, axis, notes)) for one in columns]
    for one, values in placed:
        if values is None:
            ignored[one.column.name] = N_("its positions are unknown")
            continue
        curve = _curve(one, axis, values, placed, notes)
        other = curves.setdefault(
            (one.role, curve.resolution if not one.role.endswith("score") else curve.column), curve
        )
        if other is not curve:
            ignored[one.column.name] = TAKEN_FROM.format(role=ROLES[one.role], column=repr(other.column))
        else:
            resumed.append(values.resumed_at)
    return TrainingLog(
        path=raw.path,
        format=raw.format,
        name=raw.name,
        unit=axis.unit,
        curves=tuple(curves.values()),
        task=task_of(assignment.columns, raw.settings, options),
        layers=_layers(raw, axis),
        settings=raw.settings,
        seed=raw.seed if raw.seed is not None else seed_of(raw.settings),
        steps_per_epoch=axis.steps_per_epoch,
        planned_steps=raw.planned_steps,
        log_every=raw.log_every or _log_every(curves.values()),
        resumed_at=_together(resumed),
        ignored=ignored,
        notes=tuple(_merged(notes)),
    )


def _together(resumed: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Return after which positions a run was resumed: the last ones of all columns that show all times."""
    most = max(map(len, resumed), default=0)
    return tuple(max(positions) for positions in zip(*(one for one in resumed if len(one) == most), strict=True))


def _with_valid_counts(column: RawColumn, notes: list[LogNote]) -> RawColumn:
    """Return a column without the values whose step or epoch is negative, unknown or not finite."""
    counts = [part for part in (column.steps, column.epochs) if part is not None]
    valid = [(part >= 0) & (part < MOST_POSITION) for part in counts]
    if all(part.all() for part in valid):
        return column
    keep = np.logical_and.reduce(valid)
    text = N_("{column}: invalid positions left out: {count}").format(column=repr(column.name), count=(~keep).sum())
    notes.append(LogNote("invalid-position", text))
    steps, epochs = (None if part is None else part[keep] for part in (column.steps, column.epochs))
    return replace(column, values=column.values[keep], steps=steps, epochs=epochs)


def _placed(column: RawColumn, axis: Axis, notes: list[LogNote]) -> Ordered | None:
    """Return the values of a column in order, None if their positions are unknown; adds notes on what was done."""
    positions, values = axis.positions(column), column.values
    name, unit = repr(column.name), axis.unit
    if positions is None:
        return None
    valid = (positions >= 0) & (positions < MOST_POSITION)
    if not valid.all():
        text = N_("{column}: values at invalid positions left out: {count}")
        notes.append(LogNote("invalid-position", text.format(column=name, count=(~valid).sum())))
        positions, values = positions[valid], values[valid]
    known = _without_gaps(values)
    if known is not None:
        text = N_("{column}: NaN marks missing values, since values follow it").format(column=name)
        notes.append(LogNote("nan-as-missing", text))
        positions, values = positions[known], values[known]
    found = ordered(positions, values)
    if found.sorted:
        text = N_("{column}: the values are in another order and were sorted by {unit}")
        notes.append(LogNote("unordered", text.format(column=name, unit=unit)))
    if found.duplicates:
        text = N_("{column}: values replaced by a later one at the same {unit}: {count}")
        notes.append(LogNote("duplicate-steps", text.format(column=name, unit=unit, count=found.duplicates)))
    if found.resumed_at:
        at = ", ".join(f"{position:g}" for position in found.resumed_at[:5])
        text = N_("{column}: resumed after {unit} {at}, earlier values from there on left out: {count}")
        notes.append(LogNote("resumed", text.format(column=name, unit=unit, at=at, count=found.dropped)))
    return found


def _without_gaps(values: Array) -> Array | None:
    """Return which values are known if NaN stands for missing values, None if it does not."""
    unknown = np.isnan(values)
    if not unknown.any():
        return None
    recoveries = int((unknown[:-1] & ~unknown[1:]).sum())
    return ~unknown if recoveries >= GAPS else None


def _curve(
    one: Assigned, axis: Axis, found: Ordered, placed: Sequence[tuple[Assigned, Ordered | None]], notes: list[LogNote]
) -> Curve:
    values = found.values
    if one.role.endswith("accuracy"):
        values = _as_share(one, values, notes)
    resolution = one.resolution
    if one.role.startswith("val_"):
        resolution = "epoch"
    if resolution is None:
        resolution = _resolution(axis, found.positions, one, placed)
    return Curve(one.role, one.column.name, resolution, found.positions, values, one.higher_is_better)


def _as_share(one: Assigned, values: Array, notes: list[LogNote]) -> Array:
    finite = values[np.isfinite(values)]
    if not finite.size or finite.max() < LEAST_PERCENT:
        return np.minimum(values, 1.0) if finite.size and finite.max() > 1 else values
    text = N_("{column} is in percent and was divided by 100").format(column=repr(one.column.name))
    notes.append(LogNote("percent", text))
    return np.minimum(values / PERCENT, 1.0)


def _resolution(
    axis: Axis, positions: Array, one: Assigned, placed: Sequence[tuple[Assigned, Ordered | None]]
) -> Resolution:
    """Return the resolution of a training column whose name does not tell it.

    It is of epochs if the log counts only epochs, or if its values lie at the ends of epochs, one in most of them. A
    few values at such ends are of minibatches whose distance is a multiple of an epoch, unless a step is an epoch. It
    is of windows if it has values at almost all validations and nowhere else. Otherwise it is taken for minibatches.
    A learning rate or a norm is that of the step at which it is logged.
    """
    if not positions.size:
        return "epoch"
    if one.role in AT_A_STEP and axis.unit == "step":
        return "step"
    if axis.unit == "epoch":
        return "epoch" if (positions % 1 == 0).all() else "window"
    validated = [
        other.positions for with_role, other in placed if other is not None and with_role.role.startswith("val_")
    ]
    at_validations = any(
        MOST_VALIDATIONS * other.size <= positions.size <= other.size and np.isin(positions, other).all()
        for other in validated
    )
    spe = axis.steps_per_epoch
    if spe is not None and one.column.epochs is not None:
        if positions.size > PER_EPOCH * (np.ptp(positions) / spe + 1):
            return "step"
        epochs = positions / spe
        near = np.abs(epochs - np.round(epochs)) <= END_TOLERANCE
        in_most = spe == 1 or positions.size >= MOST_EPOCHS * epochs[-1]
        return "epoch" if (near.all() and in_most) or at_validations else "step"
    return "window" if at_validations else "step"


def _layers(raw: RawLog, axis: Axis) -> dict[str, dict[str, Curve]]:
    """Return the curves of layer statistics; the role of each is the name of its statistic."""
    layers: dict[str, dict[str, Curve]] = {}
    for layer, statistic, raw_column in raw.layers:
        column = _with_valid_counts(raw_column, [])
        positions = axis.positions(column)
        if positions is not None:
            found = ordered(positions, column.values)
            curve = Curve(statistic, column.name, column.resolution or "step", found.positions, found.values)
            layers.setdefault(layer, {})[statistic] = curve
    return layers


def _log_every(curves: Iterable[Curve]) -> int | None:
    """Return the usual distance of training values in steps."""
    for curve in curves:
        if curve.role == "train_loss" and curve.resolution in ("step", "window") and curve.positions.size > 1:
            distance = float(np.median(np.diff(curve.positions)))
            return round(distance) if distance >= 1 else None
    return None


def _merged(notes: Sequence[LogNote]) -> Iterable[LogNote]:
    """Yield each note once; equal notes on several columns become one."""
    names: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        name, colon, text = note.text.partition(": ")
        key = (note.code, text) if colon and name.startswith("'") else (note.code, note.text)
        names.setdefault(key, []).append(name if key[1] != note.text else "")
    for (code, text), columns in names.items():
        named = ", ".join(dict.fromkeys(filter(None, columns)))
        yield LogNote(code, f"{named}: {text}" if named else text)
