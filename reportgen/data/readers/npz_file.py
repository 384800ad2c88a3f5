"""The user's own arrays: one .npz file that holds the splits."""

from __future__ import annotations

import functools
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.dataset import IntArray
from reportgen.data.readers.files import Stamp, existing_file, sha256, stamp
from reportgen.data.source import Request, Source
from reportgen.errors import StudyError

MOST_BYTES = 16 * 2**30  # unpacked; more is a mistake or a trap

_BROKEN = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


def identity(request: Request) -> str:
    """Return the SHA-256 of the file."""
    return sha256(existing_file(request.params["path"], request.folder))


def read(request: Request) -> Source:
    """Return the examples of the file, its splits given; labels must be whole numbers from 0 without gaps."""
    path = existing_file(request.params["path"], request.folder)
    return _read(path, stamp(path), request.params["path"])


@functools.lru_cache(maxsize=1)
def _read(path: Path, _: Stamp, name: str) -> Source:
    try:
        arrays = _arrays(path, name)
    except (*_BROKEN, MemoryError) as error:
        raise StudyError("?", f"not a readable .npz file: {error}", name, "as numpy.savez writes it") from error
    splits = ["train", "val"] + (["test"] if "x_test" in arrays else [])
    xs = [_examples(arrays[f"x_{split}"], f"x_{split}", name) for split in splits]
    ys = [_labels(arrays[f"y_{split}"], f"y_{split}", name) for split in splits]
    _check_shapes(splits, xs, ys, name)
    classes = _classes(splits, ys, name)
    image_shape = tuple(int(size) for size in xs[0].shape[1:]) if xs[0].ndim == 4 else None
    x = np.concatenate([x.reshape(len(x), math.prod(x.shape[1:])) for x in xs])
    test_n = len(ys[2]) if len(ys) > 2 else 0
    return Source(x, np.concatenate(ys), classes, (), image_shape, test_n, len(ys[1]))  # type: ignore[arg-type]


def _arrays(path: Path, name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays that are needed, by name."""
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
            raise StudyError("?", f"unpacks to more than {MOST_BYTES // 2**30} GiB", name)
    with np.load(path, allow_pickle=False) as archive:
        needed = ["x_train", "y_train", "x_val", "y_val"]
        if "x_test" in archive.files or "y_test" in archive.files:
            needed += ["x_test", "y_test"]
        missing = [key for key in needed if key not in archive.files]
        if missing:
            found = ", ".join(archive.files) or "nothing"
            raise StudyError("?", f"has no {' and no '.join(missing)}", name, f"it holds {found}")
        return {key: _array(archive, key, name) for key in needed}


def _array(archive: Any, key: str, name: str) -> NDArray[Any]:
    try:
        array: NDArray[Any] = archive[key]
    except ValueError as error:
        if "pickle" in str(error) or "Object arrays" in str(error):
            raise StudyError("?", f"{key} holds Python objects", name, "an array of numbers is needed") from error
        raise
    return array


def _examples(x: NDArray[Any], key: str, name: str) -> NDArray[np.float32]:
    """Return the examples as float32, (n, features) or (n, channels, height, width)."""
    if x.dtype.kind not in "biuf":
        raise StudyError("?", f"{key} is of type {x.dtype}", name, "numbers are needed")
    if x.ndim not in (2, 4) or 0 in x.shape[1:]:
        shape = "x".join(map(str, x.shape)) or "a single number"
        raise StudyError("?", f"{key} is {shape}", name, "(n, features) or (n, channels, height, width) is needed")
    if not np.isfinite(x).all():
        first = tuple(int(place) for place in np.argwhere(~np.isfinite(x))[0])
        raise StudyError("?", f"{key} holds a NaN or an infinity, first at {first}", name)
    with np.errstate(over="ignore"):
        values = x.astype(np.float32)
    if not np.isfinite(values).all():
        raise StudyError("?", f"{key} holds numbers beyond the range of float32", name)
    return values


def _labels(y: NDArray[Any], key: str, name: str) -> IntArray:
    """Return the labels as int64, (n,)."""
    if y.ndim != 1:
        raise StudyError("?", f"{key} has {y.ndim} dimensions", name, "one label for each example, (n,), is needed")
    if y.dtype.kind not in "iu" and y.size:
        raise StudyError("?", f"{key} is of type {y.dtype}", name, "whole numbers from 0 are needed")
    if y.size and y.min() < 0:
        raise StudyError("?", f"{key} holds the label {y.min()}", name, "labels count from 0")
    return y.astype(np.int64)


def _check_shapes(splits: list[str], xs: list[NDArray[np.float32]], ys: list[IntArray], name: str) -> None:
    for split, x, y in zip(splits, xs, ys, strict=True):
        if len(x) != len(y):
            raise StudyError("?", f"x_{split} has {len(x)} examples and y_{split} {len(y)} labels", name)
        if x.shape[1:] != xs[0].shape[1:]:
            raise StudyError("?", f"examples of x_{split} are {x.shape[1:]}, those of x_train {xs[0].shape[1:]}", name)
    if not len(xs[0]):
        raise StudyError("?", "x_train is empty", name)


def _classes(splits: list[str], ys: list[IntArray], name: str) -> int:
    """Return the number of classes: those of the training labels, which leave none out."""
    found = np.unique(ys[0])
    classes = len(found)
    if found[-1] != classes - 1:
        gap = int(np.flatnonzero(found != np.arange(classes))[0])
        raise StudyError(
            "?", f"y_train has labels up to {found[-1]}, but none is {gap}", name, "number classes without gaps"
        )
    if classes == 1:
        raise StudyError("?", "y_train holds one class only", name, "two are needed to tell apart")
    for split, y in zip(splits, ys, strict=True):
        if y.size and y.max() >= classes:
            raise StudyError("?", f"y_{split} holds the class {y.max()}, which y_train has not", name)
    return classes
