"""The drawing of an architecture: boxes from top to bottom, arrows, arcs for shortcuts, brackets for repetitions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path

from reportgen.analysis.words.formatting import whole
from reportgen.engine.layers.folding import Part
from reportgen.engine.layers.geometry import Shape
from reportgen.engine.layout import INPUT
from reportgen.figures.drawing import palette
from reportgen.figures.drawing import style as _style
from reportgen.figures.networks.architectures import Architecture
from reportgen.figures.networks.stages import Stage, shape_words
from reportgen.languages.translate import _, ngettext

LOW_BOX, HIGH_BOX, ARROW = 0.21, 0.34, 0.1
"""Heights in inches: of a box with one line and with two lines, and of the space below it."""

ARC_LANE, SHIFT, BRACKETS, NUMBERS = 0.42, 0.2, 0.36, 1.62
"""Widths in inches: for arcs, of the part of them below a projection, for brackets, and for columns of numbers."""

MOST = {True: 25, False: 17}
"""The largest number of boxes below the input of a panel that is wide or not; further ones are counted."""

CONV, DENSE, OTHER = (palette.light(f"{kind}-layer") for kind in ("image", "dense", "other"))
"""Colours of boxes: layers with windows, layers without, and operations without weights."""

NAME = _style.SMALL * 1.17
"""Font size of regular text as wide as a name, whose letters are bold."""

Point = tuple[float, float]


def panel_height(architecture: Architecture, wide: bool, width: float) -> float:
    """Return the height in inches of the drawing of an architecture."""
    box = LOW_BOX if wide else HIGH_BOX
    rows = min(len(architecture.shown), MOST[wide]) + 1
    return _header(architecture, wide, width) + rows * (box + ARROW) + 0.12


def _header(architecture: Architecture, wide: bool, width: float) -> float:
    return 0.2 if wide else 0.24 + 0.14 * _title(architecture, width).count("\n")


def _title(architecture: Architecture, width: float) -> str:
    return _style.wrap(architecture.label, width, _style.TITLE, 2)


class Panel:
    """Draws an architecture in axes whose units are inches, with y downwards.

    A wide panel has one line in each box, and columns of numbers beside it. Other panels have a title, and two lines
    in each box.
    """

    def __init__(self, ax: Axes, architecture: Architecture, place: Point, width: float, wide: bool) -> None:
        self.ax, self.architecture, self.wide, self.width = ax, architecture, wide, width
        self.left, self.top = place
        self.box = LOW_BOX if wide else HIGH_BOX
        stages, parts = architecture.stages, architecture.parts
        has_arcs, repeats = any(stage.adds is not None for stage in stages), any(part.count > 1 for part in parts)
        self.box_left = self.left + ARC_LANE * has_arcs
        self.box_right = self.left + width - NUMBERS * wide - BRACKETS * repeats
        projects = any(stage.shortcut for stage in stages)
        self.flow = self.box_right - 0.25 if projects else (self.box_left + self.box_right) / 2
        self.rows = _rows(architecture)
        self.shown = architecture.shown[: MOST[wide]]

    def draw(self) -> None:
        """Draw title, boxes, arrows, shortcuts and repetitions."""
        self._titles()
        self._box(0, _("input"), "", self.architecture.inputs, 0, "", _style.GROUND)
        for part in self.architecture.parts:
            drawn = [at for at in range(part.start, part.start + part.length) if at in self.shown]
            for at in drawn:
                self._stage(at, part)
            if part.count > 1 and drawn:
                self._bracket(part, self.rows[drawn[-1]])
        self._arrows()
        self._total()

    def _titles(self) -> None:
        if self.wide:
            for x, words in zip(self.columns, (_("outputs"), _("parameters")), strict=True):
                self._text(x, self.top + 0.08, words, ha="right", color=_style.MUTED)
        else:
            title = _title(self.architecture, self.width)
            self.ax.text(self.left, self.top, title, ha="left", va="top", weight="bold", fontsize=_style.TEXT)

    @property
    def columns(self) -> tuple[float, float]:
        """The right ends of the columns of outputs and parameters in a wide panel."""
        right = self.left + self.width - 0.02
        return right - 0.82, right

    def _y(self, row: int, share: float = 0.0) -> float:
        """Return a height in the box of a row: its upper edge for 0, its lower edge for 1."""
        start = self.top + _header(self.architecture, self.wide, self.width)
        return start + row * (self.box + ARROW) + share * self.box

    def _text(self, x: float, y: float, words: str, **options: Any) -> None:
        place: dict[str, Any] = {"va": "center", "fontsize": _style.SMALL, "zorder": 4}
        self.ax.text(x, y, words, **(place | options))

    def _stage(self, at: int, part: Part) -> None:
        stage, row = self.architecture.stages[at], self.rows[at]
        number = "" if stage.layer is None else _numbers(self.architecture.stages, at, part)
        fill = OTHER if stage.layer is None else CONV if stage.image_weights else DENSE
        self._box(row, stage.name, stage.details, stage.output, stage.parameters, number, fill, stage.shortcut)
        if stage.shortcut:
            self._arc(self.rows[stage.source], row, (self.box_left, self.left + SHIFT), 0.5)
        if stage.adds is not None:
            projects = stage.adds != INPUT and self.architecture.stages[stage.adds].shortcut
            start = self.left + SHIFT if projects else self.box_left
            self._arc(self.rows[stage.adds], row, (start, self.box_left), 0.72)
            self._text(self.box_left - 0.12, self._y(row, 0.28), "+", ha="center", weight="bold", fontsize=_style.TEXT)

    def _box(
        self,
        row: int,
        name: str,
        details: str,
        output: Shape,
        parameters: int,
        number: str,
        fill: str,
        shortcut: bool = False,
    ) -> None:
        left = self.left + SHIFT if shortcut else self.box_left
        right = self.flow - 0.14 if shortcut else self.box_right
        self.ax.add_patch(
            FancyBboxPatch(
                (left, self._y(row)), right - left, self.box, boxstyle="round,pad=0,rounding_size=0.04",
                facecolor=fill, edgecolor=_style.MUTED, lw=0.7, ls="--" if shortcut else "-", zorder=3,
            )
        )  # fmt: skip
        at, room, line = left + 0.07, right - left - 0.14, self._y(row, 0.5 if self.wide else 0.3)
        layers = ngettext("layer {numbers}", "layers {numbers}", 1 + number.count(","))
        shown = layers.format(numbers=number) if number and self.wide else number
        number_line = line if self.wide else self._y(row, 0.72)
        self._text(right - 0.07, number_line, shown, ha="right", color=_style.MUTED)
        taken = _style.text_width(shown) + 0.1
        self._name(at, line, name, details, room - taken * self.wide)
        amount = whole(parameters) if parameters else ""
        if self.wide:
            for x, words in zip(self.columns, (shape_words(output), amount), strict=True):
                self._text(x, line, words, ha="right")
        else:
            size = shape_words(output) + (_(" units") if len(output) == 1 else "")
            words = " · ".join([size, *([_("{amount} parameters").format(amount=amount)] if amount else [])])
            self._text(at, self._y(row, 0.72), _style.clip(words, room - taken, _style.TINY), fontsize=_style.TINY)

    def _name(self, x: float, y: float, name: str, details: str, room: float) -> None:
        """Write the name in bold, and the details after it if there is room."""
        self._text(x, y, _style.clip(name, room, NAME), weight="bold")
        used = _style.text_width(name, NAME) + 0.06
        if details and room - used > 0.2:
            self._text(x + used, y, _style.clip(details, room - used), color=_style.MUTED)

    def _arrows(self) -> None:
        """Draw the arrows from box to box, which pass by projections."""
        stages = self.architecture.stages
        rows = [0, *(self.rows[at] for at in self.shown if not stages[at].shortcut)]
        for above, below in pairwise(rows):
            ends = [(self.flow, self._y(above, 1)), (self.flow, self._y(below))]
            self._arrow(ends, [Path.MOVETO, Path.LINETO])

    def _arc(self, above: int, below: int, sides: tuple[float, float], share: float) -> None:
        """Draw a bow from the left side of one box to that of a box below it."""
        begin, end = (sides[0], self._y(above, 0.72)), (sides[1], self._y(below, share))
        far = self.left - 0.09
        self._arrow([begin, (far, begin[1]), (far, end[1]), end], [Path.MOVETO, *[Path.CURVE4] * 3])

    def _arrow(self, points: Sequence[Point], codes: Sequence[Any]) -> None:
        """Draw a line with a head at its end, downwards or to the right."""
        self.ax.add_patch(PathPatch(Path(points, codes), fill=False, ec=_style.MUTED, lw=0.9, zorder=2.5))
        (x0, _), (x, y) = points[-2:]
        long, short = 0.06, 0.035
        if x0 == x:
            tip = [(x - short, y - long), (x, y), (x + short, y - long)]
        else:
            tip = [(x - long, y - short), (x, y), (x - long, y + short)]
        path = Path([*tip, tip[0]], [Path.MOVETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY])
        self.ax.add_patch(PathPatch(path, fc=_style.MUTED, ec="none", zorder=2.5))

    def _bracket(self, part: Part, last: int) -> None:
        """Draw a bracket beside the boxes of a part down to a row, with the number of repetitions."""
        top, bottom = self._y(self.rows[part.start]), self._y(last, 1)
        x = self.box_right + 0.06
        corners = [(x, top), (x + 0.05, top), (x + 0.05, bottom), (x, bottom)]
        self.ax.add_patch(PathPatch(Path(corners), fill=False, ec=_style.INK, lw=0.9))
        self._text(x + 0.09, (top + bottom) / 2, f"×{part.count}", weight="bold")

    def _total(self) -> None:
        y, total = self._y(len(self.shown) + 1) + 0.02, whole(self.architecture.parameters)
        more = len(self.architecture.shown) - len(self.shown)
        if more:
            self._text(self.box_right, y, _("… and {more} more").format(more=more), ha="right", color=_style.MUTED)
        if self.wide:
            self._text(self.columns[1], y, _("total {total}").format(total=total), ha="right", weight="bold")
        else:
            self._text(self.box_left, y, _("total: {total} parameters").format(total=total), weight="bold")


def _rows(architecture: Architecture) -> dict[int, int]:
    """Return the row of each stage, of its first repetition if it is repeated; the input is in row 0."""
    rows = {stage: number for number, stage in enumerate(architecture.shown, start=1)} | {INPUT: 0}
    for part in architecture.parts:
        for at in range(part.start, part.start + part.length * part.count):
            rows[at] = rows[part.start + (at - part.start) % part.length]
    return rows


def _numbers(stages: Sequence[Stage], at: int, part: Part) -> str:
    """Return the number of a layer, or its numbers in all repetitions."""
    numbers = [stages[at + repeat * part.length].layer for repeat in range(part.count)]
    shown = [str(number) for number in numbers]
    return ", ".join(shown) if len(shown) <= 3 else f"{shown[0]}, {shown[1]} … {shown[-1]}"
