"""Data of a run: generate or read the examples, split them, and preprocess them."""

# ruff: noqa: E402

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportgen.shipped import loaded_sources

loaded_sources()  # before any module of this folder is loaded

import numpy as np
from threadpoolctl import threadpool_limits

from reportgen.data.dataset import Dataset, FloatArray, ImageShape, IntArray
from reportgen.data.datasets import DATASETS, DataSet
from reportgen.data.preprocessing.steps import STEPS, prepare, width_after
from reportgen.data.readers.files import locate
from reportgen.data.source import RawArray, Request, Source, settings
from reportgen.data.spec import DataSpec
from reportgen.data.split import split
from reportgen.errors import StudyError
from reportgen.registry import Component

DATA_VERSION = 1
"""Version of the generators and preprocessing steps, part of every fingerprint; raised whenever examples change."""

_SIZES = ("samples", "features", "classes")
_DEFAULT_VALIDATION = 0.2  # the default of DataSpec, so a study may not have set it

__all__ = [
    "DATA_VERSION",
    "Dataset",
    "fingerprint",
    "image_shape_of",
    "load",
    "missing_files",
    "own_file",
    "shape",
    "source_of",
]


def load(
    spec: DataSpec,
    preprocess: tuple[Component, ...],
    seed: int,
    folder: Path | None = None,
    expected: str | None = None,
) -> Dataset:
    """Return the split and preprocessed examples of one run; equal arguments give equal bytes.

    Parameters
    ----------
    seed : seed of the run, used if `spec.seed` is None.
    folder : folder of the study, the base of relative paths.
    expected : fingerprint that the examples must have; None for any.

    Raises
    ------
    StudyError : an option does not fit the data, a file cannot be read, or ("data-changed") the examples have another
        fingerprint.
    MissingError : files of a published data set are missing.
    """
    row, request = _row_and_request(spec, seed, folder)
    with threadpool_limits(1, "blas"):  # the number of threads changes the last bits
        source, identity = _made(row, request)
        found = _fingerprint(row, identity)
        if expected is not None and found != expected:
            raise _changed(row, request)
        parts = split(source, spec, request.seed)
        splits = [_floats(source.x, rows) for rows in (parts.train, parts.validation, parts.test)]
        splits, image_shape, facts = prepare(splits, source.image_shape, preprocess, request.seed)
    return Dataset(
        x_train=splits[0],
        y_train=parts.y_train,
        x_val=splits[1],
        y_val=source.y[parts.validation],
        x_test=splits[2],
        y_test=source.y[parts.test],
        classes=source.classes,
        image_shape=image_shape,
        class_names=source.class_names,
        facts=facts,
        fingerprint=found,
    )


def _made(row: DataSet, request: Request) -> tuple[Source, str]:
    """Return the examples and the identity of the files that they were read from.

    The reader of a plug-in may not say which bytes it read; its files must then be the same before and after.
    """
    before = row.identity(request)
    source = row.make(request)
    if source.identity is not None:
        return source, source.identity
    if row.identity(request) != before:
        raise _changed(row, request)
    return source, before


def _changed(row: DataSet, request: Request) -> StudyError:
    path = request.params.get("path")
    message = f"the data have changed since this command read them first{f': {path}' if path else ''}"
    return StudyError("data-changed", message, hint="run the study again while nothing writes to its data")


def source_of(spec: DataSpec, seed: int, folder: Path | None = None) -> Source:
    """Return the examples before they are split and preprocessed; arguments and errors as for `load`."""
    row, request = _row_and_request(spec, seed, folder)
    return row.make(request)


def fingerprint(spec: DataSpec, folder: Path | None = None) -> str:
    """Return a text that identifies the examples: name and version of the data set, and SHA-256 of files."""
    row, request = _row_and_request(spec, 0, folder)
    return _fingerprint(row, row.identity(request))


def _fingerprint(row: DataSet, identity: str) -> str:
    return " ".join(filter(None, (row.name, str(DATA_VERSION), identity)))


def own_file(spec: DataSpec, folder: Path | None = None) -> Path | None:
    """Return the path of the user's file with the examples, None for any other data set."""
    row, params = settings(DATASETS, spec.source, "data set")
    return locate(params["path"], folder) if row.own_file else None


def missing_files(spec: DataSpec, folder: Path | None = None) -> int:
    """Return the number of bytes to download before the examples can be loaded, without downloading them.

    Raises MissingError if files are missing and the study does not allow a download.
    """
    row, request = _row_and_request(spec, 0, folder)
    return row.missing_bytes(request)


