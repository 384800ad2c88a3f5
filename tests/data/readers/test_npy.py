"""The reader of NumPy archives: every defect is one error, and memory is allocated for what the file holds."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from reportgen.data.readers import npy
from reportgen.data.readers.npy import MAGIC, Archive, ArrayFileError

MOST = 2**30


def packed(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


def member(header: str, values: bytes = b"", version: int = 1) -> bytes:
    text = header.encode("utf-8" if version == 3 else "latin-1")
    length = len(text).to_bytes(2 if version == 1 else 4, "little")
    return MAGIC + bytes([version, 0]) + length + text + values


def header(descr: Any = "<f8", shape: Any = (2,), fortran: Any = False) -> str:
    return repr({"descr": descr, "fortran_order": fortran, "shape": shape})


def code_of(content: bytes, name: str = "x.npy") -> str:
    with pytest.raises(ArrayFileError) as caught:
        Archive(packed({name: content}), MOST).array("x")
    return caught.value.code


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array(7, ">i4"),
        np.zeros((0, 4), np.float32),
        np.array(["text", "longer"]),
    ],
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_are_read_as_they_were_saved(array: Any, save: Any) -> None:
    target = io.BytesIO()
    save(target, x=array)
    back = Archive(target, MOST).array("x")
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(back, array)
    assert back.flags.writeable


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_of_the_format_is_read(version: int) -> None:
    content = member(header(), np.array([1.0, 2.0]).tobytes(), version)
    assert Archive(packed({"x.npy": content}), MOST).array("x").tolist() == [1.0, 2.0]


def test_headers_of_python_2_are_read() -> None:
    content = member(header().replace("(2,)", "(2L,)"), np.array([1.0, 2.0]).tobytes())
    assert Archive(packed({"x.npy": content}), MOST).array("x").tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "{",
        "(" * 5000,
        "{'descr': '<f8'}",
        "'\\x00'",
        header(shape=(-1,)),
        header(shape=(2.0,)),
        header(shape=[2]),
        header(shape=(True,)),
        header(shape=(10**30,)),
        header(shape=(2**40, 2**40, 0)),
        header(fortran=1),
        header(descr="<f9"),
        header(descr=["a"]),
        header(descr=("<f8", -1)),
        header(descr="<U0"),
        header(descr=None),
        " " * 20_000 + header(),
    ],
)
def test_a_damaged_header_is_an_error(bad: str) -> None:
    assert code_of(member(bad, bytes(16))) == "invalid-file"


@pytest.mark.parametrize("values", [b"", bytes(8), bytes(24)])
def test_a_header_that_does_not_fit_the_values_is_an_error(values: bytes) -> None:
    assert code_of(member(header(), values)) == "invalid-file"


def test_objects_and_other_members_are_refused() -> None:
    assert code_of(member(header(descr="|O"), bytes(16))) == "object-array"
    assert code_of(b"text", "x") == "not-an-array"


@pytest.mark.parametrize("position", range(0, 420, 3))
def test_a_flipped_bit_is_an_error_or_harmless(position: int) -> None:
    target = packed({"x.npy": member(header(), np.array([1.0, 2.0]).tobytes())})
    content = bytearray(target.getvalue())
    content[position % len(content)] ^= 4
    try:
        archive = Archive(io.BytesIO(content), MOST)
        values = [archive.array(name).tolist() for name in archive.names]
    except ArrayFileError:
        return
    assert values == [[1.0, 2.0]]


def test_a_small_file_that_unpacks_to_a_large_one_allocates_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npy, "FREE_BYTES", 2**22)
    content = member(header(shape=(2**20,)), bytes(2**23))
    target = packed({"x.npy": content}, zipfile.ZIP_DEFLATED)
    del content
    tracemalloc.start()
    with pytest.raises(ArrayFileError) as caught:
        Archive(target, MOST)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "too-large"
    assert peak < 2**20


def test_the_sizes_of_an_archive_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    content = {f"{number}.npy": member(header(), bytes(16)) for number in range(3)}
    for limit in ({"most": 100}, {"most": MOST, "members": 2}):
        monkeypatch.setattr(npy, "MOST_MEMBERS", limit.get("members", 10))
        with pytest.raises(ArrayFileError) as caught:
            Archive(packed(content), limit["most"])
        assert caught.value.code == "too-large"
