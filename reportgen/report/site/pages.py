"""Write the site of a course: an index of its reports, and a page with the results for all claims.

All links are relative and no page loads files from elsewhere, so the site works from a disk and on any static host.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from reportgen import disk
from reportgen.analysis.words.foreign import refuse_undecodable
from reportgen.errors import ReportgenError, ResultsError, StoreError, UsageError
from reportgen.languages.translate import ENGLISH, in_language
from reportgen.paths import DIAGNOSIS, MANIFEST, PAGE, RESULTS
from reportgen.report.media.render import fill_page
from reportgen.report.publish.manifest import checksums, unchanged_files, write_manifest
from reportgen.report.publish.replacement import exclusive, recover
from reportgen.report.results.tables import write_csv
from reportgen.report.site.copies import copy_report, former_pages, is_below, stale_copies
from reportgen.report.site.course import COLUMNS, Course, claim_rows, make_course
from reportgen.report.site.diagnosed import read_diagnosis
from reportgen.report.site.finished import Finished, read_report
from reportgen.report.site.folders import find_reports

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


def write_site(
    sources: Iterable[str | Path], folder: Path, title: str | None = None, language: str | None = None
) -> list[Path]:
    """Write index.html, the pages of claims and claims.csv into a folder and return their paths; also a manifest.

    The page of all claims is lectures.html, or claims.html if no study tests a claim of the lectures; modern.html has
    the claims of papers, if a study tests one. Reports outside of the folder are copied into it without their stored
    runs and data. All files are replaced together, or none.

    Parameters
    ----------
    sources : as in `find_reports`
    folder : the folder of the site
    title : None chooses a default title
    language : code of the language; None for the language that all reports have, English if they differ

    Raises
    ------
    UsageError, ResultsError : a report cannot be read or copied; nothing is written
    StoreError : a file cannot be written
    """
    refuse_undecodable(title or "")
    recover(folder)  # before its pages are compared with its manifest
    folders = _found(sources, folder)
    reports = _read_all(folders)
    places = _places(reports, folder)
    refuse_undecodable(*places)
    _refuse(reports, places, folder)
    with in_language(language or common_language(reports)):
        course = make_course(zip(reports, places, strict=True), title)
        names = (PAGE, course.overview, *((MODERN,) if course.modern else ()))
        pages = {name: fill_page(PAGES[name], SCRIPT, course=course, page=name) for name in names}
    former_pages(folder, (*pages, TABLE))
    disk.make_writable(folder)
    try:
        return _write(course, pages, zip(reports, places, strict=True), folder)
    except OSError as error:
        where = error.filename2 or error.filename or folder
        raise StoreError("not-writable", f"cannot write the site: {error.strerror or error}", str(where)) from error


def common_language(reports: Sequence[Finished]) -> str:
    """Return the language that all reports have, English if they differ or if there are none."""
    languages = {report.lang for report in reports}
    return languages.pop() if len(languages) == 1 else ENGLISH


def _found(sources: Iterable[str | Path], site: Path) -> list[Path]:
    """Return the folders of the reports, without the copies of a former site that is inside one of the sources."""
    target = site.resolve()
    found: dict[Path, Path] = {}
    for source in sources:
        above = is_below(target, Path(source).resolve())
        for folder in find_reports([source], (RESULTS, DIAGNOSIS)):
            if not (above and is_below(folder.resolve(), target)):
                found.setdefault(folder.resolve(), folder)
    return list(found.values())


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


def _places(reports: Sequence[Finished], site: Path) -> list[str]:
    """Return the path of the folder of each report in the site, with slashes.

    Of several folders with one name, such as those of several students, each is below as many of the folders around
    it as it takes to tell them apart.
    """
    target = site.resolve()
    sources = [report.folder.resolve() for report in reports]
    outside = [source for source in sources if not is_below(source, target)]
    names: dict[Path, str] = {}
    for source in outside:
        others = [other for other in outside if other.name == source.name and other != source]
        count = 1 + max((_shared(source, other) for other in others), default=0)
        names[source] = "/".join(source.parts[-count:])
    return [names.get(source) or source.relative_to(target).as_posix() for source in sources]


def _shared(first: Path, second: Path) -> int:
    """Return how many of the last parts two paths share."""
    pairs = zip(reversed(first.parts), reversed(second.parts), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _refuse(reports: Sequence[Finished], places: Sequence[str], site: Path) -> None:
    """Raise UsageError if the site would overwrite a report or another folder, or be inside a report."""
    site_path = site.resolve()
    for report, place in zip(reports, places, strict=True):
        source = report.folder.resolve()
        if site_path == source or is_below(site_path, source):
            message = "the site would be inside the report"
            raise UsageError("output-conflict", message, where=str(report.folder), hint="choose another -o")
        target = site_path / place
        if target != source and target.exists() and not _is_report(target):
            message = "the copy of a report would replace something that is not a report"
            raise UsageError("path-occupied", message, where=str(site / place), hint="choose another -o")
    for first, second in itertools.permutations(places, 2):
        if f"{second}/".startswith(f"{first}/"):
            message = f"the folder of a report in the site, {site / second}, would be inside that of another one"
            raise UsageError("output-conflict", message, hint=f"rename one of the folders named {Path(first).name}")


def _is_report(folder: Path) -> bool:
    return (folder / RESULTS).is_file() or (folder / DIAGNOSIS).is_file()


def _write(course: Course, pages: Mapping[str, str], reports: Iterable[tuple[Finished, str]], site: Path) -> list[Path]:
    disk.remove_abandoned(site)
    names = (*pages, TABLE)
    outside = [(one, place) for one, place in reports if not is_below(one.folder.resolve(), site.resolve())]
    with disk.temporary_path(site / "site") as staged:
        staged.mkdir()
        for name, text in pages.items():
            (staged / name).write_text(text, encoding="utf-8", newline="\n")
        write_csv(staged / TABLE, COLUMNS, claim_rows(course))
        write_manifest(staged, checksums(staged, names))
        for report, place in outside:
            copy_report(report, staged / place)
        with exclusive(site) as replacement:
            former = former_pages(site, names)
            stale = unchanged_files(site, {name: value for name, value in former.items() if name not in names})
            for _, place in outside:
                stale += stale_copies(site, place)
            replacement.replace(staged, stale, last=(*names, MANIFEST))
    return [site / name for name in names]
