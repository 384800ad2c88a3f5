"""Reader of the user's NumPy archives: one .npz file with inputs and labels of each split."""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen import disk
from reportgen.data.dataset import ImageShape, IntArray
from reportgen.data.readers.files import Stamp, existing_file, read_hashed, sha256, stamp
from reportgen.data.readers.npy import Archive, ArrayFileError
from reportgen.data.source import Request, Source
from reportgen.errors import StudyError

MOST_BYTES = 16 * 2**30  # limit for the unpacked file

_CHANNELS = (1, 3, 4)  # usual numbers of channels: grey, colour, colour with transparency


def identity(request: Request) -> str:
    """Return the SHA-256 of the file."""
    return sha256(existing_file(request.params["path"], request.folder))


def read(request: Request) -> Source:
    """Return the examples of the file with its splits; labels must be whole numbers from 0 without gaps.

    A StudyError contains the file and the array of the error.
    """
    path = existing_file(request.params["path"], request.folder)
    return _read(path, stamp(path), request.params["path"])


def image_shape(request: Request) -> ImageShape | None:
    """Return (channels, height, width) of the examples, or None if they are not images; reads no example.

    A StudyError contains the file and the array of the error.
    """
    path = existing_file(request.params["path"], request.folder)
    return _stored_shape(path, stamp(path), request.params["path"])


@functools.lru_cache(maxsize=32)
def _stored_shape(path: Path, _: Stamp, name: str) -> ImageShape | None:
    try:
        with disk.open_regular(path) as file:
            archive = Archive(file, MOST_BYTES)
            _check_names(archive.names, name)
            return _image_shape(archive.header("x_train").shape, "x_train", name)
    except OSError as error:
        raise StudyError("unreadable-file", f"the file cannot be read: {error.strerror or error}", name) from error
    except ArrayFileError as error:
        raise _unusable(error, name) from error


@functools.lru_cache(maxsize=1)
def _read(path: Path, _: Stamp, name: str) -> Source:
    file = read_hashed(path, MOST_BYTES + 1)
    try:
        archive = Archive(io.BytesIO(file.content), MOST_BYTES)
        arrays = {key: archive.array(key) for key in _check_names(archive.names, name)}
    except MemoryError as error:
        raise StudyError("too-large", "the file needs more memory than this machine has", name) from error
    except ArrayFileError as error:
        raise _unusable(error, name) from error
    found = file.sha256
    del file, archive  # the packed examples
    splits = ["train", "val"] + (["test"] if "x_test" in arrays else [])
    xs = [_examples(arrays[f"x_{split}"], f"x_{split}", name) for split in splits]
    ys = [_labels(arrays[f"y_{split}"], f"y_{split}", name) for split in splits]
    _check_shapes(splits, xs, ys, name)
    classes = _classes(splits, ys, name)
    shape = _image_shape(xs[0].shape, "x_train", name)
    x = np.concatenate([x.reshape(len(x), math.prod(x.shape[1:])) for x in xs])
    test_n = len(ys[2]) if len(ys) > 2 else 0
    return Source(x, np.concatenate(ys), classes, (), shape, test_n, len(ys[1]), identity=found)


def _unusable(error: ArrayFileError, name: str) -> StudyError:
    where = f"{name}: {error.name}" if error.name else name
    return StudyError(error.code, f"invalid .npz file: {error.message}", where, "save it with numpy.savez")


def _check_names(found: Sequence[str], name: str) -> list[str]:
    """Return the names of the required arrays; raises StudyError if one is missing."""
    needed = ["x_train", "y_train", "x_val", "y_val"]
    if "x_test" in found or "y_test" in found:
        needed += ["x_test", "y_test"]
    missing = [key for key in needed if key not in found]
    if missing:
        hint = f"the file has {', '.join(found) or 'nothing'}"
        raise StudyError("missing-array", f"missing {' and '.join(missing)}", name, hint)
    return needed


