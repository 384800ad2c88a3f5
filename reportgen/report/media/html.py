"""The report as one HTML page with inline figures, without requests; its one script is optional."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from reportgen.report.document.content import Content
from reportgen.report.media.render import fill


def page(document: Content, svgs: Mapping[str, str], *, script: bool = True) -> str:
    """Return the page.

    svgs: the SVG text of figures by id. script: add the explorer, whose script is the only one of the page.
    """
    pictures = {name: Markup(text[text.index("<svg") :]) for name, text in svgs.items()}  # no XML prologue
    return fill(document, pictures, "screen", script=script)
