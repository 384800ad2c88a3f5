"""Final accuracy and loss of each variant, sorted by mean accuracy.

A circle is a seed, the stroke is the mean over the seeds, and the bar is its 95% interval, which needs three seeds. The
interval is computed from the variation between seeds, and is at least as wide as the binomial error of the examples.

The figure shows the scores that most of the study's claims measure, such as those of snapshots. If no claim measures a
score, it shows scores on test examples, or on validation examples if there is no test split, or on training examples.
Diverged runs have no final score; their number is given beside the name of the variant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reportgen.analysis.results import Analysis, EnsembleScore, Estimate, VariantSummary
from reportgen.analysis.words.formatting import percent, percent_interval, resolving_percent, signed
from reportgen.analysis.words.listing import alternatives, listing
from reportgen.analysis.words.names import words
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import rows as _rows
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import descriptions, joined, prose, sentence
from reportgen.figures.table import FIGURES
from reportgen.figures.views.scores import MISSING, seeds_note, seeds_of, shown_scores, some_seeds
from reportgen.figures.views.selection import select_rows
from reportgen.languages.translate import _

FIGURE = FIGURES["final_scores"]

ROWS = 40


@dataclass(frozen=True)
class Row:
    """A variant with the mean of its score, the interval, and the value of each seed."""

    summary: VariantSummary
    estimate: Estimate
    seeds: Mapping[int, float]


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no run was trained."""
    summaries = [row for row in analysis.outcomes if any(record.steps > 0 for record in row.records)]
    shown, note = select_rows(analysis.plan, summaries, ROWS)
    split = shown_scores(analysis, shown)
    if split is None:
        return None
    scores = {name: [_row(row, f"{split}_{name}") for row in shown] for name in ("accuracy", "loss")}
    ranked = sorted(range(len(shown)), key=lambda at: _rank(scores["accuracy"][at]))
    ordered = {name: [rows[at] for at in ranked] for name, rows in scores.items()}
    ensembles = _ensembles(analysis) if split == "val" else {}
    narrow = partial(_figure, ordered, split, ensembles)
    with _style.settings():
        figure = narrow()
    caption = _caption(ordered["accuracy"], split, note, ensembles)
    caption += f" {sentence(_(_axis.CUT))}" if _cut(ordered["loss"]) else ""
    alt = _alt(ordered["accuracy"], split, note)
    finding = sentence(_ends(ordered["accuracy"], split))
    return Drawing(FIGURE.id, _(FIGURE.title), caption, alt, figure, COLUMNS, _csv(ordered, split), narrow, finding)


COLUMNS = ("variant", "label", "score", "mean", "low", "high", "n", "diverged", "seeds", "values_by_seed")
"""Columns of the CSV file; low and high are the ends of the 95% interval of the mean over seeds."""


def _ensembles(analysis: Analysis) -> dict[str, EnsembleScore]:
    """Return the largest ensemble of each variant, scored on validation examples."""
    return {one.variant: one for one in sorted(analysis.ensembles, key=lambda one: one.size)}


def _row(row: VariantSummary, name: str) -> Row:
    return Row(row, row.scores.get(name, MISSING), seeds_of(row, name))


def _rank(row: Row) -> tuple[bool, float]:
    """Return a sort key that puts the best score first and variants without a score last."""
    value = row.estimate.value
    return not np.isfinite(value), -value if np.isfinite(value) else 0.0


def _figure(scores: dict[str, list[Row]], split: str, ensembles: Mapping[str, EnsembleScore]) -> Figure:
    rows = scores["accuracy"]
    left = _rows.label_width([_label(row) for row in rows], 2.6)
    margins = _style.Margins(left=left, top=0.12, across=0.22, bottom=0.44, between=0.6)
    each = _rows.row_height(0.24 if len(rows) <= 12 else 0.175)
    height = _style.legend_height([_members(ensembles)]) if ensembles else 0.0
    figure, (accuracy, loss) = _style.panels(
        2, surface().columns(2), max(0.7, each * len(rows) + 0.15), height, margins
    )
    _panel(accuracy, scores["accuracy"], words(f"{split}_accuracy"), in_percent=True, worst=0.02)
    _panel(loss, scores["loss"], words(f"{split}_loss"), in_percent=False, worst=0.98)
    if ensembles:
        _draw_ensembles(figure, accuracy, rows, ensembles)
    labels = _labels(rows, _rows.most_inches(left))
    _rows.write_labels(accuracy, labels, left)
    _rows.write_labels(loss, labels, left, first=False)
    return figure


