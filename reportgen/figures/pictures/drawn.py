"""Draw a picture and return it with its texts and its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from matplotlib.figure import Figure

from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.words import sentence
from reportgen.languages.translate import _


class Named(Protocol):
    """The row of a figure, or a view: an id and a title in English."""

    @property
    def id(self) -> str:
        """The id of the figure."""

    @property
    def title(self) -> str:
        """The title of the figure."""


def drawing_of(
    kind: Named,
    figure: Callable[[], Figure],
    caption: str,
    alt: str,
    columns: tuple[str, ...],
    rows: Iterable[tuple[Any, ...]],
    finding: str,
) -> Drawing:
    """Return a picture.

    Parameters
    ----------
    figure : draws the figure for the present surface; called again for a phone.
    columns, rows : the CSV file.
    finding : what the picture shows, a phrase.
    """
    with _style.settings():
        drawn = figure()
    title = _(kind.title)
    return Drawing(kind.id, title, caption, alt, drawn, columns, list(rows), narrow=figure, finding=sentence(finding))
