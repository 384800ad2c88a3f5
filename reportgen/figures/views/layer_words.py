"""Captions and alternative texts of the figures of a layer statistic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from reportgen.analysis.results import Analysis
from reportgen.analysis.words.formatting import percent
from reportgen.analysis.words.listing import listing
from reportgen.figures.drawing.axis import BAND_FROM, CUT, Scale
from reportgen.figures.drawing.words import count, course, descriptions, number, prose, sentence
from reportgen.figures.networks.stages import unit_words
from reportgen.figures.views.layer_cells import Cell, places_of
from reportgen.figures.views.pruned import last_training
from reportgen.figures.views.scores import seeds_note
from reportgen.figures.views.series import Layout, Panel, relevance
from reportgen.figures.views.view import LayerView, Probe
from reportgen.languages.translate import _


def caption_of(
    analysis: Analysis, cells: Sequence[Cell], view: LayerView, plan: Layout, scales: Mapping[str, Scale]
) -> str:
    seeds = max(len(cell.profile.seeds) for cell in cells)
    records = [record for cell in cells for record in cell.series.summary.records]
    pruned = last_training(records, _("initialization"))
    parts = [
        _("{description}, by layer").format(description=_(view.description)),
        unit_words(records),
        _seed_words(seeds),
        seeds_note(seeds, places_of(cells)),
        pruned,
        plan.note,
    ]
    texts = _("Values at initialization: {courses}"), _("Values: {courses}")
    parts.append(_facts(view, cells, _examples(analysis, view, cells), texts))
    if any(cell.printed for cell in cells):
        parts.append(_printed_words(cells))
    if len({id(scale) for scale in scales.values()}) > 1:
        parts.append(_("The panels have different vertical scales"))
    parts.append(zeros_note(scales.values()))
    parts += (
        [_(CUT)] if any(scales[panel.title].cuts(*cell.ends).any() for panel, cell in _in_panels(plan, cells)) else []
    )
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
        return _("On the logarithmic axis, values of exactly 0 are drawn at the bottom, at the label 0")
    return _("On logarithmic axes, values of exactly 0 are drawn at the bottom, at the label 0")


def _seed_words(seeds: int) -> str:
    if seeds < 2:
        return _("There is only one seed, so the figure shows no interval")
    band = _("; band: 95% interval of the mean") if seeds >= BAND_FROM else _(", too few for an interval")
    return _("Line and markers: mean over {seeds} seeds{band}; short bars: single seeds").format(seeds=seeds, band=band)


def finding_of(analysis: Analysis, cells: Sequence[Cell], view: LayerView) -> str:
    """Return the course of the line that the claims name first as a sentence."""
    examples = _examples(analysis, view, cells)[:1]
    texts = _("{description} at initialization: {courses}"), _("{description}: {courses}")
    return sentence(_facts(view, cells, examples, texts))


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


def _facts(view: LayerView, cells: Sequence[Cell], examples: Sequence[Cell], texts: tuple[str, str]) -> str:
    """Return the courses of the examples in the first text if they are at initialization, else in the second one."""
    single = len({cell.series.id for cell in cells}) == 1
    words = [
        _("the value {course}").format(course=_course(view, cell))
        if single
        else _("with “{name}”, the value {course}").format(name=cell.series.name, course=_course(view, cell))
        for cell in examples
    ]
    initial = len({cell.probe for cell in cells}) > 1 or examples[0].profile.step == 0
    return texts[0 if initial else 1].format(description=_(view.description), courses="; ".join(words))


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
        return _("Hollow circles: numbers printed in the lecture")
    middle = finite[len(finite) // 2]
    return _("Hollow circles: numbers printed in the lecture; median deviation of the measured means: {middle}").format(
        middle=percent(middle)
    )


def _diverged(cells: Sequence[Cell], plan: Layout) -> str:
    """Return a sentence that counts the diverged runs, which the panels after training do not include."""
    statuses = [record.status for series in plan.series for record in series.summary.records]
    lost = statuses.count("diverged")
    if not lost or not any(cell.probe == "last" for cell in cells):
        return ""
    return _("{lost} of {statuses} runs diverged; the panels after training do not include them").format(
        lost=lost, statuses=len(statuses)
    )


def _lost(cells: Sequence[Cell]) -> list[str]:
    """Return a sentence on layers that are not drawn because their values overflowed or are missing."""
    bad = [cell.series.name for cell in cells if not np.isfinite([y for _, y in cell.points]).all()]
    names = listing(list(dict.fromkeys(bad))[:4])
    return [_("The figure omits layers without a finite value ({names})").format(names=names)] if bad else []


def alt_of(cells: Sequence[Cell], view: LayerView, plan: Layout) -> str:
    """Return the alternative text, which describes the course of at most twelve lines."""
    kinds: dict[Probe, Callable[[Cell], str]] = {
        "first": lambda cell: (
            _("at initialization") if cell.profile.step == 0 else _("at step {step}").format(step=cell.profile.step)
        ),
        "last": lambda cell: _("after {steps}").format(steps=count(cell.profile.step, "step")),
    }
    lines = [
        f"{cell.series.name}, {kinds[cell.probe](cell)}: {_course(view, cell)}"
        for cell in sorted(cells, key=lambda cell: cell.series.grey)
    ]
    chart = _("Line chart of the {description}, by layer.").format(description=_(view.description))
    return prose(chart, plan.note, descriptions(lines, 12, "line"))
