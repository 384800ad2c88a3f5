"""The folder of finished runs: `runs/<key>/` with arrays.npz and run.json, each folder whole or absent.

A run that cannot be read exactly as it was written counts as absent, and is trained again. Both files are synced
before the folder gets its name, so after a power cut a folder with a name is a folder with its contents; the
checksums catch what the disk itself spoils.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen import disk
from reportgen.engine.spec import ENGINE_VERSION, SCORES
from reportgen.errors import StoreError
from reportgen.runs.arrays import pack, unpack
from reportgen.runs.record import RunRecord

if TYPE_CHECKING:
    from reportgen.study.planning.plan import PlannedRun

FORMAT = "reportgen-run"
VERSION = 1  # 1: the first
STATUSES = ("ok", "diverged", "stopped", "failed")
HEAD, ARRAYS = "run.json", "arrays.npz"

UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, zipfile.BadZipFile)
"""What reading a folder that is not a whole run of ours raises."""


class Store:
    """The runs in one folder. Any number of processes may write to it and read from it at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keys(self) -> frozenset[str]:
        """Return the names in the folder, which include the keys of all stored runs."""
        try:
            return frozenset(path.name for path in self.folder.iterdir())
        except OSError:  # the folder is missing or unreadable
            return frozenset()

    def load(self, run: PlannedRun, fingerprint: str) -> RunRecord | None:
        """Return the stored run, None where it is absent, damaged, of another version or not a run of ours."""
        try:
            return self._read(run, run.spec.key(fingerprint))
        except UNREADABLE:
            return None

    def fault(self, run: PlannedRun, fingerprint: str) -> str | None:
        """Return in words why a run cannot be loaded, None where it can."""
        key = run.spec.key(fingerprint)
        try:
            self._read(run, key)
        except FileNotFoundError as error:
            return f"{Path(error.filename).name} is missing" if (self.folder / key).is_dir() else "it is not there"
        except OSError as error:
            return f"it cannot be read: {error.strerror or error}"
        except UNREADABLE as error:
            return f"{ARRAYS if str(error) == ARRAYS else HEAD} is not as it was written"
        return None

    def engine(self, key: str) -> int | None:
        """Return the version of the engine that trained a stored run, None where that cannot be read."""
        try:
            found = json.loads((self.folder / key / HEAD).read_bytes())["engine"]
        except UNREADABLE:
            return None
        return found if isinstance(found, int) else None

    def _read(self, run: PlannedRun, key: str) -> RunRecord:
        """Return the stored run; raises one of UNREADABLE where that is not possible, for arrays with their name."""
        head = _parse(key, (self.folder / key / HEAD).read_bytes())
        content = (self.folder / key / ARRAYS).read_bytes()
        if hashlib.sha256(content).hexdigest() != head["arrays_sha256"]:
            raise ValueError(ARRAYS)
        return _record(run, head, unpack(content))

    def save(self, record: RunRecord) -> None:
        """Store the run and replace any other with the same key; raises StoreError if the folder is not writable."""
        path = self.folder / record.key
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                self._write(path, record)
            except FileNotFoundError:  # another process considered the unfinished folder abandoned and removed it
                self._write(path, record)
        except OSError as error:
            found = f"the run cannot be stored: {error.strerror or error}"
            raise StoreError("not-writable", found, where=str(path)) from error

    def sweep(self) -> None:
        """Remove what killed processes left half-written."""
        disk.remove_abandoned(self.folder)

    def _write(self, path: Path, record: RunRecord) -> None:
        content = pack(record.arrays)
        with disk.temporary_path(path) as temporary:
            temporary.mkdir()
            disk.write_synced(temporary / ARRAYS, content)
            disk.write_synced(temporary / HEAD, _describe(record, content))
            disk.sync_folder(temporary)
            disk.replace_folder(temporary, path)
        disk.sync_folder(self.folder)


def plain(value: Any) -> Any:
    """Return the value as JSON can hold it: NumPy's numbers as Python's, NaN and infinities as None."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value


def _describe(record: RunRecord, content: bytes) -> bytes:
    """Return run.json; its last key is the checksum of all that stands before."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "engine": ENGINE_VERSION,
        "key": record.key,
        "status": record.status,
        "stopped_at_step": record.stopped_at_step,
        "steps": record.steps,
        "train_seconds": record.train_seconds,
        "error": record.error,
        "final": record.final,
        "facts": record.facts,
        "provenance": record.provenance,
        "spec": dataclasses.asdict(record.spec),
        "arrays_sha256": hashlib.sha256(content).hexdigest(),
    }
    head = plain(head)
    text = json.dumps({**head, "checksum": _checksum(head)}, indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def _checksum(head: Mapping[str, Any]) -> str:
    text = json.dumps({name: head[name] for name in sorted(head) if name != "checksum"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _parse(key: str, content: bytes) -> dict[str, Any]:
    """Return run.json's values; raises ValueError or KeyError where they are not what `_describe` wrote."""
    head = json.loads(content)
    if not isinstance(head, dict) or head["format"] != FORMAT or head["version"] != VERSION:
        raise ValueError("not a run of this format")
    if head["key"] != key or head["status"] not in STATUSES or head["checksum"] != _checksum(head):
        raise ValueError("not as it was written")
    return head


def _record(run: PlannedRun, head: Mapping[str, Any], arrays: Mapping[str, Any]) -> RunRecord:
    stored = dict.fromkeys(SCORES) | head["final"]
    final = {name: np.nan if score is None else score for name, score in stored.items()}
    names = ("key", "status", "stopped_at_step", "steps", "train_seconds", "facts", "error", "provenance")
    return RunRecord(spec=run.spec, final=final, arrays=arrays, **{name: head[name] for name in names})
