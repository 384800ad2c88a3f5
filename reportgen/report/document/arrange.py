"""Where figures go on paper: in an order and at sizes that leave little of a page empty.

A figure is not broken over two pages, so a tall one that does not fit leaves the rest of its page blank. What the eye
does not miss is cheaper: another figure that fits comes first, or one is drawn a little smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PAGE = 251.0
"""Millimetres of a page that hold text: those of print.css."""

HEADING = 12.0
"""Millimetres of the heading above the first figure, at the top of a page."""

LEAST = 0.76
"""A figure is drawn no smaller than this share of its size: its legend then has 5 points."""

GAP = 6.0
"""Millimetres between a picture and its caption, and below that, together."""

LINE, LETTERS = 4.3, 105
"""Millimetres of a caption's line, and how many letters it holds at least."""


@dataclass(frozen=True)
class Block:
    """A figure as it stands on paper: heights in millimetres of picture and caption."""

    id: str
    picture: float
    caption: float


def caption_height(words: str) -> float:
    """Return how tall a caption is, at most."""
    return LINE * -(-len(words) // LETTERS)


def arrange(blocks: Sequence[Block], room: float) -> list[tuple[str, float]]:
    """Return the figures' ids in the order of the paper, each with its picture's height; room: mm left on the page."""
    waiting, placed = list(blocks), []
    while waiting:
        page: list[Block] = []
        while found := _next(page, waiting, room):
            waiting.remove(found)
            page.append(found)
        if not page and room >= PAGE - HEADING:  # taller than a page
            page.append(waiting.pop(0))
        placed += [(block.id, _scale(page, room) * block.picture) for block in page]
        room = PAGE if placed else PAGE - HEADING  # the heading goes with the first figure
    return placed


def _next(page: Sequence[Block], waiting: Sequence[Block], room: float) -> Block | None:
    """Return the first figure that fits beside those of the page as they are, else when all are a little smaller."""
    for least in (1.0, LEAST):
        for block in waiting:
            if _scale([*page, block], room) >= least:
                return block
    return None


def _scale(page: Sequence[Block], room: float) -> float:
    """Return by what share the pictures of a page are to be smaller, 1 where they fit as they are."""
    free = room - sum(block.caption + GAP for block in page)
    return min(1.0, free / sum(block.picture for block in page))
