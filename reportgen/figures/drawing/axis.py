"""Scales and ticks of axes: logarithmic scales with a place for zeros, and layers as ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import ArrayLike, NDArray

from reportgen.analysis.words.numerals import exponents
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.text import text_width
from reportgen.figures.drawing.words import power, tick
from reportgen.languages.translate import N_, _, numeral, percentage

Array = NDArray[np.float64]

LOG_FROM = 1.3
"""An axis is logarithmic if its values span at least this number of decades."""

LONGEST_TAIL = 10.0
"""On a logarithmic axis, an interval whose lower end is further below the lowest seed than this factor is cut there."""

BAND_FROM = 3
"""The least number of seeds for an interval, as for verdicts. Two seeds give intervals that fill the picture."""

CUT = N_("on a logarithmic axis, an interval that extends far below all seeds is cut at the lowest seed")


@dataclass(frozen=True)
class Scale:
    """The scale of an axis.

    Attributes
    ----------
    low, high : float
        Limits of the axis.
    floor : float or None
        Where a logarithmic axis shows zeros.
    percent : bool
        Whether the ticks are in percent.
    points : bool
        Whether the ticks are in percentage points, without a unit.
    whole : bool
        Whether the values are whole numbers, and so the ticks of a linear axis.
    marks : tuple of float
        Ascending values that have the ticks of an x axis, for example tested settings, if their labels have room.
    """

    log: bool
    low: float
    high: float
    floor: float | None = None
    percent: bool = False
    points: bool = False
    whole: bool = False
    marks: tuple[float, ...] = ()

    @property
    def decades(self) -> float:
        """The number of decades that a logarithmic scale spans, 0 for a linear scale."""
        return math.log10(self.high) - math.log10(self.low) if self.log else 0.0

    @property
    def height(self) -> float:
        """The length of the axis, in decades if it is logarithmic."""
        return self.decades if self.log else self.high - self.low

    def position(self, value: float) -> float:
        """Return the position of a value between the ends of the axis, from 0 to 1."""
        low, high, at = (
            (math.log10(x) for x in (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        )
        return (at - low) / (high - low)

    def place(self, values: ArrayLike) -> Array:
        """Return the values as drawn: NaN if not finite; on a logarithmic axis, the floor for values of 0 or less."""
        array = np.asarray(values, dtype=float)
        array = np.where(np.isfinite(array), array, np.nan)
        if not self.log:
            return array
        floor = self.low if self.floor is None else self.floor
        with np.errstate(invalid="ignore"):
            return np.where(array <= 0, floor, array)

    def lower_edge(self, low: ArrayLike, seeds: Array) -> Array:
        """Return the lower ends (E,) of intervals as drawn, given the values (S, E) of the seeds.

        Intervals are symmetric about the mean, so their lower ends may be close to 0 or negative. On a logarithmic axis
        such an interval would fill the picture, so it is cut at the lowest seed.
        """
        ends, lowest = np.asarray(low, dtype=float), lowest_of(seeds)
        return self.place(np.where(self.cuts(ends, seeds), lowest, ends))

    def cuts(self, low: ArrayLike, seeds: Array) -> NDArray[np.bool_]:
        """Return whether each interval is cut at the lowest seed."""
        ends = np.asarray(low, dtype=float)
        with np.errstate(invalid="ignore"):
            far: NDArray[np.bool_] = np.isfinite(ends) & (LONGEST_TAIL * ends < lowest_of(seeds))
        return far & (self.log and len(seeds) >= BAND_FROM)


EDGE = 0.03
"""Room for markers at the ends of the range of a share, as a fraction of the axis."""

UNIT = Scale(False, 0.0, 1.0)
"""The scale of an axis without finite values."""


def lowest_of(seeds: Array) -> Array:
    """Return the smallest finite value (E,) over the seeds (S, E), NaN where there is none."""
    lowest: Array = np.fmin.reduce(np.where(np.isfinite(seeds), seeds, np.nan), axis=0, initial=np.nan)
    return lowest


def scale_for(values: Iterable[ArrayLike], log: bool | None = None, marked: bool = False) -> Scale | None:
    """Return a scale for all finite values, None if there are none.

    log: whether the scale is logarithmic; None: if the range is wide. marked: whether the values are its marks.
    """
    flat = [np.ravel(np.asarray(part, dtype=float)) for part in values]
    everything = np.concatenate(flat) if flat else np.zeros(0)
    finite = everything[np.isfinite(everything)]
    if finite.size == 0:
        return None
    positive = finite[finite > 0]
    if log is None:
        log = bool(positive.size and (finite >= 0).all() and np.ptp(np.log10(positive)) >= LOG_FROM)
    if log and positive.size:
        scale = _decades(float(positive.min()), float(positive.max()), bool((finite <= 0).any()))
    else:
        scale = _linear(float(finite.min()), float(finite.max()))
    return replace(scale, marks=tuple(np.unique(finite).tolist())) if marked else scale


def _decades(low: float, high: float, zeros: bool) -> Scale:
    """Return a log scale; the floor for zeros lies a tenth of the range below the lowest decade."""
    bottom, top = math.log10(low) - 0.12, max(math.log10(high) + 0.12, -300.0)  # `_power` clips subnormal numbers
    span = max(top - bottom, 0.5)
    margin = 0.05 * span
    if not zeros:
        return Scale(True, _power(bottom - margin), _power(top + margin))
    floor = math.floor(bottom) - 0.1 * span
    return Scale(True, _power(floor - margin), _power(top + margin), floor=_power(floor))


def _power(exponent: float) -> float:
    """Return 10 to a power, clipped to the range of floats."""
    return float(10 ** min(max(exponent, -305.0), 305.0))


def _linear(low: float, high: float) -> Scale:
    """Return a linear scale; it starts near 0 unless the values are far from 0."""
    if low >= 0 and low < 0.5 * high:
        return Scale(False, -0.03 * high, 1.07 * high)
    span = high - low or abs(high) or 1.0
    return Scale(False, low - 0.08 * span, high + 0.08 * span)


def accuracy_scale(scale: Scale) -> Scale:
    """Return a linear scale in percent that leaves the range from 0 to 1 only by room for markers, without ticks."""
    low, high = max(scale.low, 0.0), min(scale.high, 1.0)
    room = EDGE * (high - low)
    return Scale(False, max(scale.low, -room), min(scale.high, 1 + room), percent=True)


def fraction_scale(scale: Scale) -> Scale:
    """Return a scale for fractions from 0 to the largest one, at least to 0.1."""
    return accuracy_scale(Scale(False, -1.0, max(scale.high, 0.1)))


def set_y(axes: Axes, scale: Scale, labels: bool = True) -> None:
    """Set the y scale of the axes, with few ticks and a light grid; labels: whether the ticks have labels."""
    _set_ticks(axes, "y", scale, most=6)
    axes.set_ylim(scale.low, scale.high)
    axes.grid(axis="y")
    axes.tick_params(axis="y", labelleft=labels)


TICK, BETWEEN = 0.45, 0.06
"""Space for the label of an x tick in a narrow panel, and the least space between two labels, in inches."""


def set_x(axes: Axes, scale: Scale) -> None:
    """Set the x scale of the axes, with few ticks, whose labels fit beside each other."""
    inches = axes.get_position().width * surface().width
    most = max(2, min(5, int(inches / TICK))) if surface().flat else 5
    while not scale.log and most > 2 and _are_crowded(scale, most, inches):
        most -= 1
    _set_ticks(axes, "x", scale, most)
    if found := marked_ticks(scale, inches):
        fix_ticks(axes.xaxis, *found)
    axes.set_xlim(scale.low, scale.high)


def marked_ticks(scale: Scale, inches: float) -> tuple[list[float], list[str]] | None:
    """Return positions and labels of the marks of an x axis of this length, None if their labels have no room."""
    places, words = scale.place(scale.marks).tolist(), [_label(scale, mark) for mark in scale.marks]
    ends = [(inches * scale.position(at), text_width(word) / 2) for at, word in zip(places, words, strict=True)]
    has_room = all(right - left >= one + other + BETWEEN for (left, one), (right, other) in pairwise(ends))
    return (places, words) if places and has_room else None


def _are_crowded(scale: Scale, most: int, inches: float) -> bool:
    """Return whether the labels of ticks on a linear x axis touch."""
    ticks = _locator(scale, most).tick_values(scale.low, scale.high)
    shown = [value for value in ticks if scale.low <= value <= scale.high]
    widest = max((text_width(_label(scale, value)) for value in shown), default=0.0)
    return inches * (ticks[1] - ticks[0]) / scale.height < widest + BETWEEN


def _locator(scale: Scale, most: int) -> MaxNLocator:
    return MaxNLocator(min(5, most), integer=scale.whole, min_n_ticks=1 if scale.whole else 2)


def _label(scale: Scale, value: float) -> str:
    label = tick(100 * value if scale.percent or scale.points else value)
    return percentage(label) if scale.percent else label


def _set_ticks(axes: Axes, which: Literal["x", "y"], scale: Scale, most: int) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    if scale.log:
        axes.set(**{f"{which}scale": "log"})
        fix_ticks(axis, *decade_ticks(scale, most))
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_locator(_locator(scale, most))
        axis.set_major_formatter(FuncFormatter(lambda value, _place: _label(scale, value)))


def fix_ticks(axis: Axis, places: Sequence[float], words: Sequence[str]) -> None:
    """Set ticks with labels, without the ticks that `Axis.set_ticks` creates before the figure is drawn."""
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FixedFormatter(words))


KINDS = 0.11
"""Space in inches for the kinds of layers below their numbers."""


def kinds_room(shown: bool) -> float:
    """Return the additional space in inches right of panels on a phone, whose last layer is close to the edge."""
    return 0.15 if shown and surface().is_narrow else 0.0


TICK_GAP = 0.13
"""The fraction of the axis between the label 0, on the floor, and the label of the first decade."""


def decade_ticks(scale: Scale, most: int = 6) -> tuple[list[float], list[str]]:
    """Return tick positions and labels of a log scale: at most about `most` decades, and the floor as 0."""
    lowest = scale.low if scale.floor is None else scale.floor * _power(TICK_GAP * scale.decades)
    first, last = math.ceil(math.log10(lowest) - 1e-9), math.floor(math.log10(scale.high) + 1e-9)
    step = max(1, math.ceil((last - first + 1) / most))
    exponents = [exponent for exponent in range(first, last + 1) if exponent % step == 0]
    places, words = [10.0**exponent for exponent in exponents], [power(exponent) for exponent in exponents]
    if last - first < 1:
        places, words = _fine_ticks(scale)
    if scale.floor is not None:
        places, words = [scale.floor, *places], ["0", *words]
    return places, words


def _fine_ticks(scale: Scale) -> tuple[list[float], list[str]]:
    """Return ticks at 1, 2 and 5 times the powers of ten, for log scales of less than two decades."""
    first, last = math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high))
    places = [lead * 10.0**exponent for exponent in range(first, last + 1) for lead in (1, 2, 5)]
    inside = [place for place in places if scale.low <= place <= scale.high]
    return inside, [numeral(exponents(f"{place:g}")) for place in inside]


def set_layers(
    axes: Axes, layers: Sequence[int], output: int | None, label: bool, most: int = 12, kinds: Sequence[str] = ()
) -> None:
    """Set at most `most` layers as x ticks; the output layer, if shown, has the label "out".

    kinds: the kind of each layer, which labels have below the number where it is another one than before.
    """
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 10**6) if len(layers) / s <= most)
    shown = [layer for layer in layers if step == 1 or layer % step == 0 or layer == output]
    if output is not None and step > 1:
        shown = [layer for layer in shown if layer == output or output - layer > 0.6 * step]
    words = [_("out") if layer == output else str(layer) for layer in shown]
    if kinds:
        pairs = pairwise(["", *(_(kinds[layer - 1]) for layer in shown)])
        words = [
            word if kind == before else f"{word}\n{kind}" for word, (before, kind) in zip(words, pairs, strict=True)
        ]
    fix_ticks(axes.xaxis, shown, words)
    axes.set_xlim(min(layers) - 0.5, max(layers) + 0.5)
    if label:
        axes.set_xlabel(_("layer"), labelpad=2)
