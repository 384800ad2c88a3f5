"""The pipeline: which runs are trained and stored, and what the report folder contains after success and failure."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reportgen import disk
from reportgen.errors import MissingError, StoreError, UsageError
from reportgen.report.media import pdf
from reportgen.report.publish import publisher
from reportgen.runs.store import Store
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.outcomes import Report
from reportgen.workflow.quick import REDUCED, WATERMARK
from reportgen.workflow.request import DEFAULT_FORMATS, make_request
from reportgen.workflow.run import render_study, run_request, run_study
from tests.rates import STUDY

FOLDER = Path("reports/rates")
ALWAYS = ["results.json", "runs", "study.yaml", "tables"]


def run(**options) -> Report:
    return run_study("rates.yaml", **{"formats": ["json"]} | options)


def render(**options) -> Report:
    return render_study("rates.yaml", **{"formats": ["json"]} | options)


def names(folder=FOLDER):
    """Return the names in a folder without the manifest."""
    return sorted(path.name for path in folder.iterdir() if path.name != "manifest.json")


def contents(folder=FOLDER):
    """Return the bytes of all files in a folder but those of the runs."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "runs" not in path.parts}


def test_a_first_run_trains_everything_and_a_second_nothing(training):
    first = run()
    assert (first.trained, first.stored, len(training.trained)) == (6, 0, 6)
    second = run()
    assert (second.trained, second.stored, len(training.trained)) == (0, 6, 6)


def test_all_formats_are_written_by_default(finished):
    run_study("rates.yaml")
    assert names() == sorted([*ALWAYS, "embed", "figures", "index.html", "rates.pdf"])


def test_a_report_from_stored_runs_equals_the_report_of_the_run_that_trained_them(training):
    run(workers=1)
    first = (FOLDER / "results.json").read_bytes()
    run(workers=2)
    assert (FOLDER / "results.json").read_bytes() == first
    render()
    assert (FOLDER / "results.json").read_bytes() == first


def test_fresh_trains_all_runs_again(finished):
    assert run(fresh=True).trained == 6
    assert len(finished.trained) == 6


def test_more_seeds_train_only_the_new_ones(finished):
    run(overrides={"seeds": 4})
    assert sorted(finished.trained) == [(0.01, 3), (0.5, 3)]


def test_a_damaged_run_is_trained_again(finished):
    next((FOLDER / "runs").iterdir()).joinpath("arrays.npz").write_bytes(b"damaged")
    assert run().trained == 1
    assert len(finished.trained) == 1


def test_a_failed_run_is_reported_and_trained_again_next_time(training):
    training.failing = {1}
    report = run()
    assert report.failures == tuple(f"{size} rate, seed 1: MemoryError: too wide" for size in ("small", "large"))
    statuses = [one["status"] for one in json.loads((FOLDER / "results.json").read_text("utf-8"))["runs"]]
    assert statuses.count("failed") == 2
    assert render().failures == report.failures
    training.failing, training.trained = set(), []
    assert run().failures == ()
    assert sorted(training.trained) == [(0.01, 1), (0.5, 1)]


def test_render_never_trains_and_names_the_command_that_does(training):
    with pytest.raises(UsageError) as caught:
        render()
    assert (caught.value.code, caught.value.where) == ("runs-missing", str(FOLDER / "runs"))
    assert "6 of the 6" in caught.value.message
    assert caught.value.hint.endswith("reportgen run rates.yaml")
    assert not FOLDER.exists()
    run(overrides={"seeds": 1})
    with pytest.raises(UsageError) as caught:
        render()
    assert (caught.value.code, "4 of the 6" in caught.value.message) == ("runs-missing", True)
    assert len(training.trained) == 2


def test_variants_with_equal_settings_are_trained_once(training):
    Path("rates.yaml").write_text(STUDY.replace("0.5", "0.01").replace("claims:\n", ""), encoding="utf-8")
    report = run()
    assert (report.trained, report.stored) == (3, 0)
    assert [len(summary.records) for summary in report.analysis.variants] == [3, 3]


