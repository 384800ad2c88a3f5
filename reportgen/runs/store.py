"""Store of finished runs: a folder `runs/<key>/` with arrays.npz and run.json for each run, complete or absent.

A damaged run counts as absent and is trained again. Both files are flushed to disk before the folder gets its final
name, so a named folder is complete even after a power failure; checksums detect damage on the disk.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen import disk
from reportgen.engine.spec import ENGINE_VERSION, SCORES
from reportgen.errors import StoreError
from reportgen.runs.arrays import MOST_BYTES, pack, unpack
from reportgen.runs.checks import check_record, refuse_other_spec
from reportgen.runs.record import Row, RunRecord, run_key

if TYPE_CHECKING:
    from reportgen.study.planning.plan import PlannedRun

FORMAT = "reportgen-run"
VERSION = 1  # 1: the first
STATUSES = ("ok", "diverged", "stopped", "failed")
HEAD, ARRAYS = "run.json", "arrays.npz"

UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, MemoryError)
"""Exceptions raised by reading a folder that is not a complete stored run."""


class Store:
    """The runs in one folder. Several processes may read and write it at the same time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keys(self) -> frozenset[str]:
        """Return the names in the folder, which include the keys of all stored runs."""
        try:
            return frozenset(os.listdir(self.folder))
        except OSError:  # the folder is missing or unreadable
            return frozenset()

    def stamps(self, keys: Iterable[str]) -> dict[str, object]:
        """Return a value for each of these runs that is stored, which changes when the run is stored again."""
        found = ((key, disk.stamp(self.folder / key)) for key in keys)
        return {key: stamp for key, stamp in found if stamp is not None}

    def is_unchanged(self, key: str, former: Mapping[str, object]) -> bool:
        """Return whether a run has its stamp among former ones, so that nobody has stored it since."""
        return key in former and self.stamps([key]).get(key) == former[key]

    def load(self, run: PlannedRun, fingerprint: str) -> RunRecord | None:
        """Return the stored run, or None if it is absent, damaged or of another format version."""
        try:
            return self._read(run, fingerprint)
        except UNREADABLE:
            return None

    def fault(self, run: PlannedRun, fingerprint: str) -> str | None:
        """Return a message that explains why a run cannot be loaded, or None if it can."""
        key = run_key(run.spec, fingerprint)
        try:
            self._read(run, fingerprint)
        except FileNotFoundError as error:
            return f"{Path(error.filename).name} is missing" if (self.folder / key).is_dir() else "the run is missing"
        except OSError as error:
            return f"the run cannot be read: {error.strerror or error}"
        except UNREADABLE as error:
            return f"{ARRAYS if str(error) == ARRAYS else HEAD} is damaged"
        return None

    def engine(self, key: str) -> int | None:
        """Return the version of the engine that trained a stored run, or None if it cannot be read."""
        try:
            version = json.loads(disk.read_regular(self.folder / key / HEAD))["engine"]
        except UNREADABLE:
            return None
        return version if isinstance(version, int) else None

    def digest(self, key: str) -> str | None:
        """Return the SHA-256 of a stored run, or None if it cannot be read or its arrays are damaged."""
        try:
            head = disk.read_regular(self.folder / key / HEAD)
            arrays = hashlib.sha256(disk.read_regular(self.folder / key / ARRAYS, MOST_BYTES)).hexdigest()
            return hashlib.sha256(head).hexdigest() if json.loads(head)["arrays_sha256"] == arrays else None
        except UNREADABLE:
            return None

    def _read(self, run: PlannedRun, fingerprint: str) -> RunRecord:
        """Return the stored run; raises one of UNREADABLE, with the argument ARRAYS for damaged arrays."""
        key = run_key(run.spec, fingerprint)
        head = disk.read_regular(self.folder / key / HEAD)
        return parse_record(run, fingerprint, head, disk.read_regular(self.folder / key / ARRAYS, MOST_BYTES))

    def save(self, record: RunRecord) -> None:
        """Store the run and replace any other with the same key; raises StoreError if the folder is not writable."""
        self.save_bytes(record.key, *dump_record(record))

    def save_bytes(self, key: str, head: bytes, arrays: bytes) -> None:
        """Store a run as the contents of run.json and arrays.npz, as `save`."""
        path = self.folder / key
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                self._write(path, head, arrays)
            except FileNotFoundError:  # another process considered the unfinished folder abandoned and removed it
                self._write(path, head, arrays)
        except OSError as error:
            message = f"the run cannot be stored: {error.strerror or error}"
            raise StoreError("not-writable", message, where=str(path)) from error

    def sweep(self) -> None:
        """Remove the incomplete folders of processes that were killed."""
        disk.remove_abandoned(self.folder)

    def _write(self, path: Path, head: bytes, arrays: bytes) -> None:
        with disk.temporary_path(path) as temporary:
            temporary.mkdir()
            disk.write_synced(temporary / ARRAYS, arrays)
            disk.write_synced(temporary / HEAD, head)
            disk.sync_folder(temporary)
            disk.replace_folder(temporary, path)
        disk.sync_folder(self.folder)


