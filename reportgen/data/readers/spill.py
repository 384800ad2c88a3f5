"""A temporary file without a name, which holds the values of runs that do not fit in memory.

The file is divided, so that the part of a study that nobody needs any more is removed while others are in use.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO
from weakref import WeakSet

PART_BYTES = 2**28
"""Size from which on further values go to a new file."""


@dataclass(eq=False)
class _Part:
    """A temporary file, which the system removes when no place refers to it."""

    file: IO[bytes]
    size: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def append(self, content: bytes) -> int:
        """Write bytes at the end, and return the position of the first one; raises OSError."""
        with self.lock:
            begin = self.file.seek(self.size)
            if self.file.write(content) != len(content):
                raise OSError("the disk is full")
            self.size += len(content)
            return begin

    def read(self, begin: int, size: int) -> bytes:
        if sys.platform != "win32":
            return os.pread(self.file.fileno(), size, begin)  # half the time
        with self.lock:
            self.file.seek(begin)
            return self.file.read(size)

    def __del__(self) -> None:
        self.file.close()


@dataclass(frozen=True, slots=True)
class Place:
    """The place of bytes in a temporary file."""

    part: _Part
    begin: int

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes between two positions, counted from the place."""
        content = self.part.read(self.begin + begin, end - begin)
        if len(content) != end - begin:
            raise OSError("a temporary file is shorter than it was")
        return content


_parts: WeakSet[_Part] = WeakSet()  # those that places refer to
_choosing = threading.Lock()


def stored_place(content: bytes) -> Place | None:
    """Write bytes to a temporary file; returns None if that is not possible, such as on a full disk."""
    with contextlib.suppress(OSError):
        with _choosing:
            part = next((part for part in _parts if part.size < PART_BYTES), None)
            if part is None:
                part = _Part(TemporaryFile(buffering=0))  # noqa: SIM115  open as long as a place refers to it
                _parts.add(part)
        return Place(part, part.append(content))
    return None
