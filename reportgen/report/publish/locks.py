"""Locks of open files, which end with the process that holds them."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from typing import IO

HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK, getattr(errno, "EDEADLOCK", errno.EDEADLK))
"""Errors of a lock that another process holds."""

LONGEST_SECONDS = 60.0
"""Longest time for which a file is locked; on a file system without locks, an older file counts as unlocked."""


LOCKED_BYTE = 2**30
"""Place of the locked byte on Windows, where nobody else can read a locked byte: far behind the contents."""


def lock(file: IO[bytes]) -> bool | None:
    """Lock a file that was just opened, without waiting.

    Returns False if another process holds the lock, None if there are no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file.fileno(), LOCKED_BYTE, os.SEEK_SET)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            finally:
                os.lseek(file.fileno(), 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in HELD else None
    return True


def is_released(file: IO[bytes]) -> bool:
    """Return whether no process holds the lock of a file, and lock it."""
    locked = lock(file)
    return time.time() - os.fstat(file.fileno()).st_mtime > LONGEST_SECONDS if locked is None else locked


def is_at(file: IO[bytes], path: Path) -> bool:
    """Return whether an open file still has this path; another process may have removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False
