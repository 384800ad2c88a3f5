"""The report as one HTML page with inline figures, without requests; its one script is optional."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from markupsafe import Markup

from reportgen.report.document.content import Content
from reportgen.report.media.render import pieces


def page(document: Content, svgs: Mapping[str, str], *, script: bool = True) -> str:
    """Return the page.

    svgs: the SVG text of figures by id. script: add the explorer, whose script is the only one of the page.
    """
    return "".join(_pieces(document, svgs, script))


def write_page(document: Content, svgs: Mapping[str, str], path: Path, *, script: bool = True) -> Path:
    """Write the page in pieces, since that of a large study takes megabytes, and return its path; see `page`."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_pieces(document, svgs, script))
    return path


def _pieces(document: Content, svgs: Mapping[str, str], script: bool) -> Iterator[str]:
    pictures = {name: Markup(text[text.index("<svg") :]) for name, text in svgs.items()}  # no XML prologue
    return pieces(document, pictures, "screen", script=script)
