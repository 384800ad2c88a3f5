from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import data
from reportgen.errors import StudyError
from tests.data.specs import made, spec


def read(folder: Path, text: str, **params: Any) -> data.Dataset:
    """Return the examples of the file in their order, all for training."""
    (folder / "table.csv").write_text(text, encoding="utf-8", newline="")
    return made("csv", folder=folder, path="table.csv", shuffle=False, validation=0.0, **params)


def test_a_header_is_recognized_and_classes_are_numbered_in_sorted_order(tmp_path: Path) -> None:
    dataset = read(tmp_path, "width,height,kind\n1,2.5,pear\n-3e1,4,apple\n5,6,pear\n")
    assert dataset.x_train.tolist() == [[1, 2.5], [-30, 4], [5, 6]]
    assert dataset.y_train.tolist() == [1, 0, 1]
    assert dataset.class_names == ("apple", "pear")


def test_a_file_without_header_is_read_completely(tmp_path: Path) -> None:
    dataset = read(tmp_path, "1,2,0\n3,4,1\n")
    assert dataset.x_train.tolist() == [[1, 2], [3, 4]]


def test_numeric_classes_are_sorted_numerically(tmp_path: Path) -> None:
    dataset = read(tmp_path, "1,10\n2,9\n3,-1\n")
    assert dataset.class_names == ("-1", "9", "10")
    assert dataset.y_train.tolist() == [2, 1, 0]


@pytest.mark.parametrize("target", ["kind", 0, -3, "0", "-3"])
def test_the_target_may_be_a_name_or_a_number(tmp_path: Path, target: str | int) -> None:
    dataset = read(tmp_path, "kind,width,height\nb,1,2\na,3,4\n", target=target)
    assert dataset.x_train.tolist() == [[1, 2], [3, 4]]
    assert dataset.y_train.tolist() == [1, 0]


def test_a_number_is_a_position_even_if_a_cell_contains_it(tmp_path: Path) -> None:
    dataset = read(tmp_path, "0,1,7\n1,3,8\n", target="0")
    assert dataset.x_train.tolist() == [[1, 7], [3, 8]]


def test_quotes_blank_lines_and_a_byte_order_mark_are_supported(tmp_path: Path) -> None:
    dataset = read(tmp_path, '\ufeff"a, b",c\r\n\r\n"1","x, y"\r\n2,"z ""q"""\r\n\r\n')
    assert dataset.x_train.tolist() == [[1], [2]]
    assert dataset.class_names == ("x, y", 'z "q"')


@pytest.mark.parametrize(("separator", "sign"), [("semicolon", ";"), ("tab", "\t")])
def test_other_separators_are_supported(tmp_path: Path, separator: str, sign: str) -> None:
    dataset = read(tmp_path, sign.join(["1", "2", "a"]) + "\n" + sign.join(["3", "4", "b"]), separator=separator)
    assert dataset.x_train.tolist() == [[1, 2], [3, 4]]


def test_numeric_column_names_require_the_header_setting(tmp_path: Path) -> None:
    assert len(read(tmp_path, "0,1,2\n1,2,0\n3,4,1\n").x_train) == 3
    assert len(read(tmp_path, "0,1,2\n1,2,0\n3,4,1\n", header="yes").x_train) == 2


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("", "empty-data", ""),
        ("\n\n", "empty-data", ""),
        ("a,b\n", "empty-data", ""),
        ("a;b;c\n1;2;3\n", "missing-column", ""),
        ("a,b,c\n1,2,x\n1,oops,y\n", "invalid-data", ":3: column 'b'"),
        ("1,2,x\n1,oops,y\n", "invalid-data", ":2: column 1"),
        ("1,oops,x\n1,2,y\n", "invalid-data", ":1: column 1"),
        ("a,b,c\n1,,x\n", "missing-value", ":2: column 'b'"),
        ("a,b,c\n1,nan,x\n", "not-finite", ":2: column 'b'"),
        ("a,b,c\n1,-inf,x\n", "not-finite", ":2: column 'b'"),
        ("a,b,c\n1,1e39,x\n", "not-finite", ":2: column 'b'"),
        ("a,b,c\n1,1_0,x\n", "invalid-data", ":2: column 'b'"),
        ("a,b,c\n1,2,\n", "missing-value", ":2: column 'c'"),
        ("a,b,c\n1,2,x\n1,2\n", "wrong-length", ":3"),
        ('a,b\n1,"x\n', "invalid-file", ":2"),
        ("a,b\n1,x\n2,x\n", "single-class", ": column 'b'"),
        ("a,b\n1,x\n1,y\n", "constant-data", ""),
        ("a,b\n1,0.5\n2,1.5\n", "invalid-labels", ": column 'b'"),
        ("a,b\n" + "".join(f"{k},{k}\n" for k in range(50)), "too-many-classes", ": column 'b'"),
    ],
)
def test_an_unusable_file_is_an_error_with_its_place(tmp_path: Path, text: str, code: str, where: str) -> None:
    with pytest.raises(StudyError) as caught:
        read(tmp_path, text)
    assert (caught.value.code, caught.value.where) == (code, f"table.csv{where}")


