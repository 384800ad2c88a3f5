"""A report appears in its folder when all of it is written; until then the former one stays as it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from reportgen import disk, figures, report
from reportgen.analysis.results import Analysis
from reportgen.errors import MissingError, StoreError
from reportgen.paths import RESULTS, STUDY
from reportgen.report.publish import stale_files as former
from reportgen.report.results.results import write_results
from reportgen.report.results.tables import write_tables
from reportgen.study.loading.loader import dump_study


@dataclass(frozen=True)
class Published:
    """The folder and the paths that were written; missing: why the PDF is not among them, where it was wanted."""

    folder: Path
    paths: tuple[Path, ...]
    missing: MissingError | None


def publish(
    analysis: Analysis,
    folder: Path,
    formats: Collection[str],
    stage: Callable[[str], None],
    place: Callable[[Path], Path],
) -> Published:
    """Write the report of the chosen formats, and with any of them results.json, tables/ and study.yaml.

    What a former report made in other formats goes where its results were others; files of other names stay, and the
    folders tables/, figures/ and embed/ are replaced whole. place: says, when all is written, whether it may go to the
    folder, or to which other one beside it. Raises StoreError where the disk refuses.
    """
    disk.remove_abandoned(folder)
    try:
        with disk.temporary_path(folder / "report") as staged:
            staged.mkdir()
            missing = _write(analysis, staged, folder, formats, stage)
            final = place(folder)
            final.mkdir(exist_ok=True)
            _refuse_strangers(staged, final)
            former.tidy(final, staged)
            return Published(final, tuple(_move(path, final) for path in sorted(staged.iterdir())), missing)
    except OSError as error:
        where = error.filename2 or error.filename or folder
        message = f"cannot write the report: {error.strerror or error}"
        raise StoreError("not-writable", message, where=str(where)) from error


def _write(
    analysis: Analysis, folder: Path, final: Path, formats: Collection[str], stage: Callable[[str], None]
) -> MissingError | None:
    """Write the report into a folder that will be moved to its final place; return why there is no PDF, if so."""
    drawings: list[figures.Drawing] = []
    if set(formats) - {"json"}:
        stage("drawing")
        drawings = figures.draw_all(analysis)
    stage("writing")
    write_results(analysis, folder / RESULTS, drawings)
    write_tables(analysis, folder / "tables")
    disk.write_synced(folder / STUDY, dump_study(analysis.plan.study, final).encode())
    if not set(formats) - {"json"}:
        return None
    try:
        report.write(analysis, drawings, folder, formats)
    except MissingError as error:  # all but the PDF is written
        return error
    return None


def _refuse_strangers(staged: Path, final: Path) -> None:
    """Refuse to write where a folder bears the name of a file of ours, or a file that of a folder.

    Such a one is not ours to remove, and found halfway it would leave half of a report.
    """
    for path in sorted(staged.iterdir()):
        target = final / path.name
        if target.exists() and path.is_dir() != target.is_dir():
            found, wanted = ("file", "folder") if path.is_dir() else ("folder", "file")
            message = f"a {found} is in the place of a {wanted} of the report"
            hint = "move it away, or choose another folder with -o"
            raise StoreError("path-occupied", message, where=str(target), hint=hint)


def _move(path: Path, folder: Path) -> Path:
    target = folder / path.name
    if path.is_dir():
        disk.replace_folder(path, target)
    else:
        disk.retry_while_busy(lambda: os.replace(path, target))
    return target
