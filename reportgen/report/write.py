"""Write the page, the PDF and the teaching kit of a report; loads matplotlib."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from reportgen.analysis.results import Analysis
from reportgen.data.readers import npz_layout
from reportgen.figures import Drawing, draw_all
from reportgen.figures.drawing import palette
from reportgen.figures.drawing.export import screen_svg, svg_text
from reportgen.figures.slides import draw_slides
from reportgen.languages.translate import in_language
from reportgen.paths import PAGE, RESULTS, SLIDES, STUDY
from reportgen.report.document.content import Content
from reportgen.report.document.document import make_document
from reportgen.report.media import embed, html, kit, pdf
from reportgen.report.results.tables import TABLES
from reportgen.report.slides import write as slides
from reportgen.report.slides.deck import make_deck

ATTACHED = (RESULTS, STUDY, *(f"tables/{name}.csv" for name in TABLES))
"""Files that are attached to the PDF of a study."""

MOST_ATTACHED = 2_000_000
"""Largest size of an attached file in bytes, so that the PDF can be sent by mail."""


MOST_PICTURES = 1_050_000
"""Largest size of the pictures of a page in characters; with the text, the page then has at most 1.5 MB."""


def page(analysis: Analysis) -> str:
    """Return the report as one HTML page without writing a file."""
    drawings = draw_all(analysis)
    pictures = {drawing.id: screen_svg(drawing, svg_text(drawing)) for drawing in drawings}
    with in_language(analysis.plan.study.lang):
        return html.page(make_document(analysis, drawings), pictures)


def write(
    analysis: Analysis, drawings: Sequence[Drawing], folder: Path, formats: Collection[str], *, script: bool = True
) -> list[Path]:
    """Write the report of a study in its language, as `write_media` does."""
    with in_language(analysis.plan.study.lang):
        slide_figures = draw_slides(analysis, drawings) if "slides" in formats else ()
        document = make_document(analysis, drawings)
        deck = make_deck(analysis, document, slide_figures) if "slides" in formats else None
        npz_layout.release()  # the document has all that is written of the runs
        paths = slides.write_sources(deck, folder / SLIDES) if deck else []
        paths += write_media(document, drawings, kit.claims_table(document), ATTACHED, folder, formats, script=script)
        return [*paths, slides.write_pdf(deck, folder / SLIDES)] if deck else paths


def within_size(svgs: Mapping[str, str], pictures: Mapping[str, str]) -> dict[str, str]:
    """Return the pictures of a page, of which the largest lack their layout for phones if they are too large."""
    shown, size = dict(pictures), sum(map(len, pictures.values()))
    for name in sorted(pictures, key=lambda name: len(pictures[name]), reverse=True):
        if size > MOST_PICTURES:
            shown[name] = palette.inline(svgs[name])
            size += len(shown[name]) - len(pictures[name])
    return shown


def write_media(
    document: Content,
    drawings: Sequence[Drawing],
    table: Sequence[str],
    attached: Iterable[str],
    folder: Path,
    formats: Collection[str],
    *,
    script: bool = True,
) -> list[Path]:
    """Write a report in the formats "html", "pdf" and "kit", as far as they are chosen; return the paths.

    Parameters
    ----------
    drawings : all figures, in the order of the kit
    table : the lines of the Markdown table in the kit
    attached : names of files in the folder to attach to the PDF, as far as they exist
    script : whether the page has the explorer

    Raises
    ------
    MissingError : the PDF needs Pango, which is missing. The other formats are already written.
    """
    svgs = {drawing.id: svg_text(drawing) for drawing in drawings}
    paths: list[Path] = []
    on_screen = {"html", "kit"} & set(formats)
    pictures = {drawing.id: screen_svg(drawing, svgs[drawing.id]) for drawing in drawings} if on_screen else {}
    if "html" in formats:
        on_page = within_size(svgs, pictures)
        paths.append(html.write_page(document, on_page, folder / PAGE, script=script))
    if "kit" in formats:
        paths += kit.write_figures(drawings, folder / "figures", svgs)
        paths += kit.write_embed(document, drawings, table, folder / "embed")
        paths += embed.write_pages(document, drawings, pictures, folder / "embed")
    if "pdf" in formats:
        places = [folder / name for name in attached if (folder / name).is_file()]
        files = {path.name: path.read_bytes() for path in places if path.stat().st_size <= MOST_ATTACHED}
        paths.append(pdf.write_pdf(document, svgs, files, folder / f"{document.id}.pdf"))
    return paths
