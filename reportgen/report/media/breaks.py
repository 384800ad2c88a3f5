"""Places at which long names may be broken: names of columns, files and runs have no spaces."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

SEPARATORS = re.compile(r"(?<=[_/.:=-])(?![_/.:=-])")
MOST_CHARACTERS = 24
"""Length of a part of a name without separators beyond which it may be broken too."""

PIECE = 500
"""Length of a piece of code; WeasyPrint's time to find a break within one grows with the square of its length."""

_BREAK = Markup("<wbr>")


def breakable(name: str) -> Markup:
    """Return a name as HTML that may be broken after its separators, and inside of very long parts."""
    parts = [
        part[start : start + MOST_CHARACTERS]
        for part in SEPARATORS.split(str(name))
        for start in range(0, len(part), MOST_CHARACTERS)
    ]
    return _BREAK.join(map(escape, parts))


def in_pieces(code: str) -> Markup:
    """Return code as HTML that may be broken anywhere; long code is divided into pieces."""
    return _BREAK.join(escape(code[start : start + PIECE]) for start in range(0, len(code), PIECE))
