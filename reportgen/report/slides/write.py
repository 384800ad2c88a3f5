"""Write the slides: figures, slides-beamer.tex, slides-quarto.qmd and slides.pdf."""

from __future__ import annotations

from pathlib import Path

from reportgen.figures.drawing.export import save, svg_text
from reportgen.report.media import pdf
from reportgen.report.media.render import fill_slides
from reportgen.report.slides.beamer import beamer
from reportgen.report.slides.deck import Deck
from reportgen.report.slides.quarto import quarto

PDF, BEAMER, QUARTO = "slides.pdf", "slides-beamer.tex", "slides-quarto.qmd"
"""Names of the files; a PDF made from one of the sources does not replace the PDF of the report."""


def write_sources(deck: Deck, folder: Path) -> list[Path]:
    """Write the figures as SVG and PDF, a file for Beamer and one for Quarto; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [path for slide in deck.slides for path in save(slide.drawing, folder / "figures", None, (".svg", ".pdf"))]
    for name, text in ((BEAMER, beamer(deck)), (QUARTO, quarto(deck))):
        paths.append(folder / name)
        paths[-1].write_text(text, encoding="utf-8", newline="\n")
    return paths


def write_pdf(deck: Deck, folder: Path) -> Path:
    """Write slides.pdf, which is PDF/UA-1, and return its path.

    Raises
    ------
    MissingError : Pango is missing.
    """
    module = pdf.weasyprint()
    pictures = {
        slide.drawing.id: pdf.image(svg_text(slide.drawing), f"{slide.drawing.title}. {slide.drawing.alt}")
        for slide in deck.slides
    }
    source = pdf.html_source(module, fill_slides(deck, pictures))
    pages = source.render(**pdf.font_options(module), pdf_variant="pdf/ua-1", full_fonts=False)
    path = folder / PDF
    path.write_bytes(pages.write_pdf(pdf_variant="pdf/ua-1", full_fonts=False))
    return path
