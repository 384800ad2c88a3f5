"""Find the folders of finished reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from reportgen.errors import UsageError
from reportgen.paths import DIAGNOSIS, RESULTS


def find_reports(arguments: Iterable[str | Path], names: Sequence[str] = (RESULTS,)) -> list[Path]:
    """Return the folders of reports, each once, in the order of the arguments.

    An argument is the folder of a report, a folder with such folders at any depth, or a results.json. Raises UsageError
    for anything else.

    names: the files of which a report has one: those of a study, or also those of a diagnosis.
    """
    folders: dict[Path, Path] = {}
    for argument in arguments:
        for folder in _report_folders(Path(argument), names):
            folders.setdefault(folder.resolve(), folder)
    return list(folders.values())


def _report_folders(path: Path, names: Sequence[str]) -> list[Path]:
    if path.name in names and path.is_file():
        return [path.parent]
    if any((path / name).is_file() for name in names):
        return [path]
    inside = sorted(_reports_below(path, names, set())) if path.is_dir() else []
    if not inside:
        if (path / DIAGNOSIS).is_file():
            message = "the folder contains the report of a diagnosis, which has no claims and no runs of its own"
            raise UsageError("report-not-found", message, where=str(path), hint="the report of a study")
        if not path.is_dir():
            raise UsageError("file-not-found", "no such folder", where=str(path), hint="a folder with a report")
        hint = f"reportgen run writes a report with its {RESULTS}"
        raise UsageError("report-not-found", "the folder contains no report", where=str(path), hint=hint)
    return inside


def _reports_below(folder: Path, names: Sequence[str], visited: set[Path]) -> Iterator[Path]:
    """Yield the folders of the reports in a folder, at any depth; nothing inside a report is one."""
    if any((folder / name).is_file() for name in names):
        yield folder
        return
    visited.add(folder.resolve())  # symbolic links may form a loop
    for each in folder.iterdir():
        if each.is_dir() and not each.name.startswith(".") and each.resolve() not in visited:
            yield from _reports_below(each, names, visited)
