"""Short path data for SVG: relative coordinates, few digits, no redundant points."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

TOKEN = re.compile(r"([MLz])|(-?\d+(?:\.\d+)?(?:e-?\d+)?)")
STRAIGHT = re.compile(r"[MLz0-9eE.\s-]*")
CIRCLE = re.compile(r"M 0 ([\d.]+) C [^MLz]* z")

TENTHS, HUNDREDTHS = 10, 100
"""Steps per point: rounding by 1/20 point is invisible in lines, but not in small markers."""

LARGEST_MARKER = 20
"""Largest coordinate of a marker, in points; what is larger is an area."""

Point = tuple[int, int]


def shorten(path: str, grid: int = TENTHS) -> str:
    """Return shorter path data for the same outline, rounded to the grid; paths with curves are unchanged."""
    if not STRAIGHT.fullmatch(path):
        return path
    written: list[str] = []
    # A relative "m" starts at the end of the last outline; a closed outline ends at its start.
    at: Point = (0, 0)
    for points, closed in _outlines(path, grid):
        needed = _needed(points)
        written.append("m" + _joined(_steps(at, needed), grid) + ("z" if closed else ""))
        at = needed[0] if closed else needed[-1]
    return "".join(written)


def stamped(marker: str, places: Sequence[tuple[float, float]]) -> str | None:
    """Return one path that draws a marker at every place, None for curved markers other than circles.

    The arc of a circle leaves out a hundredth of a point, because an arc cannot end where it begins.
    """
    circle = CIRCLE.fullmatch(marker)
    if circle:
        r = float(circle[1])
        return "".join(f"M{x:g} {round(y - r, 2):g}a{r:g} {r:g} 0 1 1-.01 0z" for x, y in places)
    if not STRAIGHT.fullmatch(marker):
        return None
    large = any(abs(float(number)) > LARGEST_MARKER for _, number in TOKEN.findall(marker) if number)
    shape = shorten(marker, TENTHS if large else HUNDREDTHS)  # an area is drawn as a large marker at one place
    return "".join(f"M{x:g} {y:g}{shape}" for x, y in places)


def dots(marker: str, places: Sequence[tuple[float, float]], edge: float) -> tuple[str, float] | None:
    """Return a path for circles in one colour, and the width of its stroke; None if the marker is no circle.

    With round ends, a line of no length is a dot. edge: the width of the edge of a circle.
    """
    circle = CIRCLE.fullmatch(marker)
    if circle is None:
        return None
    grid = [(round(x * HUNDREDTHS), round(y * HUNDREDTHS)) for x, y in places]
    moves = [_joined(_steps(before, [here]), HUNDREDTHS) for before, here in pairwise([(0, 0), *grid])]
    return "".join(f"m{move}h0" for move in moves), round(2 * float(circle[1]) + edge, 2)


def _outlines(path: str, grid: int) -> list[tuple[list[Point], bool]]:
    """Return the outlines of a path as points on the grid, and whether each is closed."""
    found: list[tuple[list[Point], bool]] = []
    numbers: list[int] = []
    for command, number in TOKEN.findall(path):
        if command in ("M", "z") and numbers:
            found.append((list(zip(numbers[::2], numbers[1::2], strict=True)), command == "z"))
            numbers = []
        elif number:
            numbers.append(round(float(number) * grid))
    if numbers:
        found.append((list(zip(numbers[::2], numbers[1::2], strict=True)), False))
    return found


def _needed(points: list[Point]) -> list[Point]:
    """Return the points without those on a horizontal or vertical line between their neighbours."""
    needed = points[:1]
    for before, here in pairwise(points[1:]):
        last = needed[-1]
        horizontal = last[1] == before[1] == here[1] and (before[0] - last[0]) * (here[0] - before[0]) >= 0
        vertical = last[0] == before[0] == here[0] and (before[1] - last[1]) * (here[1] - before[1]) >= 0
        if not (horizontal or vertical or before == last):
            needed.append(before)
    return needed + points[-1:] if len(points) > 1 else needed


def _steps(start: Point, points: list[Point]) -> list[int]:
    steps: list[int] = []
    for before, here in pairwise([start, *points]):
        steps += [here[0] - before[0], here[1] - before[1]]
    return steps


def _joined(steps: list[int], grid: int) -> str:
    """Return the numbers in as few characters as possible: a minus sign needs no space before it."""
    text = ""
    for value in steps:
        word = f"{value / grid:g}"
        if word.startswith(("0.", "-0.")):
            word = word.replace("0.", ".", 1)
        text += word if not text or word.startswith("-") else f" {word}"
    return text
