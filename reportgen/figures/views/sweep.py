"""Sweeps over a varied number: the setting of the axis, the variants of a line, and the lines of a panel.

Variants that differ only in the setting of the axis are a line. Up to ALONE lines share one panel. More lines are split
into one panel for each value of a setting that the claims do not compare, so that compared lines share a panel, and by
a further setting if there are still too many. A panel highlights a few lines by the rule of `selection` and draws the
others in grey.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.words.names import setting_name
from reportgen.figures.drawing.style import GREY, SeriesStyle
from reportgen.figures.drawing.surface import surface
from reportgen.figures.views.selection import Selection, select
from reportgen.figures.views.series import value_label
from reportgen.figures.views.styles import line_styles
from reportgen.study.planning.plan import Variant
from reportgen.study.planning.where import setting

LEAST, ALONE, PANELS = 3, 4, 6
"""The least number of values on the axis, the most lines in a single panel, and the most panels."""

Points = tuple[tuple[float, VariantSummary], ...]


@dataclass(frozen=True)
class Line:
    """Variants that differ only in the setting of the axis, by increasing value; label: the name within the panel."""

    label: str
    style: SeriesStyle
    points: Points
    grey: bool = False


@dataclass(frozen=True)
class Panel:
    """Lines that share the values of the settings in the title; a single panel has no title."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Quantity:
    """A number along an axis.

    path: the varied setting that it comes from; name: in words; of: returns the number of a variant, None without one.
    """

    path: str
    name: str
    of: Callable[[VariantSummary], float | None]

    @classmethod
    def of_setting(cls, path: str) -> Quantity:
        """Return a setting that is a number."""
        return cls(path, setting_name(path), lambda summary: value_of(summary, path))


def value_of(summary: VariantSummary, path: str) -> float | None:
    """Return a setting as a number, None if it is not a number; a list of one number counts as that number.

    The path may lead to a part of a setting, such as the width that all hidden layers share.
    """
    _, value = setting(summary.variant.settings, path)
    value = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def axis_path(rows: Sequence[VariantSummary]) -> str | None:
    """Return the varied path with the most numeric values, None if no path has enough."""
    paths = list(dict.fromkeys(path for row in rows for path in row.variant.varied))
    sizes = {path: len({value for row in rows if (value := value_of(row, path)) is not None}) for path in paths}
    able = [path for path in paths if sizes[path] >= LEAST]
    return max(able, key=lambda path: sizes[path], default=None)


def sweep(analysis: Analysis, rows: Sequence[VariantSummary], axis: Quantity) -> tuple[list[Panel], Selection]:
    """Return the panels over the quantity of the axis, and the highlighted lines."""
    others = [p for p in dict.fromkeys(p for row in rows for p in row.variant.varied) if p != axis.path]
    lines = _lines(rows, axis, others)
    varied = [other for other in others if len({_value(points, other) for points in lines}) > 1]
    panel_settings = _panel_settings(analysis, lines, varied)
    groups = _grouped(lines, panel_settings)
    named = [
        p
        for p in varied
        if p not in panel_settings and any(len({_value(x, p) for x in g}) > 1 for g in groups.values())
    ]
    words = {title: [(_label(points, named or others), points) for points in group] for title, group in groups.items()}
    if analysis.plan.study.variants:
        words = _by_name(groups, axis.path) or words
    chosen = _select(analysis, [line for group in words.values() for line in group])
    variants = _variants([line for group in words.values() for line in group])
    styles = line_styles({label: variants[label] for label in chosen.highlighted})
    panels = [
        Panel(
            title if panel_settings else "",
            tuple(
                Line(label, styles.get(label, GREY), points, label not in styles)
                for label, points in group
                if label in styles or surface().others
            ),
        )
        for title, group in words.items()
    ]
    return panels, chosen


def _select(analysis: Analysis, lines: Sequence[tuple[str, Points]]) -> Selection:
    """Return the highlighted labels, which are the same in all panels."""
    return select(analysis.plan, _variants(lines))


