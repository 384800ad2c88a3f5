"""Readers of published formats: IDX (MNIST) and the binary records of CIFAR-10, plain, gzipped or in a tar archive.

Files are unpacked in memory only, with a limit on their size, and nothing is unpickled.
"""

from __future__ import annotations

import gzip
import io
import math
import tarfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from reportgen.data.readers.files import HashedFile
from reportgen.errors import StudyError

Bytes = NDArray[np.uint8]

MOST_BYTES = 64 * 2**20  # limit for one unpacked file; the largest published file has 45 MiB
MOST_ARCHIVE_BYTES = 512 * 2**20  # limit for an unpacked archive; CIFAR-10 has 176 MiB

_RECORD = 1 + 3 * 32 * 32  # bytes of a CIFAR-10 record: a label, then the red, green and blue pixels by row
_IDX_BYTES = 0x08  # the code of unsigned bytes in an IDX header
_BROKEN = (OSError, EOFError, zlib.error, tarfile.TarError)


def unpacked(file: HashedFile) -> bytes:
    """Return the contents of a file, unpacked if its name ends in .gz; raises StudyError if it is damaged."""
    packed = io.BytesIO(file.content)
    try:
        with gzip.open(packed) if file.path.suffix == ".gz" else packed as source:
            data: bytes = source.read(MOST_BYTES + 1)
    except _BROKEN as error:
        raise _damaged(file.path, _reason(error)) from error
    if len(data) > MOST_BYTES:
        raise _damaged(file.path, f"it unpacks to more than {MOST_BYTES // 2**20} MiB", "too-large")
    return data


def _reason(error: Exception) -> str:
    """Return why a file cannot be read, independent of the versions of the libraries."""
    if isinstance(error, EOFError):
        return "unexpected end of file"
    if isinstance(error, tarfile.TarError):
        return "it is not a complete tar archive"
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return "it is not intact gzip data"
    return getattr(error, "strerror", None) or "it cannot be read"


def _damaged(path: Path, reason: str, code: str = "invalid-file") -> StudyError:
    return StudyError(code, f"the file is damaged: {reason}", str(path), "download it again")


def read_idx(file: HashedFile, dimensions: int) -> Bytes:
    """Return the array of an IDX file of unsigned bytes with `dimensions` axes; raises StudyError for other contents.

    Format: two zero bytes, a type code, the number of dimensions, each size as a big-endian 32-bit integer, then the
    values in C order.
    """
    data, path = unpacked(file), file.path
    start = 4 + 4 * dimensions
    if len(data) < start or data[:4] != bytes([0, 0, _IDX_BYTES, dimensions]):
        raise _damaged(path, f"missing IDX header of a {dimensions}-dimensional array of bytes")
    sizes = [int.from_bytes(data[4 * k : 4 * k + 4], "big") for k in range(1, dimensions + 1)]
    if len(data) - start != math.prod(sizes):
        expected = " x ".join(map(str, sizes))
        raise _damaged(path, f"{len(data) - start} values, but the header declares {expected}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(sizes)


def read_cifar(data: bytes, path: Path) -> tuple[Bytes, Bytes]:
    """Return images (n, 3072), flattened by channel, and labels (n,) of CIFAR-10 records.

    Raises StudyError for an incomplete record.
    """
    if not data or len(data) % _RECORD:
        raise _damaged(path, f"{len(data)} bytes are not a multiple of the record size {_RECORD}")
    records = np.frombuffer(data, np.uint8).reshape(-1, _RECORD)
    return records[:, 1:], records[:, 0]


def tar_members(file: HashedFile, names: Collection[str]) -> dict[str, bytes]:
    """Return the contents of the named regular files of a gzipped tar archive, whatever their folder.

    Raises StudyError if the archive is damaged or too large, or if a file is missing.
    """
    contents: dict[str, bytes] = {}
    path, packed = file.path, io.BytesIO(file.content)
    try:
        with gzip.open(packed) as stream, tarfile.open(fileobj=_limited(stream, path), mode="r|") as archive:
            for member in archive:
                name = member.name.rpartition("/")[2]
                if member.isreg() and name in names and name not in contents:
                    contents[name] = _member(archive, member, path)
    except _BROKEN as error:
        raise _damaged(path, _reason(error)) from error
    missing = [name for name in names if name not in contents]
    if missing:
        raise _damaged(path, f"{missing[0]} is missing")
    return contents


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> bytes:
    if member.size > MOST_BYTES:
        raise _damaged(path, f"{member.name} has {member.size} bytes", "too-large")
    file = archive.extractfile(member)
    data = b"" if file is None else file.read()
    if len(data) != member.size:
        raise _damaged(path, "unexpected end of file")
    return data


def _limited(stream: gzip.GzipFile, path: Path) -> IO[bytes]:
    return cast(IO[bytes], _Limited(stream, path))  # tarfile uses no method but `read`


class _Limited:
    """A stream that raises StudyError after `MOST_ARCHIVE_BYTES`, whatever the archive's headers declare."""

    def __init__(self, stream: gzip.GzipFile, path: Path) -> None:
        self._stream, self._path, self._left = stream, path, MOST_ARCHIVE_BYTES

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _damaged(self._path, f"it unpacks to more than {MOST_ARCHIVE_BYTES // 2**20} MiB", "too-large")
        return data
