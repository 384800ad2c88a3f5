"""All claims of the study: the measured value with its 95% interval, and the expected region.

Each row has its own scale, so a value can be compared with the expected region of its claim, but not with other rows.
The shaded part is the expected region, dots are single seeds, and the bar is the interval. A claim is supported (filled
circle) if the whole interval is inside the region, contradicted (cross) if it is outside, and otherwise inconclusive
(hollow diamond).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reportgen.analysis.claims.regions import Region, region
from reportgen.analysis.results import Analysis, ClaimResult
from reportgen.analysis.words.measured import with_interval
from reportgen.analysis.words.numerals import exponents
from reportgen.figures.drawing import palette
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.markup import plain
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, joined, sentence
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import N_, _, ngettext, translated

FIGURE = FIGURES["claims_overview"]

ROWS, TALLEST = 20, 8.6
"""The largest number of claims, and their largest total height in inches."""


@dataclass(frozen=True)
class Place:
    """Inches: width of the text of a row, ends of its scale, left end of the verdict, and height of scale and verdict.

    On a printed page, scale and verdict are right of the text; on a phone, they are below it.
    """

    text: float
    line: tuple[float, float]
    verdict: float
    below: float


PRINTED, PHONE = Place(2.75, (2.95, 5.0), 5.12, 0.0), Place(2.36, (0.06, 2.54), 0.06, 0.47)


def _place() -> Place:
    return PHONE if surface().is_narrow else PRINTED


VERDICTS: dict[str, dict[str, Any]] = {
    "supported": {"marker": "o", "color": _style.GOOD, "mfc": _style.GOOD},
    "contradicted": {"marker": "X", "color": _style.BAD, "mfc": _style.BAD},
    "inconclusive": {"marker": "D", "color": _style.OPEN, "mfc": _style.GROUND},
}
ROUNDING = 1e-12
"""Smaller values are rounding errors and are written as 0."""

NO_VERDICT = N_("no verdict")
MARKS = VERDICTS | {NO_VERDICT: VERDICTS["inconclusive"]}


@dataclass(frozen=True)
class Row:
    """The result of a claim, the expected region (None if it is not an interval), and the scale of the row.

    verdict: the verdict in words; quick reports have none.
    """

    result: ClaimResult
    verdict: str
    region: Region | None
    low: float
    high: float
    log: bool

    def place(self, value: float) -> float:
        """Return the position of a value on the scale of the row, from 0 to 1."""
        at = min(max(value, self.low), self.high)
        if self.log:
            return math.log(at / self.low) / math.log(self.high / self.low)
        return (at - self.low) / (self.high - self.low)


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if no claim was tested."""
    claims = {claim.id: claim for claim in analysis.plan.study.claims}
    shown = analysis.claims[:ROWS]
    quick = analysis.plan.study.watermark is not None
    rows = [_row(result, region(claims.get(result.id), result), quick) for result in shown]
    if not rows:
        return None
    narrow = partial(_figure, rows)
    with _style.settings():
        figure = narrow()
    caption = _caption(analysis.claims, len(analysis.claims) - len(rows), quick)
    return Drawing(
        FIGURE.id, _(FIGURE.title), caption, _alt(rows), figure, COLUMNS, [_csv(row) for row in rows], narrow
    )


COLUMNS = (
    "claim", "says", "verdict", "measured", "low", "high", "n", "expected", "region_from", "region_to", "seeds",
    "values_by_seed",
)  # fmt: skip
"""Columns of the CSV file; low and high are the ends of the 95% interval; open ends of the region are empty."""


def _row(result: ClaimResult, expected: Region | None, quick: bool) -> Row:
    """Return the row with a scale that contains the value, the interval, the seeds and the ends of the region."""
    verdict, seeds = NO_VERDICT if quick else result.verdict, _seeds(result)
    values = [value for value in (result.measured, *result.interval, *seeds, *(expected or ())) if math.isfinite(value)]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low > 0 and high / low > 30:
        room = (high / low) ** 0.15
        return Row(result, verdict, expected, low / room, high * room, True)
    room = 0.15 * (high - low) or 0.15 * abs(high) or 1.0
    return Row(result, verdict, expected, low - room, high + room, False)


def _seeds(result: ClaimResult) -> list[float]:
    """Return the values of the seeds, except for claims by layer, whose values are not on the scale of `measured`."""
    return [] if result.by_layer else [value for value in result.per_seed.values() if math.isfinite(value)]


def _figure(rows: Sequence[Row]) -> Figure:
    lines = [_lines(row) for row in rows]
    if not surface().is_narrow:  # rows of equal height that fit on a page
        lines = [min(max(lines), int((TALLEST / len(rows) - 0.2) / LINE))] * len(rows)
    heights = [0.2 + LINE * number + _place().below for number in lines]
    margins = _style.Margins(left=0.0, right=0.0, top=0.05, bottom=0.05)
    figure, ((ax,),) = _style.grid(1, 1, sum(heights), margins=margins)
    ax.set_xlim(0, surface().width)
    ax.set_ylim(sum(heights), 0)
    ax.axis("off")
    top = 0.0
    for row, amount, height in zip(rows, lines, heights, strict=True):
        if top:
            ax.axhline(top, color=_style.GRID, lw=0.6)
        _words(ax, top, height, row, amount)
        if surface().is_narrow:
            _scale(ax, top + height - 0.33, row, 0.09)
        else:
            _scale(ax, top + height / 2, row, 0.3 * height)
        top += height
    return figure


