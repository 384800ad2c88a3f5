"""The manifest of a folder: the files that reportgen wrote there, each with the SHA-256 of its content.

A file belongs to reportgen while its content is the one in the manifest. A file that somebody added or changed does
not, and is never removed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from reportgen import disk
from reportgen.paths import MANIFEST, MANIFEST_FORMAT

VERSION = 1


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


def write_manifest(folder: Path, files: Mapping[str, str]) -> None:
    """Write the manifest of a folder in one step."""
    text = json.dumps({"format": MANIFEST_FORMAT, "version": VERSION, "files": dict(sorted(files.items()))}, indent=1)
    disk.replace_file(folder / MANIFEST, (text + "\n").encode())


def remove_unchanged(folder: Path, files: Mapping[str, str]) -> None:
    """Remove the files whose content still has its checksum, and the subfolders that are empty afterwards."""
    unchanged = [name for name, value in checksums(folder, files).items() if value == files[name]]
    for name in unchanged:
        disk.remove(folder / name)
    for parent in {(folder / name).parent for name in unchanged} - {folder}:
        disk.remove_if_empty(parent)


def is_inside(name: str) -> bool:
    """Return whether a relative name cannot lead out of its folder; a damaged manifest may contain any name."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name
