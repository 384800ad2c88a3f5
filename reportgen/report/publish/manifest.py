"""The manifest of a folder: the files that reportgen wrote there, each with the SHA-256 of its content.

A file belongs to reportgen while its content is the one in the manifest. A file that somebody added or changed does
not, and is never removed. The manifest contains a checksum of itself.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from reportgen import disk
from reportgen.paths import MANIFEST, MANIFEST_FORMAT

VERSION = 2  # 1: without a checksum


@dataclass(frozen=True)
class MadeFrom:
    """The inputs and formats of a report.

    Attributes
    ----------
    inputs : a hash of the study, the command, the program and its libraries.
    records : the SHA-256 of the stored runs and measurements that the analysis read, by name.
    runs : number of runs of the study, in all stages of its searches.
    formats : the formats that were written.
    """

    inputs: str
    records: Mapping[str, str]
    runs: int
    formats: tuple[str, ...]


def checksums(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of each file by its name relative to the folder, without files that cannot be read.

    A file below a link is no file of the folder, and must not be taken for one that may be removed.
    """
    sums = {}
    for name in names:
        if disk.is_below_link(folder, name):
            continue
        try:
            with disk.open_regular(folder / name, disk.MOST_BYTES) as file:  # in pieces: some tables are large
                sums[name] = hashlib.file_digest(file, "sha256").hexdigest()
        except (OSError, ValueError):  # ValueError: invalid file name
            continue
    return sums


def read_manifest(folder: Path) -> dict[str, str] | None:
    """Return the checksums in a folder's manifest, None if the folder has no undamaged manifest of reportgen."""
    files = _read(folder).get("files")
    return {name: value for name, value in files.items() if is_inside(name)} if isinstance(files, dict) else None


def is_damaged(folder: Path) -> bool:
    """Return whether a folder has a file in the place of its manifest that is none, or is not as it was written."""
    return os.path.lexists(folder / MANIFEST) and read_manifest(folder) is None


def changed_files(folder: Path) -> list[str]:
    """Return the names of the files of a folder that are not as reportgen wrote them, the manifest among them.

    Files that were removed are not among them. A folder without a manifest has none.
    """
    files = read_manifest(folder)
    if files is None:
        return [MANIFEST] if is_damaged(folder) else []
    present = checksums(folder, files)
    unreadable = (name for name in files if name not in present and os.path.lexists(folder / name))
    return sorted([*unreadable, *(name for name, value in present.items() if value != files[name])])


def _read(folder: Path) -> dict[str, Any]:
    """Return the values of a manifest, an empty one unless it is as it was written."""
    manifest = disk.read_json(folder / MANIFEST)
    expected = None if manifest.get("version") == 1 else disk.checksum(manifest)
    is_valid = manifest.get("format") == MANIFEST_FORMAT and manifest.get("checksum") == expected
    return manifest if is_valid else {}


def read_origin(folder: Path) -> MadeFrom | None:
    """Return the origin of the report in a folder, None if its manifest has none."""
    made_from: Any = _read(folder).get("made_from")
    try:
        origin = MadeFrom(**{**made_from, "formats": tuple(made_from["formats"])})
    except (TypeError, KeyError):  # no origin, or a damaged one
        return None
    is_valid = isinstance(origin.records, dict) and isinstance(origin.runs, int)
    is_valid = is_valid and all(isinstance(name, str) for name in origin.formats)
    return origin if is_valid and all(map(is_inside, origin.records)) else None


def write_manifest(folder: Path, files: Mapping[str, str], origin: MadeFrom | None = None) -> None:
    """Write the manifest of a folder in one step; origin: what the report was made from, if it may be reused."""
    manifest: dict[str, Any] = {"format": MANIFEST_FORMAT, "version": VERSION, "files": dict(sorted(files.items()))}
    if origin is not None:
        manifest["made_from"] = {**asdict(origin), "records": dict(sorted(origin.records.items()))}
    manifest["checksum"] = disk.checksum(manifest)
    text = json.dumps(manifest, indent=1)
    disk.replace_file(folder / MANIFEST, (text + "\n").encode())


def unchanged_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Return the names of the files whose content still has its checksum."""
    return [name for name, value in checksums(folder, files).items() if value == files[name]]


def is_inside(name: str) -> bool:
    """Return whether a relative name cannot lead out of its folder; a damaged manifest may contain any name."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name
