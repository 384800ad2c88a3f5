"""The encodings of TensorBoard's event files: protocol buffers in frames with checksums.

All functions take bytes or an array of bytes, use integers only, and stay within 63 bits. Python can run
them as they are, which is fast enough for small files, and Numba can compile them without a second version. They are in
one file, since Numba's cache of `scan` notices changes of its own file only.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

VARINT, EIGHT_BYTES, DELIMITED, FOUR_BYTES = 0, 1, 2, 5
"""Wire types of protocol buffers."""

FRAME_START, FRAME_END = 12, 4
"""Bytes of a frame before its data (length, checksum of the length) and after them (checksum of the data)."""

WALL, STEP, KEY, TAG, TAG_STOP, FORM, START, STOP = range(8)
"""Columns of the table that `scan` fills: a row is a value of a summary. Places are positions in the data."""

FLOAT, DOUBLE, OTHER, MESSAGE = 1, 2, 0, 100
"""Forms of a value. FLOAT and DOUBLE, which equal TensorFlow's types, are a number at START. MESSAGE needs a closer
look at its message from START to STOP. OTHER is of no use here."""

POSITION, ROWS, STATUS, NEEDED, SKIPPED = range(5)
"""Places in the state that `scan` returns."""

COMPLETE, DAMAGED, FULL = 0, 1, 2
"""Statuses: the data end, perhaps within a frame; the length of a frame has a wrong checksum; the table is full."""


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


CRC_TABLE = np.array(_crc_table(), dtype=np.int64)


def masked_crc(data: Any, start: int, stop: int, table: Any) -> int:
    """Return the masked CRC-32C of data[start:stop], as TFRecord files store it."""
    crc = 0xFFFFFFFF
    for position in range(start, stop):
        crc = table[(crc ^ data[position]) & 255] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | ((crc & 0x7FFF) << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def little_endian(data: Any, start: int, size: int) -> int:
    """Return the unsigned number of at most seven bytes at a position."""
    value = 0
    for offset in range(size):
        value |= (data[start + offset] & 255) << (8 * offset)
    return value


def varint(data: Any, position: int, stop: int) -> tuple[int, int]:
    """Return the number at a position and the position after it, -1 if it is not valid. Negative numbers become -1."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= stop:
            return 0, -1
        byte = data[position] & 255
        position += 1
        if shift < 63:
            value |= (byte & 127) << shift
        else:
            value = -1
        if byte < 128:
            return value, position
    return 0, -1


def field(data: Any, position: int, stop: int) -> tuple[int, int, int, int]:
    """Return the field at a position as (number, wire type, value, position after it), number -1 if it is not valid.

    The value is the number of a varint, and the position of any other value.
    """
    key, start = varint(data, position, stop)
    number, kind = key >> 3, key & 7
    if start < 0 or number < 1:
        return -1, 0, 0, stop
    if kind == VARINT:
        value, end = varint(data, start, stop)
        return (number if end >= 0 else -1), kind, value, end
    size = 8 if kind == EIGHT_BYTES else 4
    if kind == DELIMITED:
        size, start = varint(data, start, stop)
    elif kind != EIGHT_BYTES and kind != FOUR_BYTES:
        return -1, kind, 0, stop
    if start < 0 or size < 0 or size > stop - start:
        return -1, kind, 0, stop
    return number, kind, start, start + size


def tag_key(data: Any, start: int, stop: int) -> int:
    """Return a number of 62 bits that stands for a tag: 42 bits of a hash, 20 bits of the length."""
    value = 0
    for position in range(start, stop):
        value = (value * 1000003 + (data[position] & 255) + 1) & 0x3FFFFFFFFFF
    return (value << 20) | ((stop - start) & 0xFFFFF)


def tensor_number(data: Any, start: int, stop: int) -> tuple[int, int]:
    """Return the form and position of the single float or double of a tensor; MESSAGE for other tensors."""
    kind, content, size, number, position = 0, 0, 0, 0, start
    while position < stop and number >= 0:
        number, wire, value, position = field(data, position, stop)
        if number == 1 and wire == VARINT:
            kind = value
        elif (number == 4 and wire == DELIMITED) or (number in (5, 6) and wire != VARINT):
            content, size = value, size + position - value
    if number >= 0 and ((kind == FLOAT and size == 4) or (kind == DOUBLE and size == 8)):
        return kind, content
    return MESSAGE, start


