"""Which variant goes into which panel, and how it looks there: the same in every figure of a study.

A grid of variants becomes small multiples: panels for the values of the factors that the claims compare least, one line
for each combination of the others, so that what the claims compare shares a panel. Every variant is drawn. A panel
highlights a few lines, chosen as `selection` says, and draws the others in grey.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.words.where import is_number
from reportgen.figures.drawing.style import GHOST, Look, look
from reportgen.figures.views.factors import Factor, factors_of
from reportgen.figures.views.selection import Selection, select
from reportgen.study.planning.plan import Variant

PANELS = 8
"""The most panels of a score."""

CROWDED = 8
"""The lines of a panel from which further panels are worth their room."""


@dataclass(frozen=True)
class Series:
    """One variant as drawn: label names the line within its panel, look tells it apart; ghosts are grey."""

    summary: VariantSummary
    label: str
    look: Look
    ghost: bool = False

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
    """The variants that share one value of the panel's setting; the title is empty where there is one panel."""

    title: str
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Layout:
    """All panels of a study's figures, and which of their lines are highlighted."""

    panels: tuple[Panel, ...]
    selection: Selection

    @property
    def series(self) -> tuple[Series, ...]:
        """All series, panel by panel."""
        return tuple(series for panel in self.panels for series in panel.series)

    @property
    def note(self) -> str:
        """A sentence on which lines are highlighted and why; empty where all are."""
        return self.selection.in_colour(len(self.panels))


def layout(analysis: Analysis) -> Layout:
    """Return the panels of a study."""
    summaries = [summary for summary in analysis.outcomes if summary.records]
    found = factors_of(analysis.plan, [summary.variant for summary in summaries])
    parting = _parting(found, len(summaries)) if _is_grid(found, summaries) else []
    lines = [factor for factor in found if factor not in parting] if parting else []
    labels = {summary.variant.id: _joined(summary.variant, lines) or summary.variant.label for summary in summaries}
    groups: dict[str, list[Variant]] = {}
    for summary in summaries:
        groups.setdefault(labels[summary.variant.id], []).append(summary.variant)
    chosen = select(analysis.plan, groups)
    looks = {label: look(number) for number, label in enumerate(chosen.highlighted)}
    panels: dict[str, list[Series]] = {}
    for summary in summaries:
        label = labels[summary.variant.id]
        series = Series(summary, label, looks.get(label, GHOST), label not in looks)
        panels.setdefault(_joined(summary.variant, parting), []).append(series)
    return Layout(tuple(Panel(title, tuple(inside)) for title, inside in panels.items()), chosen)


def relevance(analysis: Analysis, metric: str) -> dict[str, int]:
    """Return a rank for each variant that a claim on this metric names; lower is more relevant."""
    named = [variant for claim in analysis.claims if claim.metric == metric for variant in claim.variants]
    return {variant: rank for rank, variant in reversed(list(enumerate(named)))}


def _parting(factors: Sequence[Factor], variants: int) -> list[Factor]:
    """Return the factors whose values make the panels: those that the claims compare least, with as few panels as do.

    factors: those of a grid of so many variants.
    """
    able = [part for size in range(1, len(factors)) for part in combinations(factors, size) if _panels(part) <= PANELS]

    def cost(part: Iterable[Factor]) -> tuple[int, int, int]:
        panels = _panels(part)
        return sum(factor.compared for factor in part), max(0, variants // panels - CROWDED), panels

    return list(min(able, key=cost, default=()))


def _panels(factors: Iterable[Factor]) -> int:
    return prod(factor.size for factor in factors)


def _is_grid(factors: Sequence[Factor], summaries: Sequence[VariantSummary]) -> bool:
    """Return whether the variants are all combinations of the factors' values, each once."""
    points = {tuple(factor.of(summary.variant) for factor in factors) for summary in summaries}
    return len(points) == len(summaries) == _panels(factors)


def _joined(variant: Variant, factors: Sequence[Factor]) -> str:
    return ", ".join(value_label(factor.path, factor.of(variant)) for factor in factors)


def value_label(path: str, value: str) -> str:
    """Return a value's label; a bare number or switch gets the setting's own name before it."""
    name = path.rsplit(".", 1)[-1]
    bare = value.lower() in ("true", "false", "none", "on", "off") or is_number(value)
    return f"{name} {value}" if bare and not value.startswith(name) else value
