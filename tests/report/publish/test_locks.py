"""Locks of files: what another handle finds, and which byte Windows locks."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from reportgen.report.publish.locks import LOCKED_BYTE, is_released, lock


def test_a_lock_is_held_until_its_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with path.open("xb") as file:
        assert lock(file)
        with path.open("rb") as other:
            assert not is_released(other)
    with path.open("rb") as other:
        assert is_released(other)


def test_windows_locks_a_byte_behind_the_contents_and_the_contents_are_written_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to read a locked byte, also to a second handle of the same process."""
    places: list[int] = []

    def locking(descriptor: int, mode: int, count: int) -> None:
        places.append(os.lseek(descriptor, 0, os.SEEK_CUR))

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    path = tmp_path / "journal"
    with path.open("xb") as file:
        assert lock(file)
        file.write(b"contents")
    assert (places, path.read_bytes()) == ([LOCKED_BYTE], b"contents")
