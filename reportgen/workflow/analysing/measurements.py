"""Stored measurements of a report, in its folder sanity/: each with the digest and the form that it was stored with."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.engine.spec import ENGINE_VERSION
from reportgen.errors import StoreError
from reportgen.report.publish.manifest import read_origin
from reportgen.runs.executors import in_thread

Measured = list[dict[str, Any]]
Fits = Callable[[Any], bool]
"""Whether a stored value has the form of a measurement."""


class _DamagedError(Exception):
    """A measurement is not as it was stored; the argument says why."""


@dataclasses.dataclass(frozen=True)
class Measurements:
    """Stored measurements by name.

    Attributes
    ----------
    folder : the folder sanity/ of a report.
    may_measure : whether missing and damaged measurements are made now.
    fresh : whether stored measurements are made again, each once.
    notice : is called with a sentence about each damaged measurement that is made again.
    absent : receives the names of the measurements that are missing and must not be made.
    """

    folder: Path
    may_measure: bool
    fresh: bool = False
    notice: Callable[[str], None] = lambda text: None
    absent: set[str] = dataclasses.field(default_factory=set)
    _made: dict[str, Measured] = dataclasses.field(default_factory=dict)

    def get(self, name: str, measure: Callable[[], Measured], fits: Fits) -> Measured | None:
        """Return the stored measurement of this name or a new one; None if it is missing and must not be made.

        Raises
        ------
        StoreError : a damaged measurement must not be made again ("damaged-measurement"), a file is in the place of the
            folder ("path-occupied"), or a measurement cannot be stored ("not-writable").
        """
        if name in self._made:
            return self._made[name]
        path = self.folder / f"{name}.json"
        if self.folder.exists() and not self.folder.is_dir():
            message, hint = "a file is in the place of a folder of the report", "move it away"
            raise StoreError("path-occupied", message, str(self.folder), hint)
        try:
            stored = None if self.fresh and self.may_measure else self._stored(name, path, fits)
        except _DamagedError as error:
            if not self.may_measure:
                message, hint = f"the measurement {error}", "reportgen run measures again"
                raise StoreError("damaged-measurement", message, str(path), hint) from error
            self.notice(f"{path}: the measurement {error}; it is made again")
            stored = None
        if stored is not None:
            return stored
        if not self.may_measure:
            self.absent.add(name)
            return None
        former = disk.stamp(path) if self.fresh else None
        values = in_thread(measure)  # measuring compiles kernels
        with contextlib.suppress(_DamagedError):
            meanwhile = None if disk.stamp(path) == former else self._stored(name, path, fits)  # by another process
            if meanwhile is not None:
                self._made[name] = meanwhile
                return meanwhile
        self._store(name, path, values)
        self._made[name] = values
        return values

    def _stored(self, name: str, path: Path, fits: Fits) -> Measured | None:
        """Return a stored measurement, None if there is none of this engine; raises _DamagedError."""
        try:
            content = disk.read_regular(path)
            stored: Any = json.loads(content)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _DamagedError(f"cannot be read: {error.strerror or error}") from error
        except (ValueError, RecursionError, MemoryError) as error:
            raise _DamagedError("is damaged") from error
        if not isinstance(stored, dict) or "engine" not in stored:
            raise _DamagedError("is damaged")
        if "checksum" in stored and stored["checksum"] != disk.checksum(stored):
            raise _DamagedError("has changed since it was stored")
        if not {"checksum", "name"} <= stored.keys():  # of an earlier version
            self._check_manifest(path, content, is_optional="checksum" in stored and not self.may_measure)
        elif stored["name"] != name:
            raise _DamagedError("is the one of another run")
        if stored["engine"] != ENGINE_VERSION:
            return None
        if not (isinstance(stored.get("values"), list) and fits(stored["values"])):
            raise _DamagedError("does not have the form of a measurement")
        return list(stored["values"])

    def _check_manifest(self, path: Path, content: bytes, is_optional: bool) -> None:
        """Raise _DamagedError unless the manifest of the report has the digest of the file; if optional, or none."""
        origin = read_origin(self.folder.parent)
        digest = None if origin is None else origin.records.get(f"{self.folder.name}/{path.name}")
        if digest is None and not is_optional:
            raise _DamagedError("has no name or no checksum, and the manifest of the report does not have its digest")
        if digest not in (None, hashlib.sha256(content).hexdigest()):
            raise _DamagedError("is not the one in the manifest of the report")

    def _store(self, name: str, path: Path, values: Measured) -> None:
        entry = {"name": name, "engine": ENGINE_VERSION, "values": values}
        text = json.dumps({**entry, "checksum": disk.checksum(entry)}, indent=1)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            disk.replace_file(path, f"{text}\n".encode())
        except OSError as error:
            message = f"the measurement cannot be stored: {error.strerror or error}"
            raise StoreError("not-writable", message, where=str(path)) from error


def fits_dataclass(kind: type, value: Any) -> bool:
    """Return whether a JSON value has the fields of a dataclass, with numbers and texts where it has them."""
    types: Mapping[str, Any] = {"str": str, "int": int, "float": (int, float)}
    return (
        isinstance(value, dict)
        and value.keys() == {field.name for field in dataclasses.fields(kind)}
        and all(
            isinstance(value[field.name], types[str(field.type)]) and not isinstance(value[field.name], bool)
            for field in dataclasses.fields(kind)
        )
    )