def test_an_interrupted_study_keeps_its_finished_runs(training):
    class Impatient(ProgressListener):
        finished_runs = 0

        def finished(self, job, record):
            self.finished_runs += 1
            if self.finished_runs == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(workers=1, listener=Impatient())
    stored = len([name for name in names(FOLDER / "runs") if not name.startswith(".")])
    assert stored >= 2
    assert not (FOLDER / "results.json").exists()
    report = run()
    assert (report.stored, report.trained) == (stored, 6 - stored)


@pytest.mark.parametrize(("format_", "more"), [("json", []), ("html", ["index.html"]), ("kit", ["embed", "figures"])])
def test_formats_choose_the_files_beside_the_results(finished, format_, more):
    run(formats=[format_])
    assert names() == sorted([*ALWAYS, *more])


@pytest.mark.parametrize(("formats", "code"), [(["docx"], "unknown-name"), ([], "empty-value")])
def test_an_unknown_format_is_a_usage_error(training, formats, code):
    with pytest.raises(UsageError) as caught:
        run(formats=formats)
    assert caught.value.code == code
    assert "html" in caught.value.hint


def test_without_pango_only_the_pdf_is_missing(finished, monkeypatch):
    def fail(*arguments):
        raise error

    error = MissingError("missing-library", "no PDF without Pango")
    monkeypatch.setattr(pdf, "write_pdf", fail)
    report = run_study("rates.yaml")
    assert report.missing is error
    assert names() == sorted([*ALWAYS, "embed", "figures", "index.html"])


