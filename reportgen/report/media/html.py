"""The report as one HTML page with inline figures, without scripts or requests."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from reportgen.report.document.content import Content
from reportgen.report.media.render import fill


def page(document: Content, svgs: Mapping[str, str]) -> str:
    """Return the page; `svgs` maps the ids of figures to their SVG text."""
    pictures = {name: Markup(text[text.index("<svg") :]) for name, text in svgs.items()}  # no XML prologue
    return fill(document, pictures, "screen")
