"""JSON files that list records of scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reportgen.errors import StudyError
from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.structured.documents import quick_json, read_json
from reportgen.external.logs.structured.records import EPOCH_NAMES, Records, looks_like_scores

NAME = "json"


def find(path: Path) -> list[Path]:
    """Return a file whose records are mostly scores."""
    if path.suffix.lower() not in (".json", ".txt", ".log", ""):
        return []
    records = _records(quick_json(path))
    return [path] if records and 2 * sum(map(looks_like_scores, records)) > len(records) else []


def read(path: Path) -> RawLog:
    """Return the run in a file of records.

    Raises
    ------
    StudyError
        If the file is not valid JSON or does not contain records with numbers.
    """
    document = read_json(path)
    records = _records(document)
    if not records:
        found = "a list without objects" if isinstance(document, list) else _kind(document)
        raise StudyError("invalid-file", f"the file has {found} instead of a list of records", str(path))
    table = Records()
    for record in records:
        table.add(record)
    return log_of_records(table, path, NAME)


def log_of_records(table: Records, path: Path, name: str) -> RawLog:
    """Return the run of records; raises StudyError if they have no numbers beside their counters."""
    columns = table.columns()
    if not columns:
        raise StudyError("empty-data", "the file has no numbers beside steps and epochs", str(path))
    return RawLog(
        path=path,
        format=name,
        name=path.resolve().stem,
        columns=columns,
        first_epoch=table.first_epoch,
        ignored=table.ignored,
        notes=tuple(table.notes),
    )


def _kind(document: Any) -> str:
    if isinstance(document, dict):
        return "an object without records"
    return "a text" if isinstance(document, str) else "a single value"


def _records(document: Any, depth: int = 0) -> list[Mapping[str, Any]]:
    """Return the records of a document: a list, the only list of objects in an object, or objects by epoch."""
    if isinstance(document, list):
        return [record for record in document if isinstance(record, dict)]
    if not isinstance(document, dict) or depth > 1:
        return []
    if document and all(key.isdecimal() and isinstance(value, dict) for key, value in document.items()):
        return [value if _has_epoch(value) else {EPOCH_NAMES[0]: key, **value} for key, value in document.items()]
    lists = [found for value in document.values() if (found := _records(value, depth + 1))]
    return lists[0] if len(lists) == 1 else []


def _has_epoch(record: Mapping[str, Any]) -> bool:
    return any(name in record for name in EPOCH_NAMES)


JSON = LogFormat(
    name=NAME,
    title="other JSON files with a list of objects",
    files="`*.json`",
    find=find,
    read=read,
    generic=True,
)
