"""Merge sentences that differ only in numbers; numbers that differ become ranges."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_NUMBER = r"-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?%?"
_LAYERS = r"layers? \d+(?:-\d+)?(?:, \d+(?:-\d+)?)*"
_STEPS = r"steps? \d+(?: to \d+)?"
_TOKEN = re.compile(rf"({_LAYERS}|{_STEPS}|(?<![\w.-]){_NUMBER}(?![\w-]))")

DASH = "–"


def grouped(items: Iterable[Item], keys: Iterable[Hashable]) -> list[list[Item]]:
    """Return the items in groups of equal keys, in the order of their first members."""
    groups: dict[Hashable, list[Item]] = {}
    for key, item in zip(keys, items, strict=True):
        groups.setdefault(key, []).append(item)
    return list(groups.values())


def template(text: str) -> str:
    """Return a sentence with a placeholder for each number, and one for each list of layers."""
    return _TOKEN.sub(lambda match: f"{_kind(match[0])} #", text)


def _kind(token: str) -> str:
    return next((word for word in ("layer", "step") if token.startswith(word)), "")


def merged(texts: Sequence[str]) -> str:
    """Return one sentence for several sentences of one template; numbers that differ become ranges such as 0.2–0.5."""
    columns = zip(*(_TOKEN.split(text) for text in texts), strict=True)
    return "".join(_merged_part(list(dict.fromkeys(column))) for column in columns)


def _merged_part(parts: Sequence[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    if _kind(parts[0]) == "layer":
        return _layers(parts)
    if _kind(parts[0]) == "step":
        steps = [int(step) for part in parts for step in re.findall(r"\d+", part)]
        return f"steps {min(steps)} to {max(steps)}"
    low, high = min(parts, key=_value), max(parts, key=_value)
    between = " to " if low.startswith("-") else DASH
    return f"{low.removesuffix('%') if high.endswith('%') else low}{between}{high}"


def _value(number: str) -> float:
    return float(number.rstrip("%").replace(",", ""))


def _layers(lists: Sequence[str]) -> str:
    """Return several lists of layers as one: "layer 3" and "layers 4-6" become "layers 3-6"."""
    from reportgen.analysis.diagnosis.evidence.symptoms import words_for_layers

    ends = [tuple(map(int, span.split("-"))) for text in lists for span in text.split(" ", 1)[1].split(", ")]
    return words_for_layers(sorted({layer for end in ends for layer in range(end[0], end[-1] + 1)}))