def _draw_ensembles(figure: Figure, ax: Axes, rows: Sequence[Row], ensembles: Mapping[str, EnsembleScore]) -> None:
    """Mark the scores of ensembles, and extend the axis to them if needed."""
    found = [
        (at, ensembles[row.summary.variant.id]) for at, row in enumerate(rows) if row.summary.variant.id in ensembles
    ]
    low, high = ax.get_xlim()
    scores, room = [one.score for _, one in found], 0.02 * (high - low)
    ax.set_xlim(min([low, *(score - room for score in scores)]), max([high, *(score + room for score in scores)]))
    for at, one in found:
        ax.plot([one.score], [at], **DIAMOND)
    _style.legend(figure, [Line2D([], [], **DIAMOND)], [_members(ensembles)])


def _members(ensembles: Mapping[str, EnsembleScore]) -> str:
    sizes = sorted({one.size for one in ensembles.values()})
    return _("ensemble of {sizes} seeds").format(sizes=alternatives([str(size) for size in sizes]))


def _label(row: Row) -> str:
    """Return the label of the variant with the number of diverged runs."""
    return row.summary.variant.label + _diverged_words(row)


def _diverged_words(row: Row) -> str:
    return (
        _(" ({diverged} of {records} diverged)").format(diverged=row.summary.diverged, records=len(row.summary.records))
        if row.summary.diverged
        else ""
    )


def _labels(rows: Sequence[Row], inches: float) -> list[str]:
    """Return the labels of all variants, shortened if needed, but never to the same text."""
    names = [row.summary.variant.label for row in rows]
    widths = [_style.text_width(_diverged_words(row)) for row in rows]
    cut = [_style.clip(name, inches - width) for name, width in zip(names, widths, strict=True)]
    if len(set(cut)) < len(cut):
        cut = _style.clip_all(names, inches - max(widths))
    return [name + _diverged_words(row) for name, row in zip(cut, rows, strict=True)]


def _panel(ax: Axes, rows: Sequence[Row], label: str, in_percent: bool, worst: float) -> None:
    """Draw a score of all variants; worst: the side of the worst values, from left (0) to right (1)."""
    scale = _scale(rows, False if in_percent else None, in_percent=in_percent)
    for at, row in enumerate(rows):
        _draw_row(ax, at, row, scale, len(rows))
        if row.summary.diverged or not row.seeds:
            ax.plot([worst], [at], transform=ax.get_yaxis_transform(), **CROSS)
    _axis.set_x(ax, scale)
    ax.set_ylim(len(rows) - 0.4, -0.95 if surface().is_narrow else -0.6)
    ax.tick_params(axis="y", length=0, labelleft=True)
    ax.set_yticks([])
    ax.grid(axis="x")
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(label, labelpad=2)


def _draw_row(ax: Axes, at: int, row: Row, scale: _axis.Scale, rows: int) -> None:
    if not row.seeds:
        return
    x = scale.place(some_seeds(np.array([*row.seeds.values()]), rows))
    ax.plot(x, np.full(len(x), at + 0.0), **DOT)
    low, high = _bar(row, scale)
    if np.isfinite(low):
        ax.plot([low, high], [at, at], color=_style.GOOD, lw=3.6, alpha=0.3, solid_capstyle="butt", zorder=2)
    ax.plot(scale.place([row.estimate.value]), [at], color=_style.GOOD, marker="|", ms=9, mew=1.6, ls="none", zorder=4)


def _scale(rows: Sequence[Row], log: bool | None, in_percent: bool = False) -> _axis.Scale:
    """Return a scale for seeds and intervals; the seeds decide whether it is logarithmic."""
    values = [[*row.seeds.values()] for row in rows]
    scale = _axis.scale_for(values, log) or _axis.UNIT
    bars = [_bar(row, scale) for row in rows if row.seeds]
    whole = _axis.scale_for([*values, *bars], scale.log) or scale
    return _axis.accuracy_scale(whole) if in_percent else whole


def _bar(row: Row, scale: _axis.Scale) -> tuple[float, float]:
    """Return the ends of a variant's interval as drawn, NaN if there are too few seeds."""
    if row.estimate.n < _axis.BAND_FROM:
        return np.nan, np.nan
    low = scale.lower_edge([row.estimate.lo], _seeds(row))
    return float(low[0]), float(scale.place([row.estimate.hi])[0])


