"""The journal of a replacement: the files that are replaced, with a checksum, and a copy beside the former files.

An empty journal means that nothing was replaced yet. The copy is on the disk before the journal, so that the loss or
the damage of one of them loses nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from reportgen import disk
from reportgen.paths import JOURNAL
from reportgen.report.publish.manifest import is_inside


@dataclass(frozen=True)
class Journal:
    """The contents of a journal.

    Attributes
    ----------
    former : name of the subfolder with the former files.
    replaced : the files that the former ones replace again.
    added : the new files without a former one, each with the SHA-256 of its content.
    """

    former: str
    replaced: Sequence[str]
    added: dict[str, str]

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        values = asdict(self)
        return json.dumps(values | {"checksum": disk.checksum(values)}).encode()


class DamagedJournalError(Exception):
    """A journal is not as it was written, and it has no copy: the folder may contain files of two reports."""


def read_journal(folder: Path) -> Journal | None:
    """Return the journal of a folder, None if nothing was replaced yet; raises DamagedJournalError."""
    path = folder / JOURNAL
    if not os.path.lexists(path):
        return None
    for file in (path, *sorted(folder.glob(f"{disk.PREFIX}*/{JOURNAL}"))):
        journal = _read(folder, file)
        if journal is not None and file.parent in (folder, folder / journal.former):
            return journal
    if path.lstat().st_size:
        raise DamagedJournalError
    return None


def _read(folder: Path, path: Path) -> Journal | None:
    """Return the journal in a file, None unless it is as it was written, and names only files inside of the folder."""
    values = disk.read_json(path)
    try:
        if values.pop("checksum", None) != disk.checksum(values):
            return None
        journal = Journal(**values)
        names = [*journal.replaced, *journal.added, *journal.added.values()]
        is_valid = journal.former.startswith(disk.PREFIX) and all(map(is_inside, [journal.former, *names]))
        kept = [f"{journal.former}/{name}" for name in names]
        parents = {folder / parent for name in (*names, *kept) for parent in PurePosixPath(name).parents}
        is_valid = is_valid and not any(parent.is_symlink() for parent in parents - {folder})
    except (TypeError, AttributeError, ValueError):
        return None
    return journal if is_valid else None
