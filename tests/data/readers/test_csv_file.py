from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import data
from reportgen.errors import StudyError
from tests.data.specs import made, spec


def read(folder: Path, text: str, **params: Any) -> data.Dataset:
    """The file's examples in their order, none set apart."""
    (folder / "table.csv").write_text(text, encoding="utf-8", newline="")
    return made("csv", folder=folder, path="table.csv", shuffle=False, validation=0.0, **params)


def test_a_header_is_told_from_data_and_classes_get_numbers_in_order(tmp_path: Path) -> None:
    dataset = read(tmp_path, "width,height,kind\n1,2.5,pear\n-3e1,4,apple\n5,6,pear\n")
    assert dataset.x_train.tolist() == [[1, 2.5], [-30, 4], [5, 6]]
    assert dataset.y_train.tolist() == [1, 0, 1]
    assert dataset.class_names == ("apple", "pear")


def test_a_file_without_header_loses_no_line(tmp_path: Path) -> None:
    dataset = read(tmp_path, "1,2,0\n3,4,1\n")
    assert dataset.x_train.tolist() == [[1, 2], [3, 4]]


def test_numbered_classes_are_ordered_as_numbers(tmp_path: Path) -> None:
    dataset = read(tmp_path, "1,10\n2,9\n3,-1\n")
    assert dataset.class_names == ("-1", "9", "10")
    assert dataset.y_train.tolist() == [2, 1, 0]


@pytest.mark.parametrize("target", ["kind", 0, -3, "0", "-3"])
def test_the_target_is_given_by_name_or_number(tmp_path: Path, target: str | int) -> None:
    dataset = read(tmp_path, "kind,width,height\nb,1,2\na,3,4\n", target=target)
    assert dataset.x_train.tolist() == [[1, 2], [3, 4]]
    assert dataset.y_train.tolist() == [1, 0]


def test_a_number_is_a_place_even_where_a_cell_holds_it(tmp_path: Path) -> None:
    dataset = read(tmp_path, "0,1,7\n1,3,8\n", target="0")
    assert dataset.x_train.tolist() == [[1, 7], [3, 8]]


def test_quotes_blank_lines_and_a_byte_order_mark_are_understood(tmp_path: Path) -> None:
    dataset = read(tmp_path, '\ufeff"a, b",c\r\n\r\n"1","x, y"\r\n2,"z ""q"""\r\n\r\n')
    assert dataset.x_train.tolist() == [[1], [2]]
    assert dataset.class_names == ("x, y", 'z "q"')


@pytest.mark.parametrize(("separator", "sign"), [("semicolon", ";"), ("tab", "\t")])
def test_other_separators(tmp_path: Path, separator: str, sign: str) -> None:
    dataset = read(tmp_path, sign.join(["1", "2", "a"]) + "\n" + sign.join(["3", "4", "b"]), separator=separator)
    assert dataset.x_train.tolist() == [[1, 2], [3, 4]]


def test_numeric_names_need_to_be_called_a_header(tmp_path: Path) -> None:
    assert len(read(tmp_path, "0,1,2\n1,2,0\n3,4,1\n").x_train) == 3
    assert len(read(tmp_path, "0,1,2\n1,2,0\n3,4,1\n", header="yes").x_train) == 2


@pytest.mark.parametrize(
    ("text", "params", "words"),
    [
        ("", {}, r"table\.csv: is empty"),
        ("\n\n", {}, "is empty"),
        ("a,b\n", {}, "has no line of data"),
        ("a;b;c\n1;2;3\n", {}, "one column only.*separator"),
        ("a,b,c\n1,2,x\n1,oops,y\n", {}, r"table\.csv:3: column 'b': 'oops' is not a finite number"),
        ("1,2,x\n1,oops,y\n", {}, r"table\.csv:2: column 1: 'oops'"),
        ("1,oops,x\n1,2,y\n", {}, r"table\.csv:1: column 1: 'oops'"),
        ("a,b,c\n1,,x\n", {}, r"table\.csv:2: column 'b': the number is missing"),
        ("a,b,c\n1,\0,x\n", {}, r"column 'b': '\\x00' is not a finite number"),
        (f"a,b,c\n1,{'y' * 5000},x\n", {}, r"column 'b': 'y{40}\.\.\.' is not a finite number"),
        ("a,a,c\n1,2,x\n", {"target": "a"}, "2 columns are named 'a' .give the number of one, from 0"),
        ("a,b,c\n1,nan,x\n", {}, "'nan' is not a finite number"),
        ("a,b,c\n1,-inf,x\n", {}, "'-inf' is not a finite number"),
        ("a,b,c\n1,1e39,x\n", {}, "'1e39' is not a finite number"),
        ("a,b,c\n1,1_0,x\n", {}, "'1_0' is not a finite number"),
        ("a,b,c\n1,2,\n", {}, r"table\.csv:2: column 'c': the class is missing"),
        ("a,b,c\n1,2,x\n1,2\n", {}, r"table\.csv:3: has 2 cells where 3 are expected"),
        ('a,b\n1,"x\n', {}, r"table\.csv:2: is not a table"),
        ("a,b\n1,x\n2,x\n", {}, "holds one class only, 'x'"),
        ("a,b\n1,x\n1,y\n", {}, "is constant"),
        ("a,b\n1,0.5\n2,1.5\n", {}, "not whole"),
        ("a,b\n" + "".join(f"{k},{k}\n" for k in range(50)), {}, "50 different values in 50 lines"),
        ("a;b, c;kind\n1;3;x\n2;4;y\n", {"target": "kind"}, "no column 'kind' .set separator: semicolon"),
        ("a;kind\n1,5;x\n", {"target": "kind", "separator": "semicolon"}, "'1,5' is not .* .decimals follow a point"),
        ("ab,kind\n1,x\n2,y\n", {"target": "kin"}, "no column 'kin' .did you mean 'kind'"),
        ("1,2\n3,4\n", {"target": "kind"}, "no line of names"),
        ("1,2\n3,4\n", {"target": 2}, "columns are 0 to 1"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(
    tmp_path: Path, text: str, params: dict[str, Any], words: str
) -> None:
    with pytest.raises(StudyError, match=words):
        read(tmp_path, text, **params)


def test_what_is_not_text_or_not_there_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bytes.csv").write_bytes(b"a,b\n\xff\xfe,1\n")
    for path, words in (("bytes.csv", "not UTF-8"), ("none.csv", "no file none.csv"), (".", "is a folder")):
        with pytest.raises(StudyError, match=words):
            made("csv", folder=tmp_path, path=path)


def test_an_edited_file_is_read_again_and_has_another_fingerprint(tmp_path: Path) -> None:
    read(tmp_path, "1,2,0\n3,4,1\n")
    before = data.fingerprint(spec("csv", path="table.csv"), tmp_path)
    assert read(tmp_path, "1,2,0\n3,4,1\n5,6,1\n").x_train[-1].tolist() == [5, 6]
    assert data.fingerprint(spec("csv", path="table.csv"), tmp_path) != before


def test_fractions_are_stratified_by_the_files_classes(tmp_path: Path) -> None:
    text = "".join(f"{k},{'rare' if k % 10 == 0 else 'common'}\n" for k in range(100))
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    dataset = made("csv", folder=tmp_path, path=str(tmp_path / "table.csv"), validation=0.2, test=0.1)
    assert np.bincount(dataset.y_val).tolist() == [18, 2]
    assert np.bincount(dataset.y_test).tolist() == [9, 1]
