"""The pipeline: what is trained, what is kept, and what stands in the report's folder whatever happens."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reportgen import disk
from reportgen.errors import MissingError, StoreError, UsageError
from reportgen.runs.store import Store
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.quick import WATERMARK
from reportgen.workflow.request import FORMATS, make_request
from reportgen.workflow.run import render_study, run_request, run_study

FOLDER = Path("reports/rates")


def names(folder=FOLDER):
    """Return the names in a folder without the manifest."""
    return sorted(path.name for path in folder.iterdir() if path.name != "manifest.json")


def test_a_first_run_trains_everything_and_a_second_nothing(pretend):
    first = run_study("rates.yaml")
    assert (first.trained, first.stored, len(pretend.trained)) == (6, 0, 6)
    second = run_study("rates.yaml")
    assert (second.trained, second.stored, len(pretend.trained)) == (0, 6, 6)
    assert names() == ["figures", "index.html", "rates.pdf", "results.json", "runs", "study.yaml", "tables"]


def test_a_report_from_stored_runs_is_the_report_of_the_run_that_made_them(pretend):
    run_study("rates.yaml", workers=1)
    first = (FOLDER / "results.json").read_bytes()
    run_study("rates.yaml", workers=2)
    assert (FOLDER / "results.json").read_bytes() == first
    render_study("rates.yaml")
    assert (FOLDER / "results.json").read_bytes() == first


def test_fresh_trains_all_again(pretend):
    run_study("rates.yaml")
    assert run_study("rates.yaml", fresh=True).trained == 6
    assert len(pretend.trained) == 12


def test_more_seeds_train_only_the_new_ones(pretend):
    run_study("rates.yaml")
    pretend.trained.clear()
    run_study("rates.yaml", overrides={"seeds": 4})
    assert sorted(pretend.trained) == [(0.01, 3), (0.5, 3)]


def test_a_damaged_run_is_trained_again(pretend):
    run_study("rates.yaml")
    pretend.trained.clear()
    next((FOLDER / "runs").iterdir()).joinpath("arrays.npz").write_bytes(b"damaged")
    assert run_study("rates.yaml").trained == 1
    assert len(pretend.trained) == 1


def test_a_failed_run_is_reported_and_tried_again_next_time(pretend):
    pretend.failing = {1}
    report = run_study("rates.yaml")
    assert report.failures == tuple(f"{size} rate, seed 1: MemoryError: too wide" for size in ("small", "large"))
    assert (FOLDER / "index.html").exists()
    statuses = [run["status"] for run in json.loads((FOLDER / "results.json").read_text("utf-8"))["runs"]]
    assert statuses.count("failed") == 2
    assert render_study("rates.yaml").failures == report.failures
    pretend.failing, pretend.trained = set(), []
    assert run_study("rates.yaml").failures == ()
    assert sorted(pretend.trained) == [(0.01, 1), (0.5, 1)]


def test_render_never_trains_and_names_the_command_that_would(pretend):
    with pytest.raises(UsageError) as caught:
        render_study("rates.yaml")
    assert (caught.value.code, caught.value.where) == ("runs-missing", str(FOLDER / "runs"))
    assert "6 of the 6" in caught.value.message
    assert caught.value.hint.endswith("reportgen run rates.yaml")
    assert not FOLDER.exists()
    run_study("rates.yaml", overrides={"seeds": 1})
    with pytest.raises(UsageError) as caught:
        render_study("rates.yaml")
    assert (caught.value.code, "4 of the 6" in caught.value.message) == ("runs-missing", True)
    assert len(pretend.trained) == 2


def test_variants_of_equal_settings_are_trained_once(pretend, monkeypatch):
    monkeypatch.setattr("tests.pretend.RATES", {"small": 0.01, "also small": 0.01})
    report = run_study("rates.yaml")
    assert (report.trained, report.stored) == (3, 0)
    assert [len(summary.records) for summary in report.analysis.variants] == [3, 3]


def test_an_interrupted_study_keeps_what_was_finished(pretend):
    class Impatient(ProgressListener):
        finished_runs = 0

        def finished(self, job, record):
            self.finished_runs += 1
            if self.finished_runs == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study("rates.yaml", workers=1, listener=Impatient())
    assert len(names(FOLDER / "runs")) >= 2
    assert not (FOLDER / "index.html").exists()
    before = len(pretend.trained)
    report = run_study("rates.yaml")
    assert report.stored == before
    assert report.trained == 6 - before


def test_formats_choose_what_is_written_beside_the_results(pretend):
    always = ["results.json", "runs", "study.yaml", "tables"]
    for format_, more in (("json", []), ("html", ["index.html"]), ("pdf", ["rates.pdf"]), ("kit", ["figures"])):
        folder = run_study("rates.yaml", output=format_, formats=[format_]).folder
        assert names(folder) == sorted([*always, *more])


@pytest.mark.parametrize(("formats", "code"), [(["docx"], "unknown-name"), ([], "empty-value")])
def test_an_unknown_format_is_an_error_of_usage(pretend, formats, code):
    with pytest.raises(UsageError) as caught:
        run_study("rates.yaml", formats=formats)
    assert caught.value.code == code
    assert "html" in caught.value.hint


def test_a_missing_pango_costs_the_pdf_alone(pretend):
    pretend.pdf_error = MissingError("missing-library", "no PDF without Pango")
    report = run_study("rates.yaml")
    assert report.missing is pretend.pdf_error
    assert names() == ["figures", "index.html", "results.json", "runs", "study.yaml", "tables"]


@pytest.mark.parametrize("error", [RuntimeError("bug"), KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_a_report_that_cannot_be_finished_leaves_the_former_one_as_it_was(pretend, error):
    run_study("rates.yaml")
    before = {path: path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()}
    pretend.writing_error = error
    with pytest.raises(StoreError if isinstance(error, OSError) else type(error)):
        run_study("rates.yaml", overrides={"seeds": 2})
    assert {path: path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()} == before


def test_what_a_user_put_beside_the_report_stays(pretend):
    run_study("rates.yaml")
    (FOLDER / "notes.txt").write_text("mine", encoding="utf-8")
    run_study("rates.yaml")
    assert "notes.txt" in names()


def test_what_a_killed_writer_left_is_swept_away(pretend, monkeypatch):
    run_study("rates.yaml")
    for folder in (FOLDER, FOLDER / "runs"):
        (folder / f"{disk.PREFIX}{disk.platform.node()}-999999999-abcd").mkdir()
    monkeypatch.setattr(disk, "_alive", lambda process: process != 999999999)
    run_study("rates.yaml", fresh=True)
    assert not list(FOLDER.rglob(f"{disk.PREFIX}*"))


@pytest.mark.parametrize("output", ["rates.yaml", "rates.yaml/deeper"])
def test_an_output_that_cannot_be_written_is_said_before_training(pretend, output):
    with pytest.raises(UsageError) as caught:
        run_study("rates.yaml", output=output)
    assert caught.value.where == str(Path(output) / "rates")
    assert pretend.trained == []


def test_a_full_disk_ends_the_study_with_a_message(pretend, monkeypatch):
    def full(store, record):
        raise error

    error = StoreError("not-writable", "cannot store a run: No space left on device")
    monkeypatch.setattr(Store, "save", full)
    with pytest.raises(StoreError) as caught:
        run_study("rates.yaml")
    assert caught.value is error


def test_an_order_trains_and_writes_nothing(pretend):
    request = make_request("rates.yaml")
    assert request.formats == FORMATS
    assert not FOLDER.exists()
    assert pretend.trained == []
    run_request(request)
    assert FOLDER.exists()


def test_quick_makes_a_study_small_and_marks_it(pretend):
    report = run_study("rates.yaml", quick=True)
    _, changes = pretend.loads[-1]
    assert changes["seeds"] == [0, 1]
    assert changes["training.epochs"] == 3
    assert changes["data.samples"] == 500
    assert "data.train" not in changes
    made = "3 of 20 epochs, 2 of 3 seeds, 500 of 5,000 examples"
    assert report.analysis.plan.study.watermark == f"{WATERMARK} ({made}): no verdicts"


def test_what_is_typed_wins_over_what_quick_would_set(pretend):
    typed = {"seeds": [4, 5, 6], "training": {"epochs": 20}, "data.samples": 5000}
    report = run_study("rates.yaml", quick=True, overrides=typed)
    _, changes = pretend.loads[-1]
    assert {path: changes[path] for path in typed} == typed
    assert "training.epochs" not in changes
    assert (report.trained, report.analysis.plan.study.watermark) == (6, f"{WATERMARK}: no verdicts")


def test_a_quick_look_replaces_another_but_never_a_full_report(pretend):
    assert run_study("rates.yaml", quick=True).folder == FOLDER
    assert run_study("rates.yaml", quick=True).folder == FOLDER
    assert run_study("rates.yaml").folder == FOLDER
    full = (FOLDER / "results.json").read_bytes()
    beside = FOLDER.with_name("rates-quick")
    assert run_study("rates.yaml", quick=True).folder == beside
    assert render_study("rates.yaml", quick=True).folder == beside
    assert (FOLDER / "results.json").read_bytes() == full
    (beside / "results.json").write_text("{", encoding="utf-8")
    assert make_request("rates.yaml", quick=True).folder == FOLDER.with_name("rates-quick-quick")


def test_provenance_speaks_of_the_runs(pretend):
    provenance = run_study("rates.yaml", workers=2, command="reportgen run rates.yaml -x").analysis.provenance
    assert provenance["command"] == "reportgen run rates.yaml -x"
    assert provenance["workers"] == 2
    assert provenance["train_seconds"] == pytest.approx(0.6)
    assert provenance["started"] <= provenance["finished"]
    again = run_study("rates.yaml", workers=1, command="reportgen run rates.yaml -x").analysis.provenance
    assert again == provenance


def test_a_quick_look_gives_way_to_a_full_report_that_came_meanwhile(pretend, monkeypatch):
    request = make_request("rates.yaml", quick=True)
    assert request.folder == FOLDER

    def full_comes_first(analysis, drawings, folder, formats):
        monkeypatch.setattr("reportgen.report.write", pretend.write)
        run_study("rates.yaml")
        return pretend.write(analysis, drawings, folder, formats)

    monkeypatch.setattr("reportgen.report.write", full_comes_first)
    quick = run_request(request)
    assert quick.folder == FOLDER.with_name("rates-quick")
    assert "watermark" not in json.loads((FOLDER / "results.json").read_text("utf-8"))["study"]
    assert json.loads((quick.folder / "results.json").read_text("utf-8"))["study"]["watermark"].startswith(WATERMARK)
    assert quick.paths
    assert all(path.parent == quick.folder for path in quick.paths)
    pretend.trained.clear()
    assert render_study("rates.yaml", quick=True).folder == quick.folder
    assert pretend.trained == []


@pytest.mark.parametrize(("name", "there"), [("figures", "file"), ("index.html", "folder"), ("results.json", "folder")])
def test_what_stands_in_the_way_of_a_report_stays_and_so_does_the_whole_former_one(pretend, name, there):
    run_study("rates.yaml")
    shutil.rmtree(FOLDER / name) if there == "file" else (FOLDER / name).unlink()
    mine = FOLDER / name if there == "file" else FOLDER / name / "mine.txt"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine", encoding="utf-8")
    before = {path: path.read_bytes() for path in FOLDER.rglob("*") if path.is_file() and "runs" not in path.parts}
    with pytest.raises(StoreError) as caught:
        run_study("rates.yaml", overrides={"seeds": 2})
    assert (caught.value.code, caught.value.where) == ("path-occupied", str(FOLDER / name))
    after = {path: path.read_bytes() for path in FOLDER.rglob("*") if path.is_file() and "runs" not in path.parts}
    assert after == before
