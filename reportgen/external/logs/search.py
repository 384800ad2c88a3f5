"""Search for logs: the runs in a file, a run folder, or a folder of runs, each with the format that recognizes it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import StudyError, UsageError
from reportgen.external.logs.raw import LogFormat

MOST_DEPTH = 8
MOST_FILES = 50_000
SKIPPED_FOLDERS = ("__pycache__", "node_modules", "site-packages")
SKIPPED_ENDINGS = (
    *(".npz", ".npy", ".pt", ".pth", ".ckpt", ".safetensors", ".bin", ".h5", ".hdf5", ".keras", ".onnx", ".pkl"),
    *(".png", ".jpg", ".jpeg", ".gif", ".svg", ".pdf", ".mp4", ".zip", ".gz", ".tar", ".parquet", ".arrow"),
    *(".py", ".pyc", ".ipynb", ".html", ".md", ".lock", ".yaml", ".yml", ".toml"),
)
"""Endings of files that are never logs; they are not opened in a folder."""


@dataclass(frozen=True)
class FoundLog:
    """A run at a path, and the format to read it with."""

    path: Path
    format: LogFormat


def find_logs(path: Path, formats: Sequence[LogFormat]) -> list[FoundLog]:
    """Return the runs in a file or folder, each once, in the order of their paths.

    Links are not followed, hidden folders are skipped, and folders are searched to a limited depth.

    Raises
    ------
    UsageError : the folder holds too many files to be searched.
    """
    if path.is_file():
        return _in_file(path, formats)
    found: dict[Path, FoundLog] = {}
    for log in _in_folder(path, formats, 0, iter(range(MOST_FILES))):
        found.setdefault(log.path, log)
    return list(found.values())


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


def _in_folder(folder: Path, formats: Sequence[LogFormat], depth: int, budget: Iterator[int]) -> Iterator[FoundLog]:
    runs = [FoundLog(run, row) for row in formats for run in _found(row, folder)]
    yield from runs
    is_run = any(run.path == folder for run in runs)
    inner = [row for row in formats if not (is_run and row.generic) and row not in [run.format for run in runs]]
    folders = []
    for entry in _entries(folder):
        if next(budget, None) is None:
            text = f"the folder has more than {MOST_FILES} files"
            raise UsageError("too-many", text, str(folder), "the folder of one run, or of the runs alone")
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            folders.append(path)
        elif not is_run and entry.is_file(follow_symlinks=False) and not entry.name.endswith(SKIPPED_ENDINGS):
            yield from _in_file(path, formats)
    for path in folders:
        if depth < MOST_DEPTH and not path.name.startswith(".") and path.name not in SKIPPED_FOLDERS:
            yield from _in_folder(path, inner, depth + 1, budget)


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
