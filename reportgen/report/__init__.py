"""The report: a page, a PDF and a teaching kit from one document."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from reportgen.analysis.model import Analysis
from reportgen.figures import Drawing, png_bytes, svg_text
from reportgen.report import html, kit, pdf
from reportgen.report.document import make_document

__all__ = ["write"]

ATTACHED = ("results.json", "study.yaml", "tables/claims.csv", "tables/runs.csv", "tables/variants.csv")
"""What the PDF carries of the files that stand beside it."""


def write(analysis: Analysis, drawings: Sequence[Drawing], folder: Path, formats: Collection[str]) -> list[Path]:
    """Write index.html, <id>.pdf, figures/ and embed/, as far as `formats` (html, pdf, kit) asks; return the paths.

    Raises
    ------
    MissingError : the PDF was asked for and Pango is missing; everything else is written by then.
    """
    document = make_document(analysis, drawings)
    svgs = {drawing.id: svg_text(drawing) for drawing in drawings} if {"html", "kit"} & set(formats) else {}
    paths: list[Path] = []
    if "html" in formats:
        page = folder / "index.html"
        page.write_text(html.page(document, svgs), encoding="utf-8", newline="\n")
        paths.append(page)
    if "kit" in formats:
        paths += kit.write_figures(drawings, folder / "figures", svgs)
        paths += kit.write_embed(document, drawings, folder / "embed")
    if "pdf" in formats:
        pngs = {drawing.id: _png(drawing, folder) for drawing in drawings}
        attached = {name.split("/")[-1]: (folder / name).read_bytes() for name in ATTACHED if (folder / name).is_file()}
        paths.append(pdf.write_pdf(document, pngs, attached, folder / f"{document.id}.pdf"))
    return paths


def _png(drawing: Drawing, folder: Path) -> bytes:
    """Return the figure's PNG, from the kit where it has been written already."""
    path = folder / "figures" / f"{drawing.id}.png"
    return path.read_bytes() if path.is_file() else png_bytes(drawing)
