"""Local files named in a study: their paths, and checksums of their contents."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from reportgen import disk
from reportgen.errors import StudyError

Stamp = tuple[int, ...]


def locate(path: str, folder: Path | None) -> Path:
    """Return the path; relative paths start from the study's folder, and ~ is the home folder.

    Raises StudyError if the home folder is unknown or the system rejects the path.
    """
    try:
        expanded = Path(path).expanduser()
    except RuntimeError as error:  # a user without a home folder
        raise StudyError("file-not-found", f"unknown home folder in {path}", hint=str(error), setting="path") from error
    located = expanded if folder is None else folder / expanded
    try:
        located.exists()
    except OSError as error:  # for example a name that is too long
        raise _unreadable(path, error) from error
    return located


def existing_file(path: str, folder: Path | None) -> Path:
    """Return the located file; raises StudyError if it is missing or a folder."""
    located = locate(path, folder)
    if located.is_dir():
        raise StudyError("not-a-file", f"{path} is a folder", hint="name a file", setting="path")
    if located.exists() and not located.is_file():
        raise StudyError("not-a-file", f"{path} is a pipe or a device", hint="name a file", setting="path")
    if not located.is_file():
        raise StudyError("file-not-found", f"file {path} does not exist", hint=f"looked for {located}", setting="path")
    return located


def stamp(path: Path) -> Stamp:
    """Return size, times and number of a file, which change when it is edited or replaced."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


@dataclass(frozen=True)
class HashedFile:
    """The path and the contents of a file, and the SHA-256 of these contents in hex.

    Examples are read from these bytes, so that the hash is the one of the examples even if the file changes.
    """

    path: Path
    content: bytes
    sha256: str


def read_hashed(path: Path, most: int = -1) -> HashedFile:
    """Return the contents of a file, its first `most` bytes if that is not -1; raises StudyError."""
    try:
        with disk.open_regular(path) as file:
            content = file.read(most)
    except OSError as error:
        raise _unreadable(str(path), error) from error
    except MemoryError as error:
        raise StudyError("too-large", "the file needs more memory than this machine has", str(path)) from error
    return HashedFile(path, content, hashlib.sha256(content).hexdigest())


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's contents in hex, cached until the file changes; raises StudyError."""
    try:
        return _sha256(path, stamp(path))
    except OSError as error:
        raise _unreadable(str(path), error) from error


def _unreadable(path: str, error: OSError) -> StudyError:
    return StudyError("unreadable-file", f"{path} cannot be read: {error.strerror or error}", setting="path")


@functools.lru_cache(maxsize=32)
def _sha256(path: Path, _: Stamp) -> str:
    with disk.open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