def _cut(rows: Sequence[Row]) -> bool:
    scale = _scale(rows, None)
    return any(scale.cuts([row.estimate.lo], _seeds(row)).any() for row in rows if row.seeds)


def _seeds(row: Row) -> _axis.Array:
    return np.array([*row.seeds.values()])[:, None]


DOT: dict[str, Any] = {
    "ls": "none", "marker": "o", "ms": 3.4, "mfc": "none", "mec": _style.INK, "mew": 0.7, "zorder": 3,
}  # fmt: skip
DIAMOND: dict[str, Any] = {"ls": "none", "marker": "D", "ms": 4.6, "color": _style.BAD, "zorder": 5}
CROSS: dict[str, Any] = {"ls": "none", "marker": "x", "ms": 4.5, "mew": 1.3, "color": _style.BAD, "zorder": 4}


def _csv(scores: dict[str, list[Row]], split: str) -> list[tuple[Any, ...]]:
    return [
        (
            row.summary.variant.id, row.summary.variant.label, f"{split}_{name}", row.estimate.value, row.estimate.lo,
            row.estimate.hi, row.estimate.n, row.summary.diverged, " ".join(map(str, row.seeds)),
            joined(row.seeds.values()),
        )
        for name, rows in scores.items()
        for row in rows
    ]  # fmt: skip


def _caption(rows: Sequence[Row], split: str, note: str, ensembles: Mapping[str, EnsembleScore]) -> str:
    bar = _(" and the bar is its 95% interval") if any(row.estimate.n >= _axis.BAND_FROM for row in rows) else ""
    parts = [
        _("{split} scores of the finished runs, sorted by accuracy").format(split=words(split)),
        _("a circle is a seed, the stroke is the mean{bar}").format(bar=bar),
        seeds_note(max(len(row.seeds) for row in rows), len(rows)),
        _ends(rows, split),
        *_gains(rows, ensembles),
    ]
    lost, runs = sum(row.summary.diverged for row in rows), sum(len(row.summary.records) for row in rows)
    if lost:
        parts.append(
            _("{lost} of {runs} runs diverged, without a final score; a cross marks their variants").format(
                lost=lost, runs=runs
            )
        )
    return " ".join(sentence(part) for part in [*parts, note] if part)


def _ends(rows: Sequence[Row], split: str) -> str:
    scored = [row for row in rows if np.isfinite(row.estimate.value)]
    if not scored:
        return ""
    best = _("“{label}” has a {metric} of {value}").format(
        label=scored[0].summary.variant.label, metric=words(f"{split}_accuracy"), value=_value(scored[0])
    )
    if len(scored) == 1:
        return best
    worst = scored[-1].summary.variant.label
    return _("{best}, and “{label}” of {value}").format(best=best, label=worst, value=_value(scored[-1]))


def _gains(rows: Sequence[Row], ensembles: Mapping[str, EnsembleScore]) -> list[str]:
    """Return a sentence on the gains of ensembles over the mean of their members."""
    named = [(row.summary.variant.label, ensembles.get(row.summary.variant.id)) for row in rows]
    gains = [
        _("{difference} with “{name}”").format(difference=signed(100 * one.difference), name=name)
        for name, one in named
        if one
    ]
    if not gains:
        return []
    gain = _("its gain over the mean of its members, in percentage points, is {gains}").format(gains=listing(gains[:4]))
    return [_("a diamond is an {members}; {gain}").format(members=_members(ensembles), gain=gain)]


def _value(row: Row) -> str:
    estimate, bounds = row.estimate, (row.estimate.lo, row.estimate.hi)
    if not np.isfinite(estimate.lo):
        return f"{percent(estimate.value)} (n = {estimate.n})"
    return f"{percent(estimate.value, resolving_percent(bounds))} ({percent_interval(bounds)}, n = {estimate.n})"


def _alt(rows: Sequence[Row], split: str, note: str) -> str:
    none = _("no score")
    lines = [f"{_label(row)}: {_value(row) if row.seeds else none}" for row in rows]
    ranking = _("Accuracy, best first. {lines}").format(lines=descriptions(lines, 20, "variant"))
    return prose(_("Dot plot of {split} accuracy and loss by variant.").format(split=words(split)), note, ranking)
