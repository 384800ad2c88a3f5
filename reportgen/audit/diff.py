"""Differences between reported and recomputed results: values of results.json and CSV tables."""

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

from reportgen.analysis.words.foreign import text_of_cell

RELATIVE, ABSOLUTE = 1e-9, 1e-15
"""Numbers that differ by less are equal: the last bits depend on the machine and on the order of summation.

The absolute tolerance is for differences of scores close to 0, where only such bits remain.
"""

ITEMS = {
    "variants": ("id",),
    "runs": ("variant", "seed"),
    "confusion": ("variant", "true_class", "predicted_class"),
    "claims": ("id",),
    "findings": ("rule", "variant"),
    "ensembles": ("variant", "size"),
    "sanity": ("check", "variant", "subject"),
    "figures": ("id",),
    "searches": ("search",),
}
"""Keys that identify an item of each list in results.json."""

ROWS = {
    "variants": ("variant",),
    "runs": ("variant", "seed"),
    "epochs": ("variant", "seed", "epoch"),
    "layers": ("variant", "seed", "step", "layer"),
    "architecture": ("variant", "first"),
    "rounds": ("variant", "seed", "round"),
    "confusion": ("variant", "true_class", "predicted_class"),
    "claims": ("id",),
    "comparisons": ("a", "b", "score"),
    "findings": ("rule", "variant"),
}
"""Columns that identify a row of each table."""

WORDED, WORDED_KEYS = "figures: ", (": message", ": advice")
"""Places whose wording is not a result, of figures and of findings: only the numbers in their texts are compared."""

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")

COUNTED = ("seed", "size", "epoch", "step", "layer", "round")
"""Keys with numeric values, which are shown together with the key."""

LONGEST = 200  # characters of a value in a line

MISSING = object()
"""Value of an entry that only the other side has."""


@dataclass(frozen=True)
class Difference:
    """A difference between a report and its recomputation.

    Attributes
    ----------
    file, place : file in the report and place in it.
    reported, recomputed : both values, None if missing.
    text : message.
    """

    file: str
    place: str
    reported: Any
    recomputed: Any
    text: str


def result_differences(file: str, reported: Mapping[str, Any], recomputed: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield the differences of results; lists, such as variants and runs, are matched by the names of their items."""
    for key in dict.fromkeys((*recomputed, *reported)):
        sides = [side.get(key, MISSING) for side in (reported, recomputed)]
        if key in ITEMS and all(_is_table(side) for side in sides if side is not MISSING):
            named = [_named(side if side is not MISSING else (), ITEMS[key]) for side in sides]
            for name in dict.fromkeys((*named[1], *named[0])):
                items = [side.get(name, MISSING) for side in named]
                yield from _differences(file, f"{key}: {name}", *items)
        else:
            yield from _differences(file, key, *sides)


def table_differences(file: str, name: str, reported: str, recomputed: str) -> Iterator[Difference]:
    """Yield the differences of two CSV tables: cells, and rows that only one of them has."""
    if reported == recomputed:
        return
    tables = [list(csv.reader(io.StringIO(text))) for text in (reported, recomputed)]
    columns = [table[0] if table else [] for table in tables]
    if columns[0] != columns[1]:
        yield _difference(file, "columns", ", ".join(columns[0]), ", ".join(columns[1]))
        return
    items = [[dict(zip(columns[0], map(_cell, row), strict=False)) for row in table[1:]] for table in tables]
    named = [_named(table, ROWS[name]) for table in items]
    for row in dict.fromkeys((*named[1], *named[0])):
        yield from _differences(file, row, *(table.get(row, MISSING) for table in named))


def _differences(file: str, place: str, reported: Any, recomputed: Any) -> Iterator[Difference]:
    """Yield the innermost differences of two values."""
    if reported == recomputed:
        return
    if isinstance(reported, Mapping) and isinstance(recomputed, Mapping):
        for key in dict.fromkeys((*recomputed, *reported)):
            yield from _differences(file, f"{place}: {key}", reported.get(key, MISSING), recomputed.get(key, MISSING))
    elif isinstance(reported, list) and isinstance(recomputed, list) and len(reported) == len(recomputed):
        for number, pair in enumerate(zip(reported, recomputed, strict=True), 1):
            yield from _differences(file, f"{place}: {number}", *pair)
    elif not (_close(reported, recomputed) or (_is_worded(place) and _same_numbers(reported, recomputed))):
        yield _difference(file, place, reported, recomputed)


def _close(reported: Any, recomputed: Any) -> bool:
    numbers = [_number(value) for value in (reported, recomputed)]
    return None not in numbers and math.isclose(*numbers, rel_tol=RELATIVE, abs_tol=ABSOLUTE)  # type: ignore[arg-type]


def _is_worded(place: str) -> bool:
    return place.startswith(WORDED) or place.endswith(WORDED_KEYS)


def _same_numbers(reported: Any, recomputed: Any) -> bool:
    """Return whether two texts contain the same numbers; the wording changes between versions."""
    both = isinstance(reported, str) and isinstance(recomputed, str)
    return both and NUMBER.findall(reported) == NUMBER.findall(recomputed)


def _number(value: Any) -> float | None:
    """Return a float, also one in a cell; None for other values and for integers, which must be equal."""
    if isinstance(value, str) and any(sign in value for sign in ".e"):
        try:
            return float(value)
        except ValueError:
            return None
    return value if isinstance(value, float) else None


def _cell(text: str) -> Any:
    """Return the value of a cell: lists and mappings parsed from JSON, otherwise the text without its apostrophe."""
    if text[:1] in ("[", "{"):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(text)
    return text_of_cell(text)


def _difference(file: str, place: str, reported: Any, recomputed: Any) -> Difference:
    if reported is MISSING:
        text = f"{file}: {place}: missing; recomputed from the records: {_shown(recomputed)}"
    elif recomputed is MISSING:
        text = f"{file}: {place}: {_shown(reported)}, not in the records"
    else:
        text = f"{file}: {place}: {_shown(reported)}; recomputed from the records: {_shown(recomputed)}"
    reported, recomputed = (None if side is MISSING else side for side in (reported, recomputed))
    return Difference(file, place, reported, recomputed, text)


def _shown(value: Any) -> str:
    """Return a value on one line, truncated if it is long."""
    if isinstance(value, Mapping):
        return f"an entry of {len(value)} values"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _named(items: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return items by their names; equal names are numbered."""
    counts: Counter[str] = Counter()
    named: dict[str, Mapping[str, Any]] = {}
    for item in items:
        parts = [(key, item[key]) for key in keys if item.get(key) not in (None, "")]
        name = ", ".join(f"{key} {value}" if key in COUNTED else str(value) for key, value in parts)
        counts[name] += 1
        named[f"{name} ({counts[name]})" if counts[name] > 1 else name] = item
    return named
