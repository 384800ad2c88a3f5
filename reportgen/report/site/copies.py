"""Copies of reports in a site, and the files of a former site."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from reportgen import disk
from reportgen.errors import ResultsError, UsageError
from reportgen.paths import DATA, MANIFEST, RUNS, SANITY
from reportgen.report.publish.manifest import changed_files, checksums, is_damaged, read_manifest, unchanged_files
from reportgen.report.site.finished import Finished

NOT_COPIED = (RUNS, SANITY, DATA)
"""Folders of stored runs and of the user's data, which are not copied into a site."""


def copy_report(report: Finished, target: Path) -> None:
    """Copy the files of a report into a new folder.

    Links are left out, because they may lead to files outside of the report, which would be published with it.

    Raises
    ------
    ResultsError : a file has changed since the report was read ("results-changed").
    OSError : a file cannot be copied.
    """
    target.mkdir(parents=True)
    for name in _files(report.folder):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        with disk.open_regular(report.folder / name, follow=False) as file, (target / name).open("wb") as copy:
            shutil.copyfileobj(file, copy)
    changed = [name for name, value in checksums(target, report.digests).items() if value != report.digests[name]]
    if changed := [*changed, *changed_files(target)]:  # of the copies, since the originals may still change
        message = "the file has changed while the site was made"
        where = str(report.folder / changed[0])
        raise ResultsError("results-changed", message, where, "make the site again while nothing writes to the report")


def _files(folder: Path) -> Iterator[Path]:
    """Yield the relative path of each regular file of a report, without hidden files and links."""
    for here, folders, names in os.walk(folder.resolve()):
        place = Path(here).relative_to(folder.resolve())
        top = place == Path()
        folders[:] = sorted(name for name in folders if not (name.startswith(".") or (top and name in NOT_COPIED)))
        for name in sorted(names):
            path = Path(here, name)
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield place / name


def stale_copies(site: Path, name: str) -> list[str]:
    """Return the files of the former copy of a report that are as they were copied; files of the user are not."""
    files = read_manifest(site / name) or {}
    return [f"{name}/{file}" for file in unchanged_files(site / name, files)] + (
        [f"{name}/{MANIFEST}"] if files else []
    )


def former_pages(site: Path, names: Collection[str]) -> dict[str, str]:
    """Return the checksums of the pages of the former site.

    Raises
    ------
    UsageError : a file that reportgen did not write has the name of a page.
    """
    former = read_manifest(site) or {}
    present = checksums(site, names)
    foreign = [name for name in names if (site / name).exists() and present.get(name) != former.get(name, "")]
    if is_damaged(site):
        foreign.insert(0, MANIFEST)
    if foreign:
        message = "the site would overwrite a file that reportgen did not write, or that has changed since"
        hint = "move it away, or choose another folder with -o"
        raise UsageError("path-occupied", message, str(site / foreign[0]), hint)
    return former


def is_below(folder: Path, site: Path) -> bool:
    """Return whether a resolved folder is inside another one."""
    return site in folder.parents
