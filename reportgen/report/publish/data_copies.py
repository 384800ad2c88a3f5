"""Copies of the user's data files in a report, so that the report can be moved and verified."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reportgen import disk
from reportgen.data import own_file
from reportgen.data.readers.files import HashedFile, read_hashed, sha256
from reportgen.errors import StoreError, StudyError
from reportgen.paths import DATA
from reportgen.report.publish.manifest import checksums, read_manifest
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan

MOST_BYTES = 50_000_000
"""Largest size of all copies in a report together."""


@dataclass(frozen=True)
class DataCopies:
    """The data files of a study and their copies in its report.

    Attributes
    ----------
    names : the name of each copy, relative to the report, by the path of the original.
    hashes : the SHA-256 that the contents of each original must have, by its path.
    left_out : a sentence for each file that is too large to be copied.
    """

    names: Mapping[Path, str] = field(default_factory=dict)
    hashes: Mapping[Path, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def data_files(plan: Plan) -> list[Path]:
    """Return the user's files with the examples of a plan's runs, each once."""
    specs = dict.fromkeys(run.spec.data for run in plan.runs)
    found = (own_file(spec, plan.study.folder) for spec in specs)
    return list(dict.fromkeys(path for path in found if path is not None))


def trained_hashes(plan: Plan, records: Iterable[RunRecord]) -> dict[Path, str]:
    """Return the SHA-256 of each of the user's files when runs were trained on it, as far as the runs have it."""
    found = ((own_file(record.spec.data, plan.study.folder), record.data.rpartition(" ")[2]) for record in records)
    return {path: sha for path, sha in found if path is not None and sha}


def choose_copies(plan: Plan, hashes: Mapping[Path, str] | None = None) -> DataCopies:
    """Return the copies that a report contains; none if the study turns them off.

    hashes : the SHA-256 that files must have, by path; by default, and for other files, their current ones.
    """
    if not plan.study.copy_data:
        return DataCopies()
    room = MOST_BYTES
    chosen: list[Path] = []
    left_out: list[str] = []
    for path in filter(Path.is_file, data_files(plan)):  # a file may be removed during the training
        size = path.stat().st_size
        if size > room:
            left_out.append(
                f"{path.name} ({size / 1e6:,.0f} MB) is not copied into the report, "
                f"which contains up to {MOST_BYTES / 1e6:.0f} MB of data; it can be verified only while the file stays"
            )
        else:
            room -= size
            chosen.append(path)
    required = {path: (hashes or {}).get(path) or sha256(path) for path in chosen}
    return DataCopies(dict(zip(chosen, _names(chosen), strict=True)), required, tuple(left_out))


def write_copies(copies: DataCopies, folder: Path, final: Path) -> None:
    """Copy the files into a folder whose contents will be moved to the folder of the report, `final`.

    Raises
    ------
    StoreError : the report already contains another file of this name that reportgen did not write.
    StudyError : a file has changed since its copy was chosen ("data-changed").
    """
    for path, name in copies.names.items():
        file = read_hashed(path)
        if file.sha256 != copies.hashes[path]:
            message = f"the data have changed while the study was trained: {path.name}"
            raise StudyError("data-changed", message, str(path), "run the study again while nothing writes to its data")
        _refuse_foreign_file(file, name, final)
        (folder / name).parent.mkdir(exist_ok=True)
        disk.write_synced(folder / name, file.content)


def _names(paths: Iterable[Path]) -> list[str]:
    """Return a name below data/ for each path; equal file names get numbers."""
    names: list[str] = []
    for path in paths:
        numbered = (path.name if n == 1 else f"{path.stem}-{n}{path.suffix}" for n in itertools.count(1))
        taken = {name.casefold() for name in names}
        names.append(next(name for each in numbered if (name := f"{DATA}/{each}").casefold() not in taken))
    return names


def _refuse_foreign_file(file: HashedFile, name: str, final: Path) -> None:
    present = checksums(final, [name]).get(name)
    if present not in (None, file.sha256) and name not in (read_manifest(final) or {}):
        message = "a file that reportgen did not write is in the place of a copy of the data"
        raise StoreError("path-occupied", message, str(final / name), "move it away, or set copy_data: false")
