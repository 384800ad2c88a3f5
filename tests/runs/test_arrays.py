"""Format of arrays.npz: reproducible bytes, no pickles."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest

from reportgen.runs.arrays import pack, unpack

ARRAYS = {
    "b": np.arange(6.0).reshape(2, 3),
    "a": np.array([np.nan, np.inf, -0.0], np.float32),
    "scalar": np.array(7),
    "empty": np.zeros((0, 4), np.float32),
    "flags": np.array([True, False]),
    "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
}


def test_unpacked_arrays_equal_the_packed_ones():
    back = unpack(pack(ARRAYS))
    assert back.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        np.testing.assert_array_equal(back[name], array)


def test_equal_arrays_give_equal_bytes_at_any_time_and_in_any_order(monkeypatch):
    first = pack(ARRAYS)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    assert pack(dict(reversed(ARRAYS.items()))) == first


def test_memory_layout_and_byte_order_do_not_change_the_bytes():
    plain = np.arange(6.0).reshape(2, 3)
    expected = pack({"x": plain})
    assert pack({"x": np.asfortranarray(plain)}) == expected
    assert pack({"x": plain.astype(">f8")}) == expected
    assert pack({"x": np.repeat(plain, 2, axis=1)[:, ::2]}) == expected


def test_numpy_reads_the_archive():
    with np.load(io.BytesIO(pack(ARRAYS)), allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["b"], ARRAYS["b"])


def test_unpacked_arrays_are_read_only():
    assert not unpack(pack(ARRAYS))["b"].flags.writeable


def test_arrays_of_objects_are_neither_packed_nor_unpacked():
    with pytest.raises(ValueError):  # noqa: PT011
        pack({"x": np.array([{}], dtype=object)})
    target = io.BytesIO()
    np.savez(target, x=np.array([{}], dtype=object))
    with pytest.raises(ValueError):  # noqa: PT011
        unpack(target.getvalue())
