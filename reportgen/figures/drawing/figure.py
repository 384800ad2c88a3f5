"""The shape of a figure: what a file of this folder declares and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from matplotlib.figure import Figure as MplFigure

from reportgen.analysis.results import Analysis


@dataclass(frozen=True)
class Drawing:
    """A figure made from a study's analysis.

    columns, rows: the numbers that are drawn, as they go to figures/<id>.csv.
    caption and alt are sentences made from those numbers; alt says what a reader who cannot see it needs.
    """

    id: str
    title: str
    caption: str
    alt: str
    figure: MplFigure
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class FigureKind:
    """One row of the figures; `draw` returns None where the study has nothing to show in it.

    order: where it stands among the others in a report; lower comes first.
    shows: the metrics of claims that a reader can see in it; of all figures, the one that shows what most claims
        measure opens the report.
    """

    kind: ClassVar[str] = "figure"
    id: str
    title: str
    draw: Callable[[Analysis], Drawing | None]
    order: int = 100
    shows: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The figure's id."""
        return self.id
