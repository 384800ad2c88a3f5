"""A figure of a report in a notebook."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.analysis.results import Analysis
from reportgen.errors import UsageError
from reportgen.figures import find
from reportgen.figures.drawing.figure import PICTURE_ENDINGS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reportgen.figures.drawing.figure import Drawing

ENDINGS = (*PICTURE_ENDINGS, ".csv")


@dataclass(frozen=True)
class ShownFigure:
    """A figure, which a notebook shows as SVG.

    Attributes
    ----------
    id, title : as in `reportgen list figures`.
    caption, alt : in full sentences, with the drawn numbers.
    """

    id: str
    title: str
    caption: str
    alt: str
    drawing: Drawing = field(repr=False)

    def __repr__(self) -> str:
        return f"<figure {self.id}: {self.title}>"

    @cached_property
    def svg(self) -> str:
        """The figure as SVG."""
        from reportgen.figures.drawing.export import svg_text  # loads matplotlib

        return svg_text(self.drawing)

    def _repr_svg_(self) -> str:
        return self.svg

    @property
    def figure(self) -> Figure:
        """The matplotlib figure."""
        return self.drawing.figure

    def save(self, path: str | Path) -> Path:
        """Write the figure as .svg, .pdf or .png, or its numbers as .csv, and return the path.

        Raises
        ------
        UsageError : another ending.
        """
        from reportgen.figures.drawing.export import content  # loads matplotlib

        target = Path(path)
        ending = target.suffix.lower()
        if ending not in ENDINGS:
            hint = f"a name that ends with {', '.join(ENDINGS)}"
            raise UsageError("invalid-file-name", "the file name has an unknown ending", where=str(path), hint=hint)
        target.write_bytes(content(self.drawing, ending))
        return target


def shown_figure(analysis: Analysis, id_: str) -> ShownFigure:
    """Return the figure with an id, drawn from an analysis.

    Raises
    ------
    StudyError : there is no figure with this id.
    UsageError : the study has no data for the figure.
    """
    drawing = find(id_).draw(analysis)
    if drawing is None:
        hint = "`[one['id'] for one in report.results['figures']]` lists the figures of a report with a page"
        raise UsageError("no-figure", f"the study has no data for the figure {id_!r}", hint=hint)
    return ShownFigure(drawing.id, drawing.title, drawing.caption, drawing.alt, drawing)
