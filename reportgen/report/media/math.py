"""Formulas as MathML for pages and as SVG for print; a formula that cannot be converted stays LaTeX source."""

from __future__ import annotations

import functools
import html
import importlib
import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from reportgen.report.media.breaks import in_pieces
from reportgen.report.media.tex import is_mathematics

MATHML = "http://www.w3.org/1998/Math/MathML"
ELEMENTS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "ms", "mfrac", "msqrt", "mroot", "mstyle", "merror", "mpadded",
    "mphantom", "mfenced", "menclose", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts",
    "mprescripts", "none", "mtable", "mtr", "mtd", "semantics",
}  # fmt: skip
ATTRIBUTES = {
    "accent", "accentunder", "align", "close", "columnalign", "columnlines", "columnspacing", "depth", "display",
    "displaystyle", "fence", "form", "height", "largeop", "linethickness", "lspace", "mathsize", "mathvariant",
    "maxsize", "minsize", "movablelimits", "notation", "open", "rowlines", "rowspacing", "rspace", "scriptlevel",
    "separator", "stretchy", "symmetric", "voffset", "width",
}  # fmt: skip
PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
"""Required number of children; the converter writes fewer if the author left out an argument."""

MOST_DRAWN = 500
"""Largest number of formulas that are drawn in a PDF, each of which takes some 25 ms; more stay LaTeX source."""

_BARE_AMPERSAND = re.compile(r"&(?!#x?[0-9A-Fa-f]+;)")
_EM_A_PIXEL = 0.68 / 10.4
"""Factor from ziamath's pixels to the font size around the formula: 0.68 points in text of 10.4 points."""


MOST_NARROW = 16
"""The largest number of letters of a formula that fits on a line of a phone, even if all are wide."""


@functools.lru_cache(maxsize=512)
def mathml(latex: str, block: bool = False) -> Markup:
    """Return the formula as MathML, or as its source if it is no mathematics or cannot be converted."""
    if not is_mathematics(latex):
        return _source(latex)
    try:
        from latex2mathml.converter import convert

        return _checked(convert(latex, display="block" if block else "inline"), latex)
    except Exception:  # the library raises many kinds of errors
        return _source(latex)


def is_formula(latex: str) -> bool:
    """Return whether the source is mathematics that can be converted, so that other programs may typeset it."""
    return mathml(latex) != _source(latex)


def typeset_by_others(latex: str, before: str, after: str) -> Markup:
    """Return a formula in HTML whose reader typesets what is between these marks; others than formulas are source."""
    return escape(f"{before}{latex}{after}") if is_formula(latex) else _source(latex)


def _checked(source: str, latex: str) -> Markup:
    """Return the MathML of the converter, restricted to safe elements and attributes.

    The converter copies the text of a formula without checks, including tags and addresses. A formula with an element
    that is not MathML is shown as its source, and attributes that could refer outside of the page are removed.
    """
    root = ET.fromstring(_BARE_AMPERSAND.sub("&amp;", source))
    for element in root.iter():
        space, _, name = element.tag.rpartition("}")
        element.tag = name if space == f"{{{MATHML}" else ""
        if not _is_formula(element):
            return _source(latex)
        for key in set(element.attrib) - ATTRIBUTES:
            del element.attrib[key]
    _join_upright(root)
    if root.get("display") == "block" or len("".join(root.itertext())) > MOST_NARROW:
        root.set("tabindex", "0")  # a formula that is wider than the page scrolls, also by keys
    root.set("xmlns", MATHML)
    return Markup(ET.tostring(root, encoding="unicode"))


def _is_formula(element: ET.Element) -> bool:
    """Return whether the element is complete MathML without unknown LaTeX commands."""
    known = element.tag in ELEMENTS and len(element) == PARTS.get(element.tag, len(element))
    return known and not (element.tag == "mi" and (element.text or "").startswith(("\\", "&")))


def _join_upright(root: ET.Element) -> None:
    """Join upright letters to one word ("Var" instead of V, a, r) for screen readers and correct spacing."""
    for parent in list(root.iter("mrow")):
        letters = [child.text or "" for child in parent]
        upright = all(child.tag == "mi" and child.get("mathvariant") == "normal" for child in parent)
        if len(letters) > 1 and upright:
            parent[:] = [ET.Element("mi")]
            parent[0].text = "".join(letters)


def limited_svg(most: int = MOST_DRAWN) -> Callable[[str, bool], Markup]:
    """Return `svg` for one document, whose formulas after the first `most` ones stay LaTeX source."""
    numbers = itertools.count(1)

    def limited(latex: str, block: bool) -> Markup:
        return svg(latex, block) if next(numbers) <= most else _source(latex)

    return limited


@functools.lru_cache(maxsize=1024)
def svg(latex: str, block: bool = False) -> Markup:
    """Return the formula as SVG on the baseline of the text, with its source as the alternative text."""
    if not is_mathematics(latex):
        return _source(latex)
    try:
        ziamath: Any = importlib.import_module("ziamath")

        ziamath.config.svg2 = False
        drawn = ziamath.Latex(latex, size=14.5, inline=not block)
        shift = float(drawn.getyofst()) * _EM_A_PIXEL
        words = html.escape(latex, quote=True)
        label = f'<svg role="img" aria-label="{words}" '
        scaled = re.sub(r'(width|height)="([\d.]+)"', _scaled, _drawing(drawn.svg()), count=2)
        named = scaled.replace(">", f"><title>{words}</title>", 1)  # the alternative text in a PDF
        picture = named.replace("<svg ", label, 1)
        if block:
            return Markup(f'<span class="formula-block">{picture}</span>')
        return Markup(f'<span class="formula" style="vertical-align: {shift:.3f}em">{picture}</span>')
    except Exception:  # the library raises many kinds of errors
        return _source(latex)


def _drawing(source: str) -> str:
    """Return the SVG of ziamath; raises ValueError if it contains anything but shapes."""
    names = {element.tag.rpartition("}")[2] for element in ET.fromstring(source).iter()}
    if not names <= {"svg", "g", "path", "rect", "line", "symbol", "use", "defs"}:
        raise ValueError(f"a formula drawn with {sorted(names)}")
    return source


def _scaled(match: re.Match[str]) -> str:
    return f'{match.group(1)}="{float(match.group(2)) * _EM_A_PIXEL:.3f}em"'


def _source(latex: str) -> Markup:
    return Markup('<code class="formula-source">{}</code>').format(in_pieces(latex))