LINE = 0.12
"""Height in inches of a line of a claim's sentence."""


def _lines(row: Row) -> int:
    """Return the number of lines of the claim's sentence, from two to four, on a phone up to six."""
    least, most = (1, 6) if surface().is_narrow else (2, 4)
    return max(least, 1 + _style.wrap(_says(row.result), _place().text, _style.SMALL, most).count("\n"))


def _says(result: ClaimResult) -> str:
    """Return the sentence of a claim without marks, on one line."""
    return exponents(plain(" ".join(result.says.split())))


def _words(ax: Axes, top: float, height: float, row: Row, lines: int) -> None:
    """Write the claim and its verdict in a row from `top`, in inches."""
    result, place = row.result, _place()
    says = _style.wrap(_says(result), place.text, _style.SMALL, lines)
    ax.text(0.06, top + 0.05, says, va="top", fontsize=_style.SMALL)
    expected = _style.clip(
        _("expected {expected}").format(expected=exponents(translated(result.expected))), place.text, _style.TINY
    )
    bottom = top + height - place.below - 0.03
    ax.text(0.06, bottom, expected, va="bottom", fontsize=_style.TINY, color=_style.MUTED)
    verdict, x = MARKS[row.verdict], place.verdict
    middle = top + height - 0.12 if surface().is_narrow else top + 0.132
    ax.plot([x + 0.05], [middle], ls="none", ms=5, mew=1.1, **verdict)
    colour = palette.text_colour(verdict["color"])
    ax.text(x + 0.16, middle, _(row.verdict), va="center", fontsize=_style.SMALL, color=colour)
    right, beside = (x + 0.95, middle) if surface().is_narrow else (x, top + 0.31)
    ax.text(right, beside, _style.clip(_value(result), 1.5, _style.TINY), va="center", fontsize=_style.TINY)


def _value(result: ClaimResult) -> str:
    if not math.isfinite(result.measured):
        return _("not measured") if math.isnan(result.measured) else _("infinite: runs diverged")
    return with_interval(result)


def _scale(ax: Axes, y: float, row: Row, half: float) -> None:
    """Draw the scale of a row at the height y; half: half the height of the expected region."""
    result, colour, (start, end_) = row.result, MARKS[row.verdict]["color"], _place().line

    def x(value: float) -> float:
        return start + (end_ - start) * row.place(value)

    if row.region:
        left, right = x(row.region[0]), x(row.region[1])
        ax.add_patch(Rectangle((left, y - half), right - left, 2 * half, color=_style.REGION, lw=0, zorder=1))
        for end in row.region:
            if math.isfinite(end):
                ax.plot([x(end)] * 2, [y - half, y + half], color=_style.MUTED, lw=0.8, zorder=2)
    ax.plot([start, end_], [y, y], color=_style.MUTED, lw=0.5, zorder=1.5)
    seeds = [x(value) for value in _seeds(result)]
    ax.plot(seeds, np.full(len(seeds), y), ls="none", marker="o", ms=2.6, mfc="none", mec=_style.INK, mew=0.5, zorder=3)
    low, high = result.interval
    if math.isfinite(low) and math.isfinite(high):
        ax.plot([x(low), x(high)], [y, y], color=colour, lw=3, alpha=0.45, solid_capstyle="butt", zorder=2.5)
    if math.isfinite(result.measured):
        ax.plot([x(result.measured)], [y], ls="none", ms=5, mew=1.1, zorder=4, **MARKS[row.verdict])


def _csv(row: Row) -> tuple[Any, ...]:
    result, expected = row.result, row.region or (float("nan"), float("nan"))
    return (
        result.id, result.says, row.verdict, result.measured, *result.interval, result.n, result.expected, *expected,
        " ".join(map(str, result.per_seed)), joined(result.per_seed.values()),
    )  # fmt: skip


def _caption(results: Sequence[ClaimResult], left_out: int, quick: bool) -> str:
    tally = [f"{sum(result.verdict == verdict for result in results)} {_(verdict)}" for verdict in VERDICTS]
    no_verdicts = _("quick look, no verdicts")
    parts = [
        f"{count(len(results), 'claim')}: {no_verdicts if quick else ', '.join(tally)}",
        _("Shaded: expected region; dots: single seeds; bar: 95% interval; each row has its own scale"),
    ]
    if left_out:
        more = ngettext(
            "{count} more claim is only in the tables", "{count} more claims are only in the tables", left_out
        )
        parts.append(more.format(count=left_out))
    return " ".join(sentence(part) for part in parts)


def _alt(rows: Sequence[Row]) -> str:
    """Return the alternative text, with a sentence for each claim."""
    lines = [
        _("{says}: {verdict}, measured {value}, expected {expected}").format(
            says=_says(row.result).rstrip("."),
            verdict=_(row.verdict),
            value=_value(row.result),
            expected=translated(row.result.expected),
        )
        for row in rows
    ]
    text = _("Measured value and expected region of each claim. {lines}.")
    return exponents(text.format(lines=". ".join(lines)))
