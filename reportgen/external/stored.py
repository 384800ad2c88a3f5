"""Stored runs, read without their study, and the names of their variants in the results.json of their study."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.engine.spec import RunSpec
from reportgen.errors import StudyError
from reportgen.paths import MANIFEST, RESULTS, RUNS
from reportgen.registry import table_of
from reportgen.runs.arrays import MOST_BYTES
from reportgen.runs.checks import PLAIN, check_record, typed_spec
from reportgen.runs.record import RunRecord
from reportgen.runs.store import ARRAYS, HEAD, UNREADABLE, check_head, unpack_checked


def stored_of(path: Path, place: str, head: Mapping[str, Any]) -> tuple[str, RunRecord]:
    """Return the variant of a stored run (its settings without the seed, as text) and its record.

    path : the archive of its arrays. Raises StudyError if the run is not as it was stored, or is invalid.
    """
    try:
        check_head(head)
        arrays = unpack_checked(head, disk.read_regular(path, MOST_BYTES))
        spec = typed_spec(head["spec"])
        _check_components(spec)
        final = {name: math.nan if value is None else float(value) for name, value in head["final"].items()}
        names = ("key", "status", "stopped_at_step", "steps", "train_seconds", "facts")
        values = {name: head[name] for name in names}
        values["facts"] = {"classes": spec.network.layers[-1].units} | values["facts"]
        record = RunRecord(spec=spec, final=final, arrays=arrays, **values)
        check_record(record)
        return replace(spec, seed=0).canonical(), record
    except UNREADABLE as error:
        raise StudyError(
            "invalid-record", "the stored run is damaged or was edited", place, "train it again"
        ) from error


def _check_components(spec: RunSpec) -> None:
    """Raise ValueError for a component or parameter that the tables do not have, or a parameter of another type."""
    if not spec.network.layers:
        raise ValueError("a network without layers")
    for kind, component in spec.components():
        row = table_of(kind).get(component.name)
        if row is None:
            raise ValueError(f"unknown {kind} {component.name!r}")
        known = {parameter.name: parameter for parameter in getattr(row, "parameters", ())}
        for name, value in component.params:
            if name not in known or not _is_of(known[name].kind, value):
                raise ValueError(f"{component.name} has no parameter {name!r} with the value {value!r}")


def _is_of(kind: str, value: Any) -> bool:
    types = {"number": PLAIN[float], "integer": int, "boolean": bool, "choice": str, "text": str}.get(kind)
    if types is None or value is None:
        return True
    return isinstance(value, types) and isinstance(value, bool) == (kind == "boolean")


def variant_names(runs: Iterable[tuple[Path, str]]) -> dict[str, str]:
    """Return a name for each distinct settings text of stored runs.

    runs: pairs of the file of a run and the text of its settings. The name is the label of the study's variant;
    variants with equal settings have joined labels. Runs that no results.json contains, such as the trials of remedies,
    get numbers.
    """
    pairs, labels = list(runs), _Labels()
    names: dict[str, str] = {}
    for path, text in pairs:
        if text not in names and (label := labels.of(path)):
            names[text] = label
    for number, text in enumerate(dict.fromkeys(text for _, text in pairs), 1):
        names.setdefault(text, f"variant {number}")
    return names


class _Labels:
    """Labels of variants by the keys of their runs; each results.json is read once."""

    def __init__(self) -> None:
        self._read: dict[Path, dict[str, str]] = {}

    def of(self, run: Path) -> str:
        """Return the label of the variant of a stored run, empty if unknown."""
        results = run.parent.parent.parent / RESULTS
        if results not in self._read:
            self._read[results] = _labels(results)
        return self._read[results].get(run.parent.name, "")


def incomplete_runs(report: Path) -> list[StudyError]:
    """Return an error for each run in a report's store that lacks a file, or that its results.json names in vain."""
    runs = report / RUNS
    if not runs.is_dir():
        return []
    found = {folder.name: [name for name in (HEAD, ARRAYS) if (folder / name).is_file()] for folder in runs.iterdir()}
    partial = {key: next(iter({HEAD, ARRAYS} - {*names})) for key, names in found.items() if len(names) == 1}
    errors = [_absent(runs / key / name) for key, name in sorted(partial.items())]
    return errors + [_absent(runs / key) for key in sorted(_labels(report / RESULTS)) if not found.get(key)]


def _absent(path: Path) -> StudyError:
    message = f"the stored run has no {path.name}" if path.suffix else "the stored run is missing"
    return StudyError("invalid-record", message, str(path), "train it again")


def _labels(path: Path) -> dict[str, str]:
    """Return the labels of variants by the keys of runs; empty for a file that is missing, invalid or was changed."""
    try:
        content = disk.read_regular(path)
        written = disk.read_json(path.with_name(MANIFEST)).get("files", {}).get(RESULTS)
        if written not in (None, hashlib.sha256(content).hexdigest()):
            return {}
        results: Mapping[str, Any] = json.loads(content)
        labels = {variant["id"]: str(variant["label"]) for variant in results["variants"]}
        by_key: dict[str, list[str]] = {}
        for run in results["runs"]:
            by_key.setdefault(run["key"], []).append(labels[run["variant"]])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {key: ", ".join(dict.fromkeys(names)) for key, names in by_key.items()}
