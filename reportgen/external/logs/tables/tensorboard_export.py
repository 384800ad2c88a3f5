"""CSV files downloaded from TensorBoard: "Wall time,Step,Value", one metric of a run each, named by the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from reportgen.errors import StudyError
from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.roles import SPLITS, meaning_of, plain_name
from reportgen.external.logs.tables.columns import Form, raw_log
from reportgen.external.logs.tables.head import find_head
from reportgen.external.logs.tables.table import read_table

NAME = "tensorboard-csv"
COLUMNS = ("Wall time", "Step", "Value")
RUN, TAG = "run-", "-tag-"
MOST_FILES = 500


def find(path: Path) -> Sequence[Path]:
    """Return a file of a metric, or the folder of such files."""
    if path.is_dir():
        return [path] if next(_files(path), None) else []
    head = find_head(path) if path.is_file() else None
    return [path] if head is not None and head.names == COLUMNS else []


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("*.csv")):
        if not path.is_symlink() and find(path):
            yield path


def read(path: Path) -> Sequence[RawLog]:
    """Return the runs of a folder of such files; the runs "train" and "validation" are splits of one."""
    files = list(islice(_files(path), MOST_FILES)) if path.is_dir() else [path]
    if not files:
        hint = f"files such as {RUN}train{TAG}loss.csv"
        raise StudyError("invalid-file", "the folder has no files of TensorBoard", str(path), hint)
    runs: dict[str, list[RawLog]] = {}
    for file in files:
        run, tag = _named(file)
        split = run.rpartition("_")[2]
        own = run.removesuffix(split).rstrip("_") if plain_name(split) in SPLITS else run
        name = f"{split}/{tag}" if own != run and _has_no_split(tag) else tag
        runs.setdefault(own or path.name.removesuffix(".csv"), []).append(_metric(file, name))
    return [_joined(path, run, metrics) for run, metrics in runs.items()]


def _named(file: Path) -> tuple[str, str]:
    """Return the names of run and metric in the name of a file."""
    run, dash, tag = file.stem.removeprefix(RUN).partition(TAG)
    return (run, tag) if dash else ("", file.stem)


def _has_no_split(tag: str) -> bool:
    meaning = meaning_of(tag)
    return meaning is not None and meaning.split is None


def _metric(file: Path, name: str) -> RawLog:
    table = read_table(file)
    table.columns.pop(COLUMNS[0], None)
    if COLUMNS[2] in table.columns:
        table.columns[name] = table.columns.pop(COLUMNS[2])
    return raw_log(table, Form(NAME), name, {})


def _joined(path: Path, run: str, metrics: Sequence[RawLog]) -> RawLog:
    return replace(
        metrics[0],
        path=path,
        name=run,
        columns=tuple(column for metric in metrics for column in metric.columns),
        ignored={name: reason for metric in metrics for name, reason in metric.ignored.items()},
        notes=tuple(note for metric in metrics for note in metric.notes),
    )


TENSORBOARD_EXPORT = LogFormat(
    NAME, "TensorBoard, CSV downloads", f"`{RUN}*{TAG}*.csv`, or named by the metric", find, read
)
