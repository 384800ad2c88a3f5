"""The Markdown of one line, such as a claim, as LaTeX and as Markdown for other programs, with all else escaped."""

from __future__ import annotations

import re
from collections.abc import Callable

from markdown_it.token import Token

from reportgen.figures.drawing.markup import inline_tokens
from reportgen.report.media.math import is_formula

LATEX = {
    "em_open": r"\emph{",
    "strong_open": r"\textbf{",
    **dict.fromkeys(("em_close", "strong_close"), "}"),
    **dict.fromkeys(("softbreak", "hardbreak"), " "),
}
"""LaTeX of the tokens without a text; others, such as links, are left out, so that their text remains."""

MARKDOWN = {
    **dict.fromkeys(("em_open", "em_close"), "*"),
    **dict.fromkeys(("strong_open", "strong_close"), "**"),
    **dict.fromkeys(("s_open", "s_close"), "~~"),
    **dict.fromkeys(("softbreak", "hardbreak"), " "),
}
"""Markdown of the same tokens."""

ESCAPED = set("\\`*_[]<>$~^#@{}|&")
"""Letters that CommonMark, MyST or Pandoc give a meaning inside of a line; others have one at its beginning only."""

OPENING = set("+-=:%")
"""Letters that may begin a list, a heading, a container or a comment."""

TEMPLATE = re.compile(r"\{(?=[{%])")
"""The brace that begins a template, which Jekyll would fill in, or a shortcode of Quarto."""


def markdown_text(text: str) -> str:
    """Return plain text on one line with escaped Markdown."""
    line = " ".join(text.split())
    escaped = _escaped(line)
    number = len(line) - len(line.lstrip("0123456789"))
    if line[:1] in OPENING:
        return f"\\{escaped}"
    is_item = number and line[number : number + 1] in (".", ")")
    return f"{escaped[:number]}\\{escaped[number:]}" if is_item else escaped


def inline_markdown(text: str) -> str:
    """Return the Markdown of a study on one line for Pandoc and MyST, in which more letters have a meaning."""
    parts = [
        f"${_not_html(TEMPLATE.sub('{ ', token.content))}$"
        if token.type == "math_inline" and is_formula(token.content)
        else _code(token.content)
        if token.type == "code_inline" and not TEMPLATE.search(token.content)
        else MARKDOWN.get(token.type) or _escaped(_text(token))
        for token in inline_tokens(" ".join(text.split()))
    ]
    line = "".join(parts)
    return f"\\{line}" if line[:1] in OPENING else line


def inline_latex(text: str, escape: Callable[[str], str]) -> str:
    """Return the Markdown of a study on one line as LaTeX; escape: converts plain text."""
    parts = [
        f"${token.content}$"
        if token.type == "math_inline" and is_formula(token.content)
        else rf"\texttt{{{escape(token.content)}}}"
        if token.type == "code_inline"
        else LATEX.get(token.type) or escape(_text(token))
        for token in inline_tokens(" ".join(text.split()))
    ]
    return "".join(parts)


def _not_html(latex: str) -> str:
    """Return a formula in which no tag begins, for programs that know no formulas."""
    return re.sub(r"<(?=[A-Za-z/!?])", "< ", latex)


def _escaped(text: str) -> str:
    """Return text with escaped Markdown and without the beginning of a template."""
    return TEMPLATE.sub(r"{\\", "".join(f"\\{letter}" if letter in ESCAPED else letter for letter in text))


def _text(token: Token) -> str:
    """Return the text of a token; a formula that cannot be converted keeps its dollar signs."""
    return f"${token.content}$" if token.type == "math_inline" and not is_formula(token.content) else token.content


def _code(text: str) -> str:
    """Return text in enough backticks."""
    ticks = "`" * next(count for count in range(1, len(text) + 2) if "`" * count not in text)
    return f"{ticks} {text} {ticks}" if "`" in text else f"{ticks}{text}{ticks}"
