"""DVCLive: a folder with a TSV file for each metric in `plots/metrics`, and `params.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from reportgen.errors import StudyError
from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.settings import settings_in
from reportgen.external.logs.tables.columns import Form, raw_log
from reportgen.external.logs.tables.head import find_head
from reportgen.external.logs.tables.table import read_table

NAME = "dvclive"
FOLDERS = ("plots/metrics", "scalars")
MOST_METRICS = 500


def find(path: Path) -> Sequence[Path]:
    """Return the folder if it has a TSV file of a metric."""
    first = next(_files(path), None) if path.is_dir() else None
    head = find_head(first) if first is not None else None
    return [path] if head is not None and head.has("step") else []


def _files(folder: Path) -> Iterator[Path]:
    for name in FOLDERS:
        for path in sorted((folder / name).rglob("*.tsv")):
            if not path.is_symlink() and path.is_file():
                yield path


def read(path: Path) -> RawLog:
    """Return the run; the name of a metric is the path of its file."""
    files = list(islice(_files(path), MOST_METRICS))
    if not files:
        raise StudyError("invalid-file", "not a folder of DVCLive", str(path), f"a folder with {FOLDERS[0]}/*.tsv")
    logs = [_metric(path, file) for file in files]
    settings, unread = settings_in(path, "params.yaml")
    return RawLog(
        path=path,
        format=NAME,
        name=path.name,
        columns=tuple(column for log in logs for column in log.columns),
        settings=settings,
        ignored={name: reason for log in logs for name, reason in log.ignored.items()},
        notes=(*unread, *(note for log in logs for note in log.notes)),
    )


def _metric(folder: Path, file: Path) -> RawLog:
    """Return the one metric of a file."""
    table = read_table(file)
    name = next((file.relative_to(folder / start) for start in FOLDERS if file.is_relative_to(folder / start)), file)
    metric = name.with_suffix("").as_posix()
    others = [column for column in table.columns if column not in ("step", "timestamp")]
    if len(others) == 1:
        table.columns[metric] = table.columns.pop(others[0])
    table.columns.pop("timestamp", None)
    return raw_log(table, Form(NAME), metric, {})


DVCLIVE = LogFormat(NAME, "DVCLive", "`plots/metrics/**/*.tsv`, `params.yaml`", find, read)
