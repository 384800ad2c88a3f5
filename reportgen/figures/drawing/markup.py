"""The Markdown of one line of a study, such as a claim, as plain text for figures, which draw no marks."""

from __future__ import annotations

import functools
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

RAISED = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
"""Letters of exponents, in DejaVu Sans."""


DISPLAY = "math_inline_double"
"""The type of the token of a $$display formula$$ within a paragraph."""


def is_safe_link(address: str) -> bool:
    """Return whether a link is allowed in a report."""
    try:
        return urlsplit(address).scheme.lower() in ("https", "mailto")
    except ValueError:
        return False


def new_parser() -> MarkdownIt:
    """Return a parser of the Markdown of studies, with $formulas$ and safe links, and without HTML and images."""
    parser = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False}).disable("image")
    parser.use(dollarmath_plugin, allow_digits=False, allow_space=False, double_inline=True)
    setattr(parser, "validateLink", is_safe_link)  # noqa: B010 - the documented way to replace it
    return parser


@functools.cache
def _parser() -> MarkdownIt:
    return new_parser()


def inline_tokens(text: str) -> list[Token]:
    """Return the tokens of the content of one paragraph, for output in other languages than HTML, on one line."""
    tokens = _parser().parseInline(text)[0].children or []
    for token in tokens:
        if token.type == DISPLAY:  # one line has no room for a formula of its own
            token.type, token.content = "math_inline", token.content.strip()
    return tokens


def plain(text: str) -> str:
    """Return the Markdown of a study on one line without marks; formulas are written with letters of Unicode."""
    return "".join(" " if token.type.endswith("break") else _text(token) for token in inline_tokens(text))


def _text(token: Token) -> str:
    return _formula(token.content) if token.type == "math_inline" else token.content


@functools.lru_cache(maxsize=512)
def _formula(latex: str) -> str:
    """Return a formula as text, or its source between dollar signs if it cannot be converted."""
    try:
        from latex2mathml.converter import convert

        text = _linear(ET.fromstring(convert(latex)))
    except Exception:  # the library raises many kinds of errors
        return f"${latex}$"
    return f"${latex}$" if "\\" in text else text  # the library keeps unknown commands


def _linear(element: ET.Element) -> str:
    """Return an element of MathML as text on one line."""
    parts = [_linear(child) for child in element]
    name = element.tag.rpartition("}")[2]
    if name == "msup" and not parts[1].translate(RAISED).isascii() and len(parts[1]) <= 3:
        return parts[0] + parts[1].translate(RAISED)
    joints = {"msup": "^", "msub": "_", "mfrac": "/"}
    if name in joints:
        return joints[name].join(map(_grouped, parts))
    return f"√{_grouped(''.join(parts))}" if name == "msqrt" else f"{element.text or ''}{''.join(parts)}"


def _grouped(text: str) -> str:
    """Return a part of a formula, in parentheses if it is longer than a name or a number."""
    return text if text.isalnum() or len(text) < 2 else f"({text})"
