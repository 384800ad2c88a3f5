"""Arrays of runs with archives of one form: the same values as those that the reader gives, in less memory."""

from __future__ import annotations

import io
from weakref import WeakSet

import numpy as np
import pytest

from reportgen.data.readers import npz_layout, spill
from reportgen.data.readers.npy import ArrayFileError
from reportgen.data.readers.npz_layout import StoredArrays, known_layout
from reportgen.runs.arrays import pack, unpack


def arrays(seed: int, bins: int = 300) -> dict[str, np.ndarray]:
    """Return arrays of one form; those of whole numbers are large enough to be packed."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 3, (2, bins))
    return {
        "counts": counts,
        "empty": np.zeros((0, 4)),
        "labels": counts[0].astype(np.uint8),
        "loss": rng.random(7),
        "more_counts": counts.astype(np.int32),
        "single": rng.random(3).astype(np.float32),
    }


@pytest.mark.parametrize("bins", [3, 300])
def test_archives_of_one_form_give_their_own_values(bins: int) -> None:
    expected = [arrays(seed, bins) for seed in range(4)]
    found = [unpack(pack(values)) for values in expected]
    assert len({id(one.layout) for one in found if isinstance(one, StoredArrays)}) == 1
    for one, values in zip(found, expected, strict=True):
        assert list(one) == sorted(values)
        for name, array in values.items():
            assert one[name].dtype == array.dtype
            assert one[name].flags.aligned
            assert not one[name].flags.writeable
            np.testing.assert_array_equal(one[name], array)


def test_arrays_that_were_released_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz_layout, "MOST_RECENT", 2)
    expected = [arrays(seed) for seed in range(6)]
    found = [unpack(pack(values)) for values in expected]
    for _ in range(2):
        for one, values in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one["counts"], values["counts"])
            np.testing.assert_array_equal(one["loss"], values["loss"])


def test_released_values_take_no_memory_but_a_temporary_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz_layout, "MOST_BYTES", 10_000)
    expected = [arrays(seed) for seed in range(50)]
    found = [unpack(pack(values)) for values in expected]
    held = [one for one in found if isinstance(one, StoredArrays) and one._block is not None]
    assert 0 < len(held) <= 10_000 // held[0].layout.size
    for one, values in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one["loss"], values["loss"])


def test_large_arrays_of_released_runs_are_read_alone_and_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz_layout, "MOST_RECENT", 2)
    expected = [arrays(seed, 600) for seed in range(6)]
    found = [unpack(pack(values)) for values in expected]
    reads = []
    original = spill.Place.read
    monkeypatch.setattr(spill.Place, "read", lambda place, *ends: reads.append(ends) or original(place, *ends))
    assert isinstance(found[0], StoredArrays)
    np.testing.assert_array_equal(found[0]["loss"], expected[0]["loss"])
    assert reads[0][1] - reads[0][0] < npz_layout.LARGE_BYTES
    for one, values in zip(found, expected, strict=True):
        for name, array in values.items():
            np.testing.assert_array_equal(one[name], array)
            assert one[name].flags.aligned
            assert not one[name].flags.writeable


def test_a_large_array_is_read_if_its_run_is_released_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = arrays(0, 600)
    found = unpack(pack(expected))
    assert isinstance(found, StoredArrays)
    assert not found.is_stored
    original = StoredArrays._values

    def released(self: StoredArrays) -> bytes:
        """Act as another thread that releases the run after the test whether it is stored."""
        self.forget()
        return original(self)

    monkeypatch.setattr(StoredArrays, "_values", released)
    np.testing.assert_array_equal(found["counts"], expected["counts"])


def test_a_release_leaves_runs_that_are_in_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz_layout, "MOST_RECENT", 3)
    monkeypatch.setattr(npz_layout, "_RECENT", npz_layout._Recent())
    expected = [arrays(seed) for seed in range(6)]
    found = [unpack(pack(values)) for values in expected]
    np.testing.assert_array_equal(found[0]["loss"], expected[0]["loss"])
    npz_layout.release()
    assert [one._block is not None for one in found] == [False, False, False, False, True, True]
    for one, values in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one["loss"], values["loss"])


def test_values_stay_in_memory_if_no_file_can_hold_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz_layout, "MOST_RECENT", 2)
    monkeypatch.setattr(spill, "_parts", WeakSet())
    monkeypatch.setattr(spill, "TemporaryFile", unwritable)
    expected = [arrays(seed) for seed in range(6)]
    found = [unpack(pack(values)) for values in expected]
    for one, values in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one["loss"], values["loss"])


def unwritable(**options: object) -> io.RawIOBase:
    raise OSError("no space left on the device")


def test_a_temporary_file_is_closed_when_nothing_refers_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "PART_BYTES", 100)
    monkeypatch.setattr(spill, "_parts", parts := WeakSet())
    places = [spill.stored_place(bytes([number]) * 60) for number in range(5)]
    assert [place.read(0, 60) for place in places if place is not None] == [bytes([number]) * 60 for number in range(5)]
    assert len(parts) == 3
    del places
    assert not parts


def test_an_archive_with_a_damaged_byte_has_no_known_form_and_is_refused_or_equal() -> None:
    values = arrays(1, 3)
    content = pack(values)
    unpack(content)
    assert known_layout(content) is not None
    for position in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[position] ^= 1
        assert known_layout(bytes(damaged)) is None
        try:
            found = unpack(bytes(damaged))
        except ArrayFileError:
            continue
        for name in set(found) & set(values):
            np.testing.assert_array_equal(found[name], values[name])
        unpack(content)  # a form of the same length may have taken its place


def test_a_missing_array_gives_the_default() -> None:
    found = unpack(pack(arrays(0)))
    assert found.get("other", 5) == 5
    assert "other" not in found
    with pytest.raises(KeyError):
        found["other"]
