"""Tables of the PDF within their pages: what is too wide is set smaller, and at last broken within its cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

STEPS = ("tight", "tightest")
"""Classes of the print style that a table gets that is too wide: smaller with broken intervals, then equal columns
whose words break anywhere, which no content can widen."""

SLACK = 1.0
"""So many pixels of CSS beyond the text's edge are rounding."""


def fitted(source: Any, look: Any) -> Any:
    """Return the pages of a WeasyPrint source on which no table ends beyond the text's right edge."""
    made = source.render(**look)
    for step in STEPS:
        wide = too_wide(made)
        if not wide:
            break
        for table in wide:
            table.set("class", f"{table.get('class', '')} {step}".strip())
        made = source.render(**look)
    return made


def too_wide(made: Any) -> list[Any]:
    """Return the elements of the tables that end beyond the text's right edge, each once."""
    found: dict[int, Any] = {}
    for page in made.pages:
        box = page._page_box
        edge = box.content_box_x() + box.width + SLACK
        for table in _tables(box):
            if any(each.position_x + each.width > edge for each in _measured(table)):
                found[id(table.element)] = table.element
    return list(found.values())


def _tables(box: Any) -> Iterator[Any]:
    for child in getattr(box, "children", ()):
        if child.element_tag == "table":
            yield child
        else:
            yield from _tables(child)


def _measured(box: Any) -> Iterator[Any]:
    """Yield the boxes of cells and of the text in them, as text may leave a cell of fixed width."""
    for child in getattr(box, "children", ()):
        if hasattr(child, "text") or child.element_tag in ("td", "th"):
            yield child
        yield from _measured(child)
