"""Files and folders of logs: what is found, how runs are grouped and named, and what is reported."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.errors import ReportgenError
from reportgen.external.logs.collect import collect_logs, read_logs
from reportgen.external.logs.options import LogOptions
from tests.external.logs import samples
from tests.external.logs.samples import write_rows


def run(folder: Path, hparams: str | None = "lr: 0.1\nseed: 3\n") -> Path:
    """A run of Lightning in a folder of its own."""
    folder.mkdir(parents=True)
    samples.lightning(folder)
    if hparams is None:
        (folder / "hparams.yaml").unlink()
    else:
        (folder / "hparams.yaml").write_text(hparams, encoding="utf-8")
    return folder


def test_runs_that_differ_in_the_seed_alone_are_one_group(tmp_path: Path) -> None:
    for seed in range(3):
        run(tmp_path / f"version_{seed}", f"lr: 0.1\nseed: {seed}\n")
    run(tmp_path / "version_3", "lr: 0.2\nseed: 0\n")
    groups = read_logs(tmp_path)
    assert [[log.name for log in logs] for logs in groups.values()] == [
        ["version_0", "version_1", "version_2"],
        ["version_3"],
    ]
    assert [log.seed for log in next(iter(groups.values()))] == [0, 1, 2]


def test_runs_of_unknown_settings_are_groups_of_their_own_unless_joined(tmp_path: Path) -> None:
    for number in range(3):
        run(tmp_path / f"version_{number}", None)
    assert [len(logs) for logs in read_logs(tmp_path).values()] == [1, 1, 1]
    assert [len(logs) for logs in read_logs(tmp_path, LogOptions(together=True)).values()] == [3]


def test_names_are_unique_and_as_short_as_possible(tmp_path: Path) -> None:
    for name in ("a/version_0", "b/version_0", "b/version_10", "b/version_9"):
        run(tmp_path / name, None)
    assert list(read_logs(tmp_path)) == ["a/version_0", "b/version_0", "version_9", "version_10"]


def test_a_damaged_log_is_reported_beside_the_others(tmp_path: Path) -> None:
    run(tmp_path / "good")
    bad = run(tmp_path / "bad") / "metrics.csv"
    bad.write_text(bad.read_text(encoding="utf-8") + "1,2,3,4,5,6\n", encoding="utf-8")
    found = collect_logs(tmp_path)
    assert list(found.groups) == ["good"]
    assert [(error.code, (error.where or "").startswith(str(bad))) for error in found.unreadable] == [
        ("wrong-length", True)
    ]


def test_links_hidden_folders_and_great_depths_are_left_out(tmp_path: Path) -> None:
    outside = run(tmp_path / "outside")
    inside = tmp_path / "inside"
    run(inside / "seen")
    run(inside / ".git" / "hidden")
    run(inside.joinpath(*"abcdefghij"))
    os.symlink(outside, inside / "link", target_is_directory=True)
    os.symlink(inside, inside / "circle", target_is_directory=True)
    assert list(read_logs(inside)) == ["seen"]


def test_a_hundred_runs_are_read(tmp_path: Path) -> None:
    for number in range(100):
        write_rows(tmp_path / f"run{number}.csv", ("epoch", "loss"), [(0, 1.0), (1, 0.5)])
    assert len(read_logs(tmp_path)) == 100


def text(content: str | bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


@pytest.mark.parametrize(
    ("make", "options", "code", "exit_code"),
    [
        (lambda path: None, LogOptions(), "file-not-found", 2),
        (lambda path: path.mkdir(), LogOptions(), "no-records", 2),
        (text(""), LogOptions(), "empty-file", 3),
        (text("some words\nand more words\n"), LogOptions(), "unknown-log", 3),
        (text("a,b\n1,2\n"), LogOptions(), "unknown-columns", 3),
        (text("epoch,loss_scale\n1,2\n"), LogOptions(format="csv"), "unknown-columns", 3),
        (text("epoch,loss\n"), LogOptions(), "empty-data", 3),
        (text(b"\x80\x81\x82"), LogOptions(), "not-text", 3),
        (text("epoch,loss\n1,2\n"), LogOptions(format="kears-csv"), "invalid-option", 2),
        (text("epoch,loss\n1,2\n"), LogOptions(columns={"val_loss": "los"}), "missing-column", 3),
    ],
)
def test_what_is_no_log_is_one_clear_error(
    make: Callable[[Path], None], options: LogOptions, code: str, exit_code: int, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    make(path)
    with pytest.raises(ReportgenError) as caught:
        collect_logs(path, options)
    assert (caught.value.code, caught.value.exit_code) == (code, exit_code)


def test_a_named_column_makes_a_file_a_log(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "x.csv", ("t", "energy"), [(0, 1.0), (1, 0.5)])
    [[log]] = read_logs(path, LogOptions(columns={"train_loss": "energy"})).values()
    assert log.format == "csv"


def test_another_log_in_the_folder_of_a_run_is_named(tmp_path: Path) -> None:
    samples.SAMPLES["tensorboard"](tmp_path)
    samples.keras(tmp_path)
    (tmp_path / "notes.txt").write_text("nothing to read here\n", encoding="utf-8")
    [[log]] = read_logs(tmp_path).values()
    [note] = [note for note in log.notes if note.code == "other-log"]
    assert log.format == "tensorboard"
    assert "log.csv" in note.text
    assert "notes.txt" not in note.text


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_the_files_of_one_run_are_no_other_logs(tmp_path: Path, name: str) -> None:
    samples.SAMPLES[name](tmp_path)
    logs = [log for group in read_logs(tmp_path).values() for log in group]
    assert logs
    assert not [note for log in logs for note in log.notes if note.code == "other-log"]
