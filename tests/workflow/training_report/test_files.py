"""The files behind a diagnosis, with sizes and checksums."""

from __future__ import annotations

import hashlib
from pathlib import Path

from reportgen.workflow.diagnose import DiagnosedTraining
from reportgen.workflow.training_report import files
from tests.training_examples import log


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def found(root: Path, *paths: Path) -> list[tuple[str, int, str]]:
    logs = {str(path): [log(path=path)] for path in paths}
    return [(one.name, one.size, one.sha256) for one in files.files_of(DiagnosedTraining(root, [], [], logs))]


def test_a_file_has_its_name_size_and_checksum(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "loss\n1\n")
    assert found(path, path) == [("a.csv", 7, hashlib.sha256(b"loss\n1\n").hexdigest())]


def test_the_folder_of_a_run_gives_its_visible_files_relative_to_the_diagnosed_folder(tmp_path: Path) -> None:
    for name in ("b/metrics.csv", "b/hparams.yaml", "b/.git/x", "c/metrics.csv"):
        write(tmp_path / name)
    names = [name for name, _, _ in found(tmp_path, tmp_path / "c" / "metrics.csv", tmp_path / "b")]
    assert names == ["b/hparams.yaml", "b/metrics.csv", "c/metrics.csv"]


def test_a_large_file_is_not_read_again(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 3)
    path = write(tmp_path / "a.csv", "long")
    assert found(path, path) == [("a.csv", 4, "")]


def test_a_folder_with_many_files_gives_the_first_ones(tmp_path: Path) -> None:
    for number in range(files.MOST_FILES + 5):
        write(tmp_path / "run" / f"{number:03}.txt")
    assert len(found(tmp_path, tmp_path / "run")) == files.MOST_FILES
