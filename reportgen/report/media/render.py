"""Fill the templates with a document; all text is escaped, and an undefined name is an error."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reportgen.analysis.words.nouns import are, counted_noun, status_word, term
from reportgen.figures.drawing import palette
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.markup import plain
from reportgen.languages.translate import _, current_language, day, ngettext, numeral, pgettext, translated
from reportgen.report.document import claim_words
from reportgen.report.document.content import Content
from reportgen.report.document.explorer.data import Explorer
from reportgen.report.media import markdown, math
from reportgen.report.media.breaks import breakable
from reportgen.report.scores import FILTERS
from reportgen.runs.training_log import ROLES, SCORES
from reportgen.shipped import templates_folder

MOST_ROWS = {"screen": 400, "print": 60}
"""Largest number of rows of a table; the CSV files contain the rest."""

MOST_PARTS = {"screen": 300, "print": 12}
"""Largest number of runs of other programs with a section of their own."""

MOST_RUNS, MOST_COLUMNS = 5, 30
"""Largest numbers of runs of one setting with a table of columns, and of columns in such a table."""

QUIZ_STYLE = "quiz.css"
EXPLORER_SCRIPT, EXPLORER_STYLE = "explorer.js", "explorer.css"

IN_FULL = 3
"""Number of groups of variants that a diagnosis describes in full; the others are shortened."""


LANGUAGE_FILTERS = (counted_noun, are, status_word, term, translated, day, numeral)
"""Filters for the words of the current language."""


def environment(print_medium: bool) -> Environment:
    """Return the templates of a medium in the current language."""
    return _environment(print_medium, current_language())


@cache  # a report fills a template for each of its figures, and compiling one takes longer than filling it
def _environment(print_medium: bool, language: str) -> Environment:
    """Return the templates of a medium; the compiler fills constants in, which therefore are in `language`."""
    templates = Environment(
        loader=FileSystemLoader(templates_folder(), encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    install_gettext_callables = templates.install_gettext_callables  # type: ignore[attr-defined]
    install_gettext_callables(_, ngettext, newstyle=True, pgettext=pgettext)
    templates.globals["lang"] = language
    templates.filters.update(FILTERS | claim_words.FILTERS)
    templates.filters.update({function.__name__: function for function in LANGUAGE_FILTERS})
    templates.filters |= {"breakable": breakable, "plain": plain}
    formula = math.limited_svg() if print_medium else math.mathml
    templates.filters["markdown"] = partial(markdown.to_html, formula=formula)
    templates.filters["inline_markdown"] = partial(markdown.inline, formula=formula)
    return templates


def fill(document: Content, pictures: Mapping[str, Markup], medium: str, *, script: bool = False) -> str:
    """Return the HTML of a report; parameters as for `pieces`."""
    return "".join(pieces(document, pictures, medium, script=script))


def pieces(document: Content, pictures: Mapping[str, Markup], medium: str, *, script: bool = False) -> Iterator[str]:
    """Yield the HTML of a report in pieces.

    pictures: the markup of figures by id. medium: "screen" or "print". script: add the explorer, if there is one.
    """
    context: dict[str, Any] = {
        "doc": document,
        "pictures": pictures,
        "medium": medium,
        "most_rows": MOST_ROWS[medium],
        "in_full": IN_FULL,
        "most_parts": MOST_PARTS[medium],
        "most_runs": MOST_RUNS,
        "most_columns": MOST_COLUMNS,
        "roles": ROLES,
        "score_roles": SCORES,
    }
    template = environment(medium == "print").get_template(document.template)
    sheets = [f"{medium}.css", *([EXPLORER_STYLE] if script and document.explorer else [])]
    sheets += [QUIZ_STYLE] if medium == "screen" else []
    yield from template.generate(
        context | _style(*sheets, variables=medium == "screen") | _script(document.explorer if script else None)
    )


def fill_page(template: str, script: str = "", **context: Any) -> str:
    """Return the HTML of a page of a site, in the style of the reports; script: the name of its script, if any."""
    parts = _style("screen.css", "site.css", QUIZ_STYLE, variables=True)
    parts |= _inline("script", script) if script else _script(None)
    return environment(print_medium=False).get_template(template).render(context | parts)


def fill_slides(deck: Any, pictures: Mapping[str, Markup]) -> str:
    """Return the HTML of the slides of a report; `pictures` maps ids of figures to markup."""
    template = environment(print_medium=True).get_template("slides.html.j2")
    return template.render({"deck": deck, "pictures": pictures} | _style("slides.css"))


def fill_figure(document: Content, drawing: Drawing, picture: Markup) -> str:
    """Return the HTML of a page with one figure, which other pages can embed."""
    context = {"doc": document, "drawing": drawing, "picture": picture}
    style = _style("figure.css", variables=True)
    return environment(print_medium=False).get_template("figure.html.j2").render(context | style)


def fill_notebook(template: str, **context: Any) -> str:
    """Return the HTML of a report in a notebook."""
    return environment(print_medium=False).get_template(template).render(context)


def _style(*names: str, variables: bool = False) -> dict[str, Any]:
    """Return style sheets; variables: whether they define the colours of inline figures."""
    return _inline("style", *names, before=palette.css() if variables else "")


def _inline(kind: str, *names: str, before: str = "") -> dict[str, Any]:
    """Return style sheets or scripts as one text, and its hash for the security policy of the page."""
    text = before + "\n".join((templates_folder() / name).read_text(encoding="utf-8") for name in names)
    return {kind: Markup(text), f"{kind}_hash": base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}


def _script(explorer: Explorer | None) -> dict[str, Any]:
    """Return the script of the explorer, its hash for the security policy and its data, or empty texts."""
    if explorer is None:
        return dict.fromkeys(("script", "script_hash", "explorer_data"), "")
    values = json.dumps(explorer.values, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    data = values.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")  # it cannot end its element
    return {**_inline("script", EXPLORER_SCRIPT), "explorer_data": Markup(data)}
