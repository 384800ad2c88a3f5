"""Cache of kernels: reused as it was stored; damaged entries and errors of the disk cost a compilation and no run."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numba import config, njit

from reportgen.engine.jit import kernel_cache
from reportgen.engine.jit.kernel_cache import KernelCache, KernelCacheWarning, damaged_files

pytestmark = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="needs the compiler")


def twice(number: int) -> int:
    return number * 2


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with one kernel."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(kernel_cache, "_said", kernel_cache.threading.Event())
    assert started()(21) == 42
    return tmp_path


def started(function: Callable[[int], int] = twice) -> Any:
    """Return a kernel as a new process has it."""
    compiled = njit(function)
    compiled._cache = KernelCache(function)
    return compiled


def hits(compiled: Any) -> int:
    return sum(compiled.stats.cache_hits.values())


def file_of(folder: Path, kind: str) -> Path:
    [path] = folder.rglob(f"*.{kind}")
    return path


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _enlarge(path: Path) -> None:
    os.truncate(path, kernel_cache.MOST_BYTES + 1)


def test_a_stored_kernel_is_loaded(folder: Path) -> None:
    again = started()
    assert (again(21), hits(again)) == (42, 1)
    assert damaged_files(folder) == ([], 2)


@pytest.mark.parametrize("kind", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [_cut, _empty, _flip, _enlarge])
def test_a_damaged_entry_is_named_once_compiled_again_and_stored_again(
    folder: Path, kind: str, damage: Callable[[Path], None]
) -> None:
    damage(file_of(folder, kind))
    assert damaged_files(folder)[0] == [file_of(folder, kind)]
    again = started()
    with pytest.warns(KernelCacheWarning):
        assert (again(21), hits(again)) == (42, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        third = started()
        assert (third(21), hits(third)) == (42, 1)
    assert damaged_files(folder)[0] == []


def thrice(number: int) -> int:
    return number * 3


def exchange(folder: Path, *, sealed: bool) -> None:
    """Exchange the compiled code of the two kernels, with digests for the new names if they are sealed."""
    first, second = sorted(folder.rglob("*.nbc"))
    contents = kernel_cache._content(second), kernel_cache._content(first)
    for path, seal, content in zip((first, second), (second, first), contents, strict=True):
        path.write_bytes(kernel_cache._digest(path if sealed else seal, content) + content)


@pytest.mark.parametrize("sealed", [False, True])
def test_exchanged_kernels_are_compiled_again(folder: Path, sealed: bool) -> None:
    assert started(thrice)(7) == 21
    exchange(folder, sealed=sealed)
    assert len(damaged_files(folder)[0]) == (0 if sealed else 2)
    with pytest.warns(KernelCacheWarning):
        assert (started()(21), started(thrice)(7)) == (42, 21)
    assert damaged_files(folder)[0] == []
    again = started(), started(thrice)
    assert (again[0](21), again[1](7), *map(hits, again)) == (42, 21, 1, 1)


def test_kernels_of_another_engine_are_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may have stored them in this folder after an upgrade."""
    monkeypatch.setattr(kernel_cache, "loaded_engine", lambda: "other")
    again = started()
    assert (again(21), hits(again)) == (42, 0)


def test_kernels_of_unknown_source_code_are_not_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(kernel_cache, "is_engine_known", lambda: False)
    assert started()(21) == 42
    assert damaged_files(tmp_path) == ([], 0)


@pytest.mark.skipif(os.name == "nt", reason="needs named pipes")
@pytest.mark.parametrize("kind", ["nbi", "nbc"])
def test_a_pipe_in_the_cache_blocks_nothing_and_is_replaced(folder: Path, kind: str) -> None:
    _pipe(file_of(folder, kind))
    assert damaged_files(folder)[0] == [file_of(folder, kind)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KernelCacheWarning)
        assert started()(21) == 42
    assert damaged_files(folder) == ([], 2)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError(13, "Permission denied")])
def test_a_cache_that_cannot_be_written_is_named_once_and_costs_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(kernel_cache, "_said", kernel_cache.threading.Event())

    def fail(*given: Any) -> None:
        raise error

    monkeypatch.setattr(kernel_cache._SealedFile, "_open_for_write", fail)
    with pytest.warns(KernelCacheWarning) as said:
        assert [started()(number) for number in (1, 2)] == [2, 4]
    assert len(said) == 1


def test_a_cache_that_can_only_be_read_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(kernel_cache._SealedFile, "_open_for_write", fail)
    again = started()
    assert (again(21), hits(again)) == (42, 1)


def test_doctor_names_damaged_kernels(folder: Path) -> None:
    from reportgen.cli.doctor import _kernels

    _flip(file_of(folder, "nbc"))
    [(good, line)] = _kernels(folder)
    assert not good
    assert "1 of 2" in line


def test_a_lack_of_memory_removes_no_kernels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> bytes:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(kernel_cache, "_content", fail)
        with pytest.raises(MemoryError):
            started()(21)
    again = started()
    assert (again(21), hits(again)) == (42, 1)
