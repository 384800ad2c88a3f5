"""Which variant goes into which panel, and how it looks there: the same in every figure of a study.

A grid of variants becomes small multiples: one panel for each value of the varied setting with the fewest values, one
line for each combination of the others. A panel shows at most LINES lines; where a study has more, those that its
claims and findings speak of come first, the rest is spread evenly over the list, and the caption says how many are
left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.words.expectations import is_number
from reportgen.figures.drawing.style import Look, look
from reportgen.figures.drawing.words import count

LINES = 8
PANELS = 6


@dataclass(frozen=True)
class Series:
    """One variant as drawn: label names the line within its panel, look tells it apart."""

    summary: VariantSummary
    label: str
    look: Look

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
    """All panels of a study's figures, and how many variants are left out of them."""

    panels: tuple[Panel, ...]
    left_out: int

    @property
    def series(self) -> tuple[Series, ...]:
        """All series, panel by panel."""
        return tuple(series for panel in self.panels for series in panel.series)

    @property
    def note(self) -> str:
        """A sentence on the variants that are left out, or nothing."""
        if not self.left_out:
            return ""
        return f"{count(self.left_out, 'more variant')} {'is' if self.left_out == 1 else 'are'} in the tables only."


def layout(analysis: Analysis) -> Layout:
    """Return the panels of a study."""
    summaries = [summary for summary in analysis.outcomes if summary.records]
    varied = _values(summaries)
    paths = _panel_paths(summaries, varied)
    lines = [path for path in varied if path not in paths] if paths else []
    groups: dict[str, list[VariantSummary]] = {}
    for summary in summaries:
        groups.setdefault(_joined(summary, paths), []).append(summary)
    order = relevance(analysis)
    shown = {title: _chosen(group, order) for title, group in list(groups.items())[:PANELS]}
    looks = _looks([_line_label(summary, lines) for group in shown.values() for summary in group])
    panels = tuple(
        Panel(title, tuple(_series(summary, _line_label(summary, lines), looks) for summary in group))
        for title, group in shown.items()
    )
    return Layout(panels, len(summaries) - sum(len(panel.series) for panel in panels))


def relevance(analysis: Analysis, metric: str | None = None) -> dict[str, int]:
    """Return a rank for each variant that a claim or a finding names; lower is more relevant.

    metric: only claims on this metric count, and no findings.
    """
    claims = [claim for claim in analysis.claims if metric in (None, claim.metric)]
    named = [variant for claim in claims for variant in claim.variants]
    if metric is None:
        named += [finding.variant for finding in analysis.findings if finding.severity == "error"]
    return {variant: rank for rank, variant in reversed(list(enumerate(named)))}


def choose(summaries: Sequence[VariantSummary], order: dict[str, int], most: int) -> list[VariantSummary]:
    """Return at most so many variants in the study's order: the relevant ones, then an even spread of the rest."""
    if len(summaries) <= most:
        return list(summaries)
    ids = [summary.variant.id for summary in summaries]
    ranked = sorted((id_ for id_ in ids if id_ in order), key=lambda id_: order[id_])[:most]
    others = [id_ for id_ in ids if id_ not in ranked]
    free = most - len(ranked)
    spread = {others[round(i * (len(others) - 1) / max(1, free - 1))] for i in range(free)}
    return [summary for summary in summaries if summary.variant.id in spread or summary.variant.id in ranked]


def _chosen(group: Sequence[VariantSummary], order: dict[str, int]) -> list[VariantSummary]:
    return choose(group, order, LINES)


def _series(summary: VariantSummary, label: str, looks: dict[str, Look]) -> Series:
    return Series(summary, label, looks[label])


def _looks(labels: Sequence[str]) -> dict[str, Look]:
    return {label: look(number) for number, label in enumerate(dict.fromkeys(labels))}


def _panel_paths(summaries: Sequence[VariantSummary], values: dict[str, list[str]]) -> tuple[str, ...]:
    """Return the varied paths whose values make the panels; none where the variants are no full grid."""
    if len(values) < 2 or not _is_grid(summaries, values):
        return ()
    by_size = sorted(values, key=lambda path: len(values[path]))
    chosen, panels, lines = [by_size[0]], len(values[by_size[0]]), len(summaries) // len(values[by_size[0]])
    for path in by_size[1:-1]:
        if lines <= LINES or panels * len(values[path]) > PANELS:
            break
        chosen, panels, lines = [*chosen, path], panels * len(values[path]), lines // len(values[path])
    return tuple(path for path in values if path in chosen) if panels <= PANELS else ()


def _values(summaries: Sequence[VariantSummary]) -> dict[str, list[str]]:
    """Return the varied paths that take more than one value, with these values in order of appearance."""
    paths = list(dict.fromkeys(path for summary in summaries for path in summary.variant.varied))
    values = {path: list(dict.fromkeys(str(s.variant.varied.get(path, "")) for s in summaries)) for path in paths}
    return {path: found for path, found in values.items() if len(found) > 1}


def _is_grid(summaries: Sequence[VariantSummary], values: dict[str, list[str]]) -> bool:
    points = [tuple(str(summary.variant.varied.get(path, "")) for path in values) for summary in summaries]
    size = 1
    for found in values.values():
        size *= len(found)
    return size == len(points) and set(points) == set(product(*values.values()))


def _joined(summary: VariantSummary, paths: Sequence[str]) -> str:
    return ", ".join(value_label(path, str(summary.variant.varied[path])) for path in paths)


def _line_label(summary: VariantSummary, paths: Sequence[str]) -> str:
    return _joined(summary, paths) or summary.variant.label


def value_label(path: str, value: str) -> str:
    """Return a value's label; a bare number or switch gets the setting's own name before it."""
    name = path.rsplit(".", 1)[-1]
    bare = value.lower() in ("true", "false", "none", "on", "off") or is_number(value)
    return f"{name} {value}" if bare and not value.startswith(name) else value
