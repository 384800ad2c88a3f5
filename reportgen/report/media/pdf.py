"""The report as an accessible PDF with bookmarks and attached data, made with WeasyPrint."""

from __future__ import annotations

import base64
import logging
import os
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib
from markupsafe import Markup

from reportgen.errors import MissingError
from reportgen.report.document.arrange import GAP, PAGE, Block, arrange, caption_height
from reportgen.report.document.content import Content
from reportgen.report.media.fit import fitted
from reportgen.report.media.render import fill

FACES = (
    ("Report Serif", "STIXGeneral.ttf", ""),
    ("Report Serif", "STIXGeneralBol.ttf", "font-weight: bold;"),
    ("Report Serif", "STIXGeneralItalic.ttf", "font-style: italic;"),
    ("Report Serif", "STIXGeneralBolIta.ttf", "font-weight: bold; font-style: italic;"),
    ("Report Mono", "DejaVuSansMono.ttf", ""),
    ("DejaVu Sans", "DejaVuSans.ttf", ""),
    ("DejaVu Sans", "DejaVuSans-Bold.ttf", "font-weight: bold;"),
)
"""Family, file and CSS descriptors of the fonts; figures use DejaVu Sans."""

HINT = (
    "install Pango for the PDF: Debian and Ubuntu: apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; "
    "macOS: brew install pango; Windows: MSYS2's pango"
)


def weasyprint() -> Any:
    """Return the WeasyPrint module; raises MissingError if Pango is missing."""
    try:
        import weasyprint as module
    except OSError as error:
        message = f"no PDF: a library is missing ({str(error).splitlines()[0]})"
        raise MissingError("missing-library", message, hint=HINT) from None
    return module


def write_pdf(document: Content, figures: Mapping[str, str], attachments: Mapping[str, bytes], path: Path) -> Path:
    """Write the report as PDF/UA-1; `figures` maps ids to SVG text, `attachments` maps names to contents.

    Raises
    ------
    MissingError : Pango is missing.
    """
    module = weasyprint()
    options = font_options(module)
    files = [_attachment(module, name, content) for name, content in attachments.items()]
    source = html_source(module, _filled(module, document, figures, options))
    pages = fitted(source, options | {"pdf_variant": "pdf/ua-1", "attachments": files, "full_fonts": False})
    path.write_bytes(pages.write_pdf(pdf_variant="pdf/ua-1", attachments=files, full_fonts=False))
    return path


def font_options(module: Any) -> dict[str, Any]:
    """Return WeasyPrint's options for the fonts of matplotlib, so that a PDF looks the same on every machine."""
    # WeasyPrint warns about style sheets for browsers; the tests check these warnings.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    fonts = module.text.fonts.FontConfiguration()
    faces = module.CSS(string=_faces(), url_fetcher=_fetcher(module, "file"), font_config=fonts)
    return {"stylesheets": [faces], "font_config": fonts}


def _filled(module: Any, document: Content, figures: Mapping[str, str], options: Mapping[str, Any]) -> str:
    """Return the HTML of the report, with its figures in an order and at sizes that fill the pages."""
    pictures = {name: _image(content, document, name) for name, content in figures.items()}
    html = fill(document, pictures, "print")
    before, found, _ = html.partition(FIGURES)
    if not found:
        return html
    blocks = [
        Block(drawing.id, _height(figures[drawing.id]), caption_height(drawing.caption))
        for drawing in document.drawings
    ]
    placed = dict(arrange(blocks, _room(html_source(module, before + HEADING).render(**options))))
    sized = {name: _image(figures[name], document, name, height) for name, height in placed.items()}
    drawings = {drawing.id: drawing for drawing in document.drawings}
    ordered = replace(document, drawings=tuple(drawings[name] for name in placed))
    return fill(ordered, pictures | sized, "print")


FIGURES = '<section id="figures">'
HEADING = '<h2 id="here">Figures</h2>'
"""The start of the figures, and the heading that replaces it to measure the space below."""


def _room(document: Any) -> float:
    """Return the space in millimetres below the last line of the last page."""
    bottom = document.pages[-1].anchors["here"][3] * MM_A_PIXEL
    return max(0.0, TOP + PAGE - float(bottom) - GAP)


TOP, MM_A_PIXEL = 24.0, 25.4 / 96
TEXT_WIDTH = 166.0
"""Upper margin of a page, a CSS pixel and the width of the text, in millimetres."""


def _height(svg: str) -> float:
    """Return the height in millimetres of a figure as wide as the text."""
    width, height = (float(size) for size in re.findall(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', svg)[0])
    return TEXT_WIDTH * height / width


def html_source(module: Any, html: str) -> Any:
    """Return the WeasyPrint source of a page that must not load other files."""
    return module.HTML(string=html, base_url=None, url_fetcher=_fetcher(module, "data"))


def _faces() -> str:
    """Return the style sheet of fonts from matplotlib."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    faces = ((family, folder / name, style) for family, name, style in FACES if (folder / name).is_file())
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; src: url("{path.as_uri()}"); {style} }}'
        for family, path, style in faces
    )


def _fetcher(module: Any, protocol: str) -> Any:
    """Return a fetcher for one protocol: "data" for the text of a report, which must not load other files."""
    return module.urls.URLFetcher(allowed_protocols=(protocol,), allow_redirects=False, fail_on_errors=True)


def _image(svg: str, document: Content, name: str, height: float | None = None) -> Markup:
    drawings = (document.story, *document.drawings)
    alt = next(drawing.alt for drawing in drawings if drawing is not None and drawing.id == name)
    return image(svg, alt, height)


def image(svg: str, alt: str, height: float | None = None) -> Markup:
    """Return a figure as an image of vector graphics, which renders faster than inline SVG.

    height: in millimetres; None leaves the size to the style sheet.
    """
    data = base64.b64encode(svg.encode()).decode()
    size = "" if height is None else Markup(' style="height: {}mm"').format(f"{height:.1f}")
    return Markup('<img src="data:image/svg+xml;base64,{}" alt="{}"{}>').format(data, alt, size)


def _attachment(module: Any, name: str, content: bytes) -> Any:
    """Return an attached file; SOURCE_DATE_EPOCH sets its date for reproducible builds."""
    date = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), UTC)
    description = f"{name}: the numbers of this report"
    return module.Attachment(string=content, name=name, description=description, created=date, modified=date)
