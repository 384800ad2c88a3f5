"""The row of a figure in the table, and the drawing that a figure returns."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from reportgen.languages.translate import current_language, in_language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reportgen.analysis.results import Analysis

PICTURE_ENDINGS = (".svg", ".pdf", ".png")
"""Endings of files with a picture."""

ENDINGS = (".svg", "-dark.svg", ".pdf", ".png", ".csv")
"""What the names of the files of a figure have after its id; "-dark.svg" is the figure for a dark ground."""

Slide = Literal["variants", "study"] | None
"""What a slide shows of a figure."""


class Rows(Sequence[tuple[Any, ...]]):
    """The rows of a figure, made whenever they are read, since the values of thousands of runs are long texts.

    make : returns the rows; it is called in the language in which the rows were created.
    """

    def __init__(self, make: Callable[[], Iterable[tuple[Any, ...]]]) -> None:
        self._make, self._language = make, current_language()

    def _rows(self) -> list[tuple[Any, ...]]:
        with in_language(self._language):
            return list(self._make())

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._rows())

    def __getitem__(self, at: Any) -> Any:
        return self._rows()[at]

    def __len__(self) -> int:
        return len(self._rows())


@dataclass(frozen=True)
class Drawing:
    """A figure drawn from the analysis of a study.

    Attributes
    ----------
    caption, alt : str
        Caption and alternative text, in full sentences with the drawn numbers.
    columns, rows
        The drawn numbers, as written to `figures/<id>.csv`.
    narrow : callable or None
        Draws the figure for a phone, on `surface.PHONE`; None if there is only one layout.
    language : str
        Code of the language of all texts. Tick labels are made when the figure is saved, so that export needs it.
    """

    id: str
    title: str
    caption: str
    alt: str
    figure: Figure
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    narrow: Callable[[], Figure] | None = None
    finding: str = ""
    language: str = field(default_factory=current_language)

    @property
    def short(self) -> str:
        """The short caption: the finding, or else the title."""
        return self.finding or f"{self.title}."


@dataclass(frozen=True)
class FigureKind:
    """A row of the table of figures.

    Attributes
    ----------
    draw : callable
        Returns the drawing, None if the study has no data for it.
    order : int
        Position in a report: lower comes first.
    shows : tuple of str
        Metrics of claims that the figure shows. The figure that shows the metrics of most claims opens the report.
    slide : "variants", "study" or None
        Whether a slide shows a few variants, or all that the study varies; None if the figure has no slides.
    opens : bool
        Whether the figure is made for a kind of question, so that it opens a report of such a study.
    description : str
        Documentation for `reportgen describe`; by default the docstring of the module that defines `draw`.
    """

    kind: ClassVar[str] = "figure"
    id: str
    title: str
    draw: Callable[[Analysis], Drawing | None]
    order: int = 100
    shows: tuple[str, ...] = ()
    description: str = ""
    slide: Slide = "variants"
    opens: bool = False

    @property
    def name(self) -> str:
        """The figure's id."""
        return self.id


def drawn_in(module: str, *arguments: Any) -> Callable[[Analysis], Drawing | None]:
    """Return a function that calls `draw` of a module of figures, with further arguments after the analysis.

    The figure is in the language of the study.

    The module is imported at the first call, since matplotlib is slow to load.
    """
    path = f"reportgen.figures.{module}"

    def draw(analysis: Analysis) -> Drawing | None:
        with in_language(analysis.plan.study.lang):
            drawing: Drawing | None = importlib.import_module(path).draw(analysis, *arguments)
        return drawing

    draw.__module__ = path
    return draw
