"""The report of the verb diagnose: its folder, its formats, its exit codes, and what it must not replace."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import MissingError
from reportgen.report.media import pdf
from tests.cli.test_main import error_of, run
from tests.rates import write_study
from tests.report.finished_reports import report

pytestmark = pytest.mark.slow

FOLDER = Path("reports/history")


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of losses that overfits strongly, in a working folder of its own."""
    monkeypatch.chdir(tmp_path)
    return write_log(Path("history.csv"))


def write_log(path: Path, columns: str = "epoch,loss,val_loss") -> Path:
    t = np.arange(1, 31)
    losses = zip(t, 2 * np.exp(-t / 5) + 0.01, 0.5 + 0.05 * np.abs(t - 8), strict=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([columns, *(f"{e},{a:.4f},{b:.4f}" for e, a, b in losses)]) + "\n", encoding="utf-8")
    return path


def diagnose(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code, out, err = run(capsys, "diagnose", *arguments)
    return code, out, err


def error_code(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Return the exit code and the code of the error."""
    error = error_of(capsys, "diagnose", *arguments)
    return error["exit_code"], error["code"]


def test_without_options_nothing_is_written(history, capsys):
    code, out, _ = diagnose(capsys, "history.csv")
    assert code == 0
    assert "report:" not in out
    assert [path.name for path in Path().iterdir()] == ["history.csv"]


def test_a_diagnosis_that_lacks_a_damaged_log_says_so_wherever_it_is_shown(history, capsys):
    write_log(Path("logs/good.csv"))
    Path("logs/bad.csv").write_text("epoch,loss\n1,0.5\n2,x\n", encoding="utf-8")
    says = "1 record or log could not be read and is not part of this diagnosis"
    for more in ((), ("--strict",)):
        code, out, err = diagnose(capsys, "logs", "-f", "html", *more)
        assert (code, out.splitlines()[0]) == (3, says)
        assert "bad.csv" in err
    page = Path("reports/logs/index.html").read_text(encoding="utf-8")
    assert page.index(says) < page.index('id="runs"')
    assert run(capsys, "index", "reports", "-o", "site")[0] == 0
    assert says in Path("site/index.html").read_text(encoding="utf-8")
    Path("logs/bad.csv").unlink()
    assert diagnose(capsys, "logs", "-f", "html")[0] == 0
    assert says not in Path("reports/logs/index.html").read_text(encoding="utf-8")


def test_a_report_in_the_chosen_formats_goes_to_the_folder_of_the_name(history, capsys):
    code, out, _ = diagnose(capsys, "history.csv", "-f", "html")
    assert code == 0
    assert out.splitlines()[-1] == f"report: {FOLDER / 'index.html'}"
    assert sorted(path.name for path in FOLDER.iterdir()) == ["diagnosis.json", "index.html", "manifest.json", "tables"]
    text = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert "<h1>Diagnosis of history.csv</h1>" in text
    assert "reportgen diagnose history.csv</code>" in text


def test_the_json_of_the_report_is_that_of_the_command(history, capsys):
    code, out, _ = diagnose(capsys, "history.csv", "-f", "json", "-o", "out", "--json")
    assert code == 0
    printed, written = json.loads(out), json.loads(Path("out/history/diagnosis.json").read_text(encoding="utf-8"))
    folder = Path("out/history")
    assert printed.pop("report") == {"folder": str(folder), "file": str(folder / "diagnosis.json"), "missing": None}
    assert {name: written[name] for name in printed} == printed
    assert written["provenance"]["source"] == "../../history.csv"
    assert [file["name"] for file in written["files"]] == ["history.csv"]


def test_the_exit_code_of_strict_stays(history, capsys):
    code, out, _ = diagnose(capsys, "history.csv", "-f", "json", "--strict")
    assert code == 6
    assert "warning: overfitting" in out
    assert (FOLDER / "diagnosis.json").is_file()


def test_open_shows_the_page(history, capsys, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert diagnose(capsys, "history.csv", "-f", "html", "--open")[0] == 0
    assert opened == [(FOLDER / "index.html").resolve().as_uri()]


def test_a_missing_library_of_the_pdf_is_an_error_only_if_the_pdf_was_chosen(history, capsys, monkeypatch):
    def fail(*_: object) -> None:
        raise MissingError("missing-library", "no PDF")

    monkeypatch.setattr(pdf, "write_pdf", fail)
    code, _, err = diagnose(capsys, "history.csv", "-o", "reports")
    assert code == 0
    assert "no PDF" in err
    assert diagnose(capsys, "history.csv", "-f", "html,pdf")[0] == MissingError.exit_code


@pytest.mark.parametrize(("chosen", "code"), [("htm", "unknown-name"), ("quiz", "unknown-name"), (",", "empty-value")])
def test_unknown_formats_are_refused(history, capsys, chosen, code):
    assert error_code(capsys, "history.csv", "-f", chosen) == (2, code)
    assert not FOLDER.exists()


def test_a_second_report_of_the_same_log_replaces_the_first(history, capsys):
    for formats in ("html,json", "json"):
        assert diagnose(capsys, "history.csv", "-f", formats)[0] == 0
    assert (FOLDER / "index.html").is_file()  # the same results, so the page stays valid
    write_log(Path("history.csv"), "epoch,train_loss,val_loss")
    assert diagnose(capsys, "history.csv", "-f", "json")[0] == 0
    assert not (FOLDER / "index.html").exists()


def test_the_report_of_another_log_is_not_replaced(history, capsys):
    write_log(Path("other/history.csv"))
    assert diagnose(capsys, "history.csv", "-f", "json")[0] == 0
    before = (FOLDER / "diagnosis.json").read_bytes()
    assert error_code(capsys, "other/history.csv", "-f", "json") == (2, "report-of-another-study")
    assert (FOLDER / "diagnosis.json").read_bytes() == before


def test_the_report_of_a_study_is_not_replaced(history, capsys):
    report(FOLDER)
    assert error_code(capsys, "history.csv", "-f", "json") == (2, "report-of-another-study")
    assert not (FOLDER / "diagnosis.json").exists()


def test_a_study_does_not_replace_the_report_of_a_diagnosis(history, capsys):
    assert diagnose(capsys, "history.csv", "-f", "json")[0] == 0
    write_study(Path("history.yaml"))
    code, out, _ = run(capsys, "run", "history.yaml", "-f", "json", "--json")
    [answer] = json.loads(out)
    assert (code, answer["error_details"]["code"]) == (2, "report-of-another-study")


@pytest.mark.parametrize("name", ["index.html", "history.pdf", "tables/mine.csv", "diagnosis.json"])
def test_files_of_the_user_are_not_replaced(history, capsys, name):
    mine = FOLDER / name
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    assert error_code(capsys, "history.csv", "-f", "json") == (2, "path-occupied")
    assert mine.read_text(encoding="utf-8") == "mine"


def test_other_files_in_the_folder_stay(history, capsys):
    FOLDER.mkdir(parents=True)
    (FOLDER / "notes.txt").write_text("mine", encoding="utf-8")
    assert diagnose(capsys, "history.csv", "-f", "json")[0] == 0
    assert (FOLDER / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_the_diagnosed_folder_is_no_place_for_the_report(history, capsys):
    write_log(Path("logs/run/metrics.csv"))
    assert error_code(capsys, "logs/run", "-o", "logs", "-f", "json") == (2, "output-conflict")
    assert [path.name for path in Path("logs/run").iterdir()] == ["metrics.csv"]


def test_a_report_inside_the_diagnosed_folder_is_no_log(history, capsys):
    for _ in range(2):
        code, out, _ = diagnose(capsys, ".", "-o", "out", "-f", "json", "--json")
        assert code == 0
        assert len(json.loads(out)["logs"]) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file names")
@pytest.mark.parametrize("name", ["=cmd() <b>x</b>", "a\u202eb", "💥 $x$", "..", "-", "latin\udcf1"])
def test_file_names_of_any_kind_make_a_report(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    write_log(Path("in") / f"{name}.csv")
    assert diagnose(capsys, f"in/{name}.csv", "-f", "html,kit", "-o", "out")[0] == 0
    [folder] = Path("out").iterdir()
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "<b>x</b>" not in text
    assert "\u202e" not in text


def test_the_index_lists_a_diagnosis_with_its_verdict(history, capsys):
    assert diagnose(capsys, "history.csv", "-f", "html")[0] == 0
    report(Path("reports") / "a")
    assert run(capsys, "index", "-o", "site")[0] == 0
    text = Path("site/index.html").read_text(encoding="utf-8")
    assert '<a href="history/index.html">Diagnosis of history.csv</a>' in text
    assert Path("site/history/index.html").is_file()
    assert "2 reports of studies and diagnoses" in text


@pytest.mark.parametrize("verb", ["verify", "compare"])
def test_verbs_on_claims_and_runs_refuse_a_diagnosis(history, capsys, verb):
    assert diagnose(capsys, "history.csv", "-f", "json")[0] == 0
    reports = [str(FOLDER)] * (2 if verb == "compare" else 1)
    code, out, _ = run(capsys, verb, *reports, "--json")
    assert code == 2
    assert "report-not-found" in out


def test_a_damaged_diagnosis_is_an_error_of_the_index(history, capsys):
    assert diagnose(capsys, "history.csv", "-f", "json")[0] == 0
    path = FOLDER / "diagnosis.json"
    path.write_text(json.dumps({"format": "reportgen-diagnosis", "version": 1, "id": "../x"}), encoding="utf-8")
    code, _, err = run(capsys, "index", "-o", "site")
    assert (code, err.count("\n")) == (3, 1)
    assert not Path("site").exists()


@pytest.mark.parametrize(
    "row",
    [
        lambda step: (9e15, -step, 1e308, -1e308),
        lambda step: (step, step, 1e308, -1.7e308 * (-1) ** step),
        lambda step: (step, step, 5e-324, 1e-320),
    ],
    ids=["far", "large", "small"],
)
def test_extreme_logs_have_a_report_without_warnings(tmp_path, capsys, row):
    lines = ["step,epoch,loss,val_loss", *(",".join(map(repr, row(step))) for step in range(1, 31))]
    log = tmp_path / "log.csv"
    log.write_text("\n".join(lines), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        code, _out, err = run(capsys, "diagnose", str(log), "-o", str(tmp_path / "d"), "-f", "html")
    assert (code, "internal" in err) == (0, False)