def summary_value(data: Any, start: int, stop: int, row: Any) -> bool:
    """Fill the row of a value from its message; return False if the message is not valid."""
    row[TAG] = row[TAG_STOP] = row[FORM] = 0
    row[START], row[STOP] = start, stop
    position = start
    while position < stop:
        number, wire, value, position = field(data, position, stop)
        if number < 0:
            return False
        if number == 1 and wire == DELIMITED:
            row[TAG], row[TAG_STOP] = value, position
        elif number == 2 and wire == FOUR_BYTES:
            row[FORM], row[START] = FLOAT, value
        elif number == 8 and wire == DELIMITED:
            row[FORM], place = tensor_number(data, value, position)
            row[START] = start if row[FORM] == MESSAGE else place
        elif (number == 5 or number == 9) and wire == DELIMITED and row[FORM] == OTHER:
            row[FORM] = MESSAGE
    row[KEY] = tag_key(data, row[TAG], row[TAG_STOP])
    return True


def event(data: Any, start: int, stop: int, rows: Any, count: int) -> int:
    """Add the values of an event to the table; return the number of rows, -1 if it is full, -2 for a bad event."""
    wall, step, summary, end, position = -1, 0, 0, 0, start
    while position < stop:
        number, wire, value, position = field(data, position, stop)
        if number < 0:
            return -2
        if number == 1 and wire == EIGHT_BYTES:
            wall = value
        elif number == 2 and wire == VARINT:
            step = value
        elif number == 5 and wire == DELIMITED:
            summary, end = value, position
    position = summary
    while position < end:
        number, wire, value, position = field(data, position, end)
        if number < 0:
            return -2
        if number == 1 and wire == DELIMITED:
            if count == len(rows):
                return -1
            rows[count, WALL], rows[count, STEP] = wall, step
            if not summary_value(data, value, position, rows[count]):
                return -2
            count += 1
    return count


def scan(data: Any, stop: int, table: Any, rows: Any, state: Any) -> None:
    """Read frames of events from data[:stop] until they end, into a table of values and a state.

    An event whose data have a wrong checksum, or are no event, is skipped: the next frame is known, since the length
    has a checksum of its own.
    """
    position, count, state[STATUS], state[NEEDED], state[SKIPPED] = 0, 0, COMPLETE, FRAME_START, 0
    while stop - position >= FRAME_START:
        known = data[position + 7] == 0
        if not known or masked_crc(data, position, position + 8, table) != little_endian(data, position + 8, 4):
            state[STATUS] = DAMAGED
            break
        length = little_endian(data, position, 7)
        if stop - position - FRAME_START - FRAME_END < length:
            state[NEEDED] = FRAME_START + length + FRAME_END
            break
        start, end = position + FRAME_START, position + FRAME_START + length
        added = -2
        if masked_crc(data, start, end, table) == little_endian(data, end, 4):
            added = event(data, start, end, rows, count)
        if added == -1 and count > 0:
            state[STATUS] = FULL
            break
        if added < 0:
            state[SKIPPED] += 1
        else:
            count = added
        position = end + FRAME_END
    state[POSITION], state[ROWS] = position, count


@functools.cache
def compiled_scan() -> Callable[..., None]:
    """Return `scan` compiled by Numba, which takes some seconds the first time on a machine."""
    from numba import njit
    from numba.extending import register_jitable

    from reportgen.engine.jit.cache import use_cache_folder

    use_cache_folder()
    for function in (masked_crc, little_endian, varint, field, tag_key, tensor_number, summary_value, event):
        register_jitable(function)
    compiled: Callable[..., None] = njit(nogil=True, cache=True)(scan)
    return compiled


def fields(data: bytes | memoryview, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, int, int, int]]:
    """Yield the fields of a message as (number, wire type, value, position after it); ValueError if it is damaged."""
    stop = len(data) if stop is None else stop
    position = start
    while position < stop:
        number, wire, value, position = field(data, position, stop)
        if number < 0:
            raise ValueError("not a protocol buffer")
        yield number, wire, value, position


def parts(data: bytes, numbers: Sequence[int]) -> dict[int, list[bytes]]:
    """Return the delimited fields with these numbers, each with its values in order; ValueError if damaged."""
    found: dict[int, list[bytes]] = {number: [] for number in numbers}
    for number, wire, start, stop in fields(data):
        if wire == DELIMITED and number in found:
            found[number].append(data[start:stop])
    return found


def new_state() -> NDArray[np.int64]:
    """Return a state for `scan`."""
    return np.zeros(5, dtype=np.int64)


def new_rows(count: int) -> NDArray[np.int64]:
    """Return a table of values for `scan`."""
    return np.empty((count, 8), dtype=np.int64)
