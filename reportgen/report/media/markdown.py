"""Convert Markdown of studies and findings to safe HTML: raw HTML stays text, and links are https or mailto."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

from reportgen.analysis.words.numerals import exponents
from reportgen.figures.drawing.markup import DISPLAY, new_parser
from reportgen.report.media import math

MOST_COLUMNS = 60
"""Largest number of columns of a table; the time for its layout grows faster than the number."""

Formula = Callable[[str, bool], Markup]


def to_html(text: str, formula: Formula = math.mathml) -> Markup:
    """Return Markdown with $formulas$ as HTML; numbers are in the style of the report, and headings below its own.

    A table of more than `MOST_COLUMNS` columns is shown as its source.
    """
    return Markup(_parser(formula).render(text))


def inline(text: str, formula: Formula = math.mathml) -> Markup:
    """Return the content of one paragraph as HTML without the paragraph element."""
    return Markup(_parser(formula).renderInline(text))


@functools.lru_cache(maxsize=4)
def _parser(formula: Formula) -> MarkdownIt:
    parser = new_parser()
    parser.core.ruler.push("wide_tables", _keep_wide_tables)
    rules: Any = parser.renderer.rules  # type: ignore[attr-defined]
    rules["text"] = lambda tokens, i, options, env: html.escape(exponents(tokens[i].content), quote=False)
    rules["math_inline"] = lambda tokens, i, options, env: str(formula(tokens[i].content, False))
    rules[DISPLAY] = lambda tokens, i, options, env: str(formula(tokens[i].content.strip(), True))
    rules["math_block"] = lambda tokens, i, options, env: f"<p>{formula(tokens[i].content, True)}</p>\n"
    rules["heading_open"] = lambda tokens, i, options, env: f"<{_heading(tokens[i], env)}>"
    rules["heading_close"] = lambda tokens, i, options, env: f"</h{env['level']}>\n"
    rules["table_open"] = lambda tokens, i, options, env: '<div class="wide" tabindex="0"><table>\n'
    rules["table_close"] = lambda tokens, i, options, env: "</table></div>\n"
    for name in ("th_open", "td_open"):
        rules[name] = lambda tokens, i, options, env: f"<{tokens[i].tag}{_aligned(tokens[i])}>"
    return parser


def _keep_wide_tables(state: StateCore) -> None:
    """Replace each table that is too wide by its source."""
    kept: list[Token] = []
    begin = None
    for token in state.tokens:
        kept.append(token)
        if token.type == "table_open":
            begin = len(kept) - 1
        elif token.type == "table_close" and begin is not None:
            columns = sum(part.type == "th_open" for part in kept[begin:])
            if columns > MOST_COLUMNS:
                first, last = kept[begin].map or [0, 0]
                source = "\n".join(state.src.split("\n")[first:last])
                kept[begin:] = [Token("fence", "code", 0, content=f"{source}\n", map=[first, last])]
            begin = None
    state.tokens = kept


def _aligned(token: Token) -> str:
    """Return the alignment of a cell as a class, because the security policy of the page forbids style attributes."""
    style = str(token.attrGet("style") or "")
    return f' class="{style.removeprefix("text-align:")}"' if style else ""


def _heading(token: Token, env: Any) -> str:
    """Return the tag of a heading: below the h2 of the report, and at most one level below the previous heading."""
    env["level"] = min(int(token.tag[1]) + 2, env.get("level", 2) + 1, 6)
    return f"h{env['level']}"
