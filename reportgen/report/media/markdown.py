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
from reportgen.report.media.breaks import in_pieces

MOST_COLUMNS = 60
"""Largest number of columns of a table; the time for its layout grows faster than the number."""

MOST_ELEMENTS, MOST_MARKS = 2000, 400
"""Largest numbers of elements of a text, and within one paragraph, each of which takes milliseconds in a PDF."""

MOST_LINES = 1000
"""Largest number of lines of a block of code."""

Formula = Callable[[str, bool], Markup]


def to_html(text: str, formula: Formula = math.mathml) -> Markup:
    """Return Markdown with $formulas$ as HTML; numbers are in the style of the report, and headings below its own.

    A table of more than `MOST_COLUMNS` columns and a paragraph of more than `MOST_MARKS` elements are shown as their
    source, and so is the rest of a text from the block on with which it has more than `MOST_ELEMENTS` elements.
    """
    return Markup(_parser(formula).render(text))


def inline(text: str, formula: Formula = math.mathml) -> Markup:
    """Return the content of one paragraph as HTML without the paragraph element."""
    return Markup(_parser(formula).renderInline(text))


@functools.lru_cache(maxsize=4)
def _parser(formula: Formula) -> MarkdownIt:
    parser = new_parser()
    parser.core.ruler.push("wide_tables", _keep_wide_tables)
    parser.core.ruler.push("marks", _keep_marks)
    parser.core.ruler.push("elements", _keep_rest)
    rules: Any = parser.renderer.rules  # type: ignore[attr-defined]
    rules["text"] = lambda tokens, i, options, env: html.escape(exponents(tokens[i].content), quote=False)
    rules["code_inline"] = lambda tokens, i, options, env: f"<code>{in_pieces(tokens[i].content)}</code>"
    for name in ("fence", "code_block"):
        rules[name] = lambda tokens, i, options, env: _code(tokens[i].content)
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
                kept[begin:] = [_source(state.src, *(kept[begin].map or [0, 0]))]
            begin = None
    state.tokens = kept


def _source(source: str, first: int, last: int) -> Token:
    """Return lines of a text as code."""
    lines = "\n".join(source.split("\n")[first:last])
    return Token("fence", "code", 0, content=f"{lines}\n", map=[first, last])


def _keep_marks(state: StateCore) -> None:
    """Replace the marks of each paragraph, heading and cell that has too many by its source."""
    for token in state.tokens:
        if sum(map(_is_element, token.children or ())) > MOST_MARKS:
            token.children = [Token("code_inline", "code", 0, content=token.content)]


def _keep_rest(state: StateCore) -> None:
    """Replace the blocks after which a text has too many elements by their source."""
    count = begin = line = 0
    for number, token in enumerate(state.tokens):
        if token.level == 0 and token.map:
            begin, line = number, token.map[0]
        count += _is_element(token) + sum(map(_is_element, token.children or ()))
        if count > MOST_ELEMENTS:
            state.tokens[begin:] = [_source(state.src, line, state.src.count("\n") + 1)]
            return


def _code(code: str) -> str:
    """Return a block of code; one of very many lines, each of which takes a line of a page, becomes a paragraph."""
    if code.count("\n") > MOST_LINES:
        return f"<p><code>{in_pieces(' '.join(code.split()))}</code></p>\n"
    return f"<pre><code>{in_pieces(code)}</code></pre>\n"


def _is_element(token: Token) -> bool:
    return token.nesting != -1 and token.type not in ("inline", "text", "text_special", "softbreak")


def _aligned(token: Token) -> str:
    """Return the alignment of a cell as a class, because the security policy of the page forbids style attributes."""
    style = str(token.attrGet("style") or "")
    return f' class="{style.removeprefix("text-align:")}"' if style else ""


def _heading(token: Token, env: Any) -> str:
    """Return the tag of a heading: below the h2 of the report, and at most one level below the previous heading."""
    env["level"] = min(int(token.tag[1]) + 2, env.get("level", 2) + 1, 6)
    return f"h{env['level']}"
