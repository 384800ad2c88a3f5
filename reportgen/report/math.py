"""Formulas: MathML for pages, SVG for print, whose engine knows no MathML; the source where neither can be made."""

from __future__ import annotations

import functools
import html
import importlib
import re
from typing import Any

from markupsafe import Markup


def mathml(latex: str, block: bool = False) -> Markup:
    """Return the formula as MathML; one that cannot be read is shown as it was written."""
    try:
        from latex2mathml.converter import convert

        # The converter's output is markup made from parsed LaTeX; attributes and text are escaped by its XML writer.
        return Markup(convert(latex, display="block" if block else "inline"))
    except Exception:  # the library raises its own errors of many kinds
        return _source(latex)


@functools.lru_cache(maxsize=512)
def svg(latex: str, block: bool = False) -> Markup:
    """Return the formula as SVG that stands on the text's baseline, with its source as the alternative text."""
    try:
        ziamath: Any = importlib.import_module("ziamath")

        ziamath.config.svg2 = False
        drawn = ziamath.Latex(latex, size=14.5, inline=not block)
        # ziamath measures in pixels of a 96-dpi screen; print sets them as points of a 72-dpi page.
        shift = float(drawn.getyofst()) * 0.68
        label = f'<svg role="img" aria-label="{html.escape(latex, quote=True)}" '
        picture = drawn.svg().replace("<svg ", label, 1)
        scaled = re.sub(r'(width|height)="([\d.]+)"', _scaled, picture, count=2)
        if block:
            return Markup(f'<span class="formula-block">{scaled}</span>')
        return Markup(f'<span class="formula" style="vertical-align: {shift:.2f}pt">{scaled}</span>')
    except Exception:  # as above
        return _source(latex)


def _scaled(found: re.Match[str]) -> str:
    return f'{found.group(1)}="{float(found.group(2)) * 0.68:.2f}pt"'


def _source(latex: str) -> Markup:
    return Markup('<code class="formula-source">{}</code>').format(latex)
