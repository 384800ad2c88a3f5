"""The range of one searched setting: from a place between 0 and 1 to a value, evenly in the range's own scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from reportgen.study.model.components import problem, shown, suggest

KINDS = ("uniform", "log_uniform", "integers", "log_integers", "choices")
"""How a range may be given: two ends, or a list of values."""

OPTIONS = ("method", "samples", "metric", "goal", "seeds", "repeat", "stages")
"""Keys of `search` that are no setting to search."""

MOST_CHOICES = 1000
_EXAMPLE = "such as {log_uniform: [1e-5, 1]}"


@dataclass(frozen=True)
class Range:
    """The values that a search tries for a setting.

    low, high: the ends, both included; 0 and 0 for choices. points: of a grid, None where the search shares them out.
    labels: what the study calls the choices, None for one that it leaves to its value.
    """

    kind: str
    low: float = 0.0
    high: float = 0.0
    choices: tuple[Any, ...] = ()
    points: int | None = None
    labels: tuple[str | None, ...] = ()

    @property
    def log(self) -> bool:
        """Whether equal ratios, rather than equal differences, are equally far apart."""
        return self.kind.startswith("log_")

    @property
    def whole(self) -> bool:
        """Whether the values are whole numbers."""
        return self.kind.endswith("integers")

    @property
    def ordered(self) -> bool:
        """Whether the values lie on a line, so that a part of the range has a meaning."""
        return self.kind != "choices"

    def at(self, place: float) -> Any:
        """Return the value at a place from 0 to 1."""
        if not self.ordered:
            return self.choices[self._index(place)]
        low, high = self.low, self.high + (1 if self.whole else 0)
        if self.log:
            value = math.exp(math.log(low) + place * (math.log(high) - math.log(low)))
        else:
            value = low + place * (high - low)
        value = min(max(value, self.low), self.high)
        return math.floor(value) if self.whole else value

    def label_at(self, place: float) -> str | None:
        """Return what the study calls the choice at a place, None where it has no name for it."""
        return self.labels[self._index(place)] if self.labels else None

    def _index(self, place: float) -> int:
        return min(int(place * len(self.choices)), len(self.choices) - 1)


def read_range(given: Any) -> Range:
    """Return the range that a study gives; raises the validation error of what is none."""
    if not isinstance(given, dict):
        raise problem("?", f"expected a range, found {shown(given)}", _EXAMPLE)
    for key in given:
        if key not in (*KINDS, "points"):
            raise problem("?", f"unknown key {shown(key)}", suggest(str(key), [*KINDS, "points"]), (key,), key=True)
    kinds = [key for key in given if key != "points"]
    if not kinds:
        raise problem("?", "the range has no ends", _EXAMPLE)
    if len(kinds) > 1:
        raise problem("?", f"{kinds[0]} and {kinds[1]} are two ranges", "keep one of them", (kinds[1],), key=True)
    points = _points(given["points"]) if "points" in given else None
    kind, value = kinds[0], given[kinds[0]]
    if kind == "choices":
        if points is not None:
            raise problem("?", "a grid takes each of the choices", "leave points out", ("points",), key=True)
        choices, labels = _choices(value)
        return Range(kind, choices=choices, labels=labels)
    low, high = _ends(kind, value)
    return Range(kind, low, high, points=points)


def _points(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_CHOICES:
        raise problem("?", f"expected a number of points, found {shown(value)}", f"1 to {MOST_CHOICES}", ("points",))
    return value


def _choices(value: Any) -> tuple[tuple[Any, ...], tuple[str | None, ...]]:
    """Return the values and their labels; {value: v, label: l} labels a value that is no component."""
    if not isinstance(value, list) or not value:
        raise problem("?", f"expected a list of values, found {shown(value)}", "such as [16, 32, 64]", ("choices",))
    if len(value) > MOST_CHOICES:
        raise problem("?", f"{len(value)} choices are too many", f"at most {MOST_CHOICES}", ("choices",))
    choices: list[Any] = []
    for index, given in enumerate(value):
        item = _without_label(given)
        if any(item == earlier and isinstance(item, bool) is isinstance(earlier, bool) for earlier in choices):
            raise problem("?", f"{shown(item)} stands here a second time", "each value once", ("choices", index))
        choices.append(item)
    return tuple(choices), tuple(str(v["label"]) if isinstance(v, dict) and "label" in v else None for v in value)


def _without_label(value: Any) -> Any:
    if not isinstance(value, dict) or "label" not in value:
        return value
    rest = {key: item for key, item in value.items() if key != "label"}
    return rest["value"] if set(rest) == {"value"} else rest


def _ends(kind: str, value: Any) -> tuple[float, float]:
    """Return the two ends, in order, of the kind of number that the range is of."""
    if not isinstance(value, list) or len(value) != 2:
        raise problem("?", f"expected two ends, found {shown(value)}", "[low, high]", (kind,))
    for index, end in enumerate(value):
        _check_end(kind, index, end)
    low, high = value
    if not low < high:
        raise problem("?", f"low {shown(low)} is not below high {shown(high)}", "[low, high]", (kind,))
    return low, high


def _check_end(kind: str, index: int, end: Any) -> None:
    whole = kind.endswith("integers")
    if isinstance(end, bool) or not isinstance(end, int if whole else (int, float)):
        raise problem("?", f"expected a {'whole number' if whole else 'number'}, found {shown(end)}", "", (kind, index))
    if not math.isfinite(end):
        raise problem("?", f"expected a finite number, found {shown(end)}", "", (kind, index))
    if kind.startswith("log_") and end <= 0:
        raise problem(
            "?", f"{shown(end)} has no logarithm", "an end above 0, or a range that is not log", (kind, index)
        )
