"""Records of scores, one after another, as columns with their steps and epochs."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.external.logs.raw import RawColumn
from reportgen.external.logs.structured.documents import number
from reportgen.runs.training_log import LogNote

STEP_NAMES = (
    "trainer/global_step",
    "train/global_step",
    "global_step",
    "global_steps",
    "num_updates",
    "total_steps",
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

EPOCH_NAMES = ("epoch", "epochs", "current_epoch", "train/epoch", "ep")

MODE_NAMES = ("mode", "phase", "split", "stage", "subset")
EVALUATION = frozenset({"val", "valid", "validation", "eval", "evaluation", "dev", "test"})
MODES = EVALUATION | {"train", "training"}

MAX_COLUMNS = 5000
MAX_DEPTH = 8


def counter_name(name: str) -> str:
    """Return the name of a column in the form in which counters are recognized."""
    return name.strip().lower().replace(" ", "_").replace("-", "_")


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


class Records:
    """Columns that are filled record by record, in compact arrays."""

    def __init__(self) -> None:
        self.count = 0
        self.ignored: dict[str, str] = {}
        self.first_epoch: int | None = None
        self.notes: list[LogNote] = []
        self._rows: dict[str, array[int]] = {}
        self._values: dict[str, array[float]] = {}
        self._evaluations = bytearray()

    def add(self, record: Mapping[str, Any]) -> None:
        """Add a record. Its scores get the name of its mode, such as "val/loss" beside "mode": "val"."""
        items = dict(flat(record))
        mode = _mode(items)
        for name, value in items.items():
            found = number(value)
            if found is None:
                if (
                    not (value is None or name in self._values or name in MODE_NAMES)
                    and len(self.ignored) < MAX_COLUMNS
                ):
                    self.ignored.setdefault(name, "not a number")
                continue
            known = counter_name(name)
            is_counter = known in STEP_NAMES or known in EPOCH_NAMES
            self._append(name if is_counter or not mode or mode in known else f"{mode}/{name}", found)
        self._evaluations.append(mode in EVALUATION)
        self.count += 1

    def _append(self, name: str, value: float) -> None:
        if name not in self._values:
            if len(self._values) >= MAX_COLUMNS:
                self.ignored["(others)"] = f"only the first {MAX_COLUMNS} columns are read"
                return
            self.ignored.pop(name, None)
            self._rows[name], self._values[name] = array("q"), array("d")
        self._rows[name].append(self.count)
        self._values[name].append(value)

    def columns(self) -> tuple[RawColumn, ...]:
        """Return all columns but the counters. Without counters, each record is taken for a step."""
        step_name, epoch_name = self._counter(STEP_NAMES), self._counter(EPOCH_NAMES)
        steps, epochs = self._all_rows(step_name), self._all_rows(epoch_name)
        if steps is None and epochs is None:
            steps = np.arange(1.0, self.count + 1)
            text = "the file has no steps or epochs; each record is taken for a step"
            self.notes.append(LogNote("rows-counted", text))
        if step_name is not None and steps is not None and epochs is not None:
            steps, epochs = self._aligned(step_name, steps, epochs)
        return tuple(
            RawColumn(name, np.array(values), _at(steps, self._rows[name]), _at(epochs, self._rows[name]))
            for name, values in self._values.items()
            if name not in (step_name, epoch_name)
        )

    def _counter(self, names: tuple[str, ...]) -> str | None:
        """Return the counter of most records, the most specific name first."""
        candidates = [name for name in self._values if counter_name(name) in names]
        return min(
            candidates, key=lambda name: (-len(self._values[name]), names.index(counter_name(name))), default=None
        )

    def _all_rows(self, name: str | None) -> NDArray[np.float64] | None:
        """Return the values of a counter for all records, NaN for records without it."""
        if name is None:
            return None
        values = np.full(self.count, np.nan)
        values[np.array(self._rows[name])] = self._values[name]
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


def _at(counter: NDArray[np.float64] | None, rows: array[int]) -> NDArray[np.float64] | None:
    """Return the values of a counter at some records; None if they are missing or not finite there."""
    found = None if counter is None else counter[np.array(rows)]
    return found if found is not None and np.isfinite(found).all() else None
