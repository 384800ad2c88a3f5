"""Range of a searched setting, which maps a place from 0 to 1 to a value, linearly or logarithmically."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from reportgen.study.model.components import Problems, problem, shown, suggest, whole_number

KINDS = ("uniform", "log_uniform", "integers", "log_integers", "choices")
"""The kinds of ranges: two ends, or a list of values."""

OPTIONS = ("method", "samples", "metric", "goal", "seeds", "repeat", "stages")
"""Keys of `search` that are options, not settings to search."""

MOST_CHOICES = 1000
_EXAMPLE = "such as {log_uniform: [1e-5, 1]}"


@dataclass(frozen=True)
class Range:
    """The values that a search tries for a setting.

    Attributes
    ----------
    low, high : the ends, both included; 0 and 0 for choices.
    points : the number of grid points, None if the search distributes its samples.
    labels : the labels of the choices, None for a choice without its own label.
    """

    kind: str
    low: float = 0.0
    high: float = 0.0
    choices: tuple[Any, ...] = ()
    points: int | None = None
    labels: tuple[str | None, ...] = ()

    @property
    def log(self) -> bool:
        """Whether the scale is logarithmic."""
        return self.kind.startswith("log_")

    @property
    def whole(self) -> bool:
        """Whether the values are whole numbers."""
        return self.kind.endswith("integers")

    @property
    def ordered(self) -> bool:
        """Whether the values are ordered, so that a search can narrow the range."""
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
        """Return the label of the choice at a place, None if it has none."""
        return self.labels[self._index(place)] if self.labels else None

    def _index(self, place: float) -> int:
        return min(int(place * len(self.choices)), len(self.choices) - 1)


def read_range(tree: Any) -> Range:
    """Return a range; raises a validation error for all that is invalid."""
    if not isinstance(tree, dict):
        raise problem("wrong-type", f"expected a range, found {shown(tree)}", _EXAMPLE)
    problems = Problems()
    for key in tree:
        if key not in (*KINDS, "points"):
            near = suggest(str(key), [*KINDS, "points"])
            problems.found.append(problem("unknown-key", f"unknown key {shown(key)}", near, (key,), key=True))
    kinds = [key for key in tree if key in KINDS]
    if not kinds and not problems.found:
        raise problem("missing-key", "the range has no ends", _EXAMPLE)
    for other in kinds[1:]:
        message = f"{kinds[0]} and {other} exclude each other"
        problems.found.append(problem("conflicting-settings", message, "keep one of them", (other,), key=True))
    span, points = Range(""), None
    with problems.collect():
        points = _points(tree, kinds)
    for kind in kinds[:1]:
        with problems.collect():
            span = _span(kind, tree[kind])
    problems.raise_all()
    return replace(span, points=points)


def _points(tree: dict[str, Any], kinds: Sequence[str]) -> int | None:
    """Return the number of grid points, None if the range does not give it."""
    if "points" not in tree:
        return None
    if kinds[:1] == ["choices"]:
        message = "points does not apply to choices"
        raise problem("inapplicable-key", message, "remove points; a grid tries every choice", ("points",), key=True)
    return whole_number(tree["points"], "a number of points", 1, MOST_CHOICES, ("points",))


def _span(kind: str, value: Any) -> Range:
    """Return the range of a kind without its number of points."""
    if kind == "choices":
        choices, labels = _choices(value)
        return Range(kind, choices=choices, labels=labels)
    low, high = _ends(kind, value)
    return Range(kind, low, high)


def _choices(value: Any) -> tuple[tuple[Any, ...], tuple[str | None, ...]]:
    """Return the values and their labels; {value: v, label: l} gives a value other than a component a label."""
    if not isinstance(value, list) or not value:
        code = "empty-value" if value == [] else "wrong-type"
        raise problem(code, f"expected a list of values, found {shown(value)}", "such as [16, 32, 64]", ("choices",))
    if len(value) > MOST_CHOICES:
        raise problem("too-many", f"{len(value)} choices are too many", f"at most {MOST_CHOICES}", ("choices",))
    choices: list[Any] = []
    problems = Problems()
    for index, entry in enumerate(value):
        item = _without_label(entry)
        if any(item == earlier and isinstance(item, bool) is isinstance(earlier, bool) for earlier in choices):
            message = f"duplicate value {shown(item)}"
            problems.found.append(problem("duplicate-value", message, "list each value once", ("choices", index)))
        choices.append(item)
    problems.raise_all()
    return tuple(choices), tuple(str(v["label"]) if isinstance(v, dict) and "label" in v else None for v in value)


def _without_label(value: Any) -> Any:
    if not isinstance(value, dict) or "label" not in value:
        return value
    rest = {key: item for key, item in value.items() if key != "label"}
    return rest["value"] if set(rest) == {"value"} else rest


def _ends(kind: str, value: Any) -> tuple[float, float]:
    """Return the two ends of a range, checked for their type and order."""
    if not isinstance(value, list) or len(value) != 2:
        raise problem("invalid-range", f"expected [low, high], found {shown(value)}", "", (kind,))
    problems = Problems()
    for index, end in enumerate(value):
        with problems.collect():
            _check_end(kind, index, end)
    problems.raise_all()
    low, high = value
    if not low < high:
        raise problem("invalid-range", f"low ({shown(low)}) must be less than high ({shown(high)})", "", (kind,))
    return low, high


def _check_end(kind: str, index: int, end: Any) -> None:
    whole = kind.endswith("integers")
    if isinstance(end, bool) or not isinstance(end, int if whole else (int, float)):
        wanted = "a whole number" if whole else "a number"
        raise problem("wrong-type", f"expected {wanted}, found {shown(end)}", "", (kind, index))
    if not math.isfinite(end):
        raise problem("not-finite", f"expected a finite number, found {shown(end)}", "", (kind, index))
    if kind.startswith("log_") and end <= 0:
        message = f"expected a number above 0 for {kind}, found {shown(end)}"
        raise problem(
            "out-of-range", message, f"use {kind.removeprefix('log_')} for a range that includes it", (kind, index)
        )
