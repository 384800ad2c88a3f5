"""Repeated parts of a sequence, which a table or drawing shows once with the number of repetitions."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

LONGEST = 12
"""The largest number of elements of a part."""

LEAST_SAVED = 2
"""A part is folded if this saves at least so many elements."""


@dataclass(frozen=True)
class Part:
    """Elements [start, start + length) of a sequence, which follow each other `count` times."""

    start: int
    length: int
    count: int = 1


def fold(elements: Sequence[Hashable], begins: Sequence[bool]) -> list[Part]:
    """Return the parts of a sequence in order; elements that are not repeated are parts of length and count 1.

    begins: whether a repeated part may begin with an element.
    """
    parts: list[Part] = []
    at = 0
    while at < len(elements):
        part = _longest_repeat(elements, at) if begins[at] else Part(at, 1)
        parts.append(part)
        at += part.length * part.count
    return parts


def _longest_repeat(elements: Sequence[Hashable], start: int) -> Part:
    best = Part(start, 1)
    for length in range(1, min(LONGEST, (len(elements) - start) // 2) + 1):
        count = 1
        unit = elements[start : start + length]
        while elements[start + count * length : start + (count + 1) * length] == unit:
            count += 1
        saved, before = (count - 1) * length, (best.count - 1) * best.length
        if saved >= LEAST_SAVED and saved > before:
            best = Part(start, length, count)
    return best
