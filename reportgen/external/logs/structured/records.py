"""Records of scores, one after another, as columns with their steps and epochs."""

from __future__ import annotations

import functools
from array import array
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.external.logs.raw import RawColumn
from reportgen.external.logs.roles import METRICS, VALUES
from reportgen.external.logs.structured.documents import number
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

STEP_NAMES = (
    "trainer/global_step",
    "train/global_step",
    "global_step",
    "global_steps",
    "num_updates",
    "total_steps",
    "time/total_timesteps",
    "total_timesteps",
    "timesteps",
    "n_iter",
    "step",
    "steps",
    "iteration",
    "iterations",
    "iter",
    "iters",
    "it",
    "update",
    "batch",
    "_step",
    "example",
)
"""Names of the counter of steps, the most specific first."""

EXAMPLE = "example"
"""The counter of the examples of an epoch that were seen so far."""

EPOCH_NAMES = ("epoch", "epochs", "current_epoch", "train/epoch", "ep", "epoche")

MODE_NAMES = ("mode", "phase", "split", "stage", "subset")
EVALUATION = frozenset({"val", "valid", "validation", "eval", "evaluation", "dev", "test"})
MODES = EVALUATION | {"train", "training"}

MAX_COLUMNS = 5000
MAX_DEPTH = 8


@functools.lru_cache(maxsize=8192)
def counter_name(name: str) -> str:
    """Return the name of a column in the form in which counters are recognized."""
    return name.strip(" .:").lower().replace(" ", "_").replace("-", "_")


def looks_like_scores(record: Mapping[str, Any]) -> bool:
    """Return whether a record has a number for a loss, or a counter beside another number."""
    numbers = [counter_name(name) for name, value in flat(record) if number(value) is not None]
    counted = [name for name in numbers if name in STEP_NAMES or name in EPOCH_NAMES]
    return (bool(counted) and len(numbers) > len(counted)) or any("loss" in name for name in numbers)


