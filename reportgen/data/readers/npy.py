"""The only reader of NumPy archives: of the user's data, of records from other programs, and of stored runs.

Nothing is unpickled. The header of an array and the size of its member are compared before memory is allocated, and
every defect of a file is one error.
"""

from __future__ import annotations

import ast
import functools
import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

Array = NDArray[Any]

SUFFIX = ".npy"
MAGIC = b"\x93NUMPY"
LENGTH_BYTES = {(1, 0): 2, (2, 0): 4, (3, 0): 4}
"""Bytes of the length of the header, by version of the format."""

MOST_HEADER = 10_000
"""Characters of a header; Python's parser is not safe for long ones. NumPy has the same limit."""

MOST_MEMBERS = 10_000
"""Arrays in an archive."""

MOST_RATIO, FREE_BYTES = 100, 2**28
"""Largest ratio of unpacked to packed bytes, for archives that unpack to more than this many bytes."""

PLAIN_BYTES = 2**20
"""Largest member that is read at once."""

LOCAL, LOCAL_MARK = struct.Struct("<4s2x2H16x2H"), b"PK\x03\x04"
"""Header of a member: mark, flags, method, and the lengths of its name and of further fields."""

_PYTHON_2 = re.compile(r"\b(\d+)L\b")  # long integers in the headers of Python 2


