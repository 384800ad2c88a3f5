"""Files and folders that appear whole or not at all, on Linux, macOS and Windows."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from reportgen.errors import UsageError

PREFIX = ".unfinished-"
"""Every temporary name begins so; what still bears it after its writer has died is removed by `sweep`."""

BUSY_SECONDS = 2.0  # Windows refuses to rename what a virus scanner or an editor holds open for a moment
ABANDONED_SECONDS = 3600.0  # beyond any writing that is still under way, here or on another machine

T = TypeVar("T")


@contextlib.contextmanager
def temporary_path(beside: Path) -> Iterator[Path]:
    """Yield a path of a temporary name in the same folder as `beside`; what is left there is removed at the end."""
    path = beside.parent / f"{PREFIX}{platform.node()}-{os.getpid()}-{os.urandom(4).hex()}"
    try:
        yield path
    finally:
        if os.path.lexists(path):
            remove(path)


def make_writable(folder: Path) -> None:
    """Make a folder that a user named for output; raises UsageError if it is not writable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with temporary_path(folder / "probe") as probe:
            write_synced(probe, b"")
    except OSError as error:
        found = f"the folder is not writable: {error.strerror or error}"
        raise UsageError("not-writable", found, where=str(folder)) from error


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk holds it."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk holds the folder's names; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes) -> None:
    """Give the file its new content in one step: a reader sees the old file or the new one."""
    with temporary_path(path) as temporary:
        write_synced(temporary, content)
        retry_while_busy(lambda: os.replace(temporary, path))


def replace_folder(new: Path, path: Path) -> None:
    """Move the folder `new` to `path`, and remove any file or folder that was there.

    No system replaces a non-empty folder in one step, so the old one is moved aside first: until the new one has its
    name, a reader finds no folder, never a mixture. If another process puts its folder there in this moment, that
    folder stays and `new` is left to the caller, since two processes write the same contents under one name.
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
    """Remove a file or a whole folder; what another process removes meanwhile is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def remove_abandoned(folder: Path) -> None:
    """Remove what writers that are no longer alive left in the folder."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for path in sorted(folder.glob(f"{PREFIX}*")):
            if _abandoned(path):
                remove(path)


def retry_while_busy(action: Callable[[], T], seconds: float = BUSY_SECONDS) -> T:
    """Return what `action` returns, trying again for a while where another program holds the file."""
    end = time.monotonic() + seconds
    while True:
        try:
            return action()
        except PermissionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def _abandoned(path: Path) -> bool:
    """Tell whether nobody writes there any more: its process is gone, or nothing has happened for an hour."""
    host, _, rest = path.name.removeprefix(PREFIX).rpartition("-")[0].rpartition("-")
    if host == platform.node() and rest.isdigit() and os.name != "nt" and int(rest) != os.getpid():
        return not _alive(int(rest))
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime > ABANDONED_SECONDS
    return False


def _alive(process: int) -> bool:
    """Tell whether a process of that number runs; not for Windows, where the same call would end it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
