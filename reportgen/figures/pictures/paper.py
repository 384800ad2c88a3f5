"""The paper on which pictures are drawn: a page, or a phone."""

from __future__ import annotations

from reportgen.figures.drawing import page


def width() -> float:
    """Return the width of the paper in inches."""
    return page.width()


def fitting(on_page: int, on_phone: int) -> int:
    """Return the number of things side by side, such as panels or images."""
    return on_phone if page.is_narrow() else on_page


def inches(on_page: float, on_phone: float) -> float:
    """Return a length, such as the space for labels."""
    return on_phone if page.is_narrow() else on_page