@pytest.mark.parametrize(("cell", "shown"), [("\0", r"'\x00'"), ("y" * 5000, f"'{'y' * 40}...'")])
def test_an_invalid_cell_is_quoted_shortened_and_without_control_characters(
    tmp_path: Path, cell: str, shown: str
) -> None:
    with pytest.raises(StudyError) as caught:
        read(tmp_path, f"a,b,c\n1,{cell},x\n")
    assert shown in caught.value.message
    assert len(caught.value.message) < 80


@pytest.mark.parametrize(
    ("text", "params", "code", "setting", "right"),
    [
        ("a,a,c\n1,2,x\n", {"target": "a"}, "ambiguous-column", "target", "number"),
        ("a;b, c;kind\n1;3;x\n2;4;y\n", {"target": "kind"}, "wrong-separator", "separator", "semicolon"),
        ("ab,kind\n1,x\n2,y\n", {"target": "kin"}, "missing-column", "target", "'kind'"),
        ("1,2\n3,4\n", {"target": "kind"}, "missing-column", "target", "names"),
        ("1,2\n3,4\n", {"target": 2}, "missing-column", "target", "0 to 1"),
        ("a;kind\n1,5;x\n", {"target": "kind", "separator": "semicolon"}, "invalid-data", None, "1.5"),
    ],
)
def test_the_hint_names_the_correction(
    tmp_path: Path, text: str, params: dict[str, Any], code: str, setting: str | None, right: str
) -> None:
    with pytest.raises(StudyError) as caught:
        read(tmp_path, text, **params)
    assert (caught.value.code, caught.value.setting) == (code, setting)
    assert right in str(caught.value.hint)


@pytest.mark.parametrize(
    ("path", "code"), [("bytes.csv", "not-text"), ("none.csv", "file-not-found"), (".", "not-a-file")]
)
def test_a_missing_file_and_a_file_that_is_not_text_are_errors(tmp_path: Path, path: str, code: str) -> None:
    (tmp_path / "bytes.csv").write_bytes(b"a,b\n\xff\xfe,1\n")
    with pytest.raises(StudyError) as caught:
        made("csv", folder=tmp_path, path=path)
    assert caught.value.code == code


def test_an_edited_file_is_read_again_and_has_another_fingerprint(tmp_path: Path) -> None:
    read(tmp_path, "1,2,0\n3,4,1\n")
    before = data.fingerprint(spec("csv", path="table.csv"), tmp_path)
    assert read(tmp_path, "1,2,0\n3,4,1\n5,6,1\n").x_train[-1].tolist() == [5, 6]
    assert data.fingerprint(spec("csv", path="table.csv"), tmp_path) != before


def test_fractions_are_stratified_by_class(tmp_path: Path) -> None:
    text = "".join(f"{k},{'rare' if k % 10 == 0 else 'common'}\n" for k in range(100))
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    dataset = made("csv", folder=tmp_path, path=str(tmp_path / "table.csv"), validation=0.2, test=0.1)
    assert np.bincount(dataset.y_val).tolist() == [18, 2]
    assert np.bincount(dataset.y_test).tolist() == [9, 1]
