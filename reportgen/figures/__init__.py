"""The figures of a report. They draw the analysis of a study and compute nothing.

A figure is a row of `table.py`. It has a module of its own, or shares a layout of `views` with similar figures.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from reportgen.errors import StudyError
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.figures.table import FIGURES

if TYPE_CHECKING:
    from reportgen.analysis.results import Analysis

__all__ = ["FIGURES", "Drawing", "FigureKind", "draw_all", "find"]


def find(id_: str) -> FigureKind:
    """Return the figure with this id.

    Raises
    ------
    StudyError : an unknown id.
    """
    if id_ in FIGURES:
        return FIGURES[id_]
    near = [name for name in FIGURES if id_ in name] or difflib.get_close_matches(id_, FIGURES, n=1)
    hint = f"did you mean {' or '.join(map(repr, near[:3]))}?" if near else "see `reportgen list figures`"
    raise StudyError("unknown-name", f"unknown figure {id_!r}", hint=hint)


def draw_all(analysis: Analysis) -> list[Drawing]:
    """Return the figures that have data: those that the study names, in its order, or by default all of them."""
    named = analysis.plan.study.figures
    kinds = [find(id_) for id_ in named] if named else sorted(FIGURES.values(), key=lambda kind: kind.order)
    drawings = [kind.draw(analysis) for kind in kinds]
    return [drawing for drawing in drawings if drawing is not None]
