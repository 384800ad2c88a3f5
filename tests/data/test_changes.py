"""Files that change between the check and the training: runs are of the data in their key, or there are none."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reportgen import data
from reportgen.data.datasets import DATASETS
from reportgen.data.readers import csv_file, files, npz_file
from reportgen.data.spec import DataSpec
from reportgen.errors import StudyError
from reportgen.registry import Component, Plugin, registered
from reportgen.runs.executors import Job, run_all
from reportgen.runs.store import Store
from tests.data.specs import spec
from tests.runs.records import planned, record


def write_csv(path: Path, shift: float) -> None:
    rows = "".join(f"{n % 7 + shift},{n % 5},{'xy'[n % 2]}\n" for n in range(40))
    path.write_text("a,b,class\n" + rows, encoding="utf-8")


def write_npz(path: Path, shift: float) -> None:
    x, y = np.arange(24.0).reshape(8, 3) + shift, np.arange(8) % 2
    np.savez(path, x_train=x, y_train=y, x_val=x, y_val=y)


WRITERS = {"csv": write_csv, "npz": write_npz}


@pytest.fixture(params=WRITERS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[DataSpec, Path, Callable[[Path, float], None]]:
    """A data set in a file, and the function that writes it."""
    path = tmp_path / f"own.{request.param}"
    WRITERS[request.param](path, 1.0)
    return spec(request.param, path=path.name, seed=0), path, WRITERS[request.param]


def test_the_examples_have_the_fingerprint_of_their_bytes(case) -> None:
    chosen, path, _ = case
    expected = data.fingerprint(chosen, path.parent)
    assert data.load(chosen, (), 0, path.parent, expected).fingerprint == expected


def test_other_examples_than_those_of_the_key_are_refused(case) -> None:
    chosen, path, write = case
    expected = data.fingerprint(chosen, path.parent)
    write(path, 2.0)
    with pytest.raises(StudyError) as caught:
        data.load(chosen, (), 0, path.parent, expected)
    assert caught.value.code == "data-changed"
    write(path, 1.0)
    assert data.load(chosen, (), 0, path.parent, expected).fingerprint == expected


def test_a_file_of_equal_size_and_time_is_noticed(case, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, path, write = case
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    expected = data.fingerprint(chosen, path.parent)
    write(path, 2.0)
    os.utime(path, ns=times)
    with pytest.raises(StudyError) as caught:
        data.load(chosen, (), 0, path.parent, expected)
    assert caught.value.code == "data-changed"


def test_bytes_that_change_while_they_are_read_are_noticed(case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is another one at the moment of reading only; its stamp never changes."""
    chosen, path, write = case
    expected = data.fingerprint(chosen, path.parent)
    other = path.with_name("other")
    write(other, 2.0)
    if not other.exists():  # NumPy adds a suffix
        other = other.with_name("other.npz")
    original = files.read_hashed
    for module in (csv_file, npz_file):
        monkeypatch.setattr(module, "read_hashed", lambda path, *most: original(other, *most))
        module._read.cache_clear()
    with pytest.raises(StudyError) as caught:
        data.load(chosen, (), 0, path.parent, expected)
    for module in (csv_file, npz_file):
        module._read.cache_clear()
    assert caught.value.code == "data-changed"


def test_nothing_is_stored_of_data_that_changed(tmp_path: Path) -> None:
    write_csv(tmp_path / "own.csv", 1.0)
    chosen = spec("csv", path="own.csv", seed=0)
    run = planned()
    job = Job.of(
        replace(run, spec=replace(run.spec, data=chosen)), data.fingerprint(chosen, tmp_path), "study.yaml:1:1: data"
    )
    write_csv(tmp_path / "own.csv", 2.0)
    kept: list[object] = []
    with pytest.raises(StudyError) as caught:
        run_all([job], keep=lambda job, made: kept.append(made), folder=tmp_path, workers=1)
    assert (caught.value.code, kept) == ("data-changed", [])


def test_files_of_a_plugin_must_be_the_same_before_and_after_reading(tmp_path: Path) -> None:
    states = iter(["a", "a", "b", "c"])
    row = replace(
        DATASETS["blobs"], name="own", identity=lambda request: next(states), make=DATASETS["blobs"].make, aliases=()
    )
    with registered(row, plugin=Plugin("own", "", "0")):
        chosen = DataSpec(Component.of("own"), samples=20)
        assert data.load(chosen, (), 0, None, f"own {data.DATA_VERSION} a").fingerprint.endswith(" a")
        with pytest.raises(StudyError) as caught:
            data.load(chosen, (), 0)
    assert caught.value.code == "data-changed"


def test_a_run_of_other_data_under_the_key_counts_as_absent(tmp_path: Path) -> None:
    run, store = planned(), Store(tmp_path)
    for stored, found in (("blobs-1", True), ("", True), ("blobs-2", False)):
        store.save(record(run, data=stored))
        assert (store.load(run, "blobs-1") is not None) == found


def test_a_copy_in_a_report_has_the_contents_that_were_trained_on(tmp_path: Path) -> None:
    from reportgen.report.publish.data_copies import DataCopies, write_copies

    write_csv(tmp_path / "own.csv", 1.0)
    path = tmp_path / "own.csv"
    copies = DataCopies({path: "data/own.csv"}, {path: files.sha256(path)})
    (tmp_path / "staged").mkdir()
    write_copies(copies, tmp_path / "staged", tmp_path / "final")
    assert (tmp_path / "staged/data/own.csv").read_bytes() == path.read_bytes()
    write_csv(path, 2.0)
    with pytest.raises(StudyError) as caught:
        write_copies(copies, tmp_path / "staged", tmp_path / "final")
    assert caught.value.code == "data-changed"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
@pytest.mark.parametrize("name", WRITERS)
def test_a_pipe_is_refused_without_waiting(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / f"own.{name}")
    with pytest.raises(StudyError) as caught:
        data.fingerprint(spec(name, path=f"own.{name}"), tmp_path)
    assert caught.value.code == "not-a-file"
