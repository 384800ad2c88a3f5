"""Figures of a study's analysis: one file a figure, each with its `FIGURE`; they draw and never compute.

A new figure is one new file here that defines `FIGURE = FigureKind(...)`; its docstring is the user's documentation.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil

from reportgen.analysis.results import Analysis
from reportgen.errors import StudyError
from reportgen.figures.drawing.export import csv_text, png_bytes, save, svg_text
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.registry import Table

__all__ = ["FIGURES", "Drawing", "FigureKind", "csv_text", "draw_all", "find", "png_bytes", "save", "svg_text"]


def _collect() -> Table[FigureKind]:
    """Return the figures of this folder's files by id, in the order of a report."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg]
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    kinds = [module.FIGURE for module in modules if hasattr(module, "FIGURE")]
    return Table(FigureKind, sorted(kinds, key=_order))


def _order(kind: FigureKind) -> tuple[int, str]:
    return kind.order, kind.id


FIGURES = _collect()


def find(id_: str) -> FigureKind:
    """Return the figure with this id; raises a StudyError for an unknown id."""
    if id_ in FIGURES:
        return FIGURES[id_]
    near = difflib.get_close_matches(id_, FIGURES, n=1)
    hint = f"did you mean {near[0]!r}?" if near else None
    raise StudyError("unknown-name", f"unknown figure {id_!r}", "figures", hint)


def draw_all(analysis: Analysis) -> list[Drawing]:
    """Return the figures that the study names, in its order, or all figures; figures without data are left out."""
    named = analysis.plan.study.figures
    kinds = [find(id_) for id_ in named] if named else sorted(FIGURES.values(), key=_order)
    drawings = [kind.draw(analysis) for kind in kinds]
    return [drawing for drawing in drawings if drawing is not None]
