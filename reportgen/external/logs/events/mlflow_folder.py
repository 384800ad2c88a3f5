"""MLflow's folder of a run: a file of lines for each metric, a file for each parameter."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from reportgen import disk
from reportgen.errors import StudyError
from reportgen.external.logs.events.epochs import with_epochs
from reportgen.external.logs.raw import LogFormat, RawColumn, RawLog
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

NAME = "mlflow"
META = "meta.yaml"
DELETED = "deleted"

MAX_SMALL_BYTES = 2**16
"""Bytes that are read of a parameter, a tag or the description of a run."""

MAX_FILES = 20_000


def find(path: Path) -> list[Path]:
    """Return the folder of a run that was not deleted."""
    try:
        is_run = path.is_dir() and (path / "metrics").is_dir() and (path / META).is_file()
    except OSError:
        return []
    if not is_run:
        return []
    meta = _meta(path)
    return [path] if ("run_id" in meta or "run_uuid" in meta) and meta.get("lifecycle_stage") != DELETED else []


def read(path: Path) -> RawLog:
    """Return the run in a folder.

    Raises
    ------
    StudyError
        If no file in it has lines of a metric.
    """
    damaged: list[str] = []
    columns = [column for name, file in _files(path / "metrics") if (column := _metric(name, file, damaged))]
    if not columns:
        raise StudyError("invalid-file", "the folder has no metrics of MLflow", str(path))
    names = ", ".join(damaged[:3]) + (", ..." if len(damaged) > 3 else "")
    text = N_("lines that are no metrics were left out in {files}").format(files=names)
    notes = [LogNote("damaged", text)] if damaged else []
    name = _meta(path).get("run_name") or _small(path / "tags" / "mlflow.runName") or path.resolve().name
    return RawLog(
        path=path,
        format=NAME,
        name=str(name),
        columns=with_epochs(tuple(columns)),
        settings={name: setting(_small(file)) for name, file in _files(path / "params")},
        notes=tuple(notes),
    )


def setting(text: str) -> Any:
    """Return a parameter as the number or truth value that it is, or else as text."""
    found = {"true": True, "false": False, "none": None}
    if text.lower() in found:
        return found[text.lower()]
    for kind in (int, float):
        try:
            return kind(text) if len(text) < 100 else text
        except ValueError:
            continue
    return text


def metric_column(name: str, steps: array[float], values: array[float]) -> RawColumn:
    """Return the column of a metric. Steps that are always 0 were not given by the program."""
    counted = len(steps) == 1 or any(steps)
    return RawColumn(name, np.array(values), steps=np.array(steps) if counted else None)


def _metric(name: str, file: Path, damaged: list[str]) -> RawColumn | None:
    """Return the column of lines "timestamp value step"; None without any.

    The name of a file with other lines is added to `damaged`.
    """
    steps, values, wrong = array("d"), array("d"), False
    try:
        with disk.open_regular(file) as lines:
            while line := lines.readline(MAX_SMALL_BYTES):
                words = line.split()
                try:
                    value, step = float(words[1]), float(words[2]) if len(words) > 2 else 0.0
                except (ValueError, IndexError):
                    wrong |= bool(words)
                    continue
                values.append(value)
                steps.append(step)
    except OSError:
        wrong = True
    if wrong:
        damaged.append(name)
    return metric_column(name, steps, values) if values else None


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder with their names, in which a slash is a subfolder."""
    try:
        files = sorted(path for path, _ in zip(folder.rglob("*"), range(MAX_FILES), strict=False) if path.is_file())
    except OSError:
        return
    yield from ((file.relative_to(folder).as_posix(), file) for file in files)


def _small(file: Path) -> str:
    try:
        with disk.open_regular(file) as opened:
            return opened.read(MAX_SMALL_BYTES).decode(errors="replace").strip()
    except OSError:
        return ""


def _meta(path: Path) -> Mapping[str, Any]:
    try:
        meta = yaml.safe_load(_small(path / META))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return meta if isinstance(meta, dict) else {}


MLFLOW = LogFormat(
    name=NAME,
    title="MLflow",
    files="a folder of a run in `mlruns`",
    find=find,
    read=read,
)
