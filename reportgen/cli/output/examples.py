"""Output of `reportgen check` about the examples: classes, ranges of features, and likely mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from reportgen.data.overview import overview
from reportgen.data.spec import DataSpec
from reportgen.study.planning.plan import Plan

MOST_SETS = 3
MOST_CLASSES = 20
MOST_FEATURES = 12
"""Largest numbers of data sets, classes and features that `check` prints; `check --json` has all."""


def example_values(plan: Plan) -> list[dict[str, Any]]:
    """Return the overview of each different data set of a plan, split with its first seed."""
    first: dict[tuple[DataSpec, bool], int] = {}
    for run in plan.runs:
        first.setdefault((run.spec.data, run.spec.training.shuffle), run.seed)
    return [asdict(overview(spec, seed, plan.study.folder, shuffles)) for (spec, shuffles), seed in first.items()]


def example_lines(values: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield lines about the first data sets: styles and texts."""
    for one in values[:MOST_SETS]:
        sizes = ", ".join(f"{sum(counts):,} {split}" for split, counts in one["counts"].items())
        yield "", f"  data        {one['source']}: {sizes} examples"
        yield from _class_lines(one["classes"], one["counts"])
        yield from _feature_lines(one["features"])
        yield from (("yellow", f"    note: {note}") for note in one["notes"])
    if len(values) > MOST_SETS:
        yield "", f"    and {len(values) - MOST_SETS} more data settings (--json shows all)"


def _class_lines(classes: Sequence[str], counts: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, str]]:
    rows = [("class", *counts), *((_short(label), *map(str, own)) for label, *own in _rows(classes, counts))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for name, *cells in rows:
        right = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield "", f"    {'  '.join([name.ljust(widths[0]), *right])}"
    if len(classes) > MOST_CLASSES:
        yield "", f"    and {len(classes) - MOST_CLASSES} more classes (--json shows all)"


def _rows(classes: Sequence[str], counts: Mapping[str, Sequence[int]]) -> list[tuple[Any, ...]]:
    return list(zip(classes, *counts.values(), strict=True))[:MOST_CLASSES]


def _feature_lines(features: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    if len(features) > MOST_FEATURES:
        low, high = min(one["low"] for one in features), max(one["high"] for one in features)
        yield "", f"    {len(features):,} features from {low:.4g} to {high:.4g}"
        return
    for one in features:
        yield "", f"    feature {_short(one['name'])}: {one['low']:.4g} to {one['high']:.4g}"


def _short(text: str) -> str:
    """Return a text of the file on one line, shortened and without control characters."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text)
    return shown if len(shown) <= 30 else f"{shown[:27]}..."
