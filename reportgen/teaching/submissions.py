"""Folders that students handed in, and the reports in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.errors import StudyError, UsageError
from reportgen.paths import DATA, RESULTS, RUNS, STUDY
from reportgen.report.publish.data_copies import MOST_BYTES as MOST_COPIED
from reportgen.study.syntax.yaml12 import MOST_BYTES, read


@dataclass(frozen=True)
class Submission:
    """A folder that a student handed in, and the folders of the reports in it."""

    folder: Path
    reports: tuple[Path, ...]


def find_submissions(arguments: Iterable[str | Path]) -> list[Submission]:
    """Return the submissions in folders, each once.

    A folder is the submission of one student. If several of its subfolders contain reports, each subfolder is a
    submission. Raises UsageError if a folder does not exist.
    """
    found: dict[Path, Submission] = {}
    for argument in arguments:
        folder = Path(argument)
        if not folder.is_dir():
            raise UsageError("file-not-found", "no such folder", where=str(folder), hint="a folder with a report")
        for submission in _submissions(folder):
            found.setdefault(submission.folder.resolve(), submission)
    return list(found.values())


def _submissions(folder: Path) -> Iterator[Submission]:
    reports = _reports(folder)
    if len({report.relative_to(folder).parts[:1] for report in reports}) > 1:
        inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        yield from (
            Submission(path, tuple(report for report in reports if path in (report, *report.parents)))
            for path in inside
        )
    else:
        yield Submission(folder, tuple(reports))


def _reports(folder: Path) -> list[Path]:
    """Return the folders of all reports in a folder, the folder itself included."""
    found = (path for path in folder.rglob(RESULTS) if RUNS not in path.relative_to(folder).parts)
    return sorted(path.parent for path in found if path.is_file())


def paths_outside(report: Path) -> list[str]:
    """Return the paths that lead out of a report: those of data in its study, and links.

    Paths of data that do not exist are among them. Nothing of the study is loaded, so that no file outside of the
    report is read.

    Raises
    ------
    StudyError : the study is missing or is not YAML.
    """
    path, inside = report / STUDY, report.resolve()
    links = _links_outside(report, inside)
    if links:
        return links
    try:
        tree = read(disk.read_text(path, most=MOST_BYTES), str(path)).value
    except (OSError, UnicodeDecodeError):
        raise StudyError("unreadable-file", f"{STUDY} is missing or cannot be read", str(path)) from None
    sections = [tree.get(name) for name in ("data", "vary", "variants", "search")] if isinstance(tree, dict) else []
    return sorted({name for name in _paths(sections) if not _is_file_in(report / name, inside)})


def _links_outside(report: Path, inside: Path) -> list[str]:
    """Return the symbolic links in a report that lead out of it; links to data matter only if the study names them."""
    links = (path for path in report.rglob("*") if path.is_symlink() and path.parent != report / DATA)
    return sorted(path.relative_to(report).as_posix() for path in links if not _is_in(path, inside))


def _is_in(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder)
    except (OSError, RuntimeError):  # symbolic links that form a loop
        return False


def _is_file_in(path: Path, folder: Path) -> bool:
    """Return whether a path is a file in a folder, and as small as the copies of data in a report."""
    try:
        return path.resolve().is_relative_to(folder) and path.is_file() and path.stat().st_size <= MOST_COPIED
    except (OSError, RuntimeError, ValueError):  # an invalid name, or symbolic links that form a loop
        return False


def _paths(tree: Any, inside: bool = False) -> Iterator[str]:
    """Yield the texts at or below the keys `path` and `data.path`, other than labels and ids."""
    if isinstance(tree, str) and inside:
        yield tree
    for key, value in tree.items() if isinstance(tree, dict) else ():
        if not (inside and key in ("label", "id")):  # outside of a path, the keys may be names of variants
            yield from _paths(value, inside or key in ("path", "data.path"))
    for value in tree if isinstance(tree, list) else ():
        yield from _paths(value, inside)
