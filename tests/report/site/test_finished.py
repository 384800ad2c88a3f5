"""Finished reports are found and read; other files are errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import ResultsError, UsageError
from reportgen.paths import RESULTS
from reportgen.report.publish.manifest import checksums, write_manifest
from reportgen.report.site.finished import read_report, read_results
from reportgen.report.site.folders import find_reports
from reportgen.report.site.pages import write_site
from tests.report.finished_reports import claim, report


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalid-results"),
        ('{"format": "reportgen-results", "vers', "invalid-results"),
        ("[" * 100_000, "invalid-results"),
        ("[1, 2]", "invalid-results"),
        ('{"format": "pytest", "version": 1}', "invalid-results"),
        ('{"format": "reportgen-results", "version": 2}', "results-version"),
        ('{"format": "reportgen-results", "version": 1}', "invalid-results"),
    ],
)
def test_an_invalid_results_file_is_an_error_and_nothing_is_written(tmp_path: Path, text: str, code: str) -> None:
    folder = report(tmp_path / "a")
    (folder / "results.json").write_text(text, encoding="utf-8")
    report(tmp_path / "b")
    with pytest.raises(ResultsError) as error:
        write_site([tmp_path / "b", folder], tmp_path / "out")
    assert (error.value.code, error.value.where) == (code, str(folder / "results.json"))
    assert str(error.value).count("\n") == 0
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"study": {"id": "../../etc"}}, "study.id"),
        ({"claims": [claim("x", "maybe")]}, "claims.0.verdict"),
        ({"claims": [claim('x" onclick="y')]}, "claims.0.id"),
        ({"claims": [claim("x", quantity="magic")]}, "claims.0.quantity"),
        ({"claims": [claim("x", interval=[1])]}, "claims.0.interval.1"),
        ({"figures": [{"id": "../x", "title": "", "alt": ""}]}, "figures.0.id"),
        ({"runs": [{"seed": 0, "status": "lost"}]}, "runs.0.status"),
        ({"runs": [{"seed": 0, "status": "ok", "key": "../../a"}]}, "runs.0.key"),
    ],
)
def test_an_invalid_value_is_named_by_its_place(tmp_path: Path, changes: dict[str, Any], place: str) -> None:
    claims = changes.pop("claims", None)
    with pytest.raises(ResultsError) as caught:
        read_report(report(tmp_path / "a", claims, **changes))
    assert caught.value.code == "invalid-results"
    assert caught.value.message.startswith(f"{place}: ")


def test_reports_are_found_once_by_folder_parent_folder_and_file(tmp_path: Path) -> None:
    for name in ("b", "a"):
        report(tmp_path / "in" / name)
    (tmp_path / "in" / "unfinished" / "runs").mkdir(parents=True)
    found = find_reports([tmp_path / "in" / "b" / "results.json", tmp_path / "in", tmp_path / "in" / "a"])
    assert found == [tmp_path / "in" / "b", tmp_path / "in" / "a"]
    for path, code in ((tmp_path / "nowhere", "file-not-found"), (tmp_path / "in" / "unfinished", "report-not-found")):
        with pytest.raises(UsageError) as caught:
            find_reports([path])
        assert (caught.value.code, caught.value.where) == (code, str(path))


def test_results_that_changed_since_they_were_written_are_refused(tmp_path: Path) -> None:
    folder = report(tmp_path / "a")
    write_manifest(folder, checksums(folder, [RESULTS]))
    assert read_report(folder).id == "a"
    path = folder / RESULTS
    path.write_text(path.read_text("utf-8").replace("supported", "contradicted"), encoding="utf-8")
    with pytest.raises(ResultsError) as caught:
        read_report(folder)
    assert (caught.value.code, caught.value.where) == ("results-changed", str(path))
    assert read_results(folder, unchanged=False).claims[0].verdict == "contradicted"
