"""A finished report is returned as it is, unless anything that it was made from, or one of its files, has changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.errors import MissingError
from reportgen.report.media import pdf
from reportgen.workflow import unchanged
from reportgen.workflow.run import render_study, run_study
from tests.rates import write_study

pytestmark = pytest.mark.slow

FOLDER = Path("reports/rates")


def times() -> dict[Path, int]:
    """Return the time of the last change of each file of the report."""
    return {path: path.stat().st_mtime_ns for path in FOLDER.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def written_rates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of rates.yaml as a page, with its runs; tests copy it."""
    folder = tmp_path_factory.mktemp("written")
    write_study(folder / "rates.yaml")
    command = "reportgen run rates.yaml"
    return run_study(folder / "rates.yaml", output=folder / "reports", formats=["html", "json"], command=command).folder


@pytest.fixture
def written(written_rates, training):
    shutil.copytree(written_rates, FOLDER)
    return training


def test_a_second_run_writes_no_file_and_returns_the_same_report(written):
    before = times()
    report = run_study("rates.yaml", formats=["html", "json"])
    assert report.unchanged
    assert (report.trained, report.stored, times()) == (0, 6, before)
    assert report.results == json.loads((FOLDER / "results.json").read_bytes())
    assert [len(summary.records) for summary in report.analysis.variants] == [3, 3]


def test_a_run_for_some_of_the_written_formats_is_unchanged_as_well(written):
    assert run_study("rates.yaml", formats=["json"]).unchanged
    assert run_study("rates.yaml", formats=["html"]).unchanged


def test_a_format_that_was_not_written_is_written(written):
    assert not run_study("rates.yaml", formats=["html", "kit"]).unchanged
    assert run_study("rates.yaml", formats=["html", "kit"]).unchanged


def remove_results() -> None:
    (FOLDER / "results.json").unlink()


def remove_snippets() -> None:
    next((FOLDER / "embed").iterdir()).unlink()


@pytest.mark.parametrize("change", [remove_results, remove_snippets])
def test_a_format_whose_files_are_gone_is_written_again(finished, change: Callable[[], None]):
    run_study("rates.yaml", formats=["json", "kit"])
    change()
    assert not run_study("rates.yaml", formats=["json"]).unchanged
    assert run_study("rates.yaml", formats=["json"]).unchanged
    assert not run_study("rates.yaml", formats=["json", "kit"]).unchanged
    assert (FOLDER / "embed" / "figures.tex").is_file()


def edit_study() -> None:
    text = Path("rates.yaml").read_text(encoding="utf-8")
    Path("rates.yaml").write_text(text.replace("title: ", "title: New "), encoding="utf-8")


def damage_run() -> None:
    next((FOLDER / "runs").iterdir()).joinpath("arrays.npz").write_bytes(b"damaged")


def remove_run() -> None:
    head = next((FOLDER / "runs").iterdir()) / "run.json"
    head.unlink()


def edit_results() -> None:
    path = FOLDER / "results.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"claims"', '"claims" '), encoding="utf-8")


def edit_page() -> None:
    (FOLDER / "index.html").write_text("edited", encoding="utf-8")


def remove_table() -> None:
    next((FOLDER / "tables").iterdir()).unlink()


def damage_manifest() -> None:
    (FOLDER / "manifest.json").write_text("{", encoding="utf-8")


def damage_origin() -> None:
    path = FOLDER / "manifest.json"
    manifest = json.loads(path.read_bytes()) | {"made_from": {"inputs": 3}}
    path.write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        edit_study,
        damage_run,
        remove_run,
        edit_results,
        edit_page,
        remove_table,
        damage_manifest,
        damage_origin,
    ],
)
def test_a_change_of_an_input_or_of_a_file_writes_the_report_again(written, change: Callable[[], None]):
    change()
    assert not run_study("rates.yaml", formats=["html", "json"]).unchanged
    assert run_study("rates.yaml", formats=["html", "json"]).unchanged


@pytest.mark.parametrize("options", [{"fresh": True}, {"command": "make report"}, {"overrides": {"seeds": 2}}])
def test_options_that_change_the_report_write_it_again(written, options):
    assert not run_study("rates.yaml", formats=["html", "json"], **options).unchanged


def test_another_version_of_a_library_writes_the_report_again(written, monkeypatch):
    monkeypatch.setattr(unchanged, "package_version", lambda name: f"{name} 0.0")
    assert not run_study("rates.yaml", formats=["html", "json"]).unchanged


def test_render_always_writes_and_the_next_run_as_well(written):
    """Additional runs and measurements may be missing from a report that trained nothing."""
    before = times()
    assert not render_study("rates.yaml", formats=["html", "json"]).unchanged
    assert times() != before
    assert not run_study("rates.yaml", formats=["html", "json"]).unchanged


def test_a_report_without_its_pdf_is_written_again(finished, monkeypatch):
    def missing(*_):
        raise MissingError("missing-library", "no Pango", hint="install it")

    with monkeypatch.context() as patch:
        patch.setattr(pdf, "write_pdf", missing)
        assert run_study("rates.yaml", formats=["pdf"]).missing
    report = run_study("rates.yaml", formats=["pdf"])
    assert not report.unchanged
    assert report.missing is None


def test_an_unchanged_report_names_again_what_it_lacks(finished):
    first, second = (run_study("rates.yaml", formats=["json", "quiz"], overrides={"claims": []}) for _ in range(2))
    assert (first.unchanged, second.unchanged) == (False, True)
    assert len(first.left_out) == 1
    assert second.left_out == first.left_out
