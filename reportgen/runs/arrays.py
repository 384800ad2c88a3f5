"""Format of arrays.npz: an uncompressed NumPy archive that is reproducible byte by byte and contains no pickles.

`numpy.load` reads it. Members are in alphabetical order, and no time stamps or other traces of the machine are stored.
"""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can hold
_UNIX = 3


def pack(arrays: Mapping[str, Array]) -> bytes:
    """Return an archive of the named arrays; raises ValueError for arrays of Python objects."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            member = zipfile.ZipInfo(f"{name}.npy", date_time=_EPOCH)
            member.create_system = _UNIX
            member.external_attr = 0o644 << 16
            archive.writestr(member, _npy(np.asarray(arrays[name])))
    return target.getvalue()


def unpack(content: bytes) -> dict[str, Array]:
    """Return the arrays of an archive, read-only; raises ValueError or BadZipFile for another format."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {info.filename.removesuffix(".npy"): _array(archive.read(info)) for info in archive.infolist()}


def _npy(array: Array) -> bytes:
    """Return the array in NumPy's format 1.0, little-endian and in C order on every machine."""
    if array.dtype.hasobject:
        raise ValueError("an array of Python objects")
    target = io.BytesIO()
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)
    np.lib.format.write_array(target, plain, version=(1, 0), allow_pickle=False)
    return target.getvalue()


def _array(content: bytes) -> Array:
    size = 10 + int.from_bytes(content[8:10], "little")
    shape, fortran, dtype = _header(content[:size])
    order = "F" if fortran else "C"
    return np.frombuffer(content, dtype, offset=size).reshape(shape, order=order)  # type: ignore[call-overload,no-any-return]


@functools.lru_cache(maxsize=4096)
def _header(head: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, order and type of an array, cached, since thousands of runs share a few dozen headers."""
    source = io.BytesIO(head)
    if np.lib.format.read_magic(source) != (1, 0):
        raise ValueError("an array of another format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(source)
    if dtype.hasobject:
        raise ValueError("an array of Python objects")
    return shape, fortran, dtype
