"""Tables of a report: numbers as numbers, ids as text, with and without pandas."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reportgen.report.notebook.rows import MOST_SHOWN, Rows, read_table

TABLE = """key,variant,seed,loss,required,says,empty
012e5,1,0,0.5,true,"<b>a</b>, b",
77,2,1,,false,c,
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "runs.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path / "runs.csv"


def test_without_pandas_a_table_is_a_list_of_rows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    rows = read_table(path)
    assert isinstance(rows, list)
    assert rows.columns == ("key", "variant", "seed", "loss", "required", "says", "empty")
    assert rows[0] == {
        "key": "012e5", "variant": "1", "seed": 0, "loss": 0.5, "required": True, "says": "<b>a</b>, b", "empty": None
    }  # fmt: skip
    assert rows[1]["loss"] is None


def test_with_pandas_a_table_is_a_data_frame_of_the_same_columns(path: Path) -> None:
    pytest.importorskip("pandas")
    frame = read_table(path)
    assert list(frame.columns) == ["key", "variant", "seed", "loss", "required", "says", "empty"]
    assert frame["key"].tolist() == ["012e5", "77"]
    assert frame["variant"].tolist() == ["1", "2"]
    assert frame["seed"].sum() == 1
    assert frame["loss"].mean() == 0.5


def test_rows_escape_their_cells_and_show_the_first_ones() -> None:
    rows = Rows(["says"], [["<script>alert(1)</script>"]] * (MOST_SHOWN + 2))
    assert "<script>" not in rows._repr_html_()
    assert rows._repr_html_().count("<tr>") == MOST_SHOWN + 1
    assert "2 more rows" in rows._repr_html_()
    assert repr(rows) == f"<{MOST_SHOWN + 2} rows of says>"