def shape(spec: DataSpec, preprocess: tuple[Component, ...], folder: Path | None = None) -> tuple[int, int, int]:
    """Return the numbers of training examples, features after preprocessing, and classes.

    The examples are generated or read only if these numbers depend on them: labels of a teacher, a user's files, or
    PCA with `variance`.
    """
    row, request = _row_and_request(spec, 0, folder)
    source = _outline(row, request, spec) or row.make(request)
    parts = split(source, spec, request.seed)
    n_all = len(parts.train) + len(parts.validation) + len(parts.test)
    features = width_after(preprocess, source.image_shape, len(parts.train), n_all, source.x.shape[1])
    if features is None:
        features = load(spec, preprocess, request.seed, folder).features
    return len(parts.train), features, source.classes


def image_shape_of(
    spec: DataSpec, preprocess: tuple[Component, ...] = (), folder: Path | None = None
) -> ImageShape | None:
    """Return (channels, height, width) of the preprocessed examples, or None if their features are not pixels.

    No example is generated. Of a user's archive, only the header of one array is read.

    Raises
    ------
    StudyError : the data set is unknown, or the archive cannot be read.
    """
    if not all(settings(STEPS, step, "preprocessing step")[0].keeps_pixels for step in preprocess):
        return None
    row, params = settings(DATASETS, spec.source, "data set")
    return row.image_shape(_request(row, params, spec, 0, folder))


def _outline(row: DataSet, request: Request, spec: DataSpec) -> Source | None:
    """Return a source with the right class counts and placeholder inputs, or None if labels depend on the examples."""
    counts = row.counts(request)
    if counts is None or (spec.keep and not spec.shuffle):
        return None
    test_n = row.fixed.get("samples", int(counts.sum())) - int(counts.sum())
    labels = np.append(np.repeat(np.arange(len(counts)), counts), np.zeros(test_n, np.int64))
    x = np.broadcast_to(np.float32(0), (len(labels), request.features))
    return Source(x, labels, len(counts), image_shape=row.image_shape(request), test_n=test_n)


def _row_and_request(spec: DataSpec, seed: int, folder: Path | None) -> tuple[DataSet, Request]:
    """Return the table row and the checked request of a spec."""
    row, params = settings(DATASETS, spec.source, "data set")
    _check_sizes(row, spec)
    _check_fractions(row, spec)
    request = _request(row, params, spec, seed, folder)
    if row.sizes and request.classes > request.samples:
        message = f"{request.samples} samples for {request.classes} classes"
        raise StudyError("too-few-samples", message, hint="one sample per class")
    return row, request


def _request(row: DataSet, params: dict[str, Any], spec: DataSpec, seed: int, folder: Path | None) -> Request:
    """Return the request with the sizes from the study or else from the row, 0 if only the file determines them."""
    sizes = {name: getattr(spec, name) or row.size(name, params) for name in _SIZES}
    return Request(params=params, seed=seed if spec.seed is None else spec.seed, folder=folder, **sizes)


def _check_sizes(row: DataSet, spec: DataSpec) -> None:
    """Raise StudyError for a size that the study cannot set, or that is below 1."""
    for name in _SIZES:
        requested = getattr(spec, name)
        if requested is None:
            continue
        if name not in row.sizes and requested != row.fixed.get(name):
            message = f"{name} of {row.name} cannot be set to {requested}"
            raise StudyError("fixed-size", message, hint=row.fixed_by(name))
        if requested < 1:
            raise StudyError("out-of-range", f"{name} is {requested}", hint="at least 1")


def _check_fractions(row: DataSet, spec: DataSpec) -> None:
    """Raise StudyError for a fraction outside its range, or for a split that the data set already has."""
    for name, value, most in (
        ("validation", spec.validation, 1.0),
        ("test", spec.test, 1.0),
        ("label_noise", spec.label_noise, None),
        *((f"keep of class {label}", fraction, None) for label, fraction in spec.keep),
    ):
        if not (0 <= value < 1 or (most is None and value == 1)):
            hint = "a fraction of at least 0 and below 1" if most else "a fraction from 0 to 1"
            raise StudyError("out-of-range", f"{name} is {value:g}", hint=hint)
    if "test" in row.own_splits and spec.test:
        raise StudyError("conflicting-settings", f"{row.name} has its own test split", hint="remove test")
    if "validation" in row.own_splits and spec.validation not in (0.0, _DEFAULT_VALIDATION):
        raise StudyError("conflicting-settings", f"{row.name} has its own validation split", hint="remove validation")


def _floats(x: RawArray, rows: IntArray) -> FloatArray:
    """Return rows as float32 in C order, (len(rows), features); raises StudyError for numbers too large for float32."""
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(x[rows], dtype=np.float32)
    if not np.isfinite(values).all():
        raise StudyError("not-finite", "the data contain numbers too large for float32")
    return values
