"""Atomic writing of files and folders, on Linux, macOS and Windows."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any, TypeVar

from reportgen.errors import UsageError

PREFIX = ".unfinished-"
"""Prefix of temporary names; `remove_abandoned` deletes them after their writer has ended."""

BUSY_SECONDS = 2.0  # Windows cannot rename a file while a virus scanner or an editor has it open
ABANDONED_SECONDS = 3600.0  # longer than any write takes, here or on another machine

T = TypeVar("T")


@contextlib.contextmanager
def temporary_path(beside: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder as `beside`; remove it at the end if it still exists."""
    path = beside.parent / f"{PREFIX}{platform.node()}-{os.getpid()}-{os.urandom(4).hex()}"
    try:
        yield path
    finally:
        if os.path.lexists(path):
            remove(path)


def make_writable(folder: Path) -> None:
    """Create an output folder; raises UsageError ("not-writable") if it is not writable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with temporary_path(folder / "probe") as probe:
            write_synced(probe, b"")
    except OSError as error:
        message = f"cannot write to the folder ({error.strerror or error})"
        raise UsageError("not-writable", message, where=str(folder)) from error


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading; raises OSError for anything else, such as a pipe or a device, which could block."""
    _refuse_other_kinds(path, os.stat(path).st_mode)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _refuse_other_kinds(path, os.fstat(descriptor).st_mode)  # another file may have taken its place
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path) -> bytes:
    """Return the contents of a file; raises OSError as `open_regular`."""
    with open_regular(path) as file:
        return file.read()


def _refuse_other_kinds(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the entries of a folder are on the disk; not needed on Windows."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; an empty one if the file is missing or contains something else."""
    try:
        values = json.loads(read_regular(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def replace_file(path: Path, content: bytes) -> None:
    """Replace the content of a file atomically: readers see the old file or the new one."""
    with temporary_path(path) as temporary:
        write_synced(temporary, content)
        replace_path(temporary, path)


def replace_path(new: Path, path: Path) -> None:
    """Move a finished file to `path`, replacing the file there in one step."""
    retry_while_busy(lambda: os.replace(new, path))


def replace_folder(new: Path, path: Path) -> None:
    """Move the folder `new` to `path`, and remove any file or folder that was there.

    Two folders cannot be swapped atomically, so the old one is moved away first: a reader in between finds no folder,
    but never a mixture of both. If another process moves its folder to `path` in between, that folder stays and `new`
    is left to the caller, since both processes wrote the same contents.
    """
    with temporary_path(path) as old:
        with contextlib.suppress(FileNotFoundError):
            retry_while_busy(lambda: os.replace(path, old))
        try:
            retry_while_busy(lambda: os.rename(new, path))
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


def remove(path: Path) -> None:
    """Remove a file or a folder with its contents; it may already be removed by another process."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def remove_abandoned(folder: Path) -> None:
    """Remove temporary files and folders of processes that have ended."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for path in sorted(folder.glob(f"{PREFIX}*")):
            if _abandoned(path):
                remove(path)


def retry_while_busy(action: Callable[[], T], seconds: float = BUSY_SECONDS) -> T:
    """Return the result of `action`; retry while another program has the file open."""
    end = time.monotonic() + seconds
    while True:
        try:
            return action()
        except PermissionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def _abandoned(path: Path) -> bool:
    """Return whether the writer has ended: its process is gone, or nothing was written for an hour."""
    host, _, rest = path.name.removeprefix(PREFIX).rpartition("-")[0].rpartition("-")
    if host == platform.node() and rest.isdigit() and os.name != "nt" and int(rest) != os.getpid():
        return not _alive(int(rest))
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime > ABANDONED_SECONDS
    return False


def _alive(process: int) -> bool:
    """Return whether a process is running; not for Windows, where the same call would end the process."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
