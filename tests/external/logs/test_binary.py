"""Binary files: damaged logs of a binary format keep it, and other kinds are named."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import StudyError, UsageError
from reportgen.external.logs.binary import binary_kind
from reportgen.external.logs.collect import collect_logs
from reportgen.external.logs.options import LogOptions
from reportgen.workflow.diagnose import diagnose_path
from tests.external.logs.samples import SAMPLES


def zipped(member: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(member, "content")
    return stream.getvalue()


def tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("metrics.csv"))
    return stream.getvalue()


def array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


OTHERS: dict[str, bytes] = {
    "PyTorch": zipped("archive/data.pkl"),
    "Keras": zipped("metadata.json"),
    "spreadsheet": zipped("[Content_Types].xml"),
    "pickle": pickle.dumps({"loss": [1.0, 0.5]}),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "NumPy": array(),
    "gzip": gzip.compress(b"epoch,loss\n1,2\n"),
    "bzip2": bz2.compress(b"epoch,loss\n1,2\n"),
    "xz": lzma.compress(b"epoch,loss\n1,2\n"),
    "tar": tar(),
    "PNG": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "JPEG": b"\xff\xd8\xff\xe0" + bytes(100),
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
}


@pytest.mark.parametrize("word", OTHERS)
@pytest.mark.parametrize("read", [diagnose_path, collect_logs], ids=["diagnose", "collect"])
def test_another_kind_of_file_is_named(word: str, read: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(OTHERS[word])
    kind = binary_kind(path)
    assert kind is not None
    assert word in kind.title
    with pytest.raises(StudyError) as caught:
        read(path)
    assert caught.value.code == "binary-file"
    assert kind.title in str(caught.value)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_log_is_taken_for_another_kind(name: str, tmp_path: Path) -> None:
    path = SAMPLES[name](tmp_path)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    assert [file for file in files if binary_kind(file) is not None] == []


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The first pages of a database of MLflow, without the others."""
    path = tmp_path / "store"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE runs (run_uuid TEXT)")
        connection.execute("CREATE TABLE metrics (key TEXT)")
        connection.executemany("INSERT INTO metrics VALUES (?)", [("x" * 1000,)] * 100)
        connection.execute("CREATE TABLE params (key TEXT)")
    connection.close()
    path.write_bytes(path.read_bytes()[:30_000])
    return path


@pytest.mark.parametrize("options", [LogOptions(), LogOptions(columns={"train_loss": "loss"})], ids=["", "named"])
def test_a_truncated_database_is_damaged_and_not_text(options: LogOptions, database: Path) -> None:
    with pytest.raises(StudyError) as caught:
        collect_logs(database, options)
    assert caught.value.code == "invalid-file"
    assert "SQLite" in str(caught.value)


def test_a_binary_log_is_not_read_as_another_format(database: Path) -> None:
    with pytest.raises(StudyError) as caught:
        collect_logs(database, LogOptions(format="csv"))
    assert caught.value.code == "wrong-format"


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError) as caught:
        collect_logs(tmp_path / "pipe")
    assert caught.value.code == "not-a-file"
