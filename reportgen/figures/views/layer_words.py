"""Captions and alternative texts of the figures of a layer statistic, made from what is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from reportgen.analysis.results import Analysis
from reportgen.figures.drawing.axis import BAND_FROM, CUT, Scale
from reportgen.figures.drawing.words import count, course, listing, number, prose, sentence
from reportgen.figures.views.layer_cells import Cell
from reportgen.figures.views.series import Layout, Panel, relevance
from reportgen.figures.views.view import LayerView, Probe


def caption_of(
    analysis: Analysis, cells: Sequence[Cell], view: LayerView, plan: Layout, scales: Mapping[str, Scale]
) -> str:
    seeds = max(len(cell.profile.seeds) for cell in cells)
    bright = [cell for cell in cells if not cell.series.ghost] or list(cells)
    parts = [f"{view.description}, by layer", _seed_words(seeds), plan.note]
    parts.append(_facts(cells, _told(bright, relevance(analysis, view.statistic))))
    if any(cell.printed for cell in cells):
        parts.append(_printed_words(cells))
    if len({id(scale) for scale in scales.values()}) > 1:
        parts.append("The panels have different vertical scales")
    parts.append(zeros_note(scales.values()))
    parts += [CUT] if any(scales[panel.title].cuts(*cell.ends).any() for panel, cell in _placed(plan, cells)) else []
    return " ".join(sentence(part) for part in [*parts, *_lost(cells), _diverged(cells, plan)] if part)


def _placed(plan: Layout, cells: Sequence[Cell]) -> list[tuple[Panel, Cell]]:
    """Return the cells that have intervals, each with its panel."""
    bright = [cell for cell in cells if not cell.series.ghost]
    return [(panel, cell) for panel in plan.panels for cell in bright if cell.series in panel.series]


def zeros_note(scales: Iterable[Scale]) -> str:
    """Say where zeros stand that a logarithmic axis cannot hold, nothing where none are drawn on one."""
    drawn = list(scales)
    if all(scale.floor is None for scale in drawn):
        return ""
    if all(scale.log for scale in drawn):
        return "Values of exactly 0 are drawn on the lowest line of the logarithmic axis"
    return "Where a panel's axis is logarithmic, values of exactly 0 are drawn on its lowest line"


def _seed_words(seeds: int) -> str:
    if seeds < 2:
        return "One seed, so no interval is given"
    band = "; band: its 95% interval" if seeds >= BAND_FROM else ", too few for an interval"
    return f"Line and markers: mean over {seeds} seeds{band}; short bars: single seeds"


def _told(cells: Sequence[Cell], order: Mapping[str, int]) -> list[Cell]:
    """Return at most three cells worth a sentence: those of claims first, then the most and the least changing."""
    first = [cell for cell in cells if cell.probe == cells[0].probe]
    ranked = sorted(first, key=lambda cell: (order.get(cell.series.id, 10**6), -_change(cell)))
    return ranked[:2] + sorted(ranked[2:], key=_change)[:1]


def _change(cell: Cell) -> float:
    values = [abs(y) for _, y in cell.points(cell.profile.mean) if np.isfinite(y)]
    tiny = 1e-300
    return abs(float(np.log10((values[-1] + tiny) / (values[0] + tiny)))) if values else 0.0


def _facts(cells: Sequence[Cell], told: Sequence[Cell]) -> str:
    alone = len({cell.series.id for cell in cells}) == 1
    words = [f"it {_course(cell)}" if alone else f"with “{cell.series.name}” it {_course(cell)}" for cell in told]
    probes = {cell.probe for cell in cells}
    when = " at initialization" if len(probes) > 1 or told[0].profile.step == 0 else ""
    return f"Measured{when}: {'; '.join(words)}"


def _course(cell: Cell) -> str:
    points = cell.points(cell.profile.mean)
    return course([layer for layer, _ in points], [value for _, value in points], cell.output)


def _printed_words(cells: Sequence[Cell]) -> str:
    """Say how far the printed numbers are from the measured ones."""
    gaps = []
    for cell in cells:
        mean = dict(cell.points(cell.profile.mean))
        gaps += [abs(mean[layer] - value) / abs(value) for layer, value in cell.printed if value and layer in mean]
    finite = sorted(gap for gap in gaps if np.isfinite(gap))
    if not finite:
        return "Hollow circles: numbers printed in the lecture"
    middle = finite[len(finite) // 2]
    gap = f"{number(100 * middle)}% in the median"
    return f"Hollow circles: numbers printed in the lecture, which differ from the measured means by {gap}"


def _diverged(cells: Sequence[Cell], plan: Layout) -> str:
    """Count the runs that a look after training leaves out."""
    statuses = [record.status for series in plan.series for record in series.summary.records]
    lost = statuses.count("diverged")
    if not lost or not any(cell.probe == "last" for cell in cells):
        return ""
    return f"{lost} of {len(statuses)} runs diverged and are left out after training"


def _lost(cells: Sequence[Cell]) -> list[str]:
    """Say what is not drawn: layers whose numbers overflowed or are missing."""
    bad = [cell.series.name for cell in cells if not np.isfinite([y for _, y in cell.points(cell.profile.mean)]).all()]
    names = listing(list(dict.fromkeys(bad))[:4])
    return [f"Layers without a finite value are left out for {names}"] if bad else []


def alt_of(cells: Sequence[Cell], view: LayerView, plan: Layout) -> str:
    """Return what a reader needs who cannot see the figure: the course of each line, at most twelve of them."""
    kinds: dict[Probe, Callable[[Cell], str]] = {
        "first": lambda cell: "at initialization" if cell.profile.step == 0 else f"at step {cell.profile.step}",
        "last": lambda cell: f"after {count(cell.profile.step, 'step')}",
    }
    lines = [
        f"{cell.series.name}, {kinds[cell.probe](cell)}: {_course(cell)}"
        for cell in sorted(cells, key=lambda cell: cell.series.ghost)[:12]
    ]
    more = f" And {count(len(cells) - 12, 'more line')}." if len(cells) > 12 else ""
    chart = f"Line chart of {view.description[:1].lower()}{view.description[1:]}, by layer."
    return prose(chart, plan.note, f"{'. '.join(lines)}.{more}")
