"""The report as one page: figures inline, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from reportgen.report.document.document import Document
from reportgen.report.media.render import fill


def page(document: Document, svgs: Mapping[str, str]) -> str:
    """Return the page; `svgs` maps figures' ids to their accessible SVG text."""
    pictures = {name: Markup(_inline(text)) for name, text in svgs.items()}
    return fill(document, pictures, "screen")


def _inline(svg: str) -> str:
    """Return the SVG without the XML prologue, which has no place inside a page."""
    return svg[svg.index("<svg") :]
