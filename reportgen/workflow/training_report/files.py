"""The files behind a diagnosis, with their sizes and checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from reportgen import disk
from reportgen.analysis.words.foreign import printable
from reportgen.report.training.inputs import LoggedFile
from reportgen.workflow.diagnose import DiagnosedTraining

MOST_FILES = 40
"""Largest number of files of one run whose log is a folder."""

MOST_BYTES = 1_000_000_000
"""A file above this size is not read again for its checksum."""

CHUNK = 1 << 20


def files_of(diagnosed: DiagnosedTraining) -> tuple[LoggedFile, ...]:
    """Return the files of all records and logs, by path."""
    paths = [record.path for record in diagnosed.records]
    paths += [log.path for logs in diagnosed.logs.values() for log in logs]
    files = dict.fromkeys(file for path in sorted(paths) for file in _files(path))
    return tuple(_logged(file, diagnosed.path) for file in files)


def _files(path: Path) -> Iterator[Path]:
    """Yield a file, or the first files of the folder of one run; links and hidden files are left out."""
    if path.is_file():
        yield path
    elif path.is_dir():
        inside = (file for file in sorted(path.rglob("*")) if file.is_file() and not file.is_symlink())
        visible = (file for file in inside if not any(part.startswith(".") for part in file.relative_to(path).parts))
        yield from (file for file, _ in zip(visible, range(MOST_FILES), strict=False))


def _logged(file: Path, root: Path) -> LoggedFile:
    name = file.relative_to(root) if root.is_dir() and file.is_relative_to(root) else Path(file.name)
    size = file.stat().st_size
    return LoggedFile(printable(name.as_posix()), size, _sha256(file) if size <= MOST_BYTES else "")


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with disk.open_regular(file) as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
