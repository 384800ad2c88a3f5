"""The report as one HTML page with inline figures, without scripts or requests."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from reportgen.report.document.document import Document
from reportgen.report.media.render import fill


def page(document: Document, svgs: Mapping[str, str]) -> str:
    """Return the page; `svgs` maps the ids of figures to their SVG text."""
    pictures = {name: Markup(_inline(text)) for name, text in svgs.items()}
    return fill(document, pictures, "screen")


def _inline(svg: str) -> str:
    """Return the SVG without the XML prologue, which is not allowed inside a page."""
    return svg[svg.index("<svg") :]
