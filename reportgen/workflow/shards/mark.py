"""The file shards.json in a folder of shards: which runs its jobs share, and which program trains them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.errors import MissingError, ResultsError, StoreError, UsageError
from reportgen.runs.executors import Job
from reportgen.runs.identity import SAME, identity
from reportgen.study.loading.loader import is_study_id

MARK = "shards.json"
FORMAT = "reportgen-shards"


@dataclass(frozen=True)
class Mark:
    """What all shards of a study have in common.

    study : the id of the study.
    runs : hash of the keys of its planned runs, which depend on its settings, its data and the engine.
    identity : engine version, hash of the source code, and versions of reportgen, NumPy and Numba.
    """

    study: str
    runs: str
    identity: dict[str, str | int]

    @classmethod
    def of(cls, study: str, jobs: Iterable[Job]) -> Mark:
        """Return the mark of a study with these jobs, for this program."""
        keys = "\n".join(sorted({job.key for job in jobs}))
        return cls(study, hashlib.sha256(keys.encode()).hexdigest(), asdict(identity()))

    def refuse_other(self, other: Mark, folder: Path) -> None:
        """Raise an error if another mark in a folder is not equal.

        UsageError ("report-of-another-study") for other runs, MissingError ("worker-differs") for another program.
        """
        if (self.study, self.runs) != (other.study, other.runs):
            message = f"the folder contains shards of another study, or of other settings or data ({other.study!r})"
            raise UsageError(
                "report-of-another-study", message, str(folder), f"choose another folder with -o, or remove {MARK}"
            )
        if self.identity != other.identity:
            message = "the folder contains runs of another version of reportgen, NumPy or Numba"
            raise MissingError("worker-differs", message, str(folder), SAME)

    def write(self, folder: Path) -> None:
        """Write the mark; raises the errors of `refuse_other` for the mark that is there."""
        former = read_mark(folder)
        if former is not None:
            self.refuse_other(former, folder)
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            values = {"format": FORMAT, **asdict(self)}
            text = json.dumps({**values, "checksum": disk.checksum(values)}, indent=1)
            disk.replace_file(folder / MARK, f"{text}\n".encode())
        except OSError as error:
            message = f"the file cannot be written: {error.strerror or error}"
            raise StoreError("not-writable", message, str(folder / MARK)) from error


def read_mark(folder: Path) -> Mark | None:
    """Return the mark in a folder, None if there is none; raises ResultsError ("invalid-file") for a damaged one."""
    path = folder / MARK
    if not path.exists():
        return None
    values = disk.read_json(path)
    if values.get("format") != FORMAT or values.get("checksum") != disk.checksum(values) or not _is_valid(values):
        message = "the file is damaged or was changed, or reportgen did not write it"
        raise ResultsError("invalid-file", message, str(path), "remove it, and run the shard again")
    return Mark(values["study"], values["runs"], values["identity"])


def _is_valid(values: Mapping[str, Any]) -> bool:
    """Return whether the values have the types of a mark; a checksum does not show who wrote it."""
    study, runs, names = (values.get(name) for name in ("study", "runs", "identity"))
    return (
        isinstance(study, str)
        and is_study_id(study)  # it becomes the name of a folder
        and isinstance(runs, str)
        and isinstance(names, dict)
        and all(isinstance(value, str | int) for value in names.values())
    )
