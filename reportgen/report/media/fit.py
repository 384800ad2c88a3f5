"""Fit the tables of the PDF to the page: tables that are too wide get a smaller font, then line breaks in cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

STEPS = ("tight", "tightest")
"""CSS classes for a table that is too wide: a smaller font, then equal columns in which words break anywhere."""

SLACK = 1.0
"""Tolerance for rounding at the edge of the text, in CSS pixels."""


def fitted(source: Any, options: Any) -> Any:
    """Return the pages of a WeasyPrint source, with every table inside the right edge of the text."""
    pages = source.render(**options)
    for step in STEPS:
        wide = too_wide(pages)
        if not wide:
            break
        for table in wide:
            table.set("class", f"{table.get('class', '')} {step}".strip())
        pages = source.render(**options)
    return pages


def too_wide(document: Any) -> list[Any]:
    """Return the elements of the tables that extend beyond the right edge of the text, each once."""
    elements: dict[int, Any] = {}
    for page in document.pages:
        box = page._page_box
        edge = box.content_box_x() + box.width + SLACK
        for table in _tables(box):
            if any(cell.position_x + cell.width > edge for cell in _contents(table)):
                elements[id(table.element)] = table.element
    return list(elements.values())


def _tables(box: Any) -> Iterator[Any]:
    for child in getattr(box, "children", ()):
        if child.element_tag == "table":
            yield child
        else:
            yield from _tables(child)


def _contents(box: Any) -> Iterator[Any]:
    """Yield the boxes of cells and of their text, which may extend beyond a cell of fixed width."""
    for child in getattr(box, "children", ()):
        if hasattr(child, "text") or child.element_tag in ("td", "th"):
            yield child
        yield from _contents(child)
