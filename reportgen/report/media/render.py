"""Fills the templates: one environment, where everything is escaped and nothing may be undefined."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reportgen.report.document import claim_words
from reportgen.report.document.document import Document
from reportgen.report.media import markdown
from reportgen.report.scores import FILTERS
from reportgen.shipped import templates_folder

MOST_ROWS = {"screen": 400, "print": 60}
"""So many rows of a table a medium shows; the rest is in the CSV files, which the PDF carries."""

IN_FULL = 3
"""So many variants with one diagnosis are told in full; the others in a line or two."""


def environment(print_medium: bool) -> Environment:
    """Return the environment of one medium."""
    made = Environment(
        loader=FileSystemLoader(templates_folder(), encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS | claim_words.FILTERS)
    made.filters["markdown"] = partial(markdown.to_html, print_medium=print_medium)
    made.filters["inline_markdown"] = partial(markdown.inline, print_medium=print_medium)
    return made


def fill(document: Document, pictures: Mapping[str, Markup], medium: str) -> str:
    """Return the report as one HTML text; `pictures` maps figures' ids to their markup, medium is screen or print."""
    context: dict[str, Any] = {
        "doc": document,
        "pictures": pictures,
        "medium": medium,
        "most_rows": MOST_ROWS[medium],
        "in_full": IN_FULL,
    }
    made = environment(medium == "print")
    return made.get_template("report.html.j2").render(context | _style(f"{medium}.css"))


def fill_page(template: str, **context: Any) -> str:
    """Return a page of a site as HTML text: the template with what it is told, in the look of the reports."""
    return environment(print_medium=False).get_template(template).render(context | _style("screen.css", "site.css"))


def _style(*names: str) -> dict[str, Any]:
    """Return style sheets as one text, and the hash by which a page's policy lets it in."""
    text = "\n".join((templates_folder() / name).read_text(encoding="utf-8") for name in names)
    return {"style": Markup(text), "style_hash": base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}