@pytest.mark.parametrize("error", [RuntimeError("bug"), KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_a_report_that_cannot_be_written_leaves_the_previous_one_unchanged(finished, monkeypatch, error):
    def fail(*arguments):
        raise error

    before = contents()
    monkeypatch.setattr(publisher, "write_tables", fail)  # after results.json
    with pytest.raises(StoreError if isinstance(error, OSError) else type(error)):
        run(overrides={"seeds": 2})
    assert contents() == before


def test_figures_of_a_previous_report_are_removed_and_a_users_own_stays(finished):
    run(formats=["kit"], overrides={"figures": ["loss_curves", "accuracy_curves"]})
    (FOLDER / "figures" / "own.svg").write_text("<svg/>", encoding="utf-8")
    run(formats=["kit"], overrides={"figures": ["loss_curves"]})
    kept = {name.partition(".")[0].removesuffix("-dark") for name in names(FOLDER / "figures")}
    assert kept == {"loss_curves", "own"}


def test_a_users_own_file_beside_the_report_stays(finished):
    (FOLDER / "notes.txt").write_text("mine", encoding="utf-8")
    run()
    assert "notes.txt" in names()


def test_files_of_a_killed_writer_are_removed(finished, monkeypatch):
    for folder in (FOLDER, FOLDER / "runs"):
        (folder / f"{disk.PREFIX}{disk.process_space()}-999999999-abcd").mkdir()
    monkeypatch.setattr(disk, "_alive", lambda process: process != 999999999)
    run(fresh=True)
    assert not list(FOLDER.rglob(f"{disk.PREFIX}*"))


@pytest.mark.parametrize("output", ["rates.yaml", "rates.yaml/deeper"])
def test_an_output_folder_that_cannot_be_written_is_an_error_before_training(training, output):
    with pytest.raises(UsageError) as caught:
        run(output=output)
    assert (caught.value.code, caught.value.where) == ("not-writable", str(Path(output) / "rates"))
    assert training.trained == []


def test_a_full_disk_ends_the_study_with_a_store_error(training, monkeypatch):
    def full(store, record):
        raise error

    error = StoreError("not-writable", "cannot store a run: No space left on device")
    monkeypatch.setattr(Store, "save", full)
    with pytest.raises(StoreError) as caught:
        run()
    assert caught.value is error


def test_a_request_trains_and_writes_nothing(training):
    request = make_request("rates.yaml")
    assert request.formats == DEFAULT_FORMATS
    assert not FOLDER.exists()
    assert training.trained == []


def test_quick_reduces_a_study_and_marks_it(training):
    text = STUDY.replace("samples: 40", "samples: 5000").replace("epochs: 2", "epochs: 20").replace("claims:\n", "")
    Path("rates.yaml").write_text(text, encoding="utf-8")
    plan = make_request("rates.yaml", quick=True).plan
    assert plan.study.seeds == (0, 1)
    specs = [planned.spec for planned in plan.runs]
    assert {(spec.training.epochs, spec.data.samples, spec.data.train) for spec in specs} == {(3, 500, None)}
    reduced = "3 of 20 epochs, 2 of 3 seeds, 500 of 5,000 examples"
    assert plan.study.watermark == REDUCED.format(reductions=reduced)


def test_typed_settings_take_precedence_over_quick(training):
    typed = {"seeds": [4, 5, 6], "training": {"epochs": 20}, "data.samples": 5000}
    plan = make_request("rates.yaml", quick=True, overrides=typed).plan
    assert plan.study.seeds == (4, 5, 6)
    assert {(one.spec.training.epochs, one.spec.data.samples) for one in plan.runs} == {(20, 5000)}
    assert plan.study.watermark == WATERMARK


def test_a_quick_look_replaces_another_but_never_a_full_report(training):
    assert run(quick=True).folder == FOLDER
    assert run(quick=True).folder == FOLDER
    assert run().folder == FOLDER
    full = (FOLDER / "results.json").read_bytes()
    beside = FOLDER.with_name("rates-quick")
    assert run(quick=True).folder == beside
    assert render(quick=True).folder == beside
    assert (FOLDER / "results.json").read_bytes() == full
    (beside / "results.json").write_text("{", encoding="utf-8")
    assert make_request("rates.yaml", quick=True).folder == FOLDER.with_name("rates-quick-quick")


def test_provenance_describes_the_training_of_the_runs(training):
    provenance = run(workers=2, command="reportgen run rates.yaml -x").analysis.provenance
    assert provenance["command"] == "reportgen run rates.yaml -x"
    assert provenance["workers"] == 2
    seconds = [one["train_seconds"] for one in json.loads((FOLDER / "results.json").read_text("utf-8"))["runs"]]
    assert provenance["train_seconds"] == pytest.approx(sum(seconds))
    assert provenance["started"] <= provenance["finished"]
    again = run(workers=1, command="reportgen run rates.yaml -x").analysis.provenance
    assert again == provenance


def test_a_quick_look_does_not_replace_a_full_report_written_in_the_meantime(training, monkeypatch):
    request = make_request("rates.yaml", quick=True, formats=["json"])
    assert request.folder == FOLDER
    write_tables = publisher.write_tables

    def write_full_report_first(*arguments):
        monkeypatch.setattr(publisher, "write_tables", write_tables)
        run()
        return write_tables(*arguments)

    monkeypatch.setattr(publisher, "write_tables", write_full_report_first)
    quick = run_request(request)
    assert quick.folder == FOLDER.with_name("rates-quick")
    assert "watermark" not in json.loads((FOLDER / "results.json").read_text("utf-8"))["study"]
    assert json.loads((quick.folder / "results.json").read_text("utf-8"))["study"]["watermark"].startswith(
        WATERMARK.partition(":")[0]
    )
    assert quick.paths
    assert all(path.parent == quick.folder for path in quick.paths)
    training.trained.clear()
    assert render(quick=True).folder == quick.folder
    assert training.trained == []


@pytest.mark.parametrize(
    ("name", "kind", "format_"),
    [("figures", "file", "kit"), ("index.html", "folder", "html"), ("results.json", "folder", "json")],
)
def test_a_users_file_in_the_way_of_a_report_stays_and_so_does_the_previous_report(finished, name, kind, format_):
    run(formats=[format_])
    shutil.rmtree(FOLDER / name) if kind == "file" else (FOLDER / name).unlink()
    mine = FOLDER / name if kind == "file" else FOLDER / name / "mine.txt"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine", encoding="utf-8")
    before = contents()
    with pytest.raises(StoreError) as caught:
        run(formats=[format_], overrides={"seeds": 2})
    assert (caught.value.code, caught.value.where) == ("path-occupied", str(FOLDER / name))
    assert contents() == before
