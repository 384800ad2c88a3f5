"""Tables: separators, encodings, missing cells and damage, each read or refused with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import StudyError
from reportgen.external.logs.tables import blocks
from reportgen.external.logs.tables.table import Table, read_table

TEXT = "epoch,loss\n1,0.5\n2,0.25\n"


def table(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Table:
    path = folder / "log.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return read_table(path)


def losses(read: Table) -> list[float]:
    return [float(loss) for loss in read.columns["loss"].values]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TEXT, "utf-8"),
        (TEXT, "utf-8-sig"),
        (TEXT, "utf-16"),
        (TEXT.replace("\n", "\r\n"), "utf-8"),
        (TEXT.replace(",", "\t"), "utf-8"),
        (TEXT.replace(",", ";"), "utf-8"),
        (TEXT.replace(",", ";").replace(".", ","), "utf-8"),
        (TEXT.replace(",", " , "), "utf-8"),
        ("# a comment\n\n" + TEXT, "utf-8"),
        ('"epoch","loss"\n"1","0.5"\n"2","0.25"\n', "utf-8"),
        ("epoch,loss\n1,0.5,\n\n2,0.25,\n", "utf-8"),
        (TEXT.removesuffix("\n"), "utf-8"),
        (TEXT + "3", "utf-8"),
        ("epoch,loss\n1,0.5\nepoch,loss\n2,0.25\n", "utf-8"),
        ("epoch,loss\n1,50%\n2,25%\n".replace("50%", "0.5%").replace("25%", "0.25%"), "utf-8"),
    ],
)
def test_a_table_is_read_in_all_usual_forms(text: str, encoding: str, tmp_path: Path) -> None:
    assert losses(table(tmp_path, text, encoding)) == [0.5, 0.25]


def test_missing_cells_are_no_values_and_nan_is_one(tmp_path: Path) -> None:
    read = table(tmp_path, "epoch,loss\n1,\n2,NA\n3,nan\n4,-inf\n5,2\n")
    assert np.array_equal(read.columns["loss"].values, [np.nan, -np.inf, 2], equal_nan=True)
    present = read.columns["loss"].present
    assert present is not None
    assert present.tolist() == [False, False, True, True, True]


def test_a_column_of_text_is_no_error(tmp_path: Path) -> None:
    read = table(tmp_path, "epoch,loss,time\n1,0.5,04:39\n2,0.25,04:36\n")
    assert (losses(read), read.columns["time"].text) == ([0.5, 0.25], "04:39")


def test_equal_names_are_numbered(tmp_path: Path) -> None:
    assert list(table(tmp_path, "epoch,loss,loss\n1,0.5,1\n").columns) == ["epoch", "loss", "loss.1"]


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ("", "empty-file", None),
        ("\n\n", "empty-file", None),
        ("epoch,loss\n", "empty-data", None),
        (TEXT.encode("utf-8") + b"3,\xe9\n", "not-text", 4),
        ("pr\xe9cision,loss\n1,2\n".encode("latin-1"), "not-text", 1),
        (TEXT + "3,\x000.2\n", "invalid-file", 4),
        (TEXT + '3,"0.1\n4,0.1\n', "invalid-file", 4),
        ('epoch,"loss\n1,2\n', "invalid-file", 1),
        ("1,2\n3,4\n", "invalid-file", 1),
        (TEXT + "3,0.1,7\n4,0.1\n", "wrong-length", 4),
        (TEXT + "3\n4,0.1\n", "wrong-length", 4),
        (TEXT + "3,abc\n4,0.1\n", "invalid-data", 4),
        (TEXT + "3," + "1" * 10_000_000 + "\n", "too-long", 4),
        (TEXT + "3," + "1" * 200_000 + "\n", "invalid-file", 4),
        (",".join(f"c{k}" for k in range(6000)) + "\n", "too-many", 1),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(
    content: str | bytes, code: str, line: int | None, tmp_path: Path
) -> None:
    with pytest.raises(StudyError) as caught:
        table(tmp_path, content)
    assert caught.value.code == code
    path = str(tmp_path / "log.csv")
    where = caught.value.where or ""
    assert where == path if line is None else where.startswith(f"{path}:{line}")


def test_a_cut_last_row_is_left_out_with_a_note(tmp_path: Path) -> None:
    assert [note.code for note in table(tmp_path, TEXT + "3").notes] == ["cut-row"]


@pytest.mark.parametrize("size", [1, 7, 64])
def test_the_size_of_a_block_changes_nothing(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f'{k},{k / 8},"a, ""b"" {k}"' if k % 3 else f"{k},,x" for k in range(100)]
    text = "epoch,loss,words\n" + "\n".join(rows) + "\n"
    expected = table(tmp_path, text)
    monkeypatch.setattr(blocks, "BLOCK", size)
    found = table(tmp_path, text)
    assert (found.rows, losses(found)) == (100, losses(expected))


def test_line_numbers_are_right_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 40)
    with pytest.raises(StudyError) as caught:
        table(tmp_path, "epoch,loss\n" + "1,0.5\n" * 50 + "1,x\n")
    assert caught.value.where == f"{tmp_path / 'log.csv'}:52"