class ArrayFileError(ValueError):
    """An archive or one of its arrays cannot be read.

    Attributes
    ----------
    code : "invalid-file", "too-large", "object-array" or "not-an-array".
    message : what is wrong, in one sentence.
    name : name of the array, empty for the whole archive.
    """

    def __init__(self, code: str, message: str, name: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.name = code, message, name


@dataclass(frozen=True)
class Header:
    """The header of an array; start: number of bytes before the values."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    start: int

    @property
    def size(self) -> int:
        """Number of bytes of the values."""
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class Span:
    """Positions in the file of an archive: of the member, of its content, of the values in it, and of its end."""

    member: int
    begin: int
    values: int
    end: int


class Archive:
    """The arrays of an archive in an open file; raises ArrayFileError for anything that is not such an archive.

    most : largest number of bytes of all arrays together.
    """

    def __init__(self, file: IO[bytes], most: int) -> None:
        packed = file.seek(0, 2)
        file.seek(0)
        try:
            self._archive = zipfile.ZipFile(file)
        except Exception as error:  # zipfile raises errors of many types for damaged files
            raise ArrayFileError("invalid-file", "the archive is damaged or incomplete") from error
        members = self._archive.infolist()
        self._members = {member.filename.removesuffix(SUFFIX): member for member in members}
        if len(self._members) < len(members):
            raise ArrayFileError("invalid-file", "two arrays have the same name")
        if len(members) > MOST_MEMBERS:
            raise ArrayFileError("too-large", f"the archive has more than {MOST_MEMBERS} arrays")
        size = sum(member.file_size for member in members)
        if size > most:
            raise ArrayFileError("too-large", f"the arrays take {size / 2**30:.1f} GiB, at most {most / 2**30:.3g}")
        if size > max(FREE_BYTES, MOST_RATIO * packed):
            message = f"{packed} bytes unpack to {size / 2**20:.0f} MiB, which is not plausible for data"
            raise ArrayFileError("too-large", message)

    @property
    def names(self) -> Sequence[str]:
        """The names of the arrays, in the order of the archive."""
        return tuple(self._members)

    @property
    def directory(self) -> int:
        """Position of the directory in the file."""
        return self._archive.start_dir

    def span(self, name: str) -> Span | None:
        """Return where an array lies in the file, None if it is packed, large or encrypted."""
        member, file = self._members[name], self._archive.fp
        if file is None or self._plain(member) is None:
            return None
        end = file.tell()
        begin = end - member.file_size
        return Span(member.header_offset, begin, begin + self.header(name).start, end)

    def header(self, name: str) -> Header:
        """Return the header of an array; reads no values."""
        with self._opened(name) as file:
            return _read_header(file, name)

    def array(self, name: str) -> Array:
        """Return an array, which may be written to."""
        with self._opened(name) as file:
            try:
                return self._read(file, name)
            except (ArrayFileError, MemoryError):
                raise
            except Exception as error:  # of the decompression, or of NumPy for an impossible shape
                raise ArrayFileError("invalid-file", "the array is damaged", name) from error

    def _read(self, file: IO[bytes], name: str) -> Array:
        header = _read_header(file, name)
        available = self._members[name].file_size - header.start
        if header.size != available:
            message = f"shape {header.shape} requires {header.size} bytes, but there are {available}"
            raise ArrayFileError("invalid-file", message, name)
        content = bytearray(header.size)
        count, view = 0, memoryview(content)
        while count < header.size and (got := file.readinto(view[count:])):  # type: ignore[attr-defined]
            count += got
        if count < header.size or file.read(1):  # reading the end verifies the checksum
            raise ArrayFileError("invalid-file", "the array is incomplete", name)
        values = (
            np.frombuffer(content, header.dtype) if header.size else np.empty(math.prod(header.shape), header.dtype)
        )
        return values.reshape(header.shape, order="F" if header.fortran else "C")

    def _opened(self, name: str) -> IO[bytes]:
        member = self._members[name]
        if not member.filename.endswith(SUFFIX):
            raise ArrayFileError("not-an-array", "this member is not an array", name)
        if (plain := self._plain(member)) is not None:
            return plain
        try:
            return self._archive.open(member)
        except Exception as error:  # such as an encrypted member, or a compression that Python lacks
            raise ArrayFileError("invalid-file", "the array cannot be unpacked", name) from error

    def _plain(self, member: zipfile.ZipInfo) -> IO[bytes] | None:
        """Return the contents of a small member that is neither packed nor encrypted and has its checksum, else None.

        `zipfile` reads all others. It takes longer, which counts for thousands of runs with dozens of arrays.
        """
        file, is_plain = self._archive.fp, member.compress_type == zipfile.ZIP_STORED and not member.flag_bits
        if file is None or not is_plain or member.file_size > PLAIN_BYTES or member.header_offset < 0:
            return None
        file.seek(member.header_offset)
        head = file.read(LOCAL.size)
        if len(head) < LOCAL.size:
            return None
        mark, flags, method, name, extra = LOCAL.unpack(head)
        if (mark, flags, method) != (LOCAL_MARK, 0, zipfile.ZIP_STORED):
            return None
        if file.read(name) != member.orig_filename.encode("cp437", "replace"):
            return None
        file.seek(extra, 1)
        content = file.read(member.file_size)
        return io.BytesIO(content) if zlib.crc32(content) == member.CRC else None


def _read_header(file: IO[bytes], name: str) -> Header:
    try:
        head = file.read(len(MAGIC) + 2)
        version = (head[-2], head[-1])
        if head[:-2] != MAGIC or version not in LENGTH_BYTES:
            raise ValueError("not an array")
        head += file.read(LENGTH_BYTES[version])
        length = int.from_bytes(head[len(MAGIC) + 2 :], "little")
        if length > MOST_HEADER:
            raise ValueError("a header that is too long")
        header = parse_header(head, file.read(length))
    except Exception as error:  # of zipfile, of Python's parser, or of NumPy's types
        raise ArrayFileError("invalid-file", "invalid header", name) from error
    if header.dtype.hasobject:
        raise ArrayFileError("object-array", "Python objects are not allowed", name)
    return header


@functools.lru_cache(maxsize=4096)
def parse_header(head: bytes, text: bytes) -> Header:
    """Return a header, cached, since thousands of runs share a few dozen headers; raises errors of many types.

    head : the bytes up to and with the length. text : the rest.
    """
    if len(text) != int.from_bytes(head[len(MAGIC) + 2 :], "little") or b"\\" in text:  # no type needs an escape
        raise ValueError("an incomplete header")
    encoding = "utf-8" if head[len(MAGIC)] == 3 else "latin-1"
    values = ast.literal_eval(_PYTHON_2.sub(r"\1", text.decode(encoding)).strip())
    shape, fortran = values["shape"], values["fortran_order"]
    if values.keys() != {"descr", "fortran_order", "shape"} or not isinstance(fortran, bool):
        raise ValueError("a header with other keys")
    if not isinstance(shape, tuple) or not all(type(size) is int and 0 <= size < 2**62 for size in shape):
        raise ValueError("an invalid shape")
    if math.prod(size or 1 for size in shape) >= 2**62:
        raise ValueError("an impossible shape")
    dtype = np.dtype(npy.descr_to_dtype(values["descr"]))
    if not dtype.itemsize:
        raise ValueError("a type without values")
    return Header(shape, fortran, dtype, len(head) + len(text))
