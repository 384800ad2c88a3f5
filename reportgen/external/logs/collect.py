"""Logs in a file or folder, recognized, read, cleaned, and grouped by settings."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reportgen.errors import StudyError, UsageError
from reportgen.external.logs.axis import with_named_counts
from reportgen.external.logs.binary import begins_with, binary_kind, refuse_other_binary
from reportgen.external.logs.cleaning import clean
from reportgen.external.logs.formats import FORMATS
from reportgen.external.logs.grouping import grouped, named
from reportgen.external.logs.options import LogOptions
from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.restarts.lost_state import without_lost_state
from reportgen.external.logs.restarts.other_runs import divided
from reportgen.external.logs.search import SKIPPED_ENDINGS, FoundLog, find_logs
from reportgen.external.logs.structured.documents import begins_as_json
from reportgen.external.logs.structured.lines import head_lines
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote, TrainingLog

TABLE_ERRORS = ("empty-file", "unreadable-file", "not-text", "invalid-file", "unknown-columns", "unknown-log")
JSON_ERRORS = ("invalid-json", "duplicate-key", "nesting-too-deep", "too-large", "empty-data", "unknown-columns")
"""Codes of errors of reading a file as a table or as JSON that describe the file even if it is not a log."""
DAMAGE = ("unreadable-file", "not-text", "invalid-file", "invalid-json", "nesting-too-deep", "too-large")
"""Codes of errors that show a damaged log in a folder, where other tables and documents are no logs."""
MOST_NAMES = 5
"""Largest number of names in a note."""

DATA_ENDINGS = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "jsonl"}
"""Formats of damaged files by their endings."""


@dataclass(frozen=True, eq=False)
class CollectedLogs:
    """All logs of a file or folder.

    Attributes
    ----------
    groups : logs by name of the group; runs of one group have equal settings.
    unreadable : errors of logs that could not be read, if others could.
    others : number of files of a folder that are no logs.
    """

    groups: Mapping[str, Sequence[TrainingLog]]
    unreadable: tuple[StudyError, ...] = ()
    others: int = 0


def read_logs(path: Path, options: LogOptions = LogOptions()) -> Mapping[str, Sequence[TrainingLog]]:  # noqa: B008
    """Return the logs in a file or folder by name of the group; see `collect_logs`."""
    return collect_logs(path, options).groups


def collect_logs(
    path: Path,
    options: LogOptions = LogOptions(),  # noqa: B008
    records: Collection[Path] = (),
) -> CollectedLogs:
    """Return the logs in a file or folder in groups of runs with equal settings. records: files that are no logs.

    In a folder, files that are no logs are skipped, and logs that cannot be read are reported beside the others.

    Raises
    ------
    UsageError : the file or folder does not exist, the folder has no logs, or the format is unknown.
    StudyError : the file is not a log; it is the only log and cannot be read; or no log of the folder can be read.
    """
    if not path.exists():
        raise UsageError("file-not-found", "no such file or folder", str(path), "a log, or a folder of logs")
    formats = _formats(options)
    refuse_other_binary(path)
    others: list[Path] = []
    found = [log for log in find_logs(path, formats, others) if log.path not in records]
    found = found or _by_magic(path, options) or _forced(path, formats, options)
    others = [file for file in others if file not in records]
    damaged = [error for file in others if (error := _damage(file)) is not None]
    if not found:
        raise damaged[0] if damaged else _no_log(path, options)
    logs: list[TrainingLog] = []
    errors: list[StudyError] = []
    for log in found:
        try:
            read = [with_named_counts(raw, options) for raw in _runs_of(log)]
            runs = [run for raw in read for run in divided(raw, options)]
        except StudyError as error:
            errors.append(error)
            continue
        for run in runs:
            try:
                logs.append(_cleaned(run, options))
            except StudyError as error:
                errors.append(error)
    if not logs:
        raise errors[0]
    groups = grouped(named(logs, path), options.together)
    return CollectedLogs(groups, (*errors, *damaged), len(others) - len(damaged))


def _cleaned(raw: RawLog, options: LogOptions) -> TrainingLog:
    """Return a log with roles; raises StudyError if no column has one."""
    log = clean(raw, options)
    if log.curves:
        return without_lost_state(log)
    names = ", ".join([*log.ignored][:12]) or "none"
    hint = f"name columns with --loss, --val-loss or --val-accuracy; columns: {names}"
    raise StudyError("unknown-columns", "no column has a known role", str(raw.path), hint)


def _runs_of(log: FoundLog) -> Sequence[RawLog]:
    """Return the runs of a log, with a note on other logs in its folder."""
    runs = _runs(log.format.read(log.path))
    if not log.left:
        return runs
    names = [path.name for path in log.left]
    shown = ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")
    words = N_("the folder was read as {format}, and {files} in it was not read: to read it, give its own path")
    text = words.format(format=log.format.title, files=shown)
    return [replace(raw, notes=(*raw.notes, LogNote("other-log", text))) for raw in runs]


def _runs(read: RawLog | Sequence[RawLog]) -> Sequence[RawLog]:
    return [read] if isinstance(read, RawLog) else read


def _formats(options: LogOptions) -> list[LogFormat]:
    if options.format is None:
        return list(FORMATS.values())
    if options.format not in FORMATS:
        near = difflib.get_close_matches(options.format, FORMATS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(FORMATS)}"
        raise UsageError("invalid-option", f"unknown format {options.format!r} in --as", hint=hint)
    return [FORMATS[options.format]]


def _by_magic(path: Path, options: LogOptions) -> list[FoundLog]:
    """Return a damaged file of a binary format; raises StudyError if the user says that it has another format."""
    row = next((row for row in FORMATS.values() if row.magic and begins_with(path, row.magic)), None)
    if row is None:
        return []
    if options.format not in (None, row.name):
        message = f"the file begins like a file of the format {row.name}, not {options.format}"
        raise StudyError("wrong-format", message, str(path), f"--as {row.name}, or no --as")
    return [FoundLog(path, row)]


def _forced(path: Path, formats: Sequence[LogFormat], options: LogOptions) -> list[FoundLog]:
    """Return the log that the user says a file or folder is, although no format recognizes it."""
    if options.format is not None:
        return [FoundLog(path, formats[0])]
    if not path.is_file():
        return []
    if not options.columns:
        return [FoundLog(path, FORMATS["csv"])] if _is_a_table_of_scores(path, options) else []
    generic = [row for row in formats if row.generic]
    return [FoundLog(path, next((row for row in generic if _can_read(row, path)), FORMATS["csv"]))]


def _is_a_table_of_scores(path: Path, options: LogOptions) -> bool:
    """Return whether a file, read as any table, has a loss in several rows, whatever counts its rows."""
    try:
        logs = [_cleaned(raw, options) for raw in _runs(FORMATS["csv"].read(path))]
    except StudyError:
        return False
    return any(curve.role.endswith("loss") and curve.values.size > 1 for log in logs for curve in log.curves)


def _can_read(row: LogFormat, path: Path) -> bool:
    try:
        return bool(_runs(row.read(path)))
    except StudyError:
        return False


def _damage(path: Path) -> StudyError | None:
    """Return why a file that no format recognizes is a damaged log; None if it is no log."""
    if path.name.endswith(SKIPPED_ENDINGS) or binary_kind(path) is not None:
        return None
    magic = next((row for row in FORMATS.values() if row.magic and begins_with(path, row.magic)), None)
    name = magic.name if magic is not None else DATA_ENDINGS.get(path.suffix.lower())
    if name is None or (name in ("json", "jsonl") and not _names_a_score(path)):
        return None
    try:
        FORMATS[name].read(path)
    except StudyError as error:
        return error if magic is not None or error.code in DAMAGE else None
    return None


def _names_a_score(path: Path) -> bool:
    """Return whether the beginning of a file has a word of a score, as the settings of a program have not."""
    return any(word in line for line in head_lines(path) for word in (b"loss", b"accuracy", b"epoch"))


def _no_log(path: Path, options: LogOptions) -> UsageError | StudyError:
    """Return the error for a path without logs; for a file, why it is no table, if it is text or empty."""
    if path.is_dir():
        hint = "a folder with logs of training, or records such as seed0.npz"
        return UsageError("no-records", "the folder has no logs and no records", str(path), hint)
    name, codes = ("json", JSON_ERRORS) if begins_as_json(path) else ("csv", TABLE_ERRORS)
    try:
        for raw in _runs(FORMATS[name].read(path)):
            if raw.columns:
                _cleaned(raw, options)
    except StudyError as error:
        if error.code in codes:
            return error
    hint = f"name its format with --as ({', '.join(FORMATS)}), and its columns with --loss and --val-loss"
    return StudyError("unknown-log", "the file is not a log of a known format", str(path), hint)
