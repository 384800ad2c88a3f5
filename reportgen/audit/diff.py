"""Where two tellings of the same results part: values of results.json, and tables as CSV."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RELATIVE, ABSOLUTE = 1e-9, 1e-15
"""Numbers that differ by less are the same: another machine, or another order of adding up, changes their last bits.

Differences of scores may cancel to nothing but such bits, so that a share of what is left would say little.
"""

ITEMS = {
    "variants": ("id",),
    "runs": ("variant", "seed"),
    "claims": ("id",),
    "findings": ("rule", "variant"),
    "ensembles": ("variant", "size"),
    "sanity": ("check", "variant", "subject"),
    "figures": ("id",),
    "searches": ("search",),
}
"""By what an item of a list in results.json is told from the others."""

ROWS = {
    "variants": ("variant",),
    "runs": ("variant", "seed"),
    "epochs": ("variant", "seed", "epoch"),
    "layers": ("variant", "seed", "step", "layer"),
    "claims": ("id",),
    "comparisons": ("a", "b", "score"),
    "findings": ("rule", "variant"),
}
"""By what a row of a table is told from the others."""

WORDED = "figures: "
"""Where words are not results: titles, captions and alternative texts are held against one another by their numbers."""

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")

COUNTED = ("seed", "size", "epoch", "step", "layer")
"""Names that are numbers, and stand beside what they count."""

LONGEST = 200  # letters of a value that a line shows

NOTHING = object()
"""Stands for what is in one of the two alone."""


@dataclass(frozen=True)
class Difference:
    """A place where what is told is not what records say; None for a side that has nothing there.

    file: of the report; place: in it, in words.
    """

    file: str
    place: str
    told: Any
    recomputed: Any
    text: str


def result_differences(file: str, told: Mapping[str, Any], recomputed: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield where results differ; lists of variants, runs and the like are matched by the names of their items."""
    for key in dict.fromkeys((*recomputed, *told)):
        sides = [side.get(key, NOTHING) for side in (told, recomputed)]
        if key in ITEMS and all(_is_table(side) for side in sides if side is not NOTHING):
            named = [_named(side if side is not NOTHING else (), ITEMS[key]) for side in sides]
            for name in dict.fromkeys((*named[1], *named[0])):
                items = [side.get(name, NOTHING) for side in named]
                yield from _apart(file, f"{key}: {name}", *items)
        else:
            yield from _apart(file, key, *sides)


def table_differences(file: str, name: str, told: str, recomputed: str) -> Iterator[Difference]:
    """Yield where two tables in CSV differ; a difference is a cell, or a row that one of them lacks."""
    if told == recomputed:
        return
    tables = [list(csv.reader(io.StringIO(text))) for text in (told, recomputed)]
    columns = [table[0] if table else [] for table in tables]
    if columns[0] != columns[1]:
        yield _difference(file, "columns", ", ".join(columns[0]), ", ".join(columns[1]))
        return
    items = [[dict(zip(columns[0], map(_cell, row), strict=False)) for row in table[1:]] for table in tables]
    named = [_named(table, ROWS[name]) for table in items]
    for row in dict.fromkeys((*named[1], *named[0])):
        yield from _apart(file, row, *(table.get(row, NOTHING) for table in named))


def _apart(file: str, place: str, told: Any, recomputed: Any) -> Iterator[Difference]:
    """Yield where two values differ, down to the innermost that do."""
    if told == recomputed:
        return
    if isinstance(told, Mapping) and isinstance(recomputed, Mapping):
        for key in dict.fromkeys((*recomputed, *told)):
            yield from _apart(file, f"{place}: {key}", told.get(key, NOTHING), recomputed.get(key, NOTHING))
    elif isinstance(told, list) and isinstance(recomputed, list) and len(told) == len(recomputed):
        for number, pair in enumerate(zip(told, recomputed, strict=True), 1):
            yield from _apart(file, f"{place}: {number}", *pair)
    elif not (_close(told, recomputed) or (place.startswith(WORDED) and _same_numbers(told, recomputed))):
        yield _difference(file, place, told, recomputed)


def _close(told: Any, recomputed: Any) -> bool:
    numbers = [_number(value) for value in (told, recomputed)]
    return None not in numbers and math.isclose(*numbers, rel_tol=RELATIVE, abs_tol=ABSOLUTE)  # type: ignore[arg-type]


def _same_numbers(told: Any, recomputed: Any) -> bool:
    """Return whether two texts hold the same numbers in whatever words, which change from version to version."""
    both = isinstance(told, str) and isinstance(recomputed, str)
    return both and NUMBER.findall(told) == NUMBER.findall(recomputed)


def _number(value: Any) -> float | None:
    """Return a number, also one in a cell; None for what is none, and for whole numbers, which are exact."""
    if isinstance(value, str) and any(sign in value for sign in ".e"):
        try:
            return float(value)
        except ValueError:
            return None
    return value if isinstance(value, float) else None


def _cell(text: str) -> Any:
    """Return what a cell holds: lists and mappings from JSON, all else as it stands."""
    if text[:1] in ("[", "{"):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(text)
    return text


def _difference(file: str, place: str, told: Any, recomputed: Any) -> Difference:
    if told is NOTHING:
        text = f"{file}: {place}: missing; the records make it {_shown(recomputed)}"
    elif recomputed is NOTHING:
        text = f"{file}: {place}: {_shown(told)}, of which the records know nothing"
    else:
        text = f"{file}: {place}: {_shown(told)}; the records make it {_shown(recomputed)}"
    told, recomputed = (None if side is NOTHING else side for side in (told, recomputed))
    return Difference(file, place, told, recomputed, text)


def _shown(value: Any) -> str:
    """Return a value on one line; of a long one its beginning."""
    if isinstance(value, Mapping):
        return f"an entry of {len(value)} values"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _named(items: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return items by their names; equal names are numbered."""
    seen: Counter[str] = Counter()
    found: dict[str, Mapping[str, Any]] = {}
    for item in items:
        parts = [(key, item[key]) for key in keys if item.get(key) not in (None, "")]
        name = ", ".join(f"{key} {value}" if key in COUNTED else str(value) for key, value in parts)
        seen[name] += 1
        found[f"{name} ({seen[name]})" if seen[name] > 1 else name] = item
    return found