def dump_record(record: RunRecord) -> tuple[bytes, bytes]:
    """Return the contents of run.json and arrays.npz."""
    content = pack(record.arrays)
    return _describe(record, content), content


def parse_record(run: PlannedRun, fingerprint: str, head: bytes, content: bytes) -> RunRecord:
    """Return the record in the contents of run.json and arrays.npz of a run on the data with this fingerprint.

    Raises one of UNREADABLE unless they are those of this run as they were stored, with the argument ARRAYS for damaged
    arrays.
    """
    values = parse_head(run_key(run.spec, fingerprint), head)
    arrays = unpack_checked(values, content)
    if values.get("data", "") not in ("", fingerprint):
        raise ValueError("a run on other data")
    refuse_other_spec(values["spec"], values["key"], fingerprint)
    record = _record(run, values, arrays)
    check_record(record)
    return record


def plain(value: Any) -> Any:
    """Return the value in JSON's types: NumPy numbers become Python numbers, NaN and infinities become None."""
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
    """Return the contents of run.json; the last key is a checksum of all other keys."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "engine": ENGINE_VERSION,
        "key": record.key,
        "data": record.data,
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
    text = json.dumps({**head, "checksum": disk.checksum(head)}, indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def read_run(folder: Path, key: str | None = None) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return the values of run.json and the arrays of a stored run, both with the digests that they were stored with.

    key : the key that the run must have; None for any. Raises one of UNREADABLE, with the argument ARRAYS for damaged
    arrays.
    """
    head = parse_head(key, disk.read_regular(folder / HEAD))
    content = disk.read_regular(folder / ARRAYS, MOST_BYTES)
    return head, unpack_checked(head, content)


def unpack_checked(head: Mapping[str, Any], content: bytes) -> Mapping[str, Any]:
    """Return the arrays of a run with this head; raises ValueError unless they have the digest in the head."""
    if hashlib.sha256(content).hexdigest() != head["arrays_sha256"]:
        raise ValueError(ARRAYS)
    return unpack(content)


def parse_head(key: str | None, content: bytes) -> dict[str, Any]:
    """Return the values of run.json; raises ValueError or KeyError unless `_describe` wrote them."""
    head = json.loads(content)
    if not isinstance(head, dict):
        raise ValueError("not a run of this format")
    check_head(head)
    if key not in (None, head["key"]):
        raise ValueError("the run has another key")
    return head


def check_head(head: Mapping[str, Any]) -> None:
    """Raise ValueError or KeyError unless these are the unchanged values of a run.json of this version."""
    if head["format"] != FORMAT or head["version"] != VERSION:
        raise ValueError("not a run of this format")
    if not isinstance(head["key"], str) or head["status"] not in STATUSES or head["checksum"] != disk.checksum(head):
        raise ValueError("the contents have changed")


def _record(run: PlannedRun, head: Mapping[str, Any], arrays: Mapping[str, Any]) -> RunRecord:
    stored = dict.fromkeys(SCORES) | head["final"]
    final = {name: np.nan if score is None else score for name, score in stored.items()}
    names = ("status", "stopped_at_step", "steps", "train_seconds", "error")
    values = {name: head[name] for name in names}
    values |= {"facts": _compact(head["facts"], run.seed), "provenance": _compact(head["provenance"])}
    data = head.get("data", "")
    return RunRecord(
        key=head["key"],
        spec=run.spec,
        final=Row(final),
        arrays=arrays,
        data=sys.intern(data) if isinstance(data, str) else data,
        **values,
    )


def _compact(values: Any, group: int = 0) -> Any:
    return Row(values, group) if isinstance(values, dict) else values
