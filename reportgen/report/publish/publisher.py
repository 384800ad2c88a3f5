"""Publish a report: all of it is written before the first file of the former report is replaced."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from reportgen import disk, figures
from reportgen.analysis.results import Analysis
from reportgen.errors import MissingError, StoreError
from reportgen.languages.translate import in_language
from reportgen.paths import MANIFEST, QUIZ, RESULTS, STUDY
from reportgen.report.publish.data_copies import DataCopies, choose_copies, trained_hashes, write_copies
from reportgen.report.publish.left_out import left_out_of, without_data
from reportgen.report.publish.manifest import MadeFrom
from reportgen.report.publish.replacement import exclusive, recover
from reportgen.report.publish.stale_files import stale_files
from reportgen.report.quiz.questions import make_quiz
from reportgen.report.results.results import write_results
from reportgen.report.results.tables import write_tables
from reportgen.study.loading.loader import dump_study

NOT_DRAWN = {"json", "quiz"}
"""Formats without figures."""


@dataclass(frozen=True)
class Published:
    """A published report.

    Attributes
    ----------
    folder : the folder of the report
    paths : the files and folders that were written into it
    missing : the error for which a requested PDF or QTI package was not written, or None
    left_out : a sentence for each data file that is too large to be copied, for a quiz that is not possible, and for
        each named figure without data
    """

    folder: Path
    paths: tuple[Path, ...]
    missing: MissingError | None
    left_out: tuple[str, ...] = ()


def publish(
    analysis: Analysis,
    folder: Path,
    formats: Collection[str],
    stage: Callable[[str], None],
    place: Callable[[Path], Path],
    origin: MadeFrom | None = None,
    *,
    script: bool = True,
) -> Published:
    """Write the report in the chosen formats, always with results.json, tables/, study.yaml and manifest.json.

    The user's data files are copied, unless the study turns that off. Files of a former report in other formats are
    removed if its results differ. Files that a user added stay.

    Parameters
    ----------
    analysis : the results of the study
    folder : the folder of the report
    formats : any of "html", "pdf", "json", "kit", "slides" and "quiz"
    stage : is called with the name of each stage that begins
    place : is called when everything is written, and returns the folder that the report may replace
    origin : what the report is made from, for its manifest; None if it must not be reused
    script : whether the page has the explorer

    Raises
    ------
    StoreError : a file cannot be written, or a folder has the name of a file of the report.
    """
    records = [record for summary in analysis.variants for record in summary.records]
    copies = choose_copies(analysis.plan, trained_hashes(analysis.plan, records))
    undrawn: list[str] = []
    write = partial(_write, analysis, copies, formats=formats, stage=stage, script=script, undrawn=undrawn)
    published = publish_files(folder, write, place, RESULTS, origin)
    return replace(published, left_out=(*left_out_of(analysis.plan, formats), *without_data(undrawn)))


def publish_files(
    folder: Path,
    write: Callable[[Path, Path], MissingError | None],
    place: Callable[[Path], Path],
    results: str,
    origin: MadeFrom | None = None,
) -> Published:
    """Write the files of a report into a temporary folder, then move them into the folder of the report, all or none.

    Parameters
    ----------
    folder : the folder of the report
    write : writes all files into a folder, given this folder and the folder of the report; returns the error for which
        the PDF is missing, if any
    place : as in `publish`
    results : the name of the JSON file with the results
    origin : as in `publish`; a report without its PDF has none

    Raises
    ------
    StoreError : as in `publish`.
    """
    recover(folder)
    disk.remove_abandoned(folder)
    try:
        with disk.temporary_path(folder / "report") as staged:
            staged.mkdir()
            missing = write(staged, folder)
            final = place(folder)
            final.mkdir(exist_ok=True)
            with exclusive(final) as replacement:
                _refuse_foreign_paths(staged, final)
                removed = stale_files(final, staged, results, None if missing else origin)
                paths = tuple(final / path.name for path in sorted(staged.iterdir()))
                replacement.replace(staged, removed, last=(MANIFEST, results))
            return Published(final, paths, missing)
    except OSError as error:
        where = error.filename2 or error.filename or folder
        message = f"cannot write the report: {error.strerror or error}"
        raise StoreError("not-writable", message, where=str(where)) from error


def _write(
    analysis: Analysis,
    copies: DataCopies,
    folder: Path,
    final: Path,
    formats: Collection[str],
    stage: Callable[[str], None],
    script: bool,
    undrawn: list[str],
) -> MissingError | None:
    """Write the report into a temporary folder; return the error for which a format is missing, if any.

    undrawn: gets the figures that the study names and that have no data.
    """
    drawings: list[figures.Drawing] = []
    if set(formats) - NOT_DRAWN:
        stage("drawing")
        drawings = figures.draw_all(analysis)
        drawn = {drawing.id for drawing in drawings}
        undrawn += [name for name in analysis.plan.study.figures if name not in drawn]
    stage("writing")
    write_results(analysis, folder / RESULTS, drawings)
    write_tables(analysis, folder / "tables")
    write_copies(copies, folder, final)
    disk.write_synced(folder / STUDY, dump_study(analysis.plan.study, final, copies.names).encode())
    missing = _quiz(analysis, folder) if "quiz" in formats else None
    if not set(formats) - NOT_DRAWN:
        return missing
    from reportgen.report.write import write  # results alone need no matplotlib, which loads slowly

    try:
        write(analysis, drawings, folder, formats, script=script)
    except MissingError as error:  # everything but the PDF is written
        error.others = (missing,) if missing else ()
        return error
    return missing


def _quiz(analysis: Analysis, folder: Path) -> MissingError | None:
    """Write the quiz of a study with verdicts; return the error for which a part is missing, if any."""
    from reportgen.report.quiz.write import write_quiz

    try:
        with in_language(analysis.plan.study.lang):
            quiz = make_quiz(analysis)
            if quiz is not None:
                write_quiz(quiz, folder / QUIZ)
    except MissingError as error:
        return error
    return None


def _refuse_foreign_paths(staged: Path, final: Path) -> None:
    """Raise StoreError if a folder has the name of a file of the report, or a file or link the name of a folder.

    Such a file, folder or link belongs to the user.
    """
    for path in sorted(staged.rglob("*")):
        target = final / path.relative_to(staged)
        is_link = path.is_dir() and target.is_symlink()
        if is_link or (target.exists() and path.is_dir() != target.is_dir()):
            found, wanted = ("file", "folder") if path.is_dir() else ("folder", "file")
            found = "link" if is_link else found
            message = f"a {found} is in the place of a {wanted} of the report"
            hint = "move it away, or choose another folder with -o"
            raise StoreError("path-occupied", message, where=str(target), hint=hint)
