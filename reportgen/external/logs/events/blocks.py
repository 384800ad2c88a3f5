"""Records of a W&B file: pieces in blocks of 32 KiB with checksums, the format of LevelDB's log."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reportgen import disk

MAGIC = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
BLOCK_BYTES = 2**15
PIECE_HEADER = struct.Struct("<IHB")
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4

MAX_RECORD_BYTES = 64 * 2**20
"""A longer record is left out."""


@dataclass
class Damage:
    """What could not be read: number of damaged blocks, position of the first one, and of a record that is cut."""

    blocks: int = 0
    first_at: int | None = None
    truncated_at: int | None = None

    def add(self, position: int) -> None:
        """Count a damaged block that begins at this byte."""
        self.blocks += 1
        self.first_at = position if self.first_at is None else self.first_at


def read_records(path: Path, damage: Damage) -> Iterator[bytes]:
    """Yield the records of a file; those with damaged pieces are left out.

    After a wrong checksum the lengths in a block cannot be trusted, so reading goes on with the next block.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    pending: bytearray | None = None
    started = 0
    for position, kind, data in _pieces(path, damage):
        if kind == FULL:
            pending = None
            yield data
        elif kind == FIRST:
            pending, started = bytearray(data), position
        elif kind in (MIDDLE, LAST) and pending is not None and len(pending) < MAX_RECORD_BYTES:
            pending += data
            if kind == LAST:
                yield bytes(pending)
                pending = None
        else:
            pending = None  # the beginning of the record was damaged
    if pending is not None and damage.truncated_at is None:
        damage.truncated_at = started


def _pieces(path: Path, damage: Damage) -> Iterator[tuple[int, int, bytes]]:
    """Position, kind and data of each undamaged piece; a damaged one has kind 0."""
    with disk.open_regular(path) as file:
        offset = 0
        while block := file.read(BLOCK_BYTES):
            place = len(MAGIC) if offset == 0 else 0
            while place + PIECE_HEADER.size <= len(block):
                checksum, length, kind = PIECE_HEADER.unpack_from(block, place)
                start = place + PIECE_HEADER.size
                if checksum == length == kind == 0:
                    break  # the rest of the block was never written
                if start + length > len(block) and len(block) < BLOCK_BYTES:
                    damage.truncated_at = offset + place
                    return
                data = block[start : start + length]
                if zlib.crc32(data, zlib.crc32(bytes([kind]))) != checksum:
                    damage.add(offset + place)
                    yield offset + place, 0, b""
                    break
                yield offset + place, kind, data
                place = start + length
            if len(block) < BLOCK_BYTES and 0 < len(block) - place < PIECE_HEADER.size:
                damage.truncated_at = offset + place
            offset += len(block)
