"""MLflow's store in an SQLite database, with the runs of all experiments."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import time
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reportgen import disk
from reportgen.errors import StudyError
from reportgen.external.logs.binary import begins_with
from reportgen.external.logs.events.epochs import with_epochs
from reportgen.external.logs.events.mlflow_folder import DELETED, metric_column, setting
from reportgen.external.logs.raw import LogFormat, RawLog

NAME = "mlflow-sqlite"
MAGIC = b"SQLite format 3\x00"
WAL_BYTE, WAL = 18, 2
"""Position and value in the header of a database that writes changes to a second file first."""

TABLES = frozenset({"runs", "metrics", "params"})
LOCK_SECONDS = 2.0

MOST_SECONDS = 120.0
"""Largest time for which a database is open: a small one may have endless rows."""

MOST_BYTES = 2**17
"""Largest size of a value or row; MLflow's parameters have at most 8000 characters."""

MOST_ROWS = 20_000_000
"""Largest number of rows of one query."""

STEPS = 10_000
"""Instructions of SQLite between two checks of the time."""

LARGEST = 1.7976931348623157e308
"""MLflow stores infinity as the largest number."""


def find(path: Path) -> list[Path]:
    """Return a database that has the tables of MLflow."""
    if not begins_with(path, MAGIC):
        return []
    try:
        with _opened(path) as database:
            return [path] if _tables(database) >= TABLES else []
    except StudyError:
        return [path] if "mlflow" in path.name else []  # `read` states the error


def read(path: Path) -> list[RawLog]:
    """Return the runs in a database that have metrics and were not deleted.

    Raises
    ------
    StudyError
        If the database cannot be read, or there is no such run.
    """
    with _opened(path) as database:
        if missing := TABLES - _tables(database):
            names = ", ".join(sorted(missing))
            raise StudyError("invalid-file", f"the database lacks the tables of MLflow ({names})", str(path))
        if computed := [name for name in sorted(TABLES) if _has_computed_columns(database, name)]:
            message = f"tables have computed columns, which MLflow does not use ({', '.join(computed)})"
            raise StudyError("invalid-file", message, str(path))
        runs = list(_runs(database))
        repeated = Counter(name for _, name in runs)
        logs = [_log(database, path, run, name if repeated[name] == 1 else f"{name} {run[:8]}") for run, name in runs]
    logs = [log for log in logs if log.columns]
    if not logs:
        raise StudyError("empty-data", "the database has no run with metrics", str(path))
    return logs


class _TooManyError(sqlite3.DataError):
    """A query has too many rows."""


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a database that is opened for reading only, so that nothing beside it is created either."""
    try:
        with disk.open_regular(path) as file:
            header = file.read(WAL_BYTE + 1)
    except OSError as error:
        raise StudyError("unreadable-file", f"the file cannot be read: {error.strerror}", str(path)) from error
    waiting = path.with_name(path.name + "-wal").exists()
    constant = header[WAL_BYTE:] == bytes([WAL]) and not waiting
    uri = f"file:{quote(str(path.resolve()))}?mode=ro" + ("&immutable=1" if constant else "")
    end = time.monotonic() + MOST_SECONDS
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=LOCK_SECONDS)) as database:
            _limit(database, end)
            yield database
    except (sqlite3.Error, ValueError, OverflowError, MemoryError) as error:  # ValueError: a message is not UTF-8
        if isinstance(error, _TooManyError) or time.monotonic() > end:
            message = f"the SQLite database has more than {MOST_ROWS:,} rows, or takes more than {MOST_SECONDS:.0f} s"
            raise StudyError("too-large", message, str(path), "copy some of its runs into another one") from error
        reason = "".join(character if character.isprintable() else "?" for character in str(error)[:200])
        raise StudyError(
            "invalid-file", f"the SQLite database is damaged, incomplete or in use: {reason}", str(path)
        ) from error


def _limit(database: sqlite3.Connection, end: float) -> None:
    """Bound time and memory: damaged or hostile pages may refer to each other without an end."""
    database.text_factory = lambda text: text.decode(errors="replace")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    database.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    database.execute("PRAGMA trusted_schema = OFF")


def _rows(database: sqlite3.Connection, query: str, values: Sequence[str] = ()) -> Iterator[Any]:
    """Yield the rows of a query; raises _TooManyError if there are too many."""
    for number, row in enumerate(database.execute(query, values)):
        if number >= MOST_ROWS:
            raise _TooManyError
        yield row


def _tables(database: sqlite3.Connection) -> set[str]:
    """Return the names of the tables; views and virtual tables, which have no pages of their own, are none."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
    return {str(name) for (name,) in _rows(database, query)}


def _has_computed_columns(database: sqlite3.Connection, table: str) -> bool:
    """Return whether SQLite computes values of a table, whose size and number then have no bound."""
    return any(hidden for *_, hidden in _rows(database, f"PRAGMA table_xinfo({table})"))


def _runs(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield identifiers and names of all runs, without those that were deleted or whose experiment was."""
    columns = {str(row[1]) for row in _rows(database, "PRAGMA table_info(runs)")}
    wanted = ["run_uuid", *(f"{name}" if name in columns else "NULL" for name in ("name", "lifecycle_stage"))]
    experiment = "experiment_id" if "experiment_id" in columns else "NULL"
    deleted = _deleted_experiments(database)
    for run, name, stage, parent in _rows(database, f"SELECT {', '.join(wanted)}, {experiment} FROM runs"):
        if stage != DELETED and str(parent) not in deleted:
            yield str(run), str(name or run)


def _deleted_experiments(database: sqlite3.Connection) -> set[str]:
    if "experiments" not in _tables(database):
        return set()
    rows = _rows(database, "SELECT experiment_id FROM experiments WHERE lifecycle_stage = ?", (DELETED,))
    return {str(experiment) for (experiment,) in rows}


def _log(database: sqlite3.Connection, path: Path, run: str, name: str) -> RawLog:
    steps: dict[str, array[float]] = {}
    values: dict[str, array[float]] = {}
    query = "SELECT key, value, is_nan, step FROM metrics WHERE run_uuid = ? ORDER BY timestamp, step"
    for key, value, is_nan, step in _rows(database, query, (run,)):
        found = math.nan if is_nan else _number(value)
        if found is not None:
            values.setdefault(str(key), array("d")).append(found)
            steps.setdefault(str(key), array("d")).append(_number(step) or 0.0)
    parameters = _rows(database, "SELECT key, value FROM params WHERE run_uuid = ? ORDER BY key", (run,))
    return RawLog(
        path=path,
        format=NAME,
        name=name,
        columns=with_epochs(tuple(metric_column(key, steps[key], values[key]) for key in values)),
        settings={str(key): setting(str(value)) for key, value in parameters},
    )


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float):
        return None
    return math.copysign(math.inf, value) if abs(value) >= LARGEST else float(value)


MLFLOW_DATABASE = LogFormat(
    name=NAME,
    title="MLflow database",
    files="`mlflow.db`",
    find=find,
    read=read,
    magic=MAGIC,
)
