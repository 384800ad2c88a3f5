from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import data
from reportgen.data.readers import npz_file
from reportgen.errors import StudyError
from tests.data.specs import made, spec

ARRAYS: dict[str, Any] = {
    "x_train": np.arange(12.0).reshape(6, 2),
    "y_train": np.array([0, 1, 2, 0, 1, 2]),
    "x_val": np.ones((2, 2)),
    "y_val": np.array([2, 0]),
}


def read(folder: Path, arrays: dict[str, Any], **settings: Any) -> data.Dataset:
    np.savez(folder / "arrays.npz", **arrays)
    return made("npz", folder=folder, path="arrays.npz", **settings)


def test_arrays_are_used_as_they_are_split(tmp_path: Path) -> None:
    dataset = read(tmp_path, ARRAYS, shuffle=False)
    assert np.array_equal(dataset.x_train, ARRAYS["x_train"])
    assert np.array_equal(dataset.y_val, ARRAYS["y_val"])
    assert dataset.x_test.shape == (0, 2)
    assert dataset.classes == 3
    assert dataset.x_train.dtype == np.float32
    assert dataset.y_train.dtype == np.int64


def test_shuffling_moves_training_examples_with_their_labels_and_no_others(tmp_path: Path) -> None:
    more = {"x_test": np.zeros((3, 2)), "y_test": np.array([1, 1, 0], np.uint8)}
    dataset = read(tmp_path, ARRAYS | more)
    order = (dataset.x_train[:, 0] / 2).astype(int)
    assert sorted(order) == list(range(6))
    assert np.array_equal(dataset.y_train, ARRAYS["y_train"][order])
    assert dataset.y_test.tolist() == [1, 1, 0]
    assert np.array_equal(dataset.x_val, ARRAYS["x_val"])


def test_images_are_flattened_channel_by_channel_and_remembered(tmp_path: Path) -> None:
    x = np.arange(6 * 3 * 2 * 5).reshape(6, 3, 2, 5).astype(np.uint8)
    dataset = read(tmp_path, ARRAYS | {"x_train": x, "x_val": x[:2]}, shuffle=False)
    assert dataset.image_shape == (3, 2, 5)
    assert np.array_equal(dataset.x_train[1].reshape(3, 2, 5), x[1])


def test_an_empty_validation_split_is_allowed(tmp_path: Path) -> None:
    dataset = read(tmp_path, ARRAYS | {"x_val": np.zeros((0, 2)), "y_val": np.zeros(0)})
    assert len(dataset.y_val) == 0


BAD: list[tuple[dict[str, Any], str]] = [
    ({"x_val": None, "y_val": None}, "has no x_val and no y_val .it holds x_train, y_train"),
    ({"x_test": np.ones((2, 2))}, "has no y_test"),
    ({"x_train": np.array([["a", "b"]] * 6)}, "x_train is of type <U1"),
    ({"x_train": np.ones((6, 2), complex)}, "x_train is of type complex128"),
    ({"x_train": np.array([[object(), 1]] * 6)}, "x_train holds Python objects"),
    ({"x_train": np.ones((6, 2, 2))}, "x_train is 6x2x2 .*channels"),
    ({"x_train": np.ones(6)}, "x_train is 6 "),
    ({"x_train": np.ones((6, 0))}, "x_train is 6x0"),
    ({"x_train": np.where(np.eye(6, 2) > 0, np.nan, 1.0)}, r"x_train holds a NaN or an infinity, first at \(0, 0\)"),
    ({"x_train": np.full((6, 2), 1e39)}, "beyond the range of float32"),
    ({"x_train": np.ones((5, 2))}, "x_train has 5 examples and y_train 6 labels"),
    ({"x_val": np.ones((2, 3))}, r"examples of x_val are \(3,\), those of x_train \(2,\)"),
    ({"x_train": np.ones((0, 2)), "y_train": np.zeros(0, int)}, "x_train is empty"),
    ({"y_train": np.array([0.0, 1, 2, 0, 1, 2])}, "y_train is of type float64"),
    ({"y_train": np.zeros((6, 1), int)}, "y_train has 2 dimensions"),
    ({"y_train": np.array([-1, 0, 1, 0, 1, 0])}, "label -1"),
    ({"y_train": np.array([0, 1, 3, 0, 1, 3])}, "labels up to 3, but none is 2"),
    ({"y_train": np.array([1, 2, 1, 2, 1, 2])}, "none is 0"),
    ({"y_train": np.zeros(6, int), "y_val": np.zeros(2, int)}, "one class only"),
    ({"y_val": np.array([0, 3])}, "y_val holds the class 3"),
]


@pytest.mark.parametrize(("change", "words"), BAD)
def test_arrays_that_cannot_be_used_are_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        read(tmp_path, {key: value for key, value in (ARRAYS | change).items() if value is not None})


def test_a_broken_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    np.savez_compressed(path, **ARRAYS)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[90] ^= 255
    for broken in (b"", b"nonsense", whole[: len(whole) // 2], whole[:-3], bytes(flipped)):
        path.write_bytes(broken)
        with pytest.raises(StudyError, match=r"arrays\.npz"):
            made("npz", folder=tmp_path, path="arrays.npz")


def test_a_single_array_and_a_pickle_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.ones(3))
    (tmp_path / "pickle.npz").write_bytes(b"\x80\x04K\x01.")
    for name in ("one.npy", "pickle.npz"):
        with pytest.raises(StudyError, match="not a readable"):
            made("npz", folder=tmp_path, path=name)


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz_file, "MOST_BYTES", 10_000)
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", bytes(100_000))
    with pytest.raises(StudyError, match="unpacks to more"):
        made("npz", folder=tmp_path, path="bomb.npz")


def test_the_fingerprint_is_that_of_the_contents_not_of_the_place(tmp_path: Path) -> None:
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        np.savez(tmp_path / folder / "arrays.npz", **ARRAYS)
    here, there = (data.fingerprint(spec("npz", path="arrays.npz"), tmp_path / f) for f in ("here", "there"))
    assert here == there
    read(tmp_path / "there", ARRAYS | {"x_val": np.zeros((2, 2))})
    assert data.fingerprint(spec("npz", path="arrays.npz"), tmp_path / "there") != here


@pytest.mark.parametrize("options", [{"test": 0.1}, {"validation": 0.3}])
def test_fractions_of_given_splits_are_refused(tmp_path: Path, options: dict[str, float]) -> None:
    with pytest.raises(StudyError, match="has its own"):
        read(tmp_path, ARRAYS, **options)
