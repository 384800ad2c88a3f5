"""The colours of figures on a light and on a dark ground, and SVG in these colours; loads no drawing code.

matplotlib draws with the light colours. `dark` replaces them with the dark ones in the SVG text, and `inline` with CSS
variables that `css` defines, so that a figure in a page follows the reader's colour scheme.

The series colours are those of Okabe and Ito (2008), safe for colour-blind readers; two of them are darker, and yellow
is not used, since they are hardly visible on white. The ramp is a part of matplotlib's plasma, whose lightness changes
evenly; on both grounds, a larger value has more contrast. Lines and marks have a contrast of at least 3:1 with the
ground, text at least 4.5:1 (WCAG 2.1, success criteria 1.4.11 and 1.4.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Role = Literal["text", "line", "soft"]


@dataclass(frozen=True)
class Tone:
    """A colour on both grounds; role: "text" and "line" have enough contrast for them, "soft" is for areas and grids.

    name: the name of the CSS variable after the prefix.
    """

    name: str
    light: str
    dark: str
    role: Role


TONES = (
    Tone("ground", "#ffffff", "#16181b", "soft"),
    Tone("grid", "#dddddd", "#383c42", "soft"),
    Tone("region", "#cfe8dc", "#1d3f31", "soft"),
    Tone("ink", "#222222", "#e7e7e3", "text"),
    Tone("muted", "#5f6368", "#a9aeb6", "text"),
    Tone("grey", "#8c9298", "#71777f", "line"),
    Tone("blue", "#0072b2", "#5aa9e6", "text"),
    Tone("vermilion", "#d55e00", "#ff8c42", "line"),
    Tone("green", "#009e73", "#2fc596", "line"),
    Tone("purple", "#b0579a", "#dd8fcb", "line"),
    Tone("slate", "#595959", "#b8bcc2", "text"),
    Tone("ochre", "#a66f00", "#e8b53f", "line"),
    Tone("sky", "#2e8bc0", "#9ad1f5", "line"),
    Tone("brown", "#7a5c3e", "#c9a27c", "text"),
    Tone("vermilion-text", "#b84f00", "#ff8c43", "text"),
    Tone("green-text", "#007a58", "#2fc597", "text"),
    Tone("purple-text", "#9a4586", "#dd8fcc", "text"),
    Tone("ochre-text", "#8a5c00", "#e8b540", "text"),
    Tone("sky-text", "#1f6f9e", "#9ad1f6", "text"),
    Tone("ramp-1", "#e16462", "#bf3984", "line"),
    Tone("ramp-2", "#cc4778", "#d5546e", "line"),
    Tone("ramp-3", "#b12a90", "#e66c5c", "line"),
    Tone("ramp-4", "#8f0da4", "#f58b47", "line"),
    Tone("ramp-5", "#6a00a8", "#fdab33", "line"),
    Tone("ramp-6", "#41049d", "#fcce25", "line"),
    Tone("ramp-7", "#0d0887", "#f0f921", "line"),
    Tone("ramp-1-text", "#c04040", "#e0689f", "text"),
    Tone("ramp-2-text", "#c03c6c", "#e0667e", "text"),
    Tone("shade-1", "#cfe1ee", "#1f3d55", "soft"),
    Tone("shade-2", "#8fbbd9", "#2f6690", "soft"),
    Tone("shade-3", "#4a93c4", "#4a94c5", "soft"),
    Tone("shade-4", "#1670a8", "#8fc1e8", "soft"),
    Tone("shade-5", "#003f66", "#d6ecfb", "soft"),
    Tone("image-layer", "#d6e8f4", "#1d3447", "soft"),
    Tone("dense-layer", "#fbe3cf", "#472f18", "soft"),
    Tone("other-layer", "#eeeeee", "#2b2e33", "soft"),
    Tone("error", "#a3231c", "#f5a39b", "text"),
    Tone("warning", "#8a5a00", "#e9c46a", "text"),
)
"""All colours of figures; `COLOURS` and `RAMP` are the series colours in their order."""

BY_NAME = {tone.name: tone for tone in TONES}
BY_LIGHT = {tone.light: tone for tone in TONES}

COLOURS = tuple(
    BY_NAME[name].light for name in ("blue", "vermilion", "green", "purple", "slate", "ochre", "sky", "brown")
)
"""Colours of categories."""

RAMP = tuple(BY_NAME[f"ramp-{number}"].light for number in range(1, 8))
"""Colours of ordered settings, from the smallest to the largest value."""

SHADES = tuple(BY_NAME[f"shade-{number}"].light for number in range(1, 6))
"""Colours of filled marks from the worst to the best fifth of values."""

PREFIX = "--f-"
PAINT = re.compile(r'\b(fill|stroke)="(#[0-9a-f]{6})"')


def light(name: str) -> str:
    """Return the colour with this name on a light ground, as matplotlib draws it."""
    return BY_NAME[name].light


def text_colour(colour: str) -> str:
    """Return a darker tone of a series colour that has enough contrast for text; other colours as they are."""
    tone = BY_LIGHT.get(colour)
    return BY_NAME[f"{tone.name}-text"].light if tone and f"{tone.name}-text" in BY_NAME else colour


def dark(svg: str) -> str:
    """Return an SVG figure in the colours for a dark ground."""
    return PAINT.sub(lambda found: f'{found[1]}="{BY_LIGHT[found[2]].dark}"' if found[2] in BY_LIGHT else found[0], svg)


def inline(svg: str) -> str:
    """Return an SVG figure whose colours are the CSS variables of `css`."""
    return PAINT.sub(
        lambda found: f'{found[1]}="var({PREFIX}{BY_LIGHT[found[2]].name})"' if found[2] in BY_LIGHT else found[0], svg
    )


def css() -> str:
    """Return a style sheet that defines the variables for both colour schemes; print is light."""
    schemes = [";".join(f"{PREFIX}{tone.name}:{getattr(tone, ground)}" for tone in TONES) for ground in SCHEMES]
    return f":root{{{schemes[0]}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{schemes[1]}}}}}\n"


SCHEMES = ("light", "dark")


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.1)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour such as "#d55e00", from 0 to 1."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
