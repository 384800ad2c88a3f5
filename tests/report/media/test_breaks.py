"""Breaks in long names."""

from __future__ import annotations

import pytest

from reportgen.report.media.breaks import MOST_CHARACTERS, breakable


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("facts.input_second_moment", ["facts.", "input_", "second_", "moment"]),
        ("runs/version_0", ["runs/", "version_", "0"]),
        ("a__b", ["a__", "b"]),
        ("loss", ["loss"]),
        ("", []),
        ("x" * 30, ["x" * MOST_CHARACTERS, "x" * (30 - MOST_CHARACTERS)]),
        ("<b>_&", ["&lt;b&gt;_", "&amp;"]),
    ],
)
def test_names_break_after_separators_alone(name: str, parts: list[str]) -> None:
    assert breakable(name).split("<wbr>") == (parts or [""])
