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


def test_the_splits_of_the_file_are_used(tmp_path: Path) -> None:
    dataset = read(tmp_path, ARRAYS, shuffle=False)
    assert np.array_equal(dataset.x_train, ARRAYS["x_train"])
    assert np.array_equal(dataset.y_val, ARRAYS["y_val"])
    assert dataset.x_test.shape == (0, 2)
    assert dataset.classes == 3
    assert dataset.x_train.dtype == np.float32
    assert dataset.y_train.dtype == np.int64


def test_shuffling_permutes_training_examples_together_with_their_labels(tmp_path: Path) -> None:
    more = {"x_test": np.zeros((3, 2)), "y_test": np.array([1, 1, 0], np.uint8)}
    dataset = read(tmp_path, ARRAYS | more)
    order = (dataset.x_train[:, 0] / 2).astype(int)
    assert sorted(order) == list(range(6))
    assert np.array_equal(dataset.y_train, ARRAYS["y_train"][order])
    assert dataset.y_test.tolist() == [1, 1, 0]
    assert np.array_equal(dataset.x_val, ARRAYS["x_val"])


def test_images_are_flattened_by_channel_and_keep_their_shape(tmp_path: Path) -> None:
    x = np.arange(6 * 3 * 2 * 5).reshape(6, 3, 2, 5).astype(np.uint8)
    dataset = read(tmp_path, ARRAYS | {"x_train": x, "x_val": x[:2]}, shuffle=False)
    assert dataset.image_shape == (3, 2, 5)
    assert np.array_equal(dataset.x_train[1].reshape(3, 2, 5), x[1])


def test_grey_images_without_an_axis_of_channels_have_one_channel(tmp_path: Path) -> None:
    x = np.arange(6 * 3 * 5.0).reshape(6, 3, 5)
    dataset = read(tmp_path, ARRAYS | {"x_train": x, "x_val": x[:2]}, shuffle=False)
    assert dataset.image_shape == (1, 3, 5)
    assert np.array_equal(dataset.x_train, x.reshape(6, 15))
    assert dataset.classes == 3


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((6, 4), None), ((6, 4, 7), (1, 4, 7)), ((6, 3, 4, 7), (3, 4, 7)), ((6, 12, 90, 1), (12, 90, 1))],
)
def test_the_image_shape_is_read_from_the_header(
    tmp_path: Path, shape: tuple[int, ...], expected: tuple[int, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.zeros(shape)
    dataset = read(tmp_path, ARRAYS | {"x_train": x, "x_val": x[:2]})
    monkeypatch.setattr(np, "load", None)
    assert data.image_shape_of(spec("npz", path="arrays.npz"), folder=tmp_path) == dataset.image_shape == expected


def test_the_image_shape_of_a_changed_file_is_read_again(tmp_path: Path) -> None:
    for channels in (1, 2):
        x = np.zeros((6, channels, 4, 7))
        np.savez(tmp_path / "arrays.npz", **(ARRAYS | {"x_train": x, "x_val": x[:2]}))
        assert data.image_shape_of(spec("npz", path="arrays.npz"), folder=tmp_path) == (channels, 4, 7)


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ((6,), ["(6,)", "(n, features)"]),
        ((6, 0), ["(6, 0)", "(n, features)"]),
        ((6, 0, 4), ["(6, 0, 4)", "(n, height, width)"]),
        ((6, 1, 2, 3, 4), ["(6, 1, 2, 3, 4)", "(n, channels, height, width)"]),
        ((6, 8, 8, 3), ["(6, 8, 8, 3)", "last", "(n, channels, height, width)"]),
        ((6, 8, 8, 1), ["(6, 8, 8, 1)", "last", "(n, channels, height, width)"]),
    ],
)
def test_a_wrong_shape_is_shown_with_the_right_ones(tmp_path: Path, shape: tuple[int, ...], names: list[str]) -> None:
    np.savez(tmp_path / "arrays.npz", **(ARRAYS | {"x_train": np.ones(shape)}))
    of = spec("npz", path="arrays.npz")
    for action in (lambda: data.image_shape_of(of, (), tmp_path), lambda: data.load(of, (), 0, tmp_path)):
        with pytest.raises(StudyError) as caught:
            action()
        assert (caught.value.code, caught.value.where) == ("wrong-shape", "arrays.npz: x_train")
        assert all(name in str(caught.value) for name in names)


@pytest.mark.parametrize(("arrays", "code"), [({"x_train": np.ones((2, 2))}, "missing-array"), (None, "invalid-file")])
def test_an_unusable_file_has_no_image_shape(tmp_path: Path, arrays: dict[str, Any] | None, code: str) -> None:
    (tmp_path / "arrays.npz").write_bytes(b"no archive")
    if arrays is not None:
        np.savez(tmp_path / "arrays.npz", **arrays)
    with pytest.raises(StudyError) as caught:
        data.image_shape_of(spec("npz", path="arrays.npz"), folder=tmp_path)
    assert (caught.value.code, caught.value.where) == (code, "arrays.npz")


