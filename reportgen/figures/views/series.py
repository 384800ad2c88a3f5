"""The panel and the style of each variant, the same in all figures of a study.

A grid of variants becomes small multiples. The factors that the claims compare least make the panels, and each
combination of the other factors is a line, so that compared variants share a panel. All variants are drawn. A panel
highlights a few lines by the rule of `selection` and draws the others in grey.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.words.where import is_number
from reportgen.figures.drawing.style import GREY, SeriesStyle
from reportgen.figures.drawing.surface import surface
from reportgen.figures.views.factors import Factor, factors_of
from reportgen.figures.views.selection import Selection, select
from reportgen.figures.views.styles import line_styles
from reportgen.study.planning.plan import Variant

PANELS = 8
"""The largest number of panels of a score."""

CROWDED = 8
"""Panels are split further if they have more lines than this."""


@dataclass(frozen=True)
class Series:
    """A variant as drawn; label: the name of the line within its panel."""

    summary: VariantSummary
    label: str
    style: SeriesStyle
    grey: bool = False

    @property
    def id(self) -> str:
        """The variant's id."""
        return self.summary.variant.id

    @property
    def name(self) -> str:
        """The variant's label, unique in the study."""
        return self.summary.variant.label


@dataclass(frozen=True)
class Panel:
    """The variants that share the values of the factors that make the panels; a single panel has no title."""

    title: str
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Layout:
    """The panels of a study's figures, and the highlighted lines."""

    panels: tuple[Panel, ...]
    selection: Selection

    @property
    def series(self) -> tuple[Series, ...]:
        """All series, panel by panel."""
        return tuple(series for panel in self.panels for series in panel.series)

    @property
    def note(self) -> str:
        """A sentence on the highlighted lines, empty if all are highlighted."""
        return self.selection.in_colour(len(self.panels))


def layout(analysis: Analysis) -> Layout:
    """Return the panels of a study."""
    summaries = [summary for summary in analysis.outcomes if summary.records]
    found = factors_of(analysis.plan, [summary.variant for summary in summaries])
    few = surface().flat and len(summaries) <= surface().lines
    panel_factors = _panel_factors(found, len(summaries)) if _is_grid(found, summaries) and not few else []
    lines = [factor for factor in found if factor not in panel_factors] if panel_factors else []
    labels = {summary.variant.id: _joined(summary.variant, lines) or summary.variant.label for summary in summaries}
    groups: dict[str, list[Variant]] = {}
    for summary in summaries:
        groups.setdefault(labels[summary.variant.id], []).append(summary.variant)
    chosen = select(analysis.plan, groups)
    styles = line_styles({label: groups[label] for label in chosen.highlighted})
    panels: dict[str, list[Series]] = {}
    for summary in summaries:
        label = labels[summary.variant.id]
        series = Series(summary, label, styles.get(label, GREY), label not in styles)
        panels.setdefault(_joined(summary.variant, panel_factors), []).append(series)
    return Layout(tuple(Panel(title, tuple(inside)) for title, inside in panels.items()), chosen)


def relevance(analysis: Analysis, metric: str) -> dict[str, int]:
    """Return a rank for each variant of claims about this metric; a lower rank is more relevant."""
    named = [variant for claim in analysis.claims if claim.metric == metric for variant in claim.variants]
    return {variant: rank for rank, variant in reversed(list(enumerate(named)))}


def _panel_factors(factors: Sequence[Factor], variants: int) -> list[Factor]:
    """Return the factors that make the panels: those that the claims compare least, with as few panels as possible."""
    able = [part for size in range(1, len(factors)) for part in combinations(factors, size) if _panels(part) <= PANELS]

    def cost(part: Iterable[Factor]) -> tuple[int, int, int]:
        panels = _panels(part)
        return sum(factor.compared for factor in part), max(0, variants // panels - CROWDED), panels

    return list(min(able, key=cost, default=()))


def _panels(factors: Iterable[Factor]) -> int:
    return prod(factor.size for factor in factors)


def _is_grid(factors: Sequence[Factor], summaries: Sequence[VariantSummary]) -> bool:
    """Return whether the variants are all combinations of the factors' values."""
    points = {tuple(factor.of(summary.variant) for factor in factors) for summary in summaries}
    return len(points) == len(summaries) == _panels(factors)


def _joined(variant: Variant, factors: Sequence[Factor]) -> str:
    return ", ".join(value_label(factor.path, factor.of(variant)) for factor in factors)


def value_label(path: str, value: str) -> str:
    """Return the label of a value; numbers and switches have the name of the setting before them."""
    name = path.rsplit(".", 1)[-1]
    bare = value.lower() in ("true", "false", "none", "on", "off") or is_number(value)
    return f"{name} {value}" if bare and not value.startswith(name) else value
