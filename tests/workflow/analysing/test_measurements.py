"""Stored measurements: reused only as they were stored, and refused or made again otherwise."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reportgen import disk
from reportgen.engine.spec import ENGINE_VERSION
from reportgen.errors import StoreError
from reportgen.report.publish.manifest import MadeFrom, write_manifest
from reportgen.workflow.analysing.measurements import Measured, Measurements

VALUES: Measured = [{"error": 0.5}]
OTHER: Measured = [{"error": 0.25}]


def fits(values: Any) -> bool:
    return all(isinstance(value, dict) and isinstance(value.get("error"), float) for value in values)


def refuse() -> Measured:
    raise AssertionError("measures again")


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """The file of a stored measurement."""
    Measurements(tmp_path / "sanity", True).get("check", lambda: VALUES, fits)
    return tmp_path / "sanity" / "check.json"


def _edit(path: Path) -> None:
    path.write_text(path.read_text("utf-8").replace("0.5", "0.75"), encoding="utf-8")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _other_form(path: Path) -> None:
    path.unlink()
    Measurements(path.parent, True).get("check", lambda: [{"loss": 1}], lambda values: True)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _without_checksum(path: Path) -> None:
    path.write_text(json.dumps({"engine": ENGINE_VERSION, "values": VALUES}), encoding="utf-8")


def _deep(path: Path) -> None:
    path.write_text("[" * 100_000, encoding="utf-8")


def _of_another_run(path: Path) -> None:
    Measurements(path.parent, True).get("other", lambda: VALUES, fits)
    path.with_name("other.json").replace(path)


def _of_another_report(path: Path) -> None:
    """Put a measurement of an earlier version, which had no name, in the place of the one in the manifest."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    write_manifest(path.parents[1], {}, MadeFrom("", {f"sanity/{path.name}": digest}, 1, ("json",)))
    _without_name(path, [{"error": 0.125}])


def _without_name(path: Path, values: Measured) -> None:
    entry = {"engine": ENGINE_VERSION, "values": values}
    path.write_text(json.dumps(entry | {"checksum": disk.checksum(entry)}), encoding="utf-8")


DAMAGES = [
    _edit,
    _cut,
    _other_form,
    _without_checksum,
    _of_another_run,
    _of_another_report,
    _deep,
    *([_pipe] if hasattr(os, "mkfifo") else []),
]


def test_a_stored_measurement_is_reused(stored: Path) -> None:
    for may_measure in (True, False):
        assert Measurements(stored.parent, may_measure).get("check", refuse, fits) == VALUES


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_changed_measurement_is_named_and_made_again(stored: Path, damage: Callable[[Path], None]) -> None:
    damage(stored)
    notices: list[str] = []
    assert Measurements(stored.parent, True, notice=notices.append).get("check", lambda: OTHER, fits) == OTHER
    assert [str(stored) in notice for notice in notices] == [True]
    assert Measurements(stored.parent, False).get("check", refuse, fits) == OTHER


@pytest.mark.parametrize("damage", [*DAMAGES, _folder])
def test_a_changed_measurement_is_refused_where_it_cannot_be_made_again(
    stored: Path, damage: Callable[[Path], None]
) -> None:
    damage(stored)
    with pytest.raises(StoreError) as caught:
        Measurements(stored.parent, False).get("check", refuse, fits)
    assert (caught.value.code, caught.value.where) == ("damaged-measurement", str(stored))


def test_a_folder_in_the_place_of_a_measurement_is_an_error(stored: Path) -> None:
    _folder(stored)
    with pytest.raises(StoreError) as caught:
        Measurements(stored.parent, True).get("check", lambda: OTHER, fits)
    assert caught.value.code == "not-writable"


def test_fresh_measures_again_once(stored: Path) -> None:
    measurements, calls = Measurements(stored.parent, True, fresh=True), []
    for _ in range(2):
        assert measurements.get("check", lambda: calls.append(1) or OTHER, fits) == OTHER
    assert calls == [1]
    assert Measurements(stored.parent, False).get("check", refuse, fits) == OTHER


def test_fresh_takes_over_what_another_process_measured_since(stored: Path) -> None:
    measurements = Measurements(stored.parent, True, fresh=True)

    def measure() -> Measured:
        Measurements(stored.parent, True, fresh=True).get("check", lambda: OTHER, fits)
        return [{"error": 0.125}]

    for _ in range(2):
        assert measurements.get("check", measure, fits) == OTHER
    assert Measurements(stored.parent, False).get("check", refuse, fits) == OTHER


def test_a_missing_measurement_and_one_of_another_engine_are_not_there(stored: Path) -> None:
    entry = json.loads(stored.read_text("utf-8"))
    assert Measurements(stored.parent, False).get("other", refuse, fits) is None
    entry["engine"] += 1
    text = json.dumps({name: entry[name] for name in ("name", "engine", "values")}, sort_keys=True)
    entry["checksum"] = hashlib.sha256(text.encode()).hexdigest()
    stored.write_text(json.dumps(entry), encoding="utf-8")
    assert Measurements(stored.parent, False).get("check", refuse, fits) is None


def test_a_measurement_without_a_checksum_is_read_if_the_manifest_has_its_digest(stored: Path) -> None:
    _without_checksum(stored)
    digest = hashlib.sha256(stored.read_bytes()).hexdigest()
    write_manifest(stored.parents[1], {}, MadeFrom("", {"sanity/check.json": digest}, 1, ("json",)))
    assert Measurements(stored.parent, False).get("check", refuse, fits) == VALUES


def test_a_measurement_without_a_name_is_read_where_it_cannot_be_made_again(stored: Path) -> None:
    _without_name(stored, VALUES)
    assert Measurements(stored.parent, False).get("check", refuse, fits) == VALUES
    assert Measurements(stored.parent, True).get("check", lambda: OTHER, fits) == OTHER


def test_a_measurement_without_a_name_is_kept_if_the_manifest_has_its_digest(stored: Path) -> None:
    _without_name(stored, VALUES)
    digest = hashlib.sha256(stored.read_bytes()).hexdigest()
    write_manifest(stored.parents[1], {}, MadeFrom("", {"sanity/check.json": digest}, 1, ("json",)))
    assert Measurements(stored.parent, True).get("check", refuse, fits) == VALUES


@pytest.mark.parametrize("may_measure", [True, False])
def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path: Path, may_measure: bool) -> None:
    (tmp_path / "sanity").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        Measurements(tmp_path / "sanity", may_measure).get("check", lambda: VALUES, fits)
    assert caught.value.code == "path-occupied"
    assert (tmp_path / "sanity").read_text("utf-8") == "mine"