def _array_error(code: str, name: str, key: str, message: str, hint: str | None = None) -> StudyError:
    return StudyError(code, message, f"{name}: {key}", hint)


def _examples(x: NDArray[Any], key: str, name: str) -> NDArray[np.float32]:
    """Return the examples as float32, in their shape; raises StudyError."""
    if x.dtype.kind not in "biuf":
        raise _array_error("wrong-type", name, key, f"expected numbers, found type {x.dtype}")
    _image_shape(x.shape, key, name)
    if not np.isfinite(x).all():
        first = tuple(int(place) for place in np.argwhere(~np.isfinite(x))[0])
        raise _array_error("not-finite", name, key, f"expected finite numbers, found {x[first]} at {first}")
    with np.errstate(over="ignore"):
        values = x.astype(np.float32)
    if not np.isfinite(values).all():
        raise _array_error("not-finite", name, key, "numbers too large for float32")
    return values


def _image_shape(shape: tuple[int, ...], key: str, name: str) -> ImageShape | None:
    """Return (channels, height, width) of the examples of an array, or None for a table of features.

    Raises StudyError for any other shape, and for images that have their channels last.
    """
    if len(shape) not in (2, 3, 4) or 0 in shape[1:]:
        hint = "(n, features), (n, height, width) or (n, channels, height, width)"
        raise _array_error("wrong-shape", name, key, f"invalid shape {shape}", hint)
    if len(shape) == 2:
        return None
    channels, height, width = (1, *shape[1:])[-3:]
    if channels == height > width and width in _CHANNELS and channels not in _CHANNELS:
        message = f"images of shape {shape} have their channels last"
        raise _array_error(
            "wrong-shape", name, key, message, "use np.moveaxis(x, 3, 1) for (n, channels, height, width)"
        )
    return channels, height, width


def _labels(y: NDArray[Any], key: str, name: str) -> IntArray:
    """Return the labels as int64, (n,); raises StudyError."""
    if y.ndim != 1:
        raise _array_error("wrong-shape", name, key, f"invalid shape {y.shape}", "one label per example, (n,)")
    if y.dtype.kind not in "iu" and y.size:
        raise _array_error("wrong-type", name, key, f"expected whole numbers, found type {y.dtype}")
    if y.size and y.min() < 0:
        raise _array_error("invalid-labels", name, key, f"invalid label {y.min()}", "labels count from 0")
    return y.astype(np.int64)


def _check_shapes(splits: list[str], xs: list[NDArray[np.float32]], ys: list[IntArray], name: str) -> None:
    """Raise StudyError if arrays differ in the number or the shape of their examples."""
    for split, x, y in zip(splits, xs, ys, strict=True):
        if len(x) != len(y):
            raise _array_error("wrong-shape", name, f"y_{split}", f"{len(y)} labels for {len(x)} examples")
        if x.shape[1:] != xs[0].shape[1:]:
            message = f"examples have shape {x.shape[1:]}, but in x_train {xs[0].shape[1:]}"
            raise _array_error("wrong-shape", name, f"x_{split}", message)
    if not len(xs[0]):
        raise _array_error("empty-data", name, "x_train", "the array is empty")


def _classes(splits: list[str], ys: list[IntArray], name: str) -> int:
    """Return the number of classes; raises StudyError unless the training labels contain each of them."""
    labels = np.unique(ys[0])
    classes = len(labels)
    if labels[-1] != classes - 1:
        gap = int(np.flatnonzero(labels != np.arange(classes))[0])
        text = f"labels up to {labels[-1]}, but no label {gap}"
        raise _array_error("invalid-labels", name, "y_train", text, "number the classes from 0 without gaps")
    if classes == 1:
        raise _array_error("single-class", name, "y_train", "only one class", "at least two classes")
    for split, y in zip(splits, ys, strict=True):
        if y.size and y.max() >= classes:
            raise _array_error("invalid-labels", name, f"y_{split}", f"class {y.max()} does not occur in y_train")
    return classes
