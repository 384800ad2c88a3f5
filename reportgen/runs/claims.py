"""Claims of processes on the runs that they train, so that several processes on one folder train each run once.

A claim is a lock on one byte of a file. The system releases it when its process ends, however that happens. The last
process removes the file.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

LOCKS = ".claims"
"""Name of the file with the locks, which stays empty."""

KEY_DIGITS = 12  # hexadecimal digits of a key that give its place in the file; few enough for every file system

_held: set[tuple[Path, str]] = set()
_holding = threading.Lock()


class Claims:
    """The claims of this process in a folder of runs.

    On a file system without locks, every claim is granted: processes may then train a run twice.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    def __enter__(self) -> Claims:
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._folder / LOCKS, os.O_RDWR | os.O_CREAT, 0o666)
        return self

    def __exit__(self, *error: object) -> None:
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            _close_last(self._descriptor, self._folder / LOCKS)
            self._folder.rmdir()  # unless it has runs
        self._descriptor = None

    @contextlib.contextmanager
    def of(self, key: str) -> Iterator[bool]:
        """Claim a run for the duration of a `with` block; yields whether no other process or thread has claimed it."""
        place = (self._folder.resolve(), key)
        with _holding:  # locks of the system hold between processes only
            mine = place not in _held and self._lock(key)
            if mine:
                _held.add(place)
        try:
            yield mine
        finally:
            if mine:
                with _holding:
                    _held.discard(place)
                    self._unlock(key)

    def _lock(self, key: str) -> bool:
        if self._descriptor is None:
            return True
        try:
            _lock_byte(self._descriptor, int(key[:KEY_DIGITS], 16))
        except BlockingIOError:
            return False
        except (OSError, ValueError) as error:
            return not isinstance(error, PermissionError)  # some systems refuse a lock this way
        return True

    def _unlock(self, key: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._descriptor is not None:
                _unlock_byte(self._descriptor, int(key[:KEY_DIGITS], 16))


if sys.platform == "win32":
    import msvcrt

    def _lock_byte(descriptor: int, place: int) -> None:
        os.lseek(descriptor, place, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock_byte(descriptor: int, place: int) -> None:
        os.lseek(descriptor, place, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

    def _close_last(descriptor: int, path: Path) -> None:
        """Close the file and remove it; Windows refuses the removal while a process has the file open."""
        os.close(descriptor)
        path.unlink()

else:
    import fcntl

    def _lock_byte(descriptor: int, place: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)

    def _unlock_byte(descriptor: int, place: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, place)

    def _close_last(descriptor: int, path: Path) -> None:
        """Close the file, and remove it before unless another process has claimed a run."""
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 0, 0)  # a length of 0 is the whole file
            path.unlink()
        finally:
            os.close(descriptor)
