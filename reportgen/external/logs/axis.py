"""The positions of a log: completed optimizer steps if the log counts them, otherwise completed epochs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from reportgen.errors import StudyError
from reportgen.external.logs.assignment import Assigned
from reportgen.external.logs.options import LogOptions
from reportgen.external.logs.raw import Array, RawColumn, RawLog
from reportgen.external.logs.roles import EPOCHS, STEPS, plain_name
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote, Unit

CONSECUTIVE = 0.9
"""Share of distances of 1 from which positions are consecutive."""
FEWEST_EPOCHS = 3
FINER = 5
"""Training is logged in steps and validation in epochs if the training counts go at least this many times further."""
PART = 100_000
"""Numbers of a long array that are compared at once."""
MOST_COMPARED = 1000
"""Steps from which the first step is found."""
MOST_POSITION = 2.0**53
"""Larger counts are not exact."""


@dataclass(frozen=True, eq=False)
class Axis:
    """The unit of all positions, and how counts of the log become completed steps or epochs.

    step_offset, epoch_offset : 1 if the log counts from 0.
    shifted : steps and the same steps plus the offset by identity, since all columns of a table share their steps.
    """

    unit: Unit
    step_offset: float
    epoch_offset: float
    steps_per_epoch: float | None
    notes: tuple[LogNote, ...] = ()
    shifted: dict[int, tuple[Array, Array]] = field(default_factory=dict)

    def positions(self, column: RawColumn) -> Array | None:
        """Return the position of each value, None if the log does not tell it."""
        if self.unit == "step":
            if column.steps is not None:
                return self._steps(column.steps) if self.step_offset else column.steps
            if column.epochs is None or self.steps_per_epoch is None:
                return None
            return self._epochs(column.epochs) * self.steps_per_epoch
        if column.epochs is None:
            return np.arange(1.0, column.values.size + 1)
        return self._epochs(column.epochs)

    def _steps(self, steps: Array) -> Array:
        if id(steps) not in self.shifted:
            self.shifted[id(steps)] = steps, steps + self.step_offset
        return self.shifted[id(steps)][1]

    def _epochs(self, epochs: Array) -> Array:
        """Return completed epochs; several values in an epoch are spread evenly over it."""
        if not is_whole(epochs):
            return epochs
        done = epochs + self.epoch_offset if self.epoch_offset else epochs
        if done.size < FEWEST_EPOCHS or (np.diff(done) < 0).any():
            return done
        _, first, group, counts = np.unique(done, return_index=True, return_inverse=True, return_counts=True)
        if float(np.median(counts)) < 2:
            return done
        within = np.arange(done.size) - first[group] + 1
        return np.asarray(done - 1 + within / counts[group], np.float64)


def axis_of(raw: RawLog, assigned: Sequence[Assigned]) -> tuple[Axis, tuple[Assigned, ...]]:
    """Return the axis, and the columns with counts of epochs for those whose steps are epochs."""
    columns, notes = _with_epochs(raw, assigned)
    stepped = [one for one in columns if one.column.steps is not None]
    step_offset = _step_offset(raw, stepped)
    epoch_offset = _epoch_offset(raw, columns)
    axis = Axis("step" if stepped else "epoch", step_offset, epoch_offset, None, notes)
    spe = _steps_per_epoch(axis, columns)
    if stepped and spe is None and len(stepped) < len(columns):
        spe = _from_ends(axis, columns)
    return replace(axis, steps_per_epoch=spe), columns


def with_named_counts(raw: RawLog, options: LogOptions) -> RawLog:
    """Return a log whose steps or epochs are those of the columns that the user names.

    Raises
    ------
    StudyError : there is no such column of numbers, or it does not give the positions of the others.
    """
    for option, name, known in (("--step", options.step, STEPS), ("--epoch", options.epoch, EPOCHS)):
        named = next((column for column in raw.columns if column.name.strip() == name), None)
        if name is None or (named is None and plain_name(name) in known and _is_counted(raw, option)):
            continue
        if named is None:
            columns = ", ".join(column.name for column in raw.columns[:12])
            message = f"{option}: there is no column {name!r} of numbers"
            raise StudyError("missing-column", message, str(raw.path), f"columns: {columns}")
        is_step = option == "--step"
        others = tuple(_counted_by(column, named, is_step=is_step) for column in raw.columns if column is not named)
        notes = tuple(note for note in raw.notes if note.code != "rows-counted")
        raw = replace(raw, columns=others, notes=notes)
    return raw


def _is_counted(raw: RawLog, option: str) -> bool:
    """Return whether the format has already read the counts that an option names."""
    return any((c.steps if option == "--step" else c.epochs) is not None for c in raw.columns)


def _counted_by(column: RawColumn, named: RawColumn, *, is_step: bool) -> RawColumn:
    """Return a column with the counts of another one, in the rows that both have."""
    at, own = ((one.steps if one.steps is not None else one.epochs) for one in (named, column))
    rows = np.arange(named.values.size)
    if column.values.size != named.values.size and at is not None and own is not None and at.size:
        rows = np.minimum(np.searchsorted(at, own), at.size - 1)
        kept = at[rows] == own
        rows = rows[kept]
        column = replace(column, values=column.values[kept], steps=None, epochs=None)
    counts = named.values[rows]
    has_rows_alone = column.epochs is None or column.epochs is at
    return (
        replace(column, steps=counts, epochs=None if has_rows_alone else column.epochs)
        if is_step
        else replace(column, epochs=counts, steps=None if column.steps is None or column.steps is at else column.steps)
    )


def is_whole(counts: Array) -> bool:
    """Return whether all numbers are whole and finite."""
    parts = (counts[start : start + PART] for start in range(0, counts.size, PART))
    return all(bool((np.floor(part) == part).all() and np.isfinite(part).all()) for part in parts)


def _with_epochs(raw: RawLog, assigned: Sequence[Assigned]) -> tuple[tuple[Assigned, ...], tuple[LogNote, ...]]:
    """Return the columns with epochs instead of steps where the steps are epochs.

    A validation after every single "step" is a validation after every epoch.
    """
    if raw.first_step is None and _are_equal_counts(assigned):
        text = N_("there is one step an epoch, so the steps are taken for epochs")
        changed = tuple(replace(one, column=replace(one.column, steps=None)) for one in assigned)
        return changed, (LogNote("epochs-as-steps", text),)
    validated = [one for one in assigned if one.role.startswith("val_") and one.column.steps is not None]
    if not validated or any(one.column.epochs is not None for one in assigned):
        return tuple(assigned), ()
    if not all(_is_consecutive(one.column) for one in validated):
        return tuple(assigned), ()
    last = max(_last(one.column) for one in validated)
    finest = max((_last(one.column) for one in assigned if one not in validated), default=0.0)
    most = max((one.column.values.size for one in assigned if one not in validated), default=0)
    if finest >= FINER * last and most >= FINER:
        text = N_("validation is logged by epoch and training by step, so the epochs are spread evenly over the steps")
        changed = tuple(_by_epoch(one) if one in validated else one for one in assigned)
        return changed, (LogNote("epochs-as-steps", text),)
    if most > FINER * max(one.column.values.size for one in validated):
        return tuple(assigned), ()
    text = N_("there is a validation at each step, so the steps are taken for epochs")
    return tuple(map(_by_epoch, assigned)), (LogNote("epochs-as-steps", text),)


def _are_equal_counts(assigned: Sequence[Assigned]) -> bool:
    """Return whether steps and epochs of all columns differ by the same number, as counts of epochs by two names do."""
    differences = set[float]()
    for one in assigned:
        steps, epochs = one.column.steps, one.column.epochs
        if steps is None or epochs is None or steps.size != epochs.size or not steps.size:
            return False
        differences |= {float(value) for value in (steps[:MOST_COMPARED] - epochs[:MOST_COMPARED])}
        if len(differences) > 1:
            return False
    return bool(assigned) and max(one.column.values.size for one in assigned) > 1


def _by_epoch(one: Assigned) -> Assigned:
    return replace(one, column=replace(one.column, steps=None, epochs=one.column.steps))


def _is_consecutive(column: RawColumn) -> bool:
    assert column.steps is not None
    if column.steps.size < FEWEST_EPOCHS:
        return False
    return float(np.mean(np.diff(column.steps) == 1)) >= CONSECUTIVE


def _last(column: RawColumn) -> float:
    return float(column.steps.max()) if column.steps is not None and column.steps.size else 0.0


def _step_offset(raw: RawLog, stepped: Sequence[Assigned]) -> float:
    """Return 1 if the log counts its first step as 0: so it says, or training has a step 0, or one less than a round.

    The steps 49, 99, 149 are the ends of windows of 50 steps counted from 0.
    """
    if raw.first_step is not None:
        return float(raw.first_step == 0)
    training = [one.column.steps for one in stepped if not one.role.startswith("val_") and one.column.steps is not None]
    if any(steps.size and steps.min() == 0 for steps in training):
        return 1.0
    return float(any(_divisor(steps[:MOST_COMPARED] + 1) > _divisor(steps[:MOST_COMPARED]) for steps in training))


def _divisor(steps: Array) -> int:
    whole = steps[np.isfinite(steps)].clip(0, MOST_POSITION).astype(np.int64)
    return math.gcd(*whole.tolist()) if whole.size > 1 else 1


def _epoch_offset(raw: RawLog, columns: Iterable[Assigned]) -> float:
    """Return 1 if the log counts its first epoch as 0."""
    if raw.first_epoch is not None:
        return float(raw.first_epoch == 0)
    counted = [one.column.epochs for one in columns if one.column.epochs is not None and one.column.epochs.size]
    if not counted or not all(map(is_whole, counted)):
        return 0.0
    training = [one.column.epochs for one in columns if one.column.epochs is not None and one.role.startswith("train")]
    return float(any(epochs.size and epochs.min() == 0 for epochs in training or counted))


def _steps_per_epoch(axis: Axis, columns: Sequence[Assigned]) -> float | None:
    """Return the steps of an epoch from a column that has both counts; one with a value an epoch is best."""
    found: list[tuple[bool, bool, int, float]] = []
    for one in columns:
        if one.column.steps is not None and one.column.epochs is not None and one.column.epochs.size:
            per_epoch = _of_column(axis, one.column.steps, one.column.epochs)
            if per_epoch is not None:
                found.append((one.resolution != "epoch", not one.role.startswith("val_"), len(found), per_epoch))
    return min(found)[-1] if found else None


def _of_column(axis: Axis, steps: Array, epochs: Array) -> float | None:
    if not is_whole(epochs):
        last = int(np.argmax(epochs))
        per_epoch = float(steps[last]) / max(float(epochs[last]), 1e-9)
        return per_epoch if per_epoch >= 1 and epochs[last] > 0 else None
    ends_at = np.append(np.flatnonzero(epochs[1:] != epochs[:-1]), epochs.size - 1)
    numbers, ends = epochs[ends_at], steps[ends_at]
    if numbers.size > 1:
        forward = np.diff(numbers) > 0
        per_epoch = float(np.median(np.diff(ends)[forward] / np.diff(numbers)[forward])) if forward.any() else 0.0
    else:
        done = float(numbers[0] + axis.epoch_offset)
        per_epoch = float(ends[0] + axis.step_offset) / done if done > 0 else 0.0
    return per_epoch if math.isfinite(per_epoch) and per_epoch >= 1 else None


def _from_ends(axis: Axis, columns: Sequence[Assigned]) -> float | None:
    """Return the steps of an epoch of a log whose columns count either steps or epochs, from their ends."""
    steps = max(_last(one.column) for one in columns) + axis.step_offset
    epochs = max((float(one.column.epochs.max()) for one in columns if one.column.steps is None
                  and one.column.epochs is not None and one.column.epochs.size), default=0.0)  # fmt: skip
    done = epochs + axis.epoch_offset
    return steps / done if steps >= 1 and done >= 1 else None
