"""Convert Markdown of studies and findings to safe HTML: raw HTML stays text, and links are https or mailto."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

from reportgen.analysis.words.numerals import exponents
from reportgen.report.media import math

Formula = Callable[[str, bool], Markup]


def is_safe_link(address: str) -> bool:
    """Return whether a link is allowed in a report."""
    try:
        return urlsplit(address).scheme.lower() in ("https", "mailto")
    except ValueError:
        return False


def to_html(text: str, print_medium: bool = False) -> Markup:
    """Return Markdown with $formulas$ as HTML; numbers are in the style of the report, and headings below its own."""
    formula = math.svg if print_medium else math.mathml
    return Markup(_parser(formula).render(text))


def inline(text: str, print_medium: bool = False) -> Markup:
    """Return the content of one paragraph as HTML without the paragraph element."""
    formula = math.svg if print_medium else math.mathml
    return Markup(_parser(formula).renderInline(text))


def inline_tokens(text: str) -> list[Token]:
    """Return the tokens of the content of one paragraph, for output in other languages than HTML."""
    return _parser(math.mathml).parseInline(text)[0].children or []


@functools.cache
def _parser(formula: Formula) -> MarkdownIt:
    parser = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False}).disable("image")
    parser.use(dollarmath_plugin, allow_digits=False, allow_space=False)
    setattr(parser, "validateLink", is_safe_link)  # noqa: B010 - the documented way to replace it
    rules: Any = parser.renderer.rules  # type: ignore[attr-defined]
    rules["text"] = lambda tokens, i, options, env: html.escape(exponents(tokens[i].content), quote=False)
    rules["math_inline"] = lambda tokens, i, options, env: str(formula(tokens[i].content, False))
    rules["math_block"] = lambda tokens, i, options, env: f"<p>{formula(tokens[i].content, True)}</p>\n"
    rules["heading_open"] = lambda tokens, i, options, env: f"<{_heading(tokens[i], env)}>"
    rules["heading_close"] = lambda tokens, i, options, env: f"</h{env['level']}>\n"
    rules["table_open"] = lambda tokens, i, options, env: '<div class="wide" tabindex="0"><table>\n'
    rules["table_close"] = lambda tokens, i, options, env: "</table></div>\n"
    for name in ("th_open", "td_open"):
        rules[name] = lambda tokens, i, options, env: f"<{tokens[i].tag}{_aligned(tokens[i])}>"
    return parser


def _aligned(token: Token) -> str:
    """Return the alignment of a cell as a class, because the security policy of the page forbids style attributes."""
    style = str(token.attrGet("style") or "")
    return f' class="{style.removeprefix("text-align:")}"' if style else ""


def _heading(token: Token, env: Any) -> str:
    """Return the tag of a heading: below the h2 of the report, and at most one level below the previous heading."""
    env["level"] = min(int(token.tag[1]) + 2, env.get("level", 2) + 1, 6)
    return f"h{env['level']}"
