"""Format of arrays.npz: an uncompressed NumPy archive that is reproducible byte by byte and contains no pickles.

`numpy.load` reads it. Members are in alphabetical order, and no time stamps or other traces of the machine are stored.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.readers.npy import Archive
from reportgen.data.readers.npz_layout import Layout, StoredArrays, known_layout, remember

Array = NDArray[Any]

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip archive can hold
_UNIX = 3
MOST_BYTES = 4 * 2**30  # limit for the arrays of a run


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


def unpack(content: bytes) -> Mapping[str, Array]:
    """Return the arrays of an archive, read-only; raises ArrayFileError for another format."""
    if (known := known_layout(content)) is not None:
        return StoredArrays(known, content)
    archive = Archive(io.BytesIO(content), MOST_BYTES)
    arrays = {name: archive.array(name) for name in archive.names}
    layout = Layout.of(archive, content)
    if layout is not None:
        remember(layout, len(content))
        return StoredArrays(layout, content)
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


def _npy(array: Array) -> bytes:
    """Return the array in NumPy's format 1.0, little-endian and in C order on every machine."""
    if array.dtype.hasobject:
        raise ValueError("an array of Python objects")
    target = io.BytesIO()
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)
    np.lib.format.write_array(target, plain, version=(1, 0), allow_pickle=False)
    return target.getvalue()
