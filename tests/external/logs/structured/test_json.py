"""Keras's history as JSON, JSON records, and JSON Lines."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import StudyError
from reportgen.external.logs.formats import FORMATS
from reportgen.external.logs.raw import RawColumn, RawLog
from reportgen.external.logs.structured import json_lines, json_records, keras_history
from tests.external.logs.structured.test_huggingface import VALUES


def write(folder: Path, text: str, name: str = "log.json") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def columns(log: RawLog) -> dict[str, RawColumn]:
    return {column.name: column for column in log.columns}


LOSSES = '"loss": [3, 2.5, NaN], "val_loss": [3, Infinity, null]'


@pytest.mark.parametrize(
    ("text", "epochs", "first"),
    [
        ("{" + LOSSES + "}", [1, 2, 3], 1),
        ('{"epochs": [0, 1, 2], "metrics": {' + LOSSES + "}}", [0, 1, 2], 0),
        ('{"history": {' + LOSSES + '}, "params": {"epochs": 5, "steps": 10}, "epoch": [0, 1, 2]}', [0, 1, 2], 0),
    ],
)
def test_forms_of_a_history(tmp_path: Path, text: str, epochs: list[int], first: int) -> None:
    path = write(tmp_path, text)
    assert keras_history.find(path) == [path]
    log = keras_history.read(path)
    found = columns(log)
    np.testing.assert_array_equal(found["loss"].values, [3, 2.5, np.nan])
    np.testing.assert_array_equal(found["val_loss"].values, [3, np.inf, np.nan])
    np.testing.assert_array_equal(found["loss"].epochs, epochs)
    assert log.first_epoch == first
    assert log.planned_steps == (50 if "params" in text else None)


@pytest.mark.parametrize(
    "text",
    ['{"vocabulary": {"a": 1}}', '{"loss": 1}', '{"a": [1, 2], "b": "x", "c": "y", "d": 1}', '{"a": ["x"]}', "[]", "3"],
)
def test_other_documents_are_no_history(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    assert keras_history.find(path) == []
    with pytest.raises(StudyError) as error:
        keras_history.read(path)
    assert error.value.code == "invalid-file"


def test_records_are_flattened(tmp_path: Path) -> None:
    records = [{"epoch": epoch, "train": {"loss": 1 / epoch}, "val": {"loss": 2, "note": "x"}} for epoch in (1, 2)]
    for document in (records, {"name": "run", "logs": records}, {"1": {"loss": 1.0}, "2": {"loss": 0.5}}):
        path = write(tmp_path, json.dumps(document))
        assert json_records.find(path) == [path]
        log = json_records.read(path)
        loss = columns(log).get("train/loss") or columns(log)["loss"]
        assert loss.values.tolist() == [1.0, 0.5]
        assert loss.epochs is not None
        assert loss.epochs.tolist() == [1, 2]


def test_data_sets_and_configurations_are_no_records(tmp_path: Path) -> None:
    for document in ([{"text": "a", "label": 1}] * 3, {"layers": [{"width": 3}, {"width": 4}]}):
        assert json_records.find(write(tmp_path, json.dumps(document))) == []


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ('[{"loss": 1},\n {"loss": }]', "invalid-json", ":2:11"),
        ("3", "invalid-file", ""),
        ('"text"', "invalid-file", ""),
        ("[1, 2, [3]]", "invalid-file", ""),
        ('[{"step": 1}]', "empty-data", ""),
        ('[{"loss": 1, "loss": 2}]', "duplicate-key", ""),
        ("", "invalid-json", ":1:1"),
    ],
)
def test_errors_of_documents(tmp_path: Path, text: str, code: str, place: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(StudyError) as error:
        json_records.read(path)
    assert (error.value.code, error.value.where) == (code, f"{path}{place}")


def test_whole_numbers_of_any_length(tmp_path: Path) -> None:
    log = json_records.read(write(tmp_path, '[{"loss": 1' + "0" * 5000 + '}, {"loss": 1' + "0" * 350 + "}]"))
    assert np.isinf(log.columns[0].values).all()


def test_lines_with_modes(tmp_path: Path) -> None:
    rows = [
        {"env_info": "machine"},
        *({"mode": "train", "epoch": epoch, "iter": it, "loss": 1.0} for epoch in (1, 2) for it in (50, 100)),
        {"mode": "val", "epoch": 2, "iter": 30, "acc": "0.5"},
    ]
    path = write(tmp_path, "\n".join(map(json.dumps, rows)) + "\n")
    assert json_lines.find(path) == [path]
    log = json_lines.read(path)
    train, val = columns(log)["train/loss"], columns(log)["val/acc"]
    np.testing.assert_array_equal(train.steps, [50, 100, 150, 200])
    np.testing.assert_array_equal(val.epochs, [2])
    assert val.steps is None


def test_lines_with_global_steps(tmp_path: Path) -> None:
    lines = '{"iteration": 19, "total_loss": 2.0}\n{"iteration": 39, "total_loss": 1.0, "bbox/AP": NaN}\n'
    log = json_lines.read(write(tmp_path, lines))
    np.testing.assert_array_equal(columns(log)["total_loss"].steps, [19, 39])
    np.testing.assert_array_equal(columns(log)["bbox/AP"].steps, [39])


def test_records_without_counters_are_steps(tmp_path: Path) -> None:
    log = json_lines.read(write(tmp_path, '{"loss": 2}\n{"loss": 1}\n'))
    np.testing.assert_array_equal(log.columns[0].steps, [1, 2])
    assert [note.code for note in log.notes] == ["rows-counted"]


@pytest.mark.parametrize(
    ("last", "code"), [('{"loss": 0.', "truncated"), ("a warning\n", "damaged"), ("[1, 2]\n", "damaged")]
)
def test_a_line_that_is_no_object_is_left_out(tmp_path: Path, last: str, code: str) -> None:
    log = json_lines.read(write(tmp_path, '{"step": 1, "loss": 2}\n{"step": 2, "loss": 1}\n' + last))
    assert log.columns[0].values.tolist() == [2, 1]
    assert [note.code for note in log.notes] == [code]


def test_a_file_without_objects_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "no\njson\n" * 1000)
    assert json_lines.find(path) == []
    with pytest.raises(StudyError) as error:
        json_lines.read(path)
    assert (error.value.code, error.value.where) == ("invalid-json", f"{path}:1:1")


@pytest.mark.parametrize("name", ["keras-json", "json", "jsonl", "huggingface", "text"])
@settings(max_examples=25, deadline=None)
@given(document=VALUES | st.lists(st.dictionaries(st.sampled_from(["loss", "epoch", "iter", "mode"]), VALUES)))
def test_any_document_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, name: str, document: Any) -> None:
    text = json.dumps(document)
    path = write(tmp_path_factory.mktemp("any"), text)
    lines = write(path.parent, "\n".join(map(json.dumps, document)), "b.txt") if isinstance(document, list) else path
    for file in (path, lines):
        FORMATS[name].find(file)
        try:
            assert FORMATS[name].read(file).columns
        except StudyError:
            continue


@pytest.mark.parametrize("name", ["keras-json", "json", "jsonl", "huggingface", "text"])
@settings(max_examples=25, deadline=None)
@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "log.txt"
    path.write_bytes(data)
    FORMATS[name].find(path)
    try:
        FORMATS[name].read(path)
    except StudyError:
        return


@pytest.mark.parametrize("item", ["{}", "[]", '""', "[{}]"])
def test_a_document_of_too_many_values_is_refused_before_it_is_read(tmp_path: Path, item: str) -> None:
    count = 6_000_000 if item == '""' else 2_000_000
    path = write(tmp_path, f"[{','.join([item] * count)}]")
    tracemalloc.start()
    try:
        with pytest.raises(StudyError) as error:
            json_records.read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.value.code == "too-large"
    assert peak < 2 * path.stat().st_size


def test_a_long_list_of_records_is_read(tmp_path: Path) -> None:
    rows = 50_000
    row = '{"epoch": 1, "loss": 0.123456, "val_loss": 0.2345678, "accuracy": 0.5}'
    log = json_records.read(write(tmp_path, f"[{','.join([row] * rows)}]"))
    assert columns(log)["loss"].values.size == rows


@pytest.mark.parametrize("by_metric", [False, True])
@pytest.mark.parametrize("lines", [False, True])
def test_records_of_one_value_are_named_by_their_metric(tmp_path: Path, by_metric: bool, lines: bool) -> None:
    curves = {"train_loss": [3.0, 2.0, 1.5], "val_loss": [3.1, 2.5, 2.2]}
    rows = [(name, step, value) for name, own in curves.items() for step, value in enumerate(own)]
    rows = rows if by_metric else sorted(rows, key=lambda row: row[1])
    texts = [json.dumps({"metric": name, "step": step, "value": value}) for name, step, value in rows]
    reader = json_lines if lines else json_records
    log = reader.read(write(tmp_path, "\n".join(texts) if lines else f"[{','.join(texts)}]"))
    found = columns(log)
    for name, own in curves.items():
        np.testing.assert_array_equal(found[name].values, own)
        np.testing.assert_array_equal(found[name].steps, [0, 1, 2])
