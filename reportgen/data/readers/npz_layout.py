"""Where the arrays of a stored run lie in arrays.npz.

The runs of a study have archives of one form, which differ in values and checksums alone. The form is read once, with
all checks of the reader, and recognized in the archives that follow, which saves a hundred small reads a run.
"""

from __future__ import annotations

import functools
import struct
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.readers.npy import Archive, Header, Span

Array = NDArray[Any]

MOST_LAYOUTS = 64
"""Forms that are remembered."""

PACKED_BYTES = 1024
"""Arrays of more bytes are held packed if they have whole numbers: counts of histograms are mostly zeros."""

MOST_RECENT, MOST_UNPACKED = 1500, 2**24
"""Runs that hold the arrays they made, which are those that were asked for last, and bytes of their packed arrays."""

ALIGNED = 16
"""Values begin at multiples of this number of bytes in the memory of a run."""

_LOCAL_CHECKSUM = 14  # place of the checksum in the header of a member
_ENTRY, _ENTRY_CHECKSUM, _ENTRY_LENGTHS = 46, 16, struct.Struct("<28x3H")  # an entry of the directory


@dataclass(frozen=True)
class Member:
    """An array: its header, its place in the archive, and that of its values in the memory of a run.

    offset : begin of the values in the block of packed or of plain arrays. count : number of values.
    """

    header: Header
    span: Span
    is_packed: bool
    offset: int
    count: int

    def read(self, block: bytes) -> Array:
        """Return the array in a block of memory, read-only."""
        header = self.header
        if not self.count:
            array = np.empty(header.shape, header.dtype)
            array.flags.writeable = False
            return array
        values = np.frombuffer(block, header.dtype, self.count, self.offset)
        return values.reshape(header.shape, order="F" if header.fortran else "C")


@dataclass(frozen=True, eq=False)
class Layout:
    """The form of an archive.

    Attributes
    ----------
    members : the arrays by name, in the order of the archive.
    frame : all bytes but values and checksums; `positions` has their positions.
    checksums : positions of the checksums, in the headers of the members and then in the directory.
    """

    members: Mapping[str, Member]
    frame: bytes
    positions: NDArray[np.intp]
    checksums: NDArray[np.intp]

    @classmethod
    def of(cls, archive: Archive, content: bytes) -> Layout | None:
        """Return the form of an archive that was read without errors; None if it is not one that `pack` writes."""
        spans = {name: archive.span(name) for name in archive.names}
        if not spans or any(span is None for span in spans.values()):
            return None
        known = {name: span for name, span in spans.items() if span is not None}
        entries = _directory(content, archive.directory, len(known))
        checksums = [span.member + _LOCAL_CHECKSUM for span in known.values()]
        places = np.add.outer([*checksums, *(at + _ENTRY_CHECKSUM for at in entries)], np.arange(4)).ravel()
        is_frame = np.ones(len(content), bool)
        is_frame[places] = False
        for span in known.values():
            is_frame[span.values : span.end] = False
        positions = np.flatnonzero(is_frame)
        frame = np.frombuffer(content, np.uint8)[positions].tobytes()
        return cls(_members(archive, known), frame, positions, places)

    def fits(self, content: bytes) -> bool:
        """Return whether an archive of the same length has this form and the right checksums."""
        data = np.frombuffer(content, np.uint8)
        if data[self.positions].tobytes() != self.frame:
            return False
        view = memoryview(content)
        found = [zlib.crc32(view[member.span.begin : member.span.end]) for member in self.members.values()]
        return bool(data[self.checksums].view("<u4").tolist() == found * 2)

    @functools.cached_property
    def _spans(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The begin and the end of the values of the plain and of the packed arrays, up to aligned ends."""
        spans: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
        for member in self.members.values():
            spans[member.is_packed].append((member.span.values, member.span.values + _aligned(member.header.size)))
        return spans

    @functools.cached_property
    def packed_bytes(self) -> int:
        """Bytes of the packed arrays of a run when they are unpacked."""
        return sum(end - begin for begin, end in self._spans[True])

    def blocks(self, content: bytes) -> tuple[bytes, bytes]:
        """Return the values of the plain and of the packed arrays."""
        plain, packed = (b"".join([content[begin:end] for begin, end in spans]) for spans in self._spans)
        return plain, zlib.compress(packed, 1) if packed else b""


class StoredArrays(Mapping[str, Array]):
    """The arrays of an archive by name, read-only; an array is made when it is asked for.

    Thousands of runs with dozens of small arrays each take a third of the memory, and of the time to read them.

    layout : the form of the archive. content : the archive.
    """

    __slots__ = ("_made", "_packed", "_plain", "layout")

    def __init__(self, layout: Layout, content: bytes) -> None:
        self.layout = layout
        self._plain, self._packed = layout.blocks(content)
        self._made: dict[str, Array] | None = None

    def __getitem__(self, name: str) -> Array:
        made = self._made
        if made is None:
            made = self._made = {}
            _hold(self)
        array = made.get(name)
        if array is None:
            member = self.layout.members[name]
            if not member.is_packed:
                array = made[name] = member.read(self._plain)
            else:
                block = zlib.decompress(self._packed)
                made |= {other: each.read(block) for other, each in self.layout.members.items() if each.is_packed}
                array = made[name]
        return array

    def get(self, name: str, default: Any = None) -> Any:
        """Return an array, or the default if there is none of this name."""
        return self[name] if name in self.layout.members else default

    def forget(self) -> None:
        """Release the arrays that were made."""
        self._made = None

    def __iter__(self) -> Iterator[str]:
        return iter(self.layout.members)

    def __len__(self) -> int:
        return len(self.layout.members)

    def __contains__(self, name: object) -> bool:
        return name in self.layout.members


_RECENT: deque[StoredArrays] = deque()  # the runs that hold arrays


def _hold(arrays: StoredArrays) -> None:
    """Remember that a run holds the arrays it makes, and release those of the runs that were asked for long ago."""
    _RECENT.append(arrays)
    most = min(MOST_RECENT, MOST_UNPACKED // max(arrays.layout.packed_bytes, 1))
    while len(_RECENT) > max(most, 1):
        _RECENT.popleft().forget()


_LAYOUTS: dict[int, Layout] = {}  # the last form by the length of the archive


def known_layout(content: bytes) -> Layout | None:
    """Return the form of an archive, None if it is not known or the archive is damaged."""
    layout = _LAYOUTS.get(len(content))
    return layout if layout is not None and layout.fits(content) else None


def remember(layout: Layout, length: int) -> None:
    """Remember the form of archives of this length."""
    if len(_LAYOUTS) >= MOST_LAYOUTS:
        _LAYOUTS.clear()
    _LAYOUTS[length] = layout


def _directory(content: bytes, start: int, count: int) -> list[int]:
    """Return the positions of the entries of the directory of an archive."""
    entries = []
    for _ in range(count):
        entries.append(start)
        start += _ENTRY + sum(_ENTRY_LENGTHS.unpack_from(content, start))
    return entries


def _members(archive: Archive, spans: Mapping[str, Span]) -> dict[str, Member]:
    members: dict[str, Member] = {}
    offsets = [0, 0]
    for name, span in spans.items():
        header = archive.header(name)
        is_packed = header.dtype.kind in "iu" and header.size > PACKED_BYTES
        size = header.size
        members[name] = Member(header, span, is_packed, offsets[is_packed], size // header.dtype.itemsize)
        offsets[is_packed] += _aligned(size)
    return members


def _aligned(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED
