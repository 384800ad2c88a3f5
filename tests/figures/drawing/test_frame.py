"""Marks of diverged runs at the frame."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reportgen.figures.drawing.frame import Lost, mark_lost


def panel(low: float, high: float, *, log: bool = False) -> Axes:
    ax = Figure(figsize=(6.5, 3)).add_subplot()
    if log:
        ax.set_xscale("log")
    ax.set_xlim(low, high)
    ax.set_ylim(0, 1)
    return ax


def test_runs_close_to_each_other_have_one_label_with_their_number() -> None:
    ax = panel(0, 10)
    mark_lost(ax, [Lost(1, "#0072b2", 2), Lost(1.2, "#d55e00", 3), Lost(9, "#0072b2", 1)], top=True)
    assert [text.get_text() for text in ax.texts] == ["5 runs diverged", "1 run diverged"]


def test_marks_are_at_the_frame_and_do_not_change_the_limits() -> None:
    ax = panel(1e-3, 1, log=True)
    mark_lost(ax, [Lost(0.1, "#0072b2")], top=False)
    (cross,) = ax.lines
    assert cross.get_xdata()[0] == pytest.approx(0.1)
    assert cross.get_ydata()[0] == 0
    assert (ax.get_xlim(), ax.get_ylim()) == ((1e-3, 1), (0, 1))


def test_marks_of_two_lines_at_one_place_are_side_by_side() -> None:
    ax = panel(0, 10)
    mark_lost(ax, [Lost(5, "#0072b2"), Lost(5, "#d55e00")], top=True)
    first, second = (line.get_xdata()[0] for line in ax.lines)
    assert first < 5 < second


def test_without_diverged_runs_nothing_is_drawn() -> None:
    ax = panel(0, 10)
    mark_lost(ax, [], top=True)
    assert not ax.lines
    assert not ax.texts
