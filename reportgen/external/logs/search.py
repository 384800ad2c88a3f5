"""Search for logs: the runs in a file, a run folder, or a folder of runs, each with the format that recognizes it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reportgen import disk
from reportgen.errors import StudyError, UsageError
from reportgen.external.logs.raw import LogFormat
from reportgen.paths import MANIFEST, MANIFEST_FORMAT

MOST_DEPTH = 8
MOST_FILES = 50_000
SKIPPED_FOLDERS = ("__pycache__", "node_modules", "site-packages")
SKIPPED_ENDINGS = (
    *(".npy", ".pt", ".pth", ".ckpt", ".safetensors", ".bin", ".h5", ".hdf5", ".keras", ".onnx", ".pkl"),
    *(".png", ".jpg", ".jpeg", ".gif", ".svg", ".pdf", ".mp4", ".zip", ".gz", ".tar", ".parquet", ".arrow"),
    *(".py", ".pyc", ".ipynb", ".html", ".md", ".lock", ".yaml", ".yml", ".toml"),
)
"""Endings of files that are never logs; they are not opened in a folder."""


@dataclass(frozen=True)
class FoundLog:
    """A run at a path, and the format to read it with; left: other logs in its folder, which are not read."""

    path: Path
    format: LogFormat
    left: tuple[Path, ...] = ()


def find_logs(path: Path, formats: Sequence[LogFormat], others: list[Path] | None = None) -> list[FoundLog]:
    """Return the runs in a file or folder, each once, in the order of their paths.

    others : gets the files of a folder that belong to no run.

    Links are not followed, hidden folders are skipped, and folders are searched to a limited depth.

    Raises
    ------
    UsageError : the folder holds too many files to be searched.
    """
    if path.is_file():
        return _in_file(path, formats)
    search = _Search()
    search.folder(path, formats, 0)
    if others is not None:
        others += search.others
    return list(search.found.values())


def _in_file(path: Path, formats: Sequence[LogFormat]) -> list[FoundLog]:
    for row in formats:
        runs = _found(row, path)
        if runs:
            return [FoundLog(run, row) for run in runs]
    return []


def _found(row: LogFormat, path: Path) -> Sequence[Path]:
    """Return what a format finds; a file that cannot be read is not of the format."""
    try:
        return row.find(path)
    except (OSError, StudyError):
        return []


class _Search:
    """A search through a folder: the runs by path, the other files, and the number of files that were seen."""

    def __init__(self) -> None:
        self.found: dict[Path, FoundLog] = {}
        self.others: list[Path] = []
        self._files = 0

    def folder(self, folder: Path, formats: Sequence[LogFormat], depth: int) -> None:
        """Search a folder, then its files, then the folders in it; without reports inside the searched folder."""
        if depth and _is_written(folder):
            return
        finders = []
        for row in formats:
            runs = _found(row, folder)
            self._add(FoundLog(run, row) for run in runs)
            if runs:
                finders.append(row)
        is_run = folder in self.found
        unused = [row for row in formats if row not in finders]
        folders, left = [], []
        for entry in _entries(folder):
            self._count(folder)
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(path)
            elif entry.is_file(follow_symlinks=False):
                if not is_run:
                    self._file(path, formats)
                elif not path.name.endswith(SKIPPED_ENDINGS) and _in_file(path, unused):
                    left.append(path)
        if left:
            self.found[folder] = replace(self.found[folder], left=tuple(left))
        parts = {name for row in finders for name in row.parts} if is_run else set()
        inner = [row for row in unused if not (is_run and row.generic)]
        for path in folders:
            hidden = path.name.startswith(".") or path.name in (*parts, *SKIPPED_FOLDERS)
            if depth < MOST_DEPTH and not hidden:
                self.folder(path, inner, depth + 1)

    def _file(self, path: Path, formats: Sequence[LogFormat]) -> None:
        runs = [] if path.name.endswith(SKIPPED_ENDINGS) else _in_file(path, formats)
        self._add(runs)
        if not runs and path not in self.found:
            self.others.append(path)

    def _add(self, logs: Iterable[FoundLog]) -> None:
        for log in logs:
            self.found.setdefault(log.path, log)

    def _count(self, folder: Path) -> None:
        self._files += 1
        if self._files > MOST_FILES:
            text = f"the folder has more than {MOST_FILES} files"
            raise UsageError("too-many", text, str(folder), "the folder of one run, or of the runs alone")


def _is_written(folder: Path) -> bool:
    """Return whether a folder is a report or a site of reportgen, whose tables are no logs."""
    return disk.read_json(folder / MANIFEST).get("format") == MANIFEST_FORMAT


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return the entries of a folder that are no links, by name; numbers in names count as numbers."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry for entry in entries if not entry.is_symlink()), key=lambda entry: natural(entry.name))
    except OSError:
        return []


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts "version_10" after "version_9"."""
    parts: list[tuple[int, int, str]] = []
    text = ""
    for character in [*name, ""]:
        if text and (character.isdecimal() != text[-1].isdecimal() or not character):
            parts.append((0, int(text), "") if text.isdecimal() and len(text) < 18 else (1, 0, text))
            text = ""
        text += character
    return tuple(parts)
