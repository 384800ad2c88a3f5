"""Outlines of an SVG made short: tenths of a point, relative coordinates, no points that change nothing."""

from __future__ import annotations

import re
from itertools import pairwise

TOKEN = re.compile(r"([MLz])|(-?\d+(?:\.\d+)?(?:e-?\d+)?)")
STRAIGHT = re.compile(r"[MLz0-9eE.\s-]*")

Point = tuple[int, int]


def shorten(path: str) -> str:
    """Return the path data in a shorter form that draws the same to a twentieth of a point; curves stay as they are."""
    if not STRAIGHT.fullmatch(path):
        return path
    written: list[str] = []
    # A relative "m" counts from where the last outline ended; closing leads back to its start.
    at: Point = (0, 0)
    for points, closed in _outlines(path):
        kept = _needed(points)
        written.append("m" + _joined(_steps(at, kept)) + ("z" if closed else ""))
        at = kept[0] if closed else kept[-1]
    return "".join(written)


def _outlines(path: str) -> list[tuple[list[Point], bool]]:
    """Return the outlines of a path as points in tenths, and whether each is closed."""
    found: list[tuple[list[Point], bool]] = []
    numbers: list[int] = []
    for command, number in TOKEN.findall(path):
        if command in ("M", "z") and numbers:
            found.append((list(zip(numbers[::2], numbers[1::2], strict=True)), command == "z"))
            numbers = []
        elif number:
            numbers.append(round(float(number) * 10))
    if numbers:
        found.append((list(zip(numbers[::2], numbers[1::2], strict=True)), False))
    return found


def _needed(points: list[Point]) -> list[Point]:
    """Return the points without those on a level or upright line between their neighbours; the ends always stay."""
    kept = points[:1]
    for before, here in pairwise(points[1:]):
        last = kept[-1]
        level = last[1] == before[1] == here[1] and (before[0] - last[0]) * (here[0] - before[0]) >= 0
        upright = last[0] == before[0] == here[0] and (before[1] - last[1]) * (here[1] - before[1]) >= 0
        if not (level or upright or before == last):
            kept.append(before)
    return kept + points[-1:] if len(points) > 1 else kept


def _steps(start: Point, points: list[Point]) -> list[int]:
    steps: list[int] = []
    for before, here in pairwise([start, *points]):
        steps += [here[0] - before[0], here[1] - before[1]]
    return steps


def _joined(tenths: list[int]) -> str:
    """Return the numbers with the fewest characters: a minus sign parts two numbers as well as a space."""
    text = ""
    for value in tenths:
        word = f"{value / 10:g}".replace("0.", ".", 1) if abs(value) < 10 and value else f"{value / 10:g}"
        text += word if not text or word.startswith("-") else f" {word}"
    return text
