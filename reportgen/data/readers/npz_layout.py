"""Where the arrays of a stored run lie in arrays.npz.

The runs of a study have archives of one form, which differ in values and checksums alone. The form is read once, with
all checks of the reader, and recognized in the archives that follow, which saves a hundred small reads a run.
"""

from __future__ import annotations

import functools
import struct
import threading
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.readers.npy import Archive, Header, Span
from reportgen.data.readers.spill import Place, stored_place

Array = NDArray[Any]

MOST_LAYOUTS = 64
"""Forms that are remembered."""

MOST_RECENT, MOST_BYTES = 1200, 2**24
"""Runs whose values are in memory, which are those that were asked for last, and bytes of these values."""

LARGE_BYTES = 2048
"""Size above which an array, such as the histograms, is read alone, so that more runs have the others in memory."""

ALIGNED = 16
"""Values begin at multiples of this number of bytes in the memory of a run."""

_LOCAL_CHECKSUM = 14  # place of the checksum in the header of a member
_ENTRY, _ENTRY_CHECKSUM, _ENTRY_LENGTHS = 46, 16, struct.Struct("<28x3H")  # an entry of the directory


@dataclass(frozen=True)
class Member:
    """An array: its header, its place in the archive, and that of its values in the memory of a run.

    offset : begin of the values. count : number of values.
    """

    header: Header
    span: Span
    offset: int
    count: int

    @property
    def is_large(self) -> bool:
        """Whether the array is read alone."""
        return self.header.size > LARGE_BYTES

    @property
    def end(self) -> int:
        """The aligned end of the values."""
        return self.offset + _aligned(self.header.size)

    def read(self, block: bytes, begin: int = 0) -> Array:
        """Return the array in the memory of a run, read-only; begin: position of the block in that memory."""
        header = self.header
        if not self.count:
            array = np.empty(header.shape, header.dtype)
            array.flags.writeable = False
            return array
        values = np.frombuffer(block, header.dtype, self.count, self.offset - begin)
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
    def _spans(self) -> list[tuple[int, int]]:
        """The begin and the end of the values of the arrays, up to aligned ends, in the order of the memory."""
        members = sorted(self.members.values(), key=lambda member: member.offset)
        return [(member.span.values, member.span.values + member.end - member.offset) for member in members]

    @functools.cached_property
    def size(self) -> int:
        """Bytes of the values of a run."""
        return max(member.end for member in self.members.values())

    @functools.cached_property
    def small_size(self) -> int:
        """Bytes of the values of the arrays that are not large, which come first."""
        return max((member.end for member in self.members.values() if not member.is_large), default=0)

    def block(self, content: bytes) -> bytes:
        """Return the values of an archive."""
        return b"".join([content[begin:end] for begin, end in self._spans])


class StoredArrays(Mapping[str, Array]):
    """The arrays of an archive by name, read-only; an array is made when it is asked for.

    The values of thousands of runs are in a temporary file, except for those that were asked for last. Large arrays are
    read from there whenever they are asked for.

    layout : the form of the archive. content : the archive.
    """

    __slots__ = ("_block", "_made", "_place", "layout")

    def __init__(self, layout: Layout, content: bytes) -> None:
        self.layout = layout
        self._place: Place | None = None
        self._block: bytes | None = layout.block(content)
        self._made: dict[str, Array] | None = None
        _hold(self, layout.size)

    def __getitem__(self, name: str) -> Array:
        made = self._made
        if made is None:
            made = self._made = {}
        array = made.get(name)
        if array is None:
            member = self.layout.members[name]
            if self._place is not None and member.is_large:
                return self._alone(member, self._place)
            block = self._values()
            if member.end > len(block):  # another thread released the values since the test above
                assert self._place is not None  # released values are in the file
                return self._alone(member, self._place)
            array = made[name] = member.read(block)
        return array

    @staticmethod
    def _alone(member: Member, place: Place) -> Array:
        return member.read(place.read(member.offset, member.end), member.offset)

    def _values(self) -> bytes:
        """Return the values of all arrays, or of those that are not large if the others are in the file."""
        block = self._block
        if block is None:
            assert self._place is not None  # the values were in memory until they had a place
            block = self._block = self._place.read(0, self.layout.small_size)
            _hold(self, self.layout.small_size)
        return block

    def get(self, name: str, default: Any = None) -> Any:
        """Return an array, or the default if there is none of this name."""
        return self[name] if name in self.layout.members else default

    @property
    def is_stored(self) -> bool:
        """Whether the values are in the temporary file."""
        return self._place is not None

    def forget(self) -> None:
        """Release the values and the arrays that were made, if the values are in the temporary file or fit there."""
        self._made = None
        if self._place is None and self._block is not None:
            self._place = stored_place(self._block)
        if self._place is not None:
            self._block = None

    def __iter__(self) -> Iterator[str]:
        return iter(self.layout.members)

    def __len__(self) -> int:
        return len(self.layout.members)

    def __contains__(self, name: object) -> bool:
        return name in self.layout.members


class _Recent:
    """The runs whose values are in memory, each with the bytes of these values, the first of them first."""

    def __init__(self) -> None:
        self._runs: deque[tuple[StoredArrays, int]] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    def add(self, arrays: StoredArrays, size: int) -> list[StoredArrays]:
        """Add a run, and return those that are no longer among the recent ones."""
        gone = []
        with self._lock:
            self._runs.append((arrays, size))
            self._bytes += size
            while len(self._runs) > 1 and (len(self._runs) > MOST_RECENT or self._bytes > MOST_BYTES):
                other, held = self._runs.popleft()
                gone.append(other)
                self._bytes -= held
        return gone

    def clear(self) -> list[StoredArrays]:
        """Remove all runs whose values are in the temporary file, and return them."""
        with self._lock:
            runs = list(self._runs)
            self._runs = deque(one for one in runs if not one[0].is_stored)
            self._bytes = sum(held for _, held in self._runs)
        return [arrays for arrays, _ in runs if arrays.is_stored]


_RECENT = _Recent()


def release() -> None:
    """Release the values in memory that are in the temporary file as well, when nothing asks for them soon."""
    for arrays in _RECENT.clear():
        arrays.forget()


def _hold(arrays: StoredArrays, size: int) -> None:
    """Remember that values of a run are in memory, and release those of the runs that were asked for long ago."""
    for other in _RECENT.add(arrays, size):
        other.forget()


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
    """Return the arrays in the order of the archive; in the memory of a run, those that are not large come first."""
    headers = {name: archive.header(name) for name in spans}
    members: dict[str, Member] = {}
    offset = 0
    for name in sorted(spans, key=lambda name: headers[name].size > LARGE_BYTES):
        header = headers[name]
        members[name] = Member(header, spans[name], offset, header.size // header.dtype.itemsize)
        offset = members[name].end
    return {name: members[name] for name in spans}


def _aligned(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED
