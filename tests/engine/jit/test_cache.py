"""The folder of compiled kernels is named by a hash of all sources of the engine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.shipped import sources_hash


@pytest.mark.parametrize("name", ["train.py", "layers/dense.py", "math/deep/tile.py"])
def test_an_edit_in_any_folder_changes_the_hash(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x = 1\n", encoding="utf-8")
    before = sources_hash(tmp_path)
    file.write_text("x = 2\n", encoding="utf-8")
    assert sources_hash(tmp_path) != before


def test_a_move_between_folders_changes_the_hash(tmp_path: Path) -> None:
    for folder in ("layers", "math"):
        (tmp_path / folder).mkdir()
    file = tmp_path / "layers" / "dense.py"
    file.write_text("x = 1\n", encoding="utf-8")
    before = sources_hash(tmp_path)
    file.rename(tmp_path / "math" / "dense.py")
    assert sources_hash(tmp_path) != before


def test_other_files_do_not_change_the_hash(tmp_path: Path) -> None:
    before = sources_hash(tmp_path)
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    assert sources_hash(tmp_path) == before


def test_modules_that_another_process_compiles_do_not_change_the_hash(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    before = sources_hash(tmp_path, "*.*")
    for name in ("train.cpython-311.pyc", "train.cpython-311.pyc.140211536", "step.train-7.py311.nbi"):
        (tmp_path / "__pycache__" / name).write_bytes(b"x")
    assert sources_hash(tmp_path, "*.*") == before


@pytest.mark.slow
def test_an_impossible_setting_of_numba_is_an_error() -> None:
    code = (
        "from reportgen.errors import MissingError\ntry:\n    import reportgen.engine\nexcept MissingError as error:\n"
    )
    command = [sys.executable, "-c", f"{code}    print(error.code)"]
    environment = os.environ | {"NUMBA_NUM_THREADS": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "missing-library"
