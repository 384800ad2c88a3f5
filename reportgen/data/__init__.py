"""Data of a run: generates or reads the examples, splits and preprocesses them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from reportgen.data.dataset import Dataset, FloatArray, IntArray
from reportgen.data.datasets import DATASETS, DataSet
from reportgen.data.preprocessing.steps import prepare, width_after
from reportgen.data.source import RawArray, Request, Source, settings
from reportgen.data.spec import DataSpec
from reportgen.data.split import split
from reportgen.errors import StudyError
from reportgen.registry import Component

DATA_VERSION = 1
"""Bumped whenever the examples change that a DataSpec and its preprocessing stand for; part of every fingerprint."""

_USUAL_VALIDATION = 0.2  # what a DataSpec holds that says nothing about it

__all__ = ["DATA_VERSION", "Dataset", "fingerprint", "lacking", "load", "shape"]


def load(spec: DataSpec, preprocess: tuple[Component, ...], seed: int, folder: Path | None = None) -> Dataset:
    """Return the split and preprocessed examples of one run; equal arguments give equal bytes.

    Parameters
    ----------
    seed : seed of the run, used if `spec.seed` is None.
    folder : folder of the study, which relative paths start from.

    Raises
    ------
    StudyError : an option is impossible for these data, or a file cannot be read.
    MissingError : files of a published data set are not on this machine.
    """
    row, request = _ask(spec, seed, folder)
    with threadpool_limits(1, "blas"):  # the number of its threads would change the last bits
        source = row.make(request)
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
    )


def fingerprint(spec: DataSpec, folder: Path | None = None) -> str:
    """Return text that is equal for equal examples: name and version of made data, SHA-256 of files."""
    row, request = _ask(spec, 0, folder)
    return " ".join(filter(None, (row.name, str(DATA_VERSION), row.identity(request))))


def missing_files(spec: DataSpec, folder: Path | None = None) -> int:
    """Return how many bytes must be downloaded before these examples can be loaded; downloads nothing.

    Raises MissingError if files are missing and the study does not allow a download.
    """
    row, request = _ask(spec, 0, folder)
    return row.lacking(request)


def shape(spec: DataSpec, preprocess: tuple[Component, ...], folder: Path | None = None) -> tuple[int, int, int]:
    """Return the numbers of training examples, of features after preprocessing, and of classes.

    The examples are generated only if these numbers depend on them: labels of a teacher, files, PCA with `variance`.
    """
    row, request = _ask(spec, 0, folder)
    source = _outline(row, request, spec) or row.make(request)
    parts = split(source, spec, request.seed)
    n_all = len(parts.train) + len(parts.validation) + len(parts.test)
    features = width_after(preprocess, source.image_shape, len(parts.train), n_all, source.x.shape[1])
    if features is None:
        features = load(spec, preprocess, request.seed, folder).features
    return len(parts.train), features, source.classes


def _outline(row: DataSet, request: Request, spec: DataSpec) -> Source | None:
    """Return a source with the right number of labels and empty examples, None if the labels must be generated."""
    counts = row.counts(request)
    if counts is None or (spec.keep and not spec.shuffle):
        return None
    test_n = row.fixed.get("samples", int(counts.sum())) - int(counts.sum())
    labels = np.append(np.repeat(np.arange(len(counts)), counts), np.zeros(test_n, np.int64))
    x = np.broadcast_to(np.float32(0), (len(labels), request.features))
    return Source(x, labels, len(counts), image_shape=row.image_shape, test_n=test_n)


def _ask(spec: DataSpec, seed: int, folder: Path | None) -> tuple[DataSet, Request]:
    """Return the table row and the checked request of a spec."""
    row, params = settings(DATASETS, spec.source, "data set")
    sizes = {name: _size(row, name, getattr(spec, name)) for name in ("samples", "features", "classes")}
    if row.sizes and sizes["classes"] > sizes["samples"]:
        raise StudyError(
            "too-few-samples", f"{sizes['samples']} samples for {sizes['classes']} classes", hint="one sample per class"
        )
    _check_fractions(row, spec)
    return row, Request(params=params, seed=seed if spec.seed is None else spec.seed, folder=folder, **sizes)


def _size(row: DataSet, name: str, given: int | None) -> int:
    """Return the given size or the size of the row; 0 if only the file determines it."""
    if given is None:
        return row.sizes.get(name, row.fixed.get(name, 0))
    if name not in row.sizes and given != row.fixed.get(name):
        own = f"{row.name} has {row.fixed[name]} {name}" if name in row.fixed else "the file determines it"
        raise StudyError("fixed-size", f"{name} of {row.name} cannot be set to {given}", hint=own)
    if given < 1:
        raise StudyError("out-of-range", f"{name} is {given}", hint="at least 1")
    return given


def _check_fractions(row: DataSet, spec: DataSpec) -> None:
    """Raise StudyError for a fraction outside its range, or for a split that the data set already provides."""
    for name, value, most in (
        ("validation", spec.validation, 1.0),
        ("test", spec.test, 1.0),
        ("label_noise", spec.label_noise, None),
        *((f"keep of class {label}", fraction, None) for label, fraction in spec.keep),
    ):
        if not (0 <= value < 1 or (most is None and value == 1)):
            right = "a fraction of at least 0 and below 1" if most else "a fraction from 0 to 1"
            raise StudyError("out-of-range", f"{name} is {value:g}", hint=right)
    if "test" in row.given and spec.test:
        raise StudyError("conflicting-settings", f"{row.name} has its own test split", hint="remove test")
    if "validation" in row.given and spec.validation not in (0.0, _USUAL_VALIDATION):
        raise StudyError("conflicting-settings", f"{row.name} has its own validation split", hint="remove validation")


def _floats(x: RawArray, rows: IntArray) -> FloatArray:
    """Return the rows as float32 in C order, (len(rows), features); raises StudyError for numbers too large for it."""
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(x[rows], dtype=np.float32)
    if not np.isfinite(values).all():
        raise StudyError("not-finite", "the data contain numbers too large for float32")
    return values