def test_an_empty_validation_split_is_allowed(tmp_path: Path) -> None:
    dataset = read(tmp_path, ARRAYS | {"x_val": np.zeros((0, 2)), "y_val": np.zeros(0)})
    assert len(dataset.y_val) == 0


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"x_val": None, "y_val": None}, "missing-array", ""),
    ({"x_test": np.ones((2, 2))}, "missing-array", ""),
    ({"x_train": np.array([["a", "b"]] * 6)}, "wrong-type", ": x_train"),
    ({"x_train": np.ones((6, 2), complex)}, "wrong-type", ": x_train"),
    ({"x_train": np.array([[object(), 1]] * 6)}, "object-array", ": x_train"),
    ({"x_train": np.ones((6, 2, 2, 2, 2))}, "wrong-shape", ": x_train"),
    ({"x_train": np.ones((6, 2, 2))}, "wrong-shape", ": x_val"),
    ({"x_train": np.ones((6, 9, 9, 3))}, "wrong-shape", ": x_train"),
    ({"x_train": np.ones(6)}, "wrong-shape", ": x_train"),
    ({"x_train": np.ones((6, 0))}, "wrong-shape", ": x_train"),
    ({"x_train": np.where(np.eye(6, 2) > 0, np.nan, 1.0)}, "not-finite", ": x_train"),
    ({"x_train": np.full((6, 2), 1e39)}, "not-finite", ": x_train"),
    ({"x_train": np.ones((5, 2))}, "wrong-shape", ": y_train"),
    ({"x_val": np.ones((2, 3))}, "wrong-shape", ": x_val"),
    ({"x_train": np.ones((0, 2)), "y_train": np.zeros(0, int)}, "empty-data", ": x_train"),
    ({"y_train": np.array([0.0, 1, 2, 0, 1, 2])}, "wrong-type", ": y_train"),
    ({"y_train": np.zeros((6, 1), int)}, "wrong-shape", ": y_train"),
    ({"y_train": np.array([-1, 0, 1, 0, 1, 0])}, "invalid-labels", ": y_train"),
    ({"y_train": np.array([0, 1, 3, 0, 1, 3])}, "invalid-labels", ": y_train"),
    ({"y_train": np.array([1, 2, 1, 2, 1, 2])}, "invalid-labels", ": y_train"),
    ({"y_train": np.zeros(6, int), "y_val": np.zeros(2, int)}, "single-class", ": y_train"),
    ({"y_val": np.array([0, 3])}, "invalid-labels", ": y_val"),
]


@pytest.mark.parametrize(("change", "code", "where"), BAD)
def test_unusable_arrays_are_errors(tmp_path: Path, change: dict[str, Any], code: str, where: str) -> None:
    with pytest.raises(StudyError) as caught:
        read(tmp_path, {key: value for key, value in (ARRAYS | change).items() if value is not None})
    assert (caught.value.code, caught.value.where) == (code, f"arrays.npz{where}")


@pytest.mark.parametrize(
    ("change", "names"),
    [({"x_val": None, "y_val": None}, ["x_val", "y_val"]), ({"x_test": np.ones((2, 2))}, ["y_test"])],
)
def test_missing_arrays_are_named_in_the_error(tmp_path: Path, change: dict[str, Any], names: list[str]) -> None:
    with pytest.raises(StudyError) as caught:
        read(tmp_path, {key: value for key, value in (ARRAYS | change).items() if value is not None})
    assert all(name in caught.value.message for name in names)


def test_a_number_that_is_not_finite_is_shown_with_its_index(tmp_path: Path) -> None:
    x = np.ones((6, 2))
    x[4, 1] = -np.inf
    with pytest.raises(StudyError) as caught:
        read(tmp_path, ARRAYS | {"x_train": x})
    assert "-inf" in caught.value.message
    assert "(4, 1)" in caught.value.message


def test_a_damaged_file_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    np.savez_compressed(path, **ARRAYS)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[90] ^= 255
    for broken in (b"", b"nonsense", whole[: len(whole) // 2], whole[:-3], bytes(flipped)):
        path.write_bytes(broken)
        with pytest.raises(StudyError) as caught:
            made("npz", folder=tmp_path, path="arrays.npz")
        assert str(caught.value.where).startswith("arrays.npz")


def test_a_single_array_and_a_pickle_are_rejected(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.ones(3))
    (tmp_path / "pickle.npz").write_bytes(b"\x80\x04K\x01.")
    for name in ("one.npy", "pickle.npz"):
        with pytest.raises(StudyError) as caught:
            made("npz", folder=tmp_path, path=name)
        assert caught.value.code == "invalid-file"


def test_a_file_with_too_large_contents_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz_file, "MOST_BYTES", 10_000)
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", bytes(100_000))
    with pytest.raises(StudyError) as caught:
        made("npz", folder=tmp_path, path="bomb.npz")
    assert caught.value.code == "too-large"


def test_the_fingerprint_depends_on_the_contents_and_not_on_the_path(tmp_path: Path) -> None:
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        np.savez(tmp_path / folder / "arrays.npz", **ARRAYS)
    here, there = (data.fingerprint(spec("npz", path="arrays.npz"), tmp_path / f) for f in ("here", "there"))
    assert here == there
    read(tmp_path / "there", ARRAYS | {"x_val": np.zeros((2, 2))})
    assert data.fingerprint(spec("npz", path="arrays.npz"), tmp_path / "there") != here


@pytest.mark.parametrize("options", [{"test": 0.1}, {"validation": 0.3}])
def test_fractions_of_given_splits_are_rejected(tmp_path: Path, options: dict[str, float]) -> None:
    with pytest.raises(StudyError) as caught:
        read(tmp_path, ARRAYS, **options)
    assert caught.value.code == "conflicting-settings"
