"""Batches of a training loop: whether they repeat, and whether their targets are the labels of their inputs."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np

from reportgen.external.epochs import top_share
from reportgen.external.recording.convert import Array, Labels, array, values_of

MOST_VALUES = 200_000_000
"""Largest number of values of the training inputs that are indexed to find the examples of a batch."""

SHIFTS = (-2, -1, 1, 2)
"""Distances at which the labels of other examples are compared with the targets."""


class BatchObserver:
    """Observer of some batches of a training loop; x, y: training inputs, (n, ...), and classes, (n,)."""

    def __init__(self, x: Any, y: Any) -> None:
        self._x, self._y = x, array(y).astype(np.int64)
        self._index: dict[bytes, int] | None = None
        self._known: set[bytes] = set()
        self._sampled = self._largest = 0
        self._matched = self._agreeing = 0
        self._shifted = dict.fromkeys(SHIFTS, 0)
        self._off_by_one = 0
        self._top_shares: list[float] = []

    def add(self, inputs: Any, targets: Any) -> None:
        """Add a batch: its inputs (n, ...), and its targets (n,), None if unknown."""
        rows = _rows(inputs)
        if rows is None:
            return
        self._sampled += 1
        self._largest = max(self._largest, len(rows))
        self._known.add(blake2b(b"".join(sorted(row.tobytes() for row in rows))).digest())
        labels = classes_of(targets, len(rows))
        if labels is not None:
            self._top_shares.append(top_share(labels))
        if labels is not None and self._y.size:
            self._compare(rows, labels)

    def _compare(self, rows: Array, targets: Labels) -> None:
        """Count the examples of a batch that are training examples, and those whose targets are their labels."""
        index = self._indexed()
        found = np.array([index.get(row.tobytes(), -1) for row in rows])
        known, targets = found[found >= 0], targets[found >= 0]
        count = len(self._y)
        self._matched += known.size
        self._agreeing += int((self._y[known] == targets).sum())
        self._off_by_one += int((np.abs(self._y[known] - targets) == 1).sum())
        for shift in SHIFTS:
            self._shifted[shift] += int((self._y[(known + shift) % count] == targets).sum())

    def _indexed(self) -> dict[bytes, int]:
        """Return the position of each training example by its values, -1 for values of several classes."""
        if self._index is None:
            self._index = {}
            values = values_of(self._x)
            if 0 < values.size <= MOST_VALUES:
                for position, row in enumerate(values.reshape(len(values), -1)):
                    key = row.astype(np.float32).tobytes()
                    other = self._index.setdefault(key, position)
                    if other >= 0 and self._y[other] != self._y[position]:
                        self._index[key] = -1
        return self._index

    def facts(self) -> dict[str, Any]:
        """Return the facts for the record; empty without observed batches."""
        if not self._sampled:
            return {}
        facts: dict[str, Any] = {
            "batches_observed": self._sampled,
            "batches_distinct": len(self._known),
            "batch_examples": self._largest,
        }
        if len(self._top_shares) == self._sampled:
            facts["batches_top_share"] = float(np.mean(self._top_shares))
        if not self._matched:
            return facts
        best = max(self._shifted, key=lambda shift: self._shifted[shift])
        return facts | {
            "targets_matched": self._matched,
            "targets_agreeing": self._agreeing / self._matched,
            "targets_shift": best,
            "targets_agreeing_shifted": self._shifted[best] / self._matched,
            "targets_off_by_one": self._off_by_one / self._matched,
        }


def _rows(inputs: Any) -> Array | None:
    """Return inputs as float32 rows (n, values), None for inputs of another type."""
    if not hasattr(inputs, "detach") or not getattr(inputs, "shape", ()):
        return None
    values = values_of(inputs)
    return values.reshape(len(values), -1).astype(np.float32) if values.size else None


def classes_of(targets: Any, examples: int) -> Labels | None:
    """Return targets as classes (n,), None unless there is one whole number of at least 0 for each example.

    Targets -1 and 1 are the classes 0 and 1.
    """
    if targets is None:
        return None
    values = values_of(targets).reshape(-1)
    if len(values) != examples or not np.isfinite(values).all() or (values % 1).any():
        return None
    if np.isin(values, (-1, 1)).all() and (values < 0).any():
        values = (values + 1) / 2
    return None if (values < 0).any() else values.astype(np.int64)
