"""The report as an accessible PDF with bookmarks and the data attached, by WeasyPrint."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
from markupsafe import Markup

from reportgen.errors import MissingError
from reportgen.report.document import Document
from reportgen.report.render import fill

FACES = (
    ("Report Serif", "STIXGeneral.ttf", ""),
    ("Report Serif", "STIXGeneralBol.ttf", "font-weight: bold;"),
    ("Report Serif", "STIXGeneralItalic.ttf", "font-style: italic;"),
    ("Report Serif", "STIXGeneralBolIta.ttf", "font-weight: bold; font-style: italic;"),
    ("Report Mono", "DejaVuSansMono.ttf", ""),
    ("DejaVu Sans", "DejaVuSans.ttf", ""),
    ("DejaVu Sans", "DejaVuSans-Bold.ttf", "font-weight: bold;"),
)
"""Family, file and descriptors; figures are labelled in DejaVu Sans."""

HINT = (
    "install Pango for the PDF: Debian and Ubuntu: apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; "
    "macOS: brew install pango; Windows: MSYS2's pango"
)


def weasyprint() -> Any:
    """Return the WeasyPrint module, whose import needs Pango on the machine; MissingError where it is not there."""
    try:
        import weasyprint as module
    except OSError as error:
        raise MissingError(f"no PDF: a library is missing ({str(error).splitlines()[0]})", hint=HINT) from None
    return module


def write_pdf(document: Document, figures: Mapping[str, str], attachments: Mapping[str, bytes], path: Path) -> Path:
    """Write the report as PDF/UA-1; `figures` maps ids to SVG text, attachments names to contents.

    Raises
    ------
    MissingError : Pango is not on the machine.
    """
    module = weasyprint()
    pictures = {name: _image(content, document, name) for name, content in figures.items()}
    html = fill(document, pictures, "print")
    # What WeasyPrint logs are notes on style sheets for browsers; tests turn them into failures.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    made = module.HTML(string=html, base_url=None, url_fetcher=_fetcher(module, "data"))
    fonts = module.text.fonts.FontConfiguration()
    faces = module.CSS(string=_faces(), url_fetcher=_fetcher(module, "file"), font_config=fonts)
    files = [_attachment(module, name, content) for name, content in attachments.items()]
    content = made.write_pdf(
        pdf_variant="pdf/ua-1", attachments=files, stylesheets=[faces], font_config=fonts, full_fonts=False
    )
    path.write_bytes(content)
    return path


def _faces() -> str:
    """Return the style sheet of the fonts that come with matplotlib, so that a PDF looks alike on every machine."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    found = ((family, folder / name, look) for family, name, look in FACES if (folder / name).is_file())
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; src: url("{path.as_uri()}"); {look} }}' for family, path, look in found
    )


def _fetcher(module: Any, protocol: str) -> Any:
    """Return a fetcher of one kind of address: "data" for a report's text, so that nothing in it can reach out."""
    return module.urls.URLFetcher(allowed_protocols=(protocol,), allow_redirects=False, fail_on_errors=True)


def _image(svg: str, document: Document, name: str) -> Markup:
    """Return the figure as vector graphics; as a picture of its own it costs less time than inside the page."""
    drawings = (document.story, *document.drawings)
    alt = next(drawing.alt for drawing in drawings if drawing is not None and drawing.id == name)
    data = base64.b64encode(svg.encode()).decode()
    return Markup('<img src="data:image/svg+xml;base64,{}" alt="{}">').format(data, alt)


def _attachment(module: Any, name: str, content: bytes) -> Any:
    return module.Attachment(string=content, name=name, description=f"{name}: the numbers of this report")