def _variants(lines: Sequence[tuple[str, Points]]) -> dict[str, list[Variant]]:
    """Return the variants of the lines with the same label."""
    groups: dict[str, list[Variant]] = {}
    for label, points in lines:
        groups.setdefault(label, []).extend(row.variant for _, row in points)
    return groups


def _by_name(groups: Mapping[str, Sequence[Points]], path: str) -> dict[str, list[tuple[str, Points]]]:
    """Return lines by panel with labels from the author's names of variants; empty if these labels are ambiguous.

    A name is a list of parts, one of which is the value on the axis. The parts that all lines of a panel share are the
    title of the panel.
    """
    found: dict[str, list[tuple[str, Points]]] = {}
    for group in groups.values():
        names = [_parts(points, path) for points in group]
        shared = [part for part in names[0] if all(part in name for name in names)]
        labels = [", ".join(part for part in name if part not in shared) for name in names]
        title = ", ".join(shared)
        if title in found or len(set(labels)) < len(labels) or (len(labels) > 1 and not all(labels)):
            return {}
        found[title] = list(zip(labels, group, strict=True))
    return found


def _parts(points: Points, path: str) -> list[str]:
    """Return the parts of the variants' names except the value on the axis."""
    _, row = points[0]
    value = str(row.variant.varied.get(path, ""))
    return [part for part in row.variant.label.split(", ") if part != value]


def _lines(rows: Sequence[VariantSummary], axis: Quantity, others: Sequence[str]) -> list[Points]:
    """Return the lines with enough points."""
    groups: dict[str, list[VariantSummary]] = {}
    for row in rows:
        values = [(row.variant.varied.get(other), row.variant.settings.get(other)) for other in others]
        key = json.dumps(values, default=str)
        groups.setdefault(key, []).append(row)
    full = [_points(group, axis) for group in groups.values()]
    return [points for points in full if len({value for value, _ in points}) >= LEAST]


def _points(group: Sequence[VariantSummary], axis: Quantity) -> Points:
    found = ((axis.of(row), row) for row in group)
    return tuple(sorted(((value, row) for value, row in found if value is not None), key=lambda point: point[0]))


def _value(points: Points, path: str) -> str:
    """Return the label of a setting that the variants of a line share, empty if they differ in it."""
    labels = {str(row.variant.varied.get(path, "")) for _, row in points}
    return labels.pop() if len(labels) == 1 else ""


def _label(points: Points, paths: Sequence[str]) -> str:
    values = [value_label(path, value) for path in paths if (value := _value(points, path))]
    return ", ".join(dict.fromkeys(values))


def _panel_settings(analysis: Analysis, lines: Sequence[Points], varied: Sequence[str]) -> list[str]:
    """Return the settings that make the panels: those that claims compare least, with the fewest values first."""
    if len(lines) <= ALONE:
        return []
    sizes = {path: len({_value(points, path) for points in lines}) for path in varied}
    compared = _compared(analysis)
    chosen: list[str] = []
    for path in sorted(varied, key=lambda path: (compared[path], sizes[path]))[: len(varied) - 1]:
        able = [*chosen, path]
        groups = _grouped(lines, able)
        crowded = max(map(len, _grouped(lines, chosen).values())) > ALONE
        if crowded and len(groups) <= PANELS and min(map(len, groups.values())) > 1:
            chosen = able
    return [path for path in varied if path in chosen]


def _compared(analysis: Analysis) -> Counter[str]:
    """Return the number of claims that compare two values of a setting, by its path."""
    return Counter(path for claim in analysis.plan.study.claims for path in claim.expect.other or ())


def _grouped(lines: Sequence[Points], paths: Sequence[str]) -> dict[str, list[Points]]:
    groups: dict[str, list[Points]] = {}
    for points in lines:
        groups.setdefault(_label(points, paths), []).append(points)
    return groups
