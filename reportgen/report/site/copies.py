"""Copies of reports in a site, and the files of a former site."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from reportgen.errors import UsageError
from reportgen.paths import DATA, MANIFEST, RUNS, SANITY
from reportgen.report.publish.manifest import checksums, is_damaged, read_manifest, unchanged_files

NOT_COPIED = (RUNS, SANITY, DATA)
"""Folders of stored runs and of the user's data, which are not copied into a site."""


def copy_report(folder: Path, target: Path) -> None:
    """Copy the files of a report into a new folder.

    Links are left out, because they may lead to files outside of the report, which would be published with it.
    """
    target.mkdir(parents=True)
    for name in _files(folder):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, target / name)


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
