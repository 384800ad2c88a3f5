"""Lists in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.languages.translate import _


def listing(items: Sequence[str]) -> str:
    """Return the items as in a sentence, such as "a, b and c"."""
    return _with_last(items, _("{items} and {last}"))


def alternatives(items: Sequence[str]) -> str:
    """Return the items as in a sentence, such as "a, b or c"."""
    return _with_last(items, _("{items} or {last}"))


def _with_last(items: Sequence[str], ends: str) -> str:
    if len(items) < 2:
        return "".join(items)
    return ends.format(items=", ".join(items[:-1]), last=items[-1])
