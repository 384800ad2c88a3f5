"""The rows of a figure: made when they are read, in the language of the figure."""

from __future__ import annotations

from reportgen.figures.drawing.figure import Rows
from reportgen.languages.translate import current_language, in_language


def test_rows_are_made_when_they_are_read_and_in_the_language_of_the_figure() -> None:
    made = []

    def make() -> list[tuple[str, int]]:
        made.append(1)
        return [(current_language(), 1), (current_language(), 2)]

    with in_language("de"):
        rows = Rows(make)
    assert not made
    assert list(rows) == [("de", 1), ("de", 2)]
    assert rows[1] == ("de", 2)
    assert len(rows) == 2
    assert made
