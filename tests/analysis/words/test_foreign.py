"""Text of other programs is printable, and no formula for a spreadsheet program."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.analysis.words.foreign import LONGEST, printable, table_text, text_of_cell


@given(st.text())
def test_printable_text_has_one_line_and_can_be_written(text: str) -> None:
    shown = printable(text)
    assert shown
    assert len(shown) <= LONGEST
    assert not {unicodedata.category(letter) for letter in shown} & {"Cc", "Cs", "Zl", "Zp"}
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("loss", "loss"),
        ("a\x00b\x1b[31m", "a\ufffdb\ufffd[31m"),
        ("line\nbreak\tand  gaps", "line break and gaps"),
        ("evil\u202egnp.exe", "evil\ufffdgnp.exe"),
        ("latin\udcff1", "latin\ufffd1"),
        ("  ", "unnamed"),
        ("Größe ∑ 🎲", "Größe ∑ 🎲"),
    ],
)
def test_characters_that_mislead_are_replaced(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_long_name_keeps_its_ends() -> None:
    shown = printable("begin" + "x" * 500 + "end")
    assert shown.startswith("begin")
    assert shown.endswith("end")
    assert len(shown) == LONGEST


@pytest.mark.parametrize("text", ["=1+1", "+x", "-1+1", "-2|cmd", "@sum", "\tx", "\r=1", "＝1+1"])
def test_a_formula_is_text_in_a_table(text: str) -> None:
    assert table_text(text) == f"'{text}"
    assert text_of_cell(f"'{text}") == text
    assert table_text(f"x{text}") == f"x{text}"


@pytest.mark.parametrize("text", ["-1", "+1.5", "-.5e-3", "'quoted", "a", ""])
def test_a_number_and_other_text_stay_as_they_are(text: str) -> None:
    assert table_text(text) == text
    assert text_of_cell(text) == text
