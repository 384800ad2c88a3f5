"""One event file of TensorBoard as series of values by tag, read in parts of bounded size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from reportgen import disk
from reportgen.external.logs.events import wire
from reportgen.external.logs.events.tensors import Decoded, Histogram, Hyperparameters, decode_value

CHUNK_BYTES = 16 * 2**20
MAX_FRAME_BYTES = 128 * 2**20
"""A longer event, such as a graph or a video, is skipped without reading it."""

INTERPRETED_BYTES = 2 * 2**20
"""Smaller files are read by the interpreter, since loading the compiled function takes longer than that."""

ROWS = 2**18

MAX_TAGS = 20_000
"""Tags that differ in each event, such as those with a step in the name, would fill the memory."""


@dataclass
class Series:
    """Values of a tag, in parts: numbers, or the mean and standard deviation of histograms."""

    steps: list[NDArray[np.float64]] = field(default_factory=list)
    values: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, steps: NDArray[Any], values: NDArray[Any]) -> None:
        """Append steps and values, (n,) each."""
        self.steps.append(np.asarray(steps, dtype=np.float64))
        self.values.append(np.asarray(values, dtype=np.float64))

    def joined(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return all steps and values."""
        return np.concatenate(self.steps), np.concatenate(self.values)


@dataclass
class EventFile:
    """What an event file contains.

    Attributes
    ----------
    started : time of the first value in seconds since 1970, infinite without one.
    scalars, means, stds : series by tag; means and stds of histograms.
    settings : hyperparameters.
    unused : tags without numbers.
    from_buckets : whether histograms were given as buckets only.
    skipped : damaged events that were skipped.
    damaged_at, truncated_at : positions from which on nothing was read, in bytes, None if everything was.
    size : bytes of the file.
    """

    started: float = math.inf
    scalars: dict[str, Series] = field(default_factory=dict)
    means: dict[str, Series] = field(default_factory=dict)
    stds: dict[str, Series] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    unused: set[str] = field(default_factory=set)
    from_buckets: bool = False
    skipped: int = 0
    damaged_at: int | None = None
    truncated_at: int | None = None
    size: int = 0

    def full(self, tag: str, series: dict[str, Series]) -> bool:
        """Whether the tag would be one too many."""
        return tag not in series and len(series) >= MAX_TAGS


def read_event_file(path: Path) -> EventFile:
    """Read all values of an event file; damage and a truncated end are reported in the result.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    result = EventFile(size=path.stat().st_size)
    with disk.open_regular(path) as file:
        for data, rows in _tables(file, result):
            _add_rows(result, data, rows)
    return result


def _tables(file: BinaryIO, result: EventFile) -> Iterator[tuple[bytes, NDArray[np.int64]]]:
    """Tables of values, each with the data that its places refer to."""
    scan = _scanner(result.size)
    rows = wire.new_rows(ROWS)
    state, offset, wanted = wire.new_state(), 0, CHUNK_BYTES
    while offset < result.size:
        file.seek(offset)
        data = file.read(wanted)
        shrunk = len(data) < min(wanted, result.size - offset)  # another program has cut the file in the meantime
        scan(data, rows, state)
        result.skipped += int(state[wire.SKIPPED])
        yield data, rows[: state[wire.ROWS]]
        offset += int(state[wire.POSITION])
        wanted = CHUNK_BYTES
        if state[wire.STATUS] == wire.DAMAGED:
            result.damaged_at = offset
            return
        if state[wire.STATUS] == wire.COMPLETE and state[wire.POSITION] == 0:
            needed = int(state[wire.NEEDED])
            if needed > result.size - offset or shrunk:
                result.truncated_at = offset
                return
            wanted = max(needed, CHUNK_BYTES)
            if needed > MAX_FRAME_BYTES:
                offset += needed
                wanted, result.skipped = CHUNK_BYTES, result.skipped + 1


def _scanner(size: int) -> Any:
    """Return the function that scans data, interpreted or compiled depending on the size of the file."""
    if size <= INTERPRETED_BYTES:
        table: Any = wire.CRC_TABLE.tolist()
        return lambda data, rows, state: wire.scan(data, len(data), table, rows, state)
    compiled = wire.compiled_scan()
    return lambda data, rows, state: compiled(
        np.frombuffer(data, dtype=np.uint8), len(data), wire.CRC_TABLE, rows, state
    )


def _add_rows(result: EventFile, data: bytes, rows: NDArray[np.int64]) -> None:
    if not len(rows):
        return
    array = np.frombuffer(data, dtype=np.uint8)
    if math.isinf(result.started) and rows[0, wire.WALL] >= 0:
        result.started = float(_numbers(array, rows[:1, wire.WALL], "<f8")[0])
    order = np.argsort(rows[:, wire.KEY], kind="stable")
    starts = np.flatnonzero(np.diff(rows[order, wire.KEY], prepend=-1))
    for places in np.split(order, starts[1:]):
        group = rows[places]
        tag = data[group[0, wire.TAG] : group[0, wire.TAG_STOP]].decode(errors="replace")
        _add_tag(result, tag, data, array, group)


def _add_tag(result: EventFile, tag: str, data: bytes, array: NDArray[np.uint8], group: NDArray[np.int64]) -> None:
    forms = set(group[:, wire.FORM].tolist())
    for form, code in ((wire.FLOAT, "<f4"), (wire.DOUBLE, "<f8")):
        if form in forms and not result.full(tag, result.scalars):
            part = group[group[:, wire.FORM] == form]
            values = _numbers(array, part[:, wire.START], code)
            result.scalars.setdefault(tag, Series()).add(part[:, wire.STEP], values)
    if wire.OTHER in forms:
        result.unused.add(tag)
    if wire.MESSAGE in forms:
        part = group[group[:, wire.FORM] == wire.MESSAGE]
        decoded = [_decoded(data[row[wire.START] : row[wire.STOP]]) for row in part]
        _add_decoded(result, tag, part[:, wire.STEP], decoded)


def _decoded(message: bytes) -> Decoded:
    try:
        return decode_value(message)
    except ValueError:  # its checksum is right, so another program wrote it like this
        return None


def _add_decoded(result: EventFile, tag: str, steps: NDArray[np.int64], decoded: list[Decoded]) -> None:
    numbers = [(step, value) for step, value in zip(steps, decoded, strict=True) if isinstance(value, float)]
    if numbers and not result.full(tag, result.scalars):
        columns = np.array(numbers, dtype=np.float64).T
        result.scalars.setdefault(tag, Series()).add(columns[0], columns[1])
    histograms = [(step, *value) for step, value in zip(steps, decoded, strict=True) if isinstance(value, Histogram)]
    if histograms and not result.full(tag, result.means):
        columns = np.array(histograms, dtype=np.float64).T
        result.means.setdefault(tag, Series()).add(columns[0], columns[1])
        result.stds.setdefault(tag, Series()).add(columns[0], columns[2])
        result.from_buckets |= not columns[3].all()
    settings = [value for value in decoded if isinstance(value, Hyperparameters)]
    for found in settings:
        result.settings.update(found.values)
    if not (numbers or histograms or settings) and len(result.unused) < MAX_TAGS:
        result.unused.add(tag)


def _numbers(array: NDArray[np.uint8], positions: NDArray[np.int64], code: str) -> NDArray[np.float64]:
    """Return the numbers of a type at these positions of the data."""
    size = np.dtype(code).itemsize
    gathered = array[positions[:, None] + np.arange(size)]
    return np.ascontiguousarray(gathered).view(code)[:, 0].astype(np.float64)
