"""Arrange the figures of the PDF so that pages are well filled.

A figure never breaks over two pages, so a tall one that does not fit leaves the rest of its page blank. To avoid this,
another figure that fits comes first, or the figures of a page are drawn a little smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PAGE = 251.0
"""Height of the text on a page in millimetres, as set in print.css."""

HEADING = 12.0
"""Height in millimetres of the heading above the first figure at the top of a page."""

LEAST = 0.76
"""Smallest scale of a figure; its legend then has a font size of 5 points."""

GAP = 6.0
"""Total space in millimetres between a picture and its caption and below the caption."""

LINE, LETTERS = 4.3, 105
"""Height of a line of a caption in millimetres, and the smallest number of letters in it."""


@dataclass(frozen=True)
class Block:
    """A figure in print, with the heights of its picture and its caption in millimetres."""

    id: str
    picture: float
    caption: float


def caption_height(words: str) -> float:
    """Return an upper bound of the height of a caption in millimetres."""
    return LINE * -(-len(words) // LETTERS)


def arrange(blocks: Sequence[Block], room: float) -> list[tuple[str, float]]:
    """Return the id and the picture height in mm of each figure, in print order; room: mm left on the first page."""
    waiting, placed = list(blocks), []
    while waiting:
        page: list[Block] = []
        while block := _next(page, waiting, room):
            waiting.remove(block)
            page.append(block)
        if not page and room >= PAGE - HEADING:  # taller than a page
            page.append(waiting.pop(0))
        placed += [(block.id, _scale(page, room) * block.picture) for block in page]
        room = PAGE if placed else PAGE - HEADING  # the heading goes with the first figure
    return placed


def _next(page: Sequence[Block], waiting: Sequence[Block], room: float) -> Block | None:
    """Return the first figure that fits on the page in full size, else the first that fits if all are scaled down."""
    for least in (1.0, LEAST):
        for block in waiting:
            if _scale([*page, block], room) >= least:
                return block
    return None


def _scale(page: Sequence[Block], room: float) -> float:
    """Return the scale at which the pictures fit on the page, at most 1."""
    free = room - sum(block.caption + GAP for block in page)
    return min(1.0, free / sum(block.picture for block in page))
