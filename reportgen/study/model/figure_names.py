"""The ids of the figures that a study may name."""

from __future__ import annotations

from reportgen.registry import table_of


def figure_names() -> list[str]:
    """Return the ids of all figures, sorted."""
    return sorted(table_of("figure"))