def flat(record: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of a record, with nested names joined by a slash."""
    for name, value in record.items():
        if isinstance(value, dict) and depth < MAX_DEPTH:
            yield from flat(value, f"{prefix}{name}/", depth + 1)
        else:
            yield f"{prefix}{name}", value


def _by_metric(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record of one value with its metric as the name of the value; any other record as it is."""
    value = next((name for name in VALUES if number(record.get(name)) is not None), None)
    metric = next((name for name in METRICS if isinstance(record.get(name), str)), None)
    if value is None or metric is None or record[metric] in record:
        return record
    rest = {name: item for name, item in record.items() if name not in (metric, value)}
    return {record[metric]: record[value], **rest}


class _Column:
    """Values of a column, and the records they are from: consecutive ones from a first one, or listed."""

    def __init__(self, first: int) -> None:
        self.values = array("d")
        self._first = first
        self._records: array[int] | None = None

    def append(self, record: int, value: float) -> None:
        if self._records is None and record != self._first + len(self.values):
            self._records = array("q", range(self._first, self._first + len(self.values)))
        if self._records is not None:
            self._records.append(record)
        self.values.append(value)

    @property
    def records(self) -> slice | NDArray[np.int64]:
        """The indices of the records, for indexing an array of all records without copying if they are consecutive."""
        if self._records is None:
            return slice(self._first, self._first + len(self.values))
        return np.frombuffer(self._records, dtype=np.int64)


class Records:
    """Columns that are filled record by record, in compact arrays."""

    def __init__(self) -> None:
        self.count = 0
        self.ignored: dict[str, str] = {}
        self.first_epoch: int | None = None
        self.notes: list[LogNote] = []
        self._columns: dict[str, _Column] = {}
        self._evaluations = bytearray()

    def add(self, record: Mapping[str, Any]) -> None:
        """Add a record. Its scores get the name of its mode, such as "val/loss" beside "mode": "val"."""
        items = dict(flat(record)) if any(isinstance(value, dict) for value in record.values()) else record
        if not items.keys().isdisjoint(VALUES):
            items = _by_metric(items)
        mode = _mode(items)
        for name, value in items.items():
            found = value if type(value) is float else number(value)
            if found is None:
                self._ignore(name, value)
            else:
                self._append(_in_mode(name, mode), found)
        self._evaluations.append(mode in EVALUATION)
        self.count += 1

    def _ignore(self, name: str, value: Any) -> None:
        """Note a column that has no numbers, unless it has some in other records."""
        known = value is None or name in self._columns or name in MODE_NAMES
        if not known and len(self.ignored) < MAX_COLUMNS:
            self.ignored.setdefault(name, N_("not a number"))

    def _append(self, name: str, value: float) -> None:
        column = self._columns.get(name)
        if column is None:
            if len(self._columns) >= MAX_COLUMNS:
                self.ignored["(others)"] = N_("only the first {count} columns are read").format(count=MAX_COLUMNS)
                return
            self.ignored.pop(name, None)
            column = self._columns[name] = _Column(self.count)
        column.append(self.count, value)

    def columns(self) -> tuple[RawColumn, ...]:
        """Return all columns but the counters. Without counters, each record is taken for a step."""
        step_name, epoch_name = self._counter(STEP_NAMES), self._counter(EPOCH_NAMES)
        steps, epochs = self._all_records(step_name), self._all_records(epoch_name)
        merged, validated = set[str](), frozenset[str]()
        if step_name is not None and steps is not None:
            steps, merged = self._with_other_counts(step_name, steps)
            steps, epochs, validated = self._with_epochs_of_validation(step_name, steps, epochs)
        if steps is None and epochs is None:
            steps = np.arange(1.0, self.count + 1)
            text = N_("the file has no steps or epochs, so each record is taken for a step")
            self.notes.append(LogNote("rows-counted", text))
        if step_name is not None and steps is not None and epochs is not None:
            steps, epochs = self._aligned(step_name, steps, epochs)
        return tuple(
            RawColumn(
                name,
                np.frombuffer(column.values),
                _at(steps, column),
                _at(epochs, column),
                meaning=f"val/{name}" if name in validated else None,
            )
            for name, column in self._columns.items()
            if name not in (step_name, epoch_name) and name not in merged
        )

    def _with_other_counts(self, step_name: str, steps: NDArray[np.float64]) -> tuple[NDArray[np.float64], set[str]]:
        """Return steps with those that have another name in records without the first, and these names.

        A program may print "iter 10" where it trains and "step 10" where it validates.
        """
        merged = set[str]()
        for name, column in self._columns.items():
            known = counter_name(name)
            if name == step_name or known not in STEP_NAMES or known == EXAMPLE:
                continue
            values = self._all_records(name)
            if values is not None and np.isnan(steps[column.records]).all():
                steps = np.where(np.isnan(steps), values, steps)
                merged.add(name)
        return steps, merged

    def _with_epochs_of_validation(
        self, step_name: str, steps: NDArray[np.float64], epochs: NDArray[np.float64] | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, frozenset[str]]:
        """Return steps and epochs, and the columns of validation, of records whose "step" is the epoch, as in MMEngine.

        These have no epoch, and their steps are small; they belong to the step of the record before.
        """
        if epochs is None or "iter" not in self._columns or counter_name(step_name) != "step":
            return steps, epochs, frozenset()
        own = np.isnan(epochs) & np.isfinite(steps)
        if not own.any() or own[0] or (steps[own] > np.nanmax(epochs)).any():
            return steps, epochs, frozenset()
        before = np.maximum.accumulate(np.where(own, 0, np.arange(self.count)))
        epochs = np.where(own, steps, epochs)
        names = frozenset(name for name, column in self._columns.items() if own[column.records].all())
        return steps[before], epochs, names

    def _counter(self, names: tuple[str, ...]) -> str | None:
        """Return the counter of most records, the most specific name first."""
        candidates = [name for name in self._columns if counter_name(name) in names]

        def preference(name: str) -> tuple[int, int]:
            return -len(self._columns[name].values), names.index(counter_name(name))

        return min(candidates, key=preference, default=None)

    def _all_records(self, name: str | None) -> NDArray[np.float64] | None:
        """Return the values of a counter for all records, NaN for records without it."""
        if name is None:
            return None
        known = np.frombuffer(self._columns[name].values)
        if known.size == self.count:
            return known
        values = np.full(self.count, np.nan)
        values[self._columns[name].records] = known
        return values

    def _aligned(
        self, name: str, steps: NDArray[np.float64], epochs: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64] | None, NDArray[np.float64]]:
        """Return steps that count on through the epochs if they begin again in each.

        Examples that begin again in each epoch are not steps: they give parts of an epoch.
        """
        evaluated = np.frombuffer(self._evaluations, dtype=np.uint8).astype(bool)
        trained = np.flatnonzero(~evaluated & np.isfinite(steps) & np.isfinite(epochs))
        falls, rises = np.diff(steps[trained]) < 0, np.diff(epochs[trained]) > 0
        if not falls.any() or steps[trained].min() < 0 or not np.array_equal(falls, falls & rises):
            return steps, epochs
        gaps = np.diff(np.unique(steps[trained]))
        before = gaps.min() if gaps.size and steps[trained].min() == 0 else 0.0  # a count from 0 is behind by one
        within, length = steps[trained] + before, steps[trained].max() + before
        done = epochs[trained] - epochs[trained].min()
        if counter_name(name) != EXAMPLE:
            through = np.full(self.count, np.nan)
            through[trained] = done * length + within
            return through, epochs
        self.first_epoch = 1  # a position is now the number of epochs that have ended
        positions = epochs - epochs[trained].min() + 1
        positions[trained] = done + within / length
        return None, positions


def _mode(items: Mapping[str, Any]) -> str:
    for name in MODE_NAMES:
        value = items.get(name)
        if isinstance(value, str) and value.strip().lower() in MODES:
            return value.strip().lower()
    return ""


def _at(counter: NDArray[np.float64] | None, column: _Column) -> NDArray[np.float64] | None:
    """Return the values of a counter at the records of a column; None if they are missing or not finite there."""
    found = None if counter is None else counter[column.records]
    return found if found is not None and np.isfinite(found).all() else None


@functools.lru_cache(maxsize=2 * MAX_COLUMNS)
def _in_mode(name: str, mode: str) -> str:
    """Return the name of a column of records of a mode."""
    known = counter_name(name)
    is_counter = known in STEP_NAMES or known in EPOCH_NAMES
    return name if is_counter or not mode or mode in known else f"{mode}/{name}"
