"""The report: a page, a PDF and a teaching kit from one document."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from reportgen.analysis.results import Analysis
from reportgen.figures import Drawing, draw_all
from reportgen.figures.drawing.export import svg_text
from reportgen.paths import PAGE, RESULTS, STUDY
from reportgen.report.document.document import make_document
from reportgen.report.media import html, kit, pdf
from reportgen.report.results.tables import TABLES

__all__ = ["page", "write"]

ATTACHED = (RESULTS, STUDY, *(f"tables/{name}.csv" for name in TABLES))
"""What the PDF carries of the files that stand beside it."""

MOST_ATTACHED = 2_000_000
"""Bytes of a file; a larger one stays beside the PDF, which is made to be mailed."""


def page(analysis: Analysis) -> str:
    """Return the report as one HTML page; nothing is written."""
    drawings = draw_all(analysis)
    return html.page(make_document(analysis, drawings), {drawing.id: svg_text(drawing) for drawing in drawings})


def write(analysis: Analysis, drawings: Sequence[Drawing], folder: Path, formats: Collection[str]) -> list[Path]:
    """Write index.html, <id>.pdf, figures/ and embed/, as far as `formats` (html, pdf, kit) asks; return the paths.

    Raises
    ------
    MissingError : the PDF was asked for and Pango is missing; everything else is written by then.
    """
    document = make_document(analysis, drawings)
    svgs = {drawing.id: svg_text(drawing) for drawing in drawings}
    paths: list[Path] = []
    if "html" in formats:
        paths.append(folder / PAGE)
        paths[-1].write_text(html.page(document, svgs), encoding="utf-8", newline="\n")
    if "kit" in formats:
        paths += kit.write_figures(drawings, folder / "figures", svgs)
        paths += kit.write_embed(document, drawings, folder / "embed")
    if "pdf" in formats:
        attached = {name.split("/")[-1]: (folder / name).read_bytes() for name in ATTACHED if (folder / name).is_file()}
        attached = {name: content for name, content in attached.items() if len(content) <= MOST_ATTACHED}
        paths.append(pdf.write_pdf(document, svgs, attached, folder / f"{document.id}.pdf"))
    return paths
