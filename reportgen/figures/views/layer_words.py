"""Captions and alternative texts of the figures of a layer statistic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from reportgen.analysis.results import Analysis
from reportgen.analysis.words.formatting import percent
from reportgen.figures.drawing.axis import BAND_FROM, CUT, Scale
from reportgen.figures.drawing.words import count, course, descriptions, listing, number, prose, sentence
from reportgen.figures.networks.stages import unit_words
from reportgen.figures.views.layer_cells import Cell
from reportgen.figures.views.pruned import last_training
from reportgen.figures.views.series import Layout, Panel, relevance
from reportgen.figures.views.view import LayerView, Probe


def caption_of(
    analysis: Analysis, cells: Sequence[Cell], view: LayerView, plan: Layout, scales: Mapping[str, Scale]
) -> str:
    seeds = max(len(cell.profile.seeds) for cell in cells)
    records = [record for cell in cells for record in cell.series.summary.records]
    pruned = last_training(records, "initialization")
    parts = [f"{view.description}, by layer", unit_words(records), _seed_words(seeds), pruned, plan.note]
    parts.append(_facts(view, cells, _examples(analysis, view, cells)))
    if any(cell.printed for cell in cells):
        parts.append(_printed_words(cells))
    if len({id(scale) for scale in scales.values()}) > 1:
        parts.append("The panels have different vertical scales")
    parts.append(zeros_note(scales.values()))
    parts += [CUT] if any(scales[panel.title].cuts(*cell.ends).any() for panel, cell in _in_panels(plan, cells)) else []
    return " ".join(sentence(part) for part in [*parts, *_lost(cells), _diverged(cells, plan)] if part)


def _in_panels(plan: Layout, cells: Sequence[Cell]) -> list[tuple[Panel, Cell]]:
    """Return the highlighted cells, each with its panel."""
    highlighted = [cell for cell in cells if not cell.series.grey]
    return [(panel, cell) for panel in plan.panels for cell in highlighted if cell.series in panel.series]


def zeros_note(scales: Iterable[Scale]) -> str:
    """Return a sentence on zeros on logarithmic axes, empty if there are none."""
    drawn = list(scales)
    if all(scale.floor is None for scale in drawn):
        return ""
    if all(scale.log for scale in drawn):
        return "On the logarithmic axis, values of exactly 0 are drawn at the bottom, at the label 0"
    return "On logarithmic axes, values of exactly 0 are drawn at the bottom, at the label 0"


def _seed_words(seeds: int) -> str:
    if seeds < 2:
        return "There is only one seed, so the figure shows no interval"
    band = "; band: 95% interval of the mean" if seeds >= BAND_FROM else ", too few for an interval"
    return f"Line and markers: mean over {seeds} seeds{band}; short bars: single seeds"


def finding_of(analysis: Analysis, cells: Sequence[Cell], view: LayerView) -> str:
    """Return the course of the line that the claims name first as a sentence."""
    examples = _examples(analysis, view, cells)[:1]
    return sentence(f"{view.description}{_facts(view, cells, examples).removeprefix('Values')}")


def _examples(analysis: Analysis, view: LayerView, all_cells: Sequence[Cell]) -> list[Cell]:
    """Return at most three cells for the caption: those of claims first, then the most and the least changing one."""
    order = relevance(analysis, view.statistic)
    cells = [cell for cell in all_cells if not cell.series.grey] or list(all_cells)
    first = [cell for cell in cells if cell.probe == cells[0].probe]
    ranked = sorted(first, key=lambda cell: (order.get(cell.series.id, 10**6), -_change(cell)))
    return ranked[:2] + sorted(ranked[2:], key=_change)[:1]


def _change(cell: Cell) -> float:
    values = [abs(y) for _, y in cell.points if np.isfinite(y)]
    tiny = 1e-300
    return abs(float(np.log10((values[-1] + tiny) / (values[0] + tiny)))) if values else 0.0


def _facts(view: LayerView, cells: Sequence[Cell], examples: Sequence[Cell]) -> str:
    single = len({cell.series.id for cell in cells}) == 1
    words = [
        f"the value {_course(view, cell)}" if single else f"with “{cell.series.name}”, the value {_course(view, cell)}"
        for cell in examples
    ]
    probes = {cell.probe for cell in cells}
    when = " at initialization" if len(probes) > 1 or examples[0].profile.step == 0 else ""
    return f"Values{when}: {'; '.join(words)}"


def _course(view: LayerView, cell: Cell) -> str:
    points = cell.points
    return course(
        [layer for layer, _ in points],
        [value for _, value in points],
        cell.output,
        percent if view.fraction else number,
    )


def _printed_words(cells: Sequence[Cell]) -> str:
    """Return a sentence on the differences between printed and measured numbers."""
    gaps = []
    for cell in cells:
        mean = dict(cell.points)
        gaps += [abs(mean[layer] - value) / abs(value) for layer, value in cell.printed if value and layer in mean]
    finite = sorted(gap for gap in gaps if np.isfinite(gap))
    if not finite:
        return "Hollow circles: numbers printed in the lecture"
    middle = finite[len(finite) // 2]
    return f"Hollow circles: numbers printed in the lecture; median deviation of the measured means: {percent(middle)}"


def _diverged(cells: Sequence[Cell], plan: Layout) -> str:
    """Return a sentence that counts the diverged runs, which the panels after training do not include."""
    statuses = [record.status for series in plan.series for record in series.summary.records]
    lost = statuses.count("diverged")
    if not lost or not any(cell.probe == "last" for cell in cells):
        return ""
    return f"{lost} of {len(statuses)} runs diverged; the panels after training do not include them"


def _lost(cells: Sequence[Cell]) -> list[str]:
    """Return a sentence on layers that are not drawn because their values overflowed or are missing."""
    bad = [cell.series.name for cell in cells if not np.isfinite([y for _, y in cell.points]).all()]
    names = listing(list(dict.fromkeys(bad))[:4])
    return [f"The figure omits layers without a finite value ({names})"] if bad else []


def alt_of(cells: Sequence[Cell], view: LayerView, plan: Layout) -> str:
    """Return the alternative text, which describes the course of at most twelve lines."""
    kinds: dict[Probe, Callable[[Cell], str]] = {
        "first": lambda cell: "at initialization" if cell.profile.step == 0 else f"at step {cell.profile.step}",
        "last": lambda cell: f"after {count(cell.profile.step, 'step')}",
    }
    lines = [
        f"{cell.series.name}, {kinds[cell.probe](cell)}: {_course(view, cell)}"
        for cell in sorted(cells, key=lambda cell: cell.series.grey)
    ]
    chart = f"Line chart of the {view.description[:1].lower()}{view.description[1:]}, by layer."
    return prose(chart, plan.note, descriptions(lines, 12, "line"))
