"""The paper on which pictures are drawn."""

from __future__ import annotations

from reportgen.figures.drawing import style as _style


def width() -> float:
    """Return the width of the paper in inches."""
    return _style.WIDTH
