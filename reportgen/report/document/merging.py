"""Merge sentences that differ only in numbers; numbers that differ become ranges."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_NUMBER = r"-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?%?"
_LAYERS = r"layers? \d+(?: to \d+)?(?:, \d+(?: to \d+)?)*"
_STEPS = r"steps? \d+(?: to \d+)?"
_TOKEN = re.compile(rf"({_LAYERS}|{_STEPS}|(?<![\w.-]){_NUMBER}(?![\w-]))")


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
    """Return one sentence for several sentences of one template; numbers that differ become "0.2 to 0.5".

    After "up to" and the like, only the number that bounds all of them remains.
    """
    columns = [list(dict.fromkeys(column)) for column in zip(*(_TOKEN.split(text) for text in texts), strict=True)]
    befores = ["", *(column[0] for column in columns)]
    return "".join(_merged_part(column, before) for column, before in zip(columns, befores, strict=False))


def _merged_part(parts: Sequence[str], before: str) -> str:
    if len(parts) == 1:
        return parts[0]
    if _kind(parts[0]) == "layer":
        return _layers(parts)
    if _kind(parts[0]) == "step":
        steps = [int(step) for part in parts for step in re.findall(r"\d+", part)]
        return f"steps {min(steps)} to {max(steps)}"
    bound = next((pick for words, pick in _BOUNDS.items() if before.endswith(f"{words} ")), None)
    return bound(parts, key=_value) if bound else f"{min(parts, key=_value)} to {max(parts, key=_value)}"


_BOUNDS: dict[str, Callable[..., str]] = {"up to": max, "at most": max, "at least": min, "more than": min}
"""Words before a number that is a bound, with the choice of the bound of several numbers."""


def _value(number: str) -> float:
    return float(number.rstrip("%").replace(",", ""))


def _layers(lists: Sequence[str]) -> str:
    """Return several lists of layers as one: "layer 3" and "layers 4 to 6" become "layers 3 to 6"."""
    from reportgen.analysis.diagnosis.evidence.symptoms import words_for_layers

    ends = [tuple(map(int, span.split(" to "))) for text in lists for span in text.split(" ", 1)[1].split(", ")]
    return words_for_layers(sorted({layer for end in ends for layer in range(end[0], end[-1] + 1)}))
