"""Merge sentences of the current language that differ only in numbers; numbers that differ become ranges."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from reportgen.analysis.words.formatting import span
from reportgen.languages.translate import N_, _, current_language, ngettext, numeral, percentage

Item = TypeVar("Item")


def grouped(items: Iterable[Item], keys: Iterable[Hashable]) -> list[list[Item]]:
    """Return the items in groups of equal keys, in the order of their first members."""
    groups: dict[Hashable, list[Item]] = {}
    for key, item in zip(keys, items, strict=True):
        groups.setdefault(key, []).append(item)
    return list(groups.values())


def template(text: str) -> str:
    """Return a sentence with a placeholder for each number, and one for each list of layers."""
    words = _words(current_language())
    return words.token.sub(lambda match: f"{words.kind(match[0])} #", text)


def merged(texts: Sequence[str]) -> str:
    """Return one sentence for several sentences of one template; numbers that differ become "0.2 to 0.5".

    After "up to" and the like, only the number that bounds all of them remains.
    """
    words = _words(current_language())
    columns = [list(dict.fromkeys(column)) for column in zip(*(words.token.split(text) for text in texts), strict=True)]
    befores = ["", *(column[0] for column in columns)]
    return "".join(_merged_part(column, before, words) for column, before in zip(columns, befores, strict=False))


@dataclass(frozen=True)
class _Words:
    """What precedes the numbers of layers and of steps in a language, and the pattern of all numbers."""

    layers: tuple[str, ...]
    steps: tuple[str, ...]
    token: re.Pattern[str]

    def kind(self, token: str) -> str:
        """Return "layer" or "step" for numbers of layers or steps, empty for other numbers."""
        kinds = {"layer": self.layers, "step": self.steps}
        return next((kind for kind, starts in kinds.items() if token.startswith(starts)), "")


@cache
def _words(language: str) -> _Words:
    """Return the words of the current language, whose code is `language`."""
    layers = _starts(*(ngettext("layer {numbers}", "layers {numbers}", count) for count in (1, 2)))
    steps = _starts(_("step {steps}"), _("steps {steps} to {steps2}"))
    to, point, comma = (re.escape(text) for text in (span("0", "1")[1:-1], numeral("."), numeral(",")))
    number = rf"-?\d+(?:{comma}\d{{3}})*(?:{point}\d+)?(?:e[-+]?\d+)?(?:{re.escape(percentage(''))})?"
    numbers = rf"\d+(?:{to}\d+)?"
    of_layers = rf"(?:{'|'.join(map(re.escape, layers))}){numbers}(?:, {numbers})*"
    of_steps = rf"(?:{'|'.join(map(re.escape, steps))}){numbers}"
    return _Words(layers, steps, re.compile(rf"({of_layers}|{of_steps}|(?<![\w.-]){number}(?![\w-]))"))


def _starts(*messages: str) -> tuple[str, ...]:
    return tuple(message.partition("{")[0] for message in messages)


def _merged_part(parts: Sequence[str], before: str, words: _Words) -> str:
    if len(parts) == 1:
        return parts[0]
    if words.kind(parts[0]) == "layer":
        return _layers(parts)
    if words.kind(parts[0]) == "step":
        steps = [int(step) for part in parts for step in re.findall(r"\d+", part)]
        return _("steps {steps} to {steps2}").format(steps=min(steps), steps2=max(steps))
    bound = next((pick for message, pick in _BOUNDS if before.endswith(_starts(_(message)))), None)
    return bound(parts, key=_value) if bound else span(min(parts, key=_value), max(parts, key=_value))


_BOUNDS: tuple[tuple[str, Callable[..., str]], ...] = (
    (N_("up to {share}"), max),
    (N_("up to {times} times"), max),
    (N_("at most {share}"), max),
    (N_("at least {share}"), min),
    (N_("more than {share}"), min),
)
"""Messages with a bound, with the choice of the bound of several numbers."""


def _value(number: str) -> float:
    plain = number.removesuffix(percentage("")).replace(numeral(","), "")
    return float(plain.replace(numeral("."), "."))


def _layers(lists: Sequence[str]) -> str:
    """Return several lists of layers as one: "layer 3" and "layers 4 to 6" become "layers 3 to 6"."""
    from reportgen.analysis.diagnosis.evidence.symptoms import words_for_layers

    ends = [[int(end) for end in re.findall(r"\d+", part)] for text in lists for part in text.split(", ")]
    return words_for_layers(sorted({layer for end in ends for layer in range(end[0], end[-1] + 1)}))
