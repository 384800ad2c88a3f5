"""The verb diagnose for logs: what it prints about columns and rules, and its exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.analysis.finding import Abstention
from reportgen.cli.output.diagnosis import diagnosis_lines, diagnosis_values
from reportgen.external.logs.collect import read_logs
from reportgen.workflow.diagnose import DiagnosedTraining
from tests.cli.test_main import error_of, run
from tests.external.logs import samples
from tests.external.logs.samples import EPOCHS, write_rows
from tests.external.test_reader import save

Capture = pytest.CaptureFixture[str]


def test_each_column_is_printed_with_its_role_or_the_reason(tmp_path: Path, capsys: Capture) -> None:
    code, out, err = run(capsys, "diagnose", str(samples.fastai(tmp_path)))
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "history (fastai CSVLogger)"
    assert f"  validation accuracy <- accuracy (by epoch, {EPOCHS} values)" in lines
    assert f"  length: {EPOCHS} epochs" in lines
    assert "  ignored: time (text, such as '04:39')" in lines
    assert "  task: classification, since the log has an accuracy" in lines


def test_columns_that_are_ignored_for_one_reason_share_a_line(tmp_path: Path, capsys: Capture) -> None:
    names = [f"note{k}" for k in range(14)]
    path = write_rows(tmp_path / "log.csv", ("epoch", "loss", *names), [(e, 1 / (e + 1), *range(14)) for e in range(5)])
    _, out, _ = run(capsys, "diagnose", str(path))
    [line] = [line for line in out.splitlines() if "ignored: " in line]
    assert ", ".join(names[:5]) in line
    assert "note5" not in line
    assert "and 9 more" in line


def test_runs_of_one_group_are_described_once_if_they_are_alike(tmp_path: Path, capsys: Capture) -> None:
    for seed in range(2):
        folder = tmp_path / f"version_{seed}"
        folder.mkdir()
        samples.lightning(folder)
    code, out, _ = run(capsys, "diagnose", str(tmp_path))
    assert code == 0
    assert out.splitlines()[:2] == ["version_0 and 1 more (Lightning CSVLogger, 2 runs)", "  version_0, version_1"]
    assert out.count("validation loss <-") == 1
    assert f"    length: {10 * EPOCHS} steps, 10 in an epoch, one value every 5" in out.splitlines()


def test_a_folder_begins_with_a_summary_and_ends_with_what_all_lack(tmp_path: Path, capsys: Capture) -> None:
    for name, rows in (("a", 12), ("b", 14)):
        folder = tmp_path / name
        folder.mkdir()
        write_rows(folder / f"{name}.csv", ("epoch", "loss"), [(e, 1 / (e + 1)) for e in range(rows)])
    _, out, _ = run(capsys, "diagnose", str(tmp_path))
    lines = out.splitlines()
    assert lines[0] == "2 runs"
    repeated = [line for line in lines if line.startswith("  not judged: gradient_spikes")]
    assert len(repeated) == 1
    assert lines.index(repeated[0]) > lines.index("not judged in more than one of them")


def test_json_has_the_keys_of_records_and_of_logs(tmp_path: Path, capsys: Capture) -> None:
    _, out, _ = run(capsys, "diagnose", str(samples.lightning(tmp_path)), "--json")
    values: dict[str, Any] = json.loads(out)
    assert set(values) >= {"records", "findings", "not_found", "not_judged", "abstained", "logs", "unreadable"}
    [log] = values["logs"]
    assert (log["format"], log["unit"], log["seed"], log["task"]["classes"]) == ("lightning", "step", 3, 10)
    assert [(column["role"], column["column"]) for column in log["columns"]] == [
        ("train_loss", "train_loss"),
        ("val_loss", "val_loss"),
        ("val_accuracy", "val_acc"),
    ]


def test_a_damaged_log_of_a_folder_is_reported_on_stderr(tmp_path: Path, capsys: Capture) -> None:
    samples.fastai(tmp_path)
    (tmp_path / "bad.csv").write_text("epoch,loss\n1,0.5\n2,x\n", encoding="utf-8")
    code, out, err = run(capsys, "diagnose", str(tmp_path), "--json")
    assert code == 3
    assert str(tmp_path / "bad.csv") in err
    assert [error["code"] for error in json.loads(out)["unreadable"]] == ["invalid-data"]


def test_files_of_a_folder_that_are_damaged_or_no_logs_are_reported(tmp_path: Path, capsys: Capture) -> None:
    samples.fastai(tmp_path)
    (tmp_path / "bad.csv").write_bytes(bytes(range(128, 256)))
    (tmp_path / "cut.json").write_text('{"loss": [0.5, 0.4', encoding="utf-8")
    (tmp_path / "notes.txt").write_text("some words\n", encoding="utf-8")
    (tmp_path / "optimizer.pt").write_bytes(b"PK\x03\x04" + bytes(26) + b"optimizer/data.pkl")
    (tmp_path / "seed0.npz").write_bytes(b"PK\x03\x04 and nothing more")
    code, out, err = run(capsys, "diagnose", str(tmp_path), "--json")
    values = json.loads(out)
    assert (code, len(values["logs"]), values["other_files"]) == (3, 1, 2)
    found = {Path(error["where"].split(":")[0]).name for error in values["unreadable"]}
    assert found == {"bad.csv", "cut.json", "seed0.npz"}
    assert all(name in err for name in found)


def test_a_damaged_record_does_not_stop_the_others(tmp_path: Path, capsys: Capture) -> None:
    save(tmp_path / "seed0.npz")
    (tmp_path / "seed1.npz").write_bytes((tmp_path / "seed0.npz").read_bytes()[:2000])
    code, out, err = run(capsys, "diagnose", str(tmp_path), "--json")
    values = json.loads(out)
    assert (code, len(values["records"]), len(values["unreadable"])) == (3, 1, 1)
    assert "seed1.npz" in err


@pytest.mark.usefixtures("finished")
@pytest.mark.parametrize("lost", ["arrays.npz", "run.json", ""])
def test_a_stored_run_that_lacks_a_file_is_reported(capsys: Capture, lost: str) -> None:
    stored = sorted(Path("reports/rates/runs").iterdir())
    if lost:
        (stored[2] / lost).unlink()
    else:
        shutil.rmtree(stored[2])
    code, out, err = run(capsys, "diagnose", "reports/rates", "--json")
    values = json.loads(out)
    assert (code, len(values["records"])) == (3, len(stored) - 1)
    assert [error["where"] for error in values["unreadable"]] == [str(stored[2] / lost)]
    assert stored[2].name in err


def test_columns_and_task_can_be_told(tmp_path: Path, capsys: Capture) -> None:
    path = str(write_rows(tmp_path / "log.csv", ("t", "fit", "check"), [(1, 0.5, 0.6), (2, 0.4, 0.5)]))
    options = ("--loss", "fit", "--val-loss", "check", "--task", "classification", "--classes", "10")
    code, out, _ = run(capsys, "diagnose", path, *options)
    assert code == 0
    assert "  validation loss <- check (by epoch, 2 values)" in out.splitlines()
    assert "  task: classification with 10 classes, since given with --task" in out.splitlines()


@pytest.mark.parametrize(
    ("text", "options", "code", "exit_code"),
    [
        ("epoch,loss\n1,0.5\n", ("--task", "regression", "--classes", "10"), "option-conflict", 2),
        ("epoch,loss\n1,0.5\n", ("--as", "nothing"), "invalid-option", 2),
        ("epoch,loss\n1,0.5\n", ("--val-loss", "nothing"), "missing-column", 3),
        ("words\n", (), "unknown-log", 3),
    ],
)
def test_an_error_is_one_sentence_with_its_exit_code(
    text: str, options: tuple[str, ...], code: str, exit_code: int, tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")
    error = error_of(capsys, "diagnose", str(path), *options)
    assert (error["exit_code"], error["code"]) == (exit_code, code)


def test_options_for_logs_are_refused_for_records(tmp_path: Path, capsys: Capture) -> None:
    settings = {"network": {"hidden": [4], "activation": "relu"}, "training": {"lr": 0.1}, "facts": {"classes": 3}}
    np.savez(tmp_path / "run.npz", run=json.dumps(settings), step_loss=np.ones(5))
    assert error_of(capsys, "diagnose", str(tmp_path), "--together")["code"] == "option-conflict"


def test_a_folder_without_logs_is_an_error(tmp_path: Path, capsys: Capture) -> None:
    assert error_of(capsys, "diagnose", str(tmp_path))["code"] == "no-records"


def test_abstentions_are_printed_with_their_remedy(tmp_path: Path) -> None:
    abstention = Abstention("it has 3 of 8 epochs", "train longer")
    diagnosis = PartialDiagnosis(
        "log", (), ("no_signal",), {}, dict.fromkeys(("overfitting", "undertrained"), abstention)
    )
    diagnosed = DiagnosedTraining(tmp_path, (), (diagnosis,), read_logs(samples.keras(tmp_path)))
    [line] = [text for _, text in diagnosis_lines(diagnosed) if "overfitting, undertrained" in text]
    assert abstention.reason in line
    assert line.endswith(abstention.remedy)
    assert diagnosis_values(diagnosed)["abstained"]["log"]["overfitting"] == {
        "reason": "it has 3 of 8 epochs",
        "remedy": "train longer",
    }


def test_several_paths_are_runs_of_their_own_unless_joined(tmp_path: Path, capsys: Capture) -> None:
    rows = [(e, 1 / (e + 1), 1 / (e + 1)) for e in range(6)]
    paths = [str(write_rows(tmp_path / name, ("epoch", "loss", "val_loss"), rows)) for name in ("a.csv", "x/b.csv")]
    code, out, _ = run(capsys, "diagnose", *paths, "--json")
    assert (code, [*json.loads(out)["verdicts"]]) == (0, ["a", "b"])
    _, out, _ = run(capsys, "diagnose", *paths, "--together", "--json")
    assert len(json.loads(out)["verdicts"]) == 1


def test_a_damaged_path_is_reported_beside_the_others(tmp_path: Path, capsys: Capture) -> None:
    good = write_rows(tmp_path / "a.csv", ("epoch", "loss"), [(e, 1 / (e + 1)) for e in range(6)])
    (tmp_path / "b.csv").write_text("epoch,loss\n1,0.5\n2,x\n", encoding="utf-8")
    code, out, err = run(capsys, "diagnose", str(good), str(tmp_path / "b.csv"), "--json")
    assert (code, len(json.loads(out)["logs"]), "b.csv" in err) == (3, 1, True)
