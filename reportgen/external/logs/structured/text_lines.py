"""Printed scores: lines of names and numbers, and the progress bars of Keras."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from reportgen.errors import StudyError
from reportgen.external.logs.raw import LogFormat, RawLog
from reportgen.external.logs.roles import plain_name
from reportgen.external.logs.structured.json_records import log_of_records
from reportgen.external.logs.structured.lines import head_lines, read_lines
from reportgen.external.logs.structured.pairs import PROGRESS, pairs, shown
from reportgen.external.logs.structured.records import EPOCH_NAMES, STEP_NAMES, Records
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

NAME = "text"
ENDINGS = (".log", ".txt", ".out", ".err", "")

COUNTERS = frozenset({*STEP_NAMES, *EPOCH_NAMES})

MIN_LOSSES = 2
"""Lines with the same name of a loss in a file that is recognized."""


def find(path: Path) -> list[Path]:
    """Return a text file whose first lines are mostly names and numbers, a loss among them."""
    if path.suffix.lower() not in ENDINGS and not path.suffix[1:].isdigit():
        return []
    lines = [shown(line) for line in head_lines(path)]
    found = [names for line in lines if (names := pairs(line)) or PROGRESS.match(line)]
    losses = Counter(name for names in found for name in names if "loss" in plain_name(name))
    common = losses.most_common(1)
    return [path] if 2 * len(found) > len(lines) and common and common[0][1] >= MIN_LOSSES else []


def read(path: Path) -> RawLog:
    """Return the run in a text file.

    Raises
    ------
    StudyError
        If the file cannot be read, is not text, or has no numbers with names.
    """
    table, lines = Records(), 0
    for numbers in _with_epoch(_parsed(path)):
        lines += 1
        if numbers.keys() - COUNTERS:
            table.add(numbers)
    if not table.count:
        raise StudyError("invalid-file", "no line has a name with a number, such as 'loss: 0.3'", str(path))
    words = N_("{count} of {total} lines have scores, and the names and numbers in the others were left out")
    text = words.format(count=table.count, total=lines)
    table.notes += [LogNote("lines-without-scores", text)] if lines > table.count else []
    return log_of_records(table, path, NAME)


def _parsed(path: Path) -> Iterator[dict[str, str]]:
    """Yield the numbers of each line, without those of progress bars that are not at their end."""
    for _, line, _ in read_lines(path):
        if b"\x00" in line:
            raise StudyError("not-text", "the file is not text", str(path))
        text = shown(line)
        progress = PROGRESS.match(text)
        if progress is None or progress["done"] == progress["all"]:
            yield pairs(text)


def _with_epoch(lines: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Lines without a counter get the last epoch before them, such as that of a line "Epoch 3/10"."""
    epoch = ""
    for numbers in lines:
        epoch = numbers.get("epoch", epoch)
        yield {"epoch": epoch, **numbers} if epoch and not numbers.keys() & COUNTERS else numbers


TEXT = LogFormat(
    name=NAME,
    title="text with names and numbers in lines",
    files="`*.log`, `*.txt`, `*.out`",
    find=find,
    read=read,
    generic=True,
)
