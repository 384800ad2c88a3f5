"""Atomic writing of files and folders, on Linux, macOS and Windows."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import io
import json
import operator
import os
import platform
import shutil
import stat
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from reportgen.errors import UsageError
from reportgen.paths import JOURNAL

PREFIX = ".unfinished-"
"""Prefix of temporary names; `remove_abandoned` deletes them after their writer has ended."""

BUSY_SECONDS = 2.0  # Windows cannot rename a file while a virus scanner or an editor has it open
ABANDONED_SECONDS = 3600.0  # longer than any write takes, here or on another machine

MOST_BYTES = 2**30
"""Largest size of a file that is read at once, far above the one of any table and results.json."""

T = TypeVar("T")


@contextlib.contextmanager
def temporary_path(beside: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder as `beside`; remove it at the end if it still exists."""
    path = temporary_name(beside)
    try:
        yield path
    finally:
        if os.path.lexists(path):
            remove(path)


def temporary_name(beside: Path) -> Path:
    """Return a new temporary path in the same folder as `beside`, from which others see whether this process runs."""
    return beside.parent / f"{PREFIX}{process_space()}-{os.getpid()}-{os.urandom(4).hex()}"


@functools.cache
def process_space() -> str:
    """Return a name for the space in which process ids are unique: a machine since its start, or a container on it.

    The name of the host does not identify it, because containers and virtual machines may share one. The name is random
    if the space cannot be determined, so that no other process trusts the process ids.
    """
    parts = [platform.node()]
    try:
        if sys.platform == "linux":
            parts += [Path("/proc/sys/kernel/random/boot_id").read_text("ascii"), os.readlink("/proc/self/ns/pid")]
        else:
            parts += [f"{uuid.getnode():x}"]
    except OSError:
        parts = [os.urandom(8).hex()]
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:12]


def make_writable(folder: Path) -> None:
    """Create an output folder and remove temporary files of processes that have ended.

    Raises
    ------
    UsageError : the folder is not writable ("not-writable").
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_abandoned(folder)
        with temporary_path(folder / "probe") as probe:
            write_synced(probe, b"")
    except OSError as error:
        message = f"cannot write to the folder ({error.strerror or error})"
        raise UsageError("not-writable", message, where=str(folder)) from error


def home_folder() -> Path:
    """Return the user's home folder; a path that cannot exist if the user has none, such as in some containers."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.devnull, "home")


def open_regular(path: Path, most: int | None = None, follow: bool = True) -> BufferedReader:
    """Open a file for reading; raises OSError for anything else, such as a pipe or a device, which could block.

    most : largest size in bytes, None for any; raises OSError for a larger file. A sparse file takes no space.
    follow : whether the path may be a link to a file.
    """
    _refuse_other_kinds(path, os.stat(path, follow_symlinks=follow).st_mode)
    flags = ["O_NONBLOCK", "O_BINARY", *([] if follow else ["O_NOFOLLOW"])]  # each system has some of them
    descriptor = os.open(path, functools.reduce(operator.or_, (getattr(os, flag, 0) for flag in flags), os.O_RDONLY))
    try:
        status = os.fstat(descriptor)
        _refuse_other_kinds(path, status.st_mode)  # another file may have taken its place
        if most is not None and status.st_size > most:
            raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return the contents of a file; raises OSError as `open_regular`."""
    with open_regular(path, most) as file:
        return file.read()


def read_text(path: Path, encoding: str = "utf-8", most: int = MOST_BYTES) -> str:
    """Return the text of a file with line feeds; raises UnicodeDecodeError, or OSError as `read_regular`."""
    with io.TextIOWrapper(io.BytesIO(read_regular(path, most)), encoding) as file:
        return file.read()


def _refuse_other_kinds(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def write_synced(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file, whose content may come in pieces, and wait until it is on the disk."""
    with open(path, "wb") as file:
        for piece in [content] if isinstance(content, bytes) else content:
            file.write(piece)
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


def checksum(values: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a JSON object in hexadecimal digits, which it may contain itself as "checksum"."""
    text = json.dumps({name: value for name, value in values.items() if name != "checksum"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def replace_file(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Replace the content of a file atomically: readers see the old file or the new one. It may come in pieces."""
    with temporary_path(path) as temporary:
        write_synced(temporary, content)
        replace_path(temporary, path)


def replace_path(new: Path, path: Path) -> None:
    """Move a finished file to `path`, replacing the file there in one step."""
    retry_while_busy(lambda: os.replace(new, path))


def move_to_new(new: Path, path: Path) -> None:
    """Move a finished file to `path` in one step; raises FileExistsError if something is there."""
    if os.name == "nt":
        os.rename(new, path)
        return
    try:
        os.link(new, path)
    except FileExistsError:
        raise
    except OSError as error:  # some file systems have no links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        os.rename(new, path)


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
    """Remove temporary files and folders of processes that have ended, unless the folder still needs them."""
    if os.path.lexists(folder / JOURNAL):
        return
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for path in sorted(folder.glob(f"{PREFIX}*")):
            if _abandoned(path):
                remove(path)


def retry_while_busy(action: Callable[[], T]) -> T:
    """Return the result of `action`; retry for BUSY_SECONDS while another program has the file open."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return action()
        except PermissionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def _abandoned(path: Path) -> bool:
    """Return whether the writer has ended: its process is gone, or nothing was written for an hour."""
    space, _, rest = path.name.removeprefix(PREFIX).rpartition("-")[0].rpartition("-")
    if space == process_space() and rest.isdigit() and os.name != "nt" and int(rest) != os.getpid():
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


def is_own_file(path: Path) -> bool:
    """Return whether a path is a file and no link, which could lead out of the report."""
    return path.is_file() and not path.is_symlink()


def is_below_link(folder: Path, name: str) -> bool:
    """Return whether a folder in the relative path `name` is a link, which could lead out of `folder`."""
    return any((folder / parent).is_symlink() for parent in PurePosixPath(name).parents[:-1])


def stamp(path: Path) -> tuple[int, int] | None:
    """Return the number and the time of a file or folder, which change when it is replaced; None if it is absent."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
