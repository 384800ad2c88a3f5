"""The manifest of a folder: the files that reportgen wrote there, each with the SHA-256 of its content.

A file belongs to reportgen while its content is the one in the manifest. A file that somebody added or changed does
not, and is never removed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from reportgen import disk
from reportgen.paths import MANIFEST, MANIFEST_FORMAT

VERSION = 1


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
    """Return the SHA-256 of each file by its name relative to the folder, without files that cannot be read."""
    sums = {}
    for name in names:
        try:
            sums[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except (OSError, ValueError):  # ValueError: invalid file name
            continue
    return sums


def read_manifest(folder: Path) -> dict[str, str] | None:
    """Return the checksums in a folder's manifest, None if the folder has no readable manifest of reportgen."""
    manifest = disk.read_json(folder / MANIFEST)
    files = manifest.get("files")
    if manifest.get("format") != MANIFEST_FORMAT or not isinstance(files, dict):
        return None
    return {name: value for name, value in files.items() if is_inside(name)}


def read_origin(folder: Path) -> MadeFrom | None:
    """Return the origin of the report in a folder, None if its manifest has none."""
    made_from: Any = disk.read_json(folder / MANIFEST).get("made_from")
    try:
        origin = MadeFrom(**{**made_from, "formats": tuple(made_from["formats"])})
    except (TypeError, KeyError):  # no origin, or a damaged one
        return None
    is_valid = isinstance(origin.records, dict) and isinstance(origin.runs, int)
    return origin if is_valid and all(map(is_inside, origin.records)) else None


def write_manifest(folder: Path, files: Mapping[str, str], origin: MadeFrom | None = None) -> None:
    """Write the manifest of a folder in one step; origin: what the report was made from, if it may be reused."""
    manifest: dict[str, Any] = {"format": MANIFEST_FORMAT, "version": VERSION, "files": dict(sorted(files.items()))}
    if origin is not None:
        manifest["made_from"] = asdict(origin)
    text = json.dumps(manifest, indent=1)
    disk.replace_file(folder / MANIFEST, (text + "\n").encode())


def unchanged_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Return the names of the files whose content still has its checksum."""
    return [name for name, value in checksums(folder, files).items() if value == files[name]]


def is_inside(name: str) -> bool:
    """Return whether a relative name cannot lead out of its folder; a damaged manifest may contain any name."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name
