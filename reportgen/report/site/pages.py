"""Write the site of a course: an index of its reports, and a page with the results for all claims.

All links are relative and no page loads files from elsewhere, so the site works from a disk and on any static host.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from reportgen import disk
from reportgen.errors import ReportgenError, ResultsError, StoreError, UsageError
from reportgen.paths import DATA, DIAGNOSIS, PAGE, RESULTS, RUNS
from reportgen.report.media.render import fill_page
from reportgen.report.publish.manifest import checksums, read_manifest, remove_unchanged, write_manifest
from reportgen.report.results.tables import write_csv
from reportgen.report.site.course import COLUMNS, Course, claim_rows, make_course
from reportgen.report.site.diagnosed import read_diagnosis
from reportgen.report.site.finished import Finished, find_reports, read_report

MODERN = "modern.html"
"""The page of the claims of papers, which a site has if its studies test such claims."""
PAGES = {
    PAGE: "site_index.html.j2",
    "lectures.html": "site_lectures.html.j2",
    "claims.html": "site_lectures.html.j2",
    MODERN: "site_modern.html.j2",
}
"""Templates of the pages; a site has the second if its studies test claims of the lectures, else the third."""
SCRIPT = "site.js"
"""The script of the search box; the pages are complete without it."""

TABLE = "claims.csv"
NOT_COPIED = (RUNS, "sanity", DATA)
"""Folders of stored runs and of the user's data, which are not copied into a site."""


def write_site(sources: Iterable[str | Path], folder: Path, title: str | None = None) -> list[Path]:
    """Write index.html, the pages of claims and claims.csv into a folder and return their paths; also a manifest.

    The page of all claims is lectures.html, or claims.html if no study tests a claim of the lectures; modern.html has
    the claims of papers, if a study tests one. Reports outside of the folder are copied into it without their stored
    runs and data.

    Parameters
    ----------
    sources : as in `find_reports`
    folder : the folder of the site
    title : None chooses a default title

    Raises
    ------
    UsageError, ResultsError : a report cannot be read or copied; nothing is written
    StoreError : a file cannot be written
    """
    folders = find_reports(sources, (RESULTS, DIAGNOSIS))
    reports = _read_all(folders)
    places = [_place(report, folder) for report in reports]
    _refuse(reports, places, folder)
    course = make_course(zip(reports, places, strict=True), title)
    disk.make_writable(folder)
    try:
        return _write(course, folder)
    except OSError as error:
        where = error.filename2 or error.filename or folder
        raise StoreError("not-writable", f"cannot write the site: {error.strerror or error}", str(where)) from error


def _read_all(folders: Sequence[Path]) -> list[Finished]:
    """Return all reports; one error lists all reports that cannot be read."""
    reports, errors = [], []
    for folder in folders:
        try:
            reports.append(read_report(folder) if (folder / RESULTS).is_file() else read_diagnosis(folder))
        except ReportgenError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        each = "\n".join(f"  {error}" for error in errors)
        raise ResultsError("invalid-results", f"cannot read {len(errors)} reports:\n{each}")
    return reports


def _place(report: Finished, site: Path) -> str:
    """Return the path of the folder of a report in the site, with slashes."""
    source, target = report.folder.resolve(), site.resolve()
    return source.relative_to(target).as_posix() if _inside(source, target) else source.name


def _inside(folder: Path, site: Path) -> bool:
    return site in folder.parents


def _refuse(reports: Sequence[Finished], places: Sequence[str], site: Path) -> None:
    """Raise UsageError if the site would overwrite a report or another folder, or be inside a report."""
    site_path = site.resolve()
    for report, place in zip(reports, places, strict=True):
        source = report.folder.resolve()
        if site_path == source or _inside(site_path, source):
            message = "the site would be inside the report"
            raise UsageError("output-conflict", message, where=str(report.folder), hint="choose another -o")
        target = site_path / place
        if target != source and target.exists() and not _is_report(target):
            message = "the copy of a report would replace something that is not a report"
            raise UsageError("path-occupied", message, where=str(site / place), hint="choose another -o")
    twice = [place for place, count in Counter(places).items() if count > 1]
    if twice:
        message = f"two reports have the same folder {site / twice[0]} in the site"
        raise UsageError("output-conflict", message, hint="rename the folder of one")


def _is_report(folder: Path) -> bool:
    return (folder / RESULTS).is_file() or (folder / DIAGNOSIS).is_file()


def _write(course: Course, site: Path) -> list[Path]:
    disk.remove_abandoned(site)
    for study in course.studies:
        _copy(study.report.folder, site)
    pages = (PAGE, course.overview, *((MODERN,) if course.modern else ()))
    names = (*pages, TABLE)
    former = read_manifest(site) or {}
    with disk.temporary_path(site / "site") as staged:
        staged.mkdir()
        for name in pages:
            text = fill_page(PAGES[name], SCRIPT, course=course, page=name)
            (staged / name).write_text(text, encoding="utf-8", newline="\n")
        write_csv(staged / TABLE, COLUMNS, claim_rows(course))
        for name in names:
            disk.replace_path(staged / name, site / name)
    remove_unchanged(site, {name: value for name, value in former.items() if name not in names})
    write_manifest(site, checksums(site, names))
    return [site / name for name in names]


def _copy(folder: Path, site: Path) -> None:
    """Copy a report from outside into the site in one step."""
    if _inside(folder.resolve(), site.resolve()):
        return
    with disk.temporary_path(site / folder.resolve().name) as staged:
        shutil.copytree(folder, staged, ignore=lambda here, names: _not_copied(Path(here) == folder, names))
        disk.replace_folder(staged, site / folder.resolve().name)


def _not_copied(top: bool, names: Sequence[str]) -> list[str]:
    return [name for name in names if name.startswith(".") or (top and name in NOT_COPIED)]
