"""Compiled kernels of other versions: those long unused go on request, whole, and never the ones in use."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numba
import pytest

from reportgen.cli import doctor
from reportgen.engine.jit import folders as kernels
from reportgen.engine.jit.folders import other_kernels, remove_stale, size_of
from tests.cli.test_main import run


def compiled(root: Path, name: str, days: float, size: int = 2_000_000) -> Path:
    """Write a folder as Numba leaves it, last used so many days ago."""
    folder = root / f"kernels-{name}"
    (folder / "engine_abc").mkdir(parents=True)
    for file in ("step.nbi", "step.1.nbc"):
        (folder / "engine_abc" / file).write_bytes(b"x" * (size // 2))
        os.utime(folder / "engine_abc" / file, (time.time() - days * 86_400,) * 2)
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache with kernels in use, kernels of last week and kernels of last year."""
    root = tmp_path / "reportgen"
    for name, days in (("own", 400), ("week", 7), ("year", 400)):
        compiled(root, name, days)
    (root / "data").mkdir()
    monkeypatch.setattr(kernels, "user_cache", lambda: tmp_path)
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(root / "kernels-own"))
    return root


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


def test_only_unused_folders_of_other_versions_are_removed(cache: Path) -> None:
    assert doctor.clean() == "removed the compiled kernels of 1 other version, 2 MB"
    assert names(cache) == ["data", "kernels-own", "kernels-week"]
    assert doctor.clean() == "removed the compiled kernels of 0 other versions, 0 MB"


def test_measuring_a_folder_is_not_a_use_of_it(cache: Path) -> None:
    for _ in range(2):
        assert [one.stale for one in other_kernels(cache / "kernels-own")] == [False, True]


def test_a_file_that_was_read_recently_keeps_the_folder(cache: Path) -> None:
    file = cache / "kernels-year" / "engine_abc" / "step.nbi"
    os.utime(file, (time.time(), file.stat().st_mtime))
    assert remove_stale(other_kernels(cache / "kernels-own")) == []


def test_a_folder_that_another_process_uses_or_removes_is_no_error(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = other_kernels(cache / "kernels-own")

    def held(*paths: object) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(kernels.os, "rename", held)
    assert remove_stale(found) == []
    monkeypatch.undo()
    assert [one.folder.name for one in remove_stale(found)] == ["kernels-year"]
    assert remove_stale(found) == []


def test_a_folder_that_vanishes_while_it_is_measured_is_no_error(cache: Path, tmp_path: Path) -> None:
    assert size_of(tmp_path / "gone") == 0


def test_a_link_is_neither_followed_nor_removed(cache: Path, tmp_path: Path) -> None:
    outside = compiled(tmp_path / "elsewhere", "linked", 400)
    try:
        (cache / "kernels-link").symlink_to(outside, target_is_directory=True)
    except OSError:
        pytest.skip("links need a right here")
    assert "kernels-link" not in [one.folder.name for one in remove_stale(other_kernels(cache / "kernels-own"))]
    assert outside.is_dir()


def test_doctor_reports_sizes_and_cleans_on_request(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert size_of(cache / "kernels-own") == 2_000_000
    out = run(capsys, "doctor")[1]
    assert "kernels-own (2 MB)" in out
    assert "compiled kernels of 2 other versions, 4 MB; 1 not used for 30 days, which reportgen doctor --clean" in out
    out = run(capsys, "doctor", "--clean")[1]
    assert out.startswith("removed the compiled kernels of 1 other version, 2 MB\n")
    assert "compiled kernels of 1 other version, 2 MB\n" in out


def test_kernels_are_compiled_if_their_folder_contains_one(tmp_path, monkeypatch):
    from numba import config

    from reportgen.engine.jit.folders import are_compiled

    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(config, "DISABLE_JIT", 0)
    assert not are_compiled()
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "step.nbc").write_bytes(b"")
    assert are_compiled()
    assert not are_compiled("convolution")
    (tmp_path / "engine" / "convolution.forward-1.nbc").write_bytes(b"")
    assert are_compiled("convolution")
