"""Repeated parts are found, and only where they may begin."""

from __future__ import annotations

import pytest

from reportgen.engine.layers.folding import Part, fold


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("abc", [(0, 1, 1), (1, 1, 1), (2, 1, 1)]),
        ("aab", [(0, 1, 1), (1, 1, 1), (2, 1, 1)]),  # a single saved box is not worth a bracket
        ("aaab", [(0, 1, 3), (3, 1, 1)]),
        ("xababab", [(0, 1, 1), (1, 2, 3)]),
        ("aaaa", [(0, 1, 4)]),
    ],
)
def test_repeated_parts_are_folded(text: str, parts: list[tuple[int, int, int]]) -> None:
    assert fold(text, [True] * len(text)) == [Part(*part) for part in parts]


def test_a_part_does_not_begin_inside_of_a_block() -> None:
    begins = [letter != "b" for letter in "zbababab"]
    assert fold("zbababab", begins) == [Part(0, 1), Part(1, 1), Part(2, 2, 3)]
