"""The report as an accessible PDF with bookmarks and the data attached, by WeasyPrint."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from reportgen.errors import MissingError
from reportgen.report.document import Document
from reportgen.report.render import fill

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


def write_pdf(document: Document, figures: Mapping[str, bytes], attachments: Mapping[str, bytes], path: Path) -> Path:
    """Write the report as PDF/UA-1; `figures` maps ids to PNG bytes, attachments names to contents.

    Raises
    ------
    MissingError : Pango is not on the machine.
    """
    module = weasyprint()
    pictures = {name: _image(content, document, name) for name, content in figures.items()}
    html = fill(document, pictures, "print")
    # What WeasyPrint logs are notes on style sheets for browsers; tests turn them into failures.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    made = module.HTML(string=html, base_url=None, url_fetcher=_fetcher(module))
    files = [_attachment(module, name, content) for name, content in attachments.items()]
    path.write_bytes(made.write_pdf(pdf_variant="pdf/ua-1", attachments=files))
    return path


def _fetcher(module: Any) -> Any:
    """Return a fetcher that knows data: addresses alone, so that nothing in a study can reach out."""
    return module.urls.URLFetcher(allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True)


def _image(content: bytes, document: Document, name: str) -> Markup:
    drawings = (document.story, *document.drawings)
    alt = next(drawing.alt for drawing in drawings if drawing is not None and drawing.id == name)
    data = base64.b64encode(content).decode()
    return Markup('<img src="data:image/png;base64,{}" alt="{}">').format(data, alt)


def _attachment(module: Any, name: str, content: bytes) -> Any:
    return module.Attachment(string=content, name=name, description=f"{name}: the numbers of this report")
