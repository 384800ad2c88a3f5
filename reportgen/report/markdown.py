"""Markdown of studies and findings as safe HTML: raw HTML stays text, links lead to https or mailto alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

from reportgen.report import math

Formula = Callable[[str, bool], Markup]


def is_safe_link(address: str) -> bool:
    """Return whether a link may stand in a report."""
    try:
        return urlsplit(address).scheme.lower() in ("https", "mailto")
    except ValueError:
        return False


def to_html(text: str, print_medium: bool = False) -> Markup:
    """Return Markdown with $formulas$ as HTML; headings begin below those of the report."""
    formula = math.svg if print_medium else math.mathml
    return Markup(_parser(formula).render(text))


def inline(text: str, print_medium: bool = False) -> Markup:
    """Return one paragraph's content without the paragraph around it."""
    formula = math.svg if print_medium else math.mathml
    return Markup(_parser(formula).renderInline(text))


def _parser(formula: Formula) -> MarkdownIt:
    parser = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False}).disable("image")
    parser.use(dollarmath_plugin, allow_digits=False, allow_space=False)
    setattr(parser, "validateLink", is_safe_link)  # noqa: B010 - the library's own way to replace it
    rules: Any = parser.renderer.rules  # type: ignore[attr-defined]
    rules["math_inline"] = lambda tokens, i, options, env: str(formula(tokens[i].content, False))
    rules["math_block"] = lambda tokens, i, options, env: f"<p>{formula(tokens[i].content, True)}</p>\n"
    rules["heading_open"] = lambda tokens, i, options, env: f"<{_lower(tokens, i)}>"
    rules["heading_close"] = lambda tokens, i, options, env: f"</{_lower(tokens, i)}>\n"
    return parser


def _lower(tokens: Sequence[Token], index: int) -> str:
    """Return a heading's tag three levels down, at most h6."""
    return f"h{min(int(tokens[index].tag[1]) + 2, 6)}"
