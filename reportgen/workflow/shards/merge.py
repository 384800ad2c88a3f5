"""Merge of folders of shards: all runs are checked before the first one is copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.engine.spec import ENGINE_VERSION
from reportgen.errors import ResultsError, UsageError
from reportgen.paths import RUNS
from reportgen.runs.arrays import MOST_BYTES
from reportgen.runs.store import ARRAYS, HEAD, UNREADABLE, Store, parse_head, unpack_checked
from reportgen.workflow.shards.mark import MARK, Mark, read_mark


@dataclass(frozen=True)
class Merged:
    """The outcome of a merge for one study: its folder, and the numbers of runs copied and already there."""

    study: str
    folder: Path
    copied: int
    stored: int


def merge(folders: Sequence[Path], output: Path) -> list[Merged]:
    """Copy the runs of shards to `output`/<study>, and return the outcome for each study.

    Parameters
    ----------
    folders : folders with shards.json, or folders of them, such as the values of -o of the shards.

    Raises
    ------
    UsageError : a folder has no shards ("no-shards"), or shards of one name are of different studies
        ("report-of-another-study").
    MissingError : different programs trained the shards ("worker-differs").
    ResultsError : a run is damaged or was changed ("invalid-record"), another version of the engine trained it
        ("engine-mismatch"), or two folders have different values of one run ("runs-differ").
    StoreError : a run cannot be stored ("not-writable"); UsageError, if the output cannot be written at all.
    """
    marks: dict[str, Mark] = {}
    sources: dict[str, list[Path]] = {}
    for folder in [place for given in folders for place in _places(given)]:
        mark = read_mark(folder)
        assert mark is not None
        marks.setdefault(mark.study, mark).refuse_other(mark, folder)
        sources.setdefault(mark.study, []).append(folder)
    found: dict[str, Mapping[str, Path]] = {}
    for study, places in sources.items():
        if (former := read_mark(output / study)) is not None:
            marks[study].refuse_other(former, output / study)
        found[study] = _checked_runs([output / study, *places])
    return [_copy(marks[study], runs, output / study) for study, runs in found.items()]


def _places(folder: Path) -> list[Path]:
    """Return the folders of shards in a folder; itself, or those directly below."""
    if (folder / MARK).is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob(f"*/{MARK}"))
    if not found:
        hint = "folders that reportgen run --shard has written"
        raise UsageError("no-shards", "the folder contains no shards of a study", str(folder), hint)
    return found


def _checked_runs(folders: Sequence[Path]) -> dict[str, Path]:
    """Return the folder of each finished run by key, the first one of several; failed runs are left out."""
    found: dict[str, Path] = {}
    values: dict[str, tuple[object, ...]] = {}
    for folder in folders:
        for key in sorted(Store(folder / RUNS).keys()):
            path = folder / RUNS / key
            if key.startswith("."):
                continue
            content = _checked(path)
            if content is not None and values.setdefault(key, content) != content:
                message = f"the run has other values than in {found[key]}"
                raise ResultsError("runs-differ", message, str(path), "remove one of the two, and train it again")
            if content is not None:
                found.setdefault(key, path)
    return found


def _checked(path: Path) -> tuple[object, ...] | None:
    """Return what two trainings of a run have in common, None for a failed run; raises ResultsError."""
    values = _content(path).values
    if values["engine"] != ENGINE_VERSION:
        message = f"engine version {values['engine']} trained the run, and this reportgen has version {ENGINE_VERSION}"
        raise ResultsError("engine-mismatch", message, str(path), "use one version for all shards")
    common = (values["status"], values["final"], values["steps"], values["arrays_sha256"])
    return None if values["status"] == "failed" else common


@dataclass(frozen=True)
class _Content:
    """The files of a run that were checked, and the values of the first."""

    head: bytes
    arrays: bytes
    values: Mapping[str, Any]


def _content(path: Path) -> _Content:
    """Return the content of a stored run; raises ResultsError ("invalid-record") if it is not as it was stored."""
    try:
        head, arrays = disk.read_regular(path / HEAD), disk.read_regular(path / ARRAYS, MOST_BYTES)
        values = parse_head(path.name, head)
        unpack_checked(values, arrays)
    except UNREADABLE as error:
        hint = "remove its folder, and run the shard again"
        raise ResultsError("invalid-record", "the run is damaged or was changed", str(path), hint) from error
    return _Content(head, arrays, values)


def _copy(mark: Mark, runs: Mapping[str, Path], folder: Path) -> Merged:
    store = Store(folder / RUNS)
    new = {key: path for key, path in runs.items() if path.parent != store.folder}
    disk.make_writable(folder)
    store.sweep()
    mark.write(folder)
    for key, path in new.items():
        content = _content(path)  # a file may have changed since the first check
        store.save_bytes(key, content.head, content.arrays)
    return Merged(mark.study, folder, len(new), len(runs) - len(new))
