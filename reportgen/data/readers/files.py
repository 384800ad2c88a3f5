"""Files on this machine that a study names: where they are, and what identifies their contents."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from reportgen.errors import StudyError

Stamp = tuple[int, int]


def locate(path: str, folder: Path | None) -> Path:
    """Return the path, which starts at the study's folder unless it is absolute or begins with ~.

    Raises StudyError for one that leads nowhere, or that the system does not take for one.
    """
    try:
        expanded = Path(path).expanduser()
    except RuntimeError as error:  # ~ of somebody who has no home here
        raise StudyError("?", f"the path {path} leads nowhere", hint=str(error), setting="path") from error
    found = expanded if folder is None else folder / expanded
    try:
        found.exists()
    except OSError as error:  # such as a name that is too long
        raise StudyError("?", f"{path} cannot be read: {error.strerror or error}", setting="path") from error
    return found


def existing_file(path: str, folder: Path | None) -> Path:
    """Return the located file; a StudyError where there is none."""
    found = locate(path, folder)
    if found.is_dir():
        raise StudyError("?", f"{path} is a folder", hint="a file is needed", setting="path")
    if not found.is_file():
        raise StudyError("?", f"there is no file {path}", hint=f"looked for {found}", setting="path")
    return found


def stamp(path: Path) -> Stamp:
    """Return size and time of change: what tells that a file has not been touched since it was read."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's contents in hex, remembered until the file changes."""
    try:
        return _sha256(path, stamp(path))
    except OSError as error:
        raise StudyError("?", f"{path} cannot be read: {error.strerror or error}", setting="path") from error


@functools.lru_cache(maxsize=32)
def _sha256(path: Path, _: Stamp) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
