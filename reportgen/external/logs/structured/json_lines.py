"""JSON Lines: one object a line, as MMEngine, detectron2, fairseq and many others write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reportgen.errors import StudyError
from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.structured.documents import parse_json
from reportgen.external.logs.structured.json_records import log_of_records
from reportgen.external.logs.structured.lines import head_lines, read_lines
from reportgen.external.logs.structured.records import Records, looks_like_scores
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

NAME = "jsonl"

MOST_FAILURES = 100
"""Reading ends when so many more lines were no objects than were."""


def find(path: Path) -> list[Path]:
    """Return a file whose first lines are mostly objects with scores."""
    lines = head_lines(path)[:100]
    if not lines or not lines[0].lstrip(b"\xef\xbb\xbf \t").startswith(b"{"):
        return []
    good = sum(looks_like_scores(record) for line in lines if (record := _quick_record(line)) is not None)
    return [path] if 2 * good > len(lines) else []


def _quick_record(line: bytes) -> Mapping[str, Any] | None:
    try:
        record = parse_json(line, "")
    except StudyError:
        return None
    return record if isinstance(record, dict) else None


def read(path: Path) -> RawLog:
    """Return the run in a file of JSON Lines. A damaged line is left out, with a note.

    Raises
    ------
    StudyError
        If the file cannot be read, or most of its lines are not JSON objects.
    """
    table, failures, cut = Records(), list[StudyError](), False
    failed = 0
    for line_number, line, complete in read_lines(path):
        try:
            table.add(_record(line, path, line_number))
        except StudyError as error:
            failed, cut = failed + 1, not complete
            failures = failures or [error]
            if failed > table.count + MOST_FAILURES:
                break
    if failed > table.count or (failures and not table.count):
        raise failures[0]
    if not table.count:
        raise StudyError("empty-file", "the file has no lines", str(path))
    table.notes += _notes(failed, failures, cut)
    return log_of_records(table, path, NAME)


def _record(line: bytes, path: Path, line_number: int) -> Mapping[str, Any]:
    record = parse_json(line, str(path), line_number)
    if not isinstance(record, dict):
        raise StudyError("wrong-type", "the line is not a JSON object", f"{path}:{line_number}")
    return record


def _notes(failed: int, failures: list[StudyError], cut: bool) -> tuple[LogNote, ...]:
    if not failed:
        return ()
    if failed == 1 and cut:
        return (LogNote("truncated", N_("the last line is incomplete and was left out")),)
    text = N_("lines that are no JSON objects were left out: {count}, first {error}")
    return (LogNote("damaged", text.format(count=failed, error=failures[0])),)


JSON_LINES = LogFormat(
    name=NAME,
    title="JSON Lines of MMEngine, detectron2 and others",
    files="any name",
    find=find,
    read=read,
    generic=True,
)
