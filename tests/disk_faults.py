"""Faults at single disk operations: the process is killed, the disk is full or broken, or access is denied."""

from __future__ import annotations

import builtins
import errno
import io
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

STEPS = ("mkdir", "fsync", "replace", "rename", "rmdir", "unlink", "link", "truncate", "ftruncate")
"""Functions of `os` that change the disk; opening a file for writing and writing to it are counted too."""

KILL = "kill"
FAULTS = (KILL, "ENOSPC", "EIO", "EACCES")


class Killed(BaseException):
    """The process is killed: nothing that comes later reaches the disk."""


class FaultyDisk:
    """Counts disk operations and fails at one of them.

    After a kill all later operations fail as well, so that no exception handler changes the disk. An error is raised
    once; an operation that is denied because a program has the file open stays denied.
    """

    def __init__(self, patch: pytest.MonkeyPatch, stop_at: int, fault: str = KILL) -> None:
        self.count, self.stop_at, self.fault, self.names = 0, stop_at, fault, []
        self.dead = False
        for name in STEPS:
            patch.setattr(os, name, self._step(name, getattr(os, name)))
        patch.setattr(builtins, "open", self._opened(builtins.open))
        patch.setattr(io, "open", builtins.open)  # Path.open calls it
        patch.setattr("shutil._USE_CP_SENDFILE", False)  # copies with write, which is counted
        patch.setattr("shutil._USE_CP_COPY_FILE_RANGE", False, raising=False)
        patch.setattr("reportgen.disk.BUSY_SECONDS", 0.0)

    @property
    def reached(self) -> bool:
        """Whether the fault happened."""
        return self.count > self.stop_at

    def tick(self, name: str) -> None:
        """Count an operation; raise the fault if it is its turn."""
        if self.dead:
            raise Killed
        self.count += 1
        self.names.append(name)
        if self.count - 1 == self.stop_at:
            if self.fault == KILL:
                self.dead = True
                raise Killed
            number = getattr(errno, self.fault)
            raise OSError(number, os.strerror(number), name)

    def _step(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            self.tick(name)
            return original(*arguments, **options)

        return step

    def _opened(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def opened(path: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            if not set(mode) & set("wxa+"):
                return original(path, mode, *arguments, **options)
            self.tick("open")
            return TornFile(original(path, mode, *arguments, **options), self.tick)

        return opened


class TornFile:
    """A file of which a failed write leaves the first half."""

    def __init__(self, file: Any, tick: Callable[[str], None]) -> None:
        self._file, self._tick = file, tick

    def __enter__(self) -> TornFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._file)

    def truncate(self, size: int) -> int:
        self._tick("truncate")
        return int(self._file.truncate(size))

    def write(self, content: Any) -> int:
        try:
            self._tick("write")
        except (Killed, OSError):
            self._file.write(content[: len(content) // 2])
            self._file.flush()
            raise
        return int(self._file.write(content))


def each_fault(
    patching: pytest.MonkeyPatch, faults: tuple[str, ...], act: Callable[[], object], every: int = 1
) -> Iterator[tuple[str, int, BaseException | None]]:
    """Run `act` once for each fault and each disk operation; yield fault, number of the operation, and the exception.

    The caller prepares the disk before each run, when the generator is resumed. every: try each n-th operation only.
    """
    for fault in faults:
        for stop_at in itertools.count(0, every):
            raised: BaseException | None = None
            with patching.context() as patch:
                machine = FaultyDisk(patch, stop_at, fault)
                try:
                    act()
                except (Killed, Exception) as error:
                    raised = error
            if not machine.reached:
                assert raised is None, raised
                break
            yield fault, stop_at, raised


def tree(folder: Path) -> dict[str, bytes]:
    """Return the contents of all files of a folder, also hidden ones, by their relative path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
