"""Training, validation and test splits, and changes of the training split: subsets, shuffled and noisy labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.data.dataset import IntArray
from reportgen.data.readers.generated import largest_remainder
from reportgen.data.source import Source
from reportgen.data.spec import DataSpec
from reportgen.data.streams import stream
from reportgen.errors import StudyError

MOST_NAMES = 12
"""Largest number of labels in a message."""


@dataclass(frozen=True)
class Split:
    """Indices of the examples of each split, and the training labels after shuffling and noise."""

    train: IntArray
    validation: IntArray
    test: IntArray
    y_train: IntArray


def split(source: Source, spec: DataSpec, seed: int) -> Split:
    """Return the splits for these settings.

    Splits of the data set itself are taken first; then validation and test examples are drawn; then `keep`, `train`,
    `shuffle_labels` and `label_noise` apply to the training split, in this order. Each uses a separate random stream.
    """
    train, validation, test = _parts(source, spec, seed)
    train = _keep(train, source, spec)
    train = train[: train_size(len(train), spec.train)]
    return Split(train, validation, test, _labels(source.y[train], source.classes, spec, seed))


def _parts(source: Source, spec: DataSpec, seed: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return indices of training, validation and test examples; the training examples are in their final order."""
    n = len(source.y)
    own_n = source.test_n + (source.validation_n or 0)
    rest, own_validation, own_test = np.split(np.arange(n), [n - own_n, n - source.test_n])
    if spec.shuffle:
        rest = stream(seed, "data.split").permutation(rest)
    validation = 0.0 if source.validation_n is not None else spec.validation
    test = 0.0 if source.test_n or source.validation_n is not None else spec.test
    cut = _stratified if spec.shuffle else _in_order
    train, drawn_validation, drawn_test = cut(rest, source.y, source.classes, validation, test)
    return (
        train,
        drawn_validation if source.validation_n is None else own_validation,
        own_test if source.test_n else drawn_test,
    )


def _in_order(
    rest: IntArray, y: IntArray, classes: int, validation: float, test: float
) -> tuple[IntArray, IntArray, IntArray]:
    """Cut the examples in their original order: training, then validation, then test."""
    n_validation, n_test = split_sizes(len(rest), validation, test)
    n_train = len(rest) - n_validation - n_test
    train, validation_rows, test_rows = np.split(rest, [n_train, n_train + n_validation])
    return train, validation_rows, test_rows


def _stratified(
    rest: IntArray, y: IntArray, classes: int, validation: float, test: float
) -> tuple[IntArray, IntArray, IntArray]:
    """Cut so that each class has its share of every split, and at least one training example.

    The first examples of a class are for testing and the last for validation, so that a change of one fraction does
    not change the other split.
    """
    labels = y[rest]
    counts = np.bincount(labels, minlength=classes)
    n_validation, n_test = stratified_counts(counts, validation, test)
    rank = _rank_in_class(labels, counts)
    in_test = rank < n_test[labels]
    in_validation = rank >= (counts - n_validation)[labels]
    return rest[~(in_test | in_validation)], rest[in_validation], rest[in_test]


def split_sizes(n: int, validation: float, test: float) -> tuple[int, int]:
    """Return the sizes of the validation and test splits of n examples.

    A size is the rounded fraction of n, and at least 1 if the fraction is positive. Raises StudyError if no training
    example remains.
    """
    n_validation, n_test = (max(1, int(n * fraction + 0.5)) if fraction > 0 else 0 for fraction in (validation, test))
    if n_validation + n_test >= n:
        wanted = f"validation {validation:g} and test {test:g} of {n} example{'s' if n > 1 else ''}"
        raise StudyError(
            "impossible-split", f"{wanted} leave no training examples", hint="use smaller fractions or more examples"
        )
    return n_validation, n_test


def stratified_counts(counts: IntArray, validation: float, test: float) -> tuple[IntArray, IntArray]:
    """Return the numbers of validation and test examples of each class, (classes,) each.

    Shares are rounded by largest remainder to the sizes of `split_sizes`. Each class keeps at least one training
    example, so very small classes make the splits smaller. Raises StudyError if a split would be empty.
    """
    n_validation, n_test = split_sizes(int(counts.sum()), validation, test)
    spare = np.maximum(counts - 1, 0)
    for_validation = np.minimum(largest_remainder(counts * n_validation / counts.sum(), n_validation), spare)
    for_test = np.minimum(largest_remainder(counts * n_test / counts.sum(), n_test), spare - for_validation)
    for name, size, per_class in (("validation", n_validation, for_validation), ("test", n_test, for_test)):
        if size and not per_class.sum():
            message = f"the {name} split is empty: every class has too few examples"
            raise StudyError("impossible-split", message, hint="use more examples")
    return for_validation, for_test


def _rank_in_class(labels: IntArray, counts: IntArray) -> IntArray:
    """Return the rank of each example within its class, from 0, (n,)."""
    order = np.argsort(labels, kind="stable")
    rank = np.empty(len(labels), np.int64)
    rank[order] = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rank


def kept_counts(counts: IntArray, shares: Mapping[int, float]) -> IntArray:
    """Return the number of training examples of each class to keep, (classes,).

    A count is the rounded fraction, and at least 1 unless the fraction is 0. Raises StudyError if no example remains.
    """
    kept = counts.copy()
    for label, fraction in shares.items():
        least = min(1, int(counts[label])) if fraction > 0 else 0
        kept[label] = max(least, int(counts[label] * fraction + 0.5))
    if not kept.sum():
        raise StudyError("impossible-split", "keep leaves no training examples", setting="keep")
    return kept


def class_shares(keep: tuple[tuple[int | str, float], ...], names: Sequence[str], classes: int) -> dict[int, float]:
    """Return the fractions of classes by their numbers from 0.

    A class is named by its label, one of `names`; if the labels are no numbers or there are none, also by its number
    from 0. Raises StudyError for an unknown class, and for a class that is named twice.
    """
    numbers = {name: number for number, name in enumerate(names)}
    if not all(name.lstrip("-").isdecimal() for name in names) or not names:
        numbers = {str(number): number for number in range(classes)} | numbers
    shares: dict[int, float] = {}
    for label, fraction in keep:
        number = numbers.get(str(label))
        if number is None:
            known = ", ".join(names[:MOST_NAMES]) + ", ..." * (len(names) > MOST_NAMES)
            hint = f"the classes are {known}" if names else f"the classes are 0 to {classes - 1}"
            raise StudyError("unknown-class", f"unknown class {label}", hint=hint, setting="keep")
        if number in shares:
            message = f"{label} names a class that another key names, too"
            raise StudyError("duplicate-value", message, hint="name each class once", setting="keep")
        shares[number] = fraction
    return shares


def _keep(train: IntArray, source: Source, spec: DataSpec) -> IntArray:
    """Return the training examples to keep: the first ones of each class in `keep`."""
    if not spec.keep:
        return train
    labels = source.y[train]
    counts = np.bincount(labels, minlength=source.classes)
    shares = class_shares(spec.keep, source.class_names, source.classes)
    return train[_rank_in_class(labels, counts) < kept_counts(counts, shares)[labels]]


def train_size(available: int, wanted: int | None) -> int:
    """Return the number of training examples; raises StudyError if more are requested than available."""
    if wanted is not None and not 1 <= wanted <= available:
        message = f"train is {wanted}, but {available} training examples are available"
        raise StudyError("impossible-split", message, hint=f"1 to {available}", setting="train")
    return available if wanted is None else wanted


def _labels(y: IntArray, classes: int, spec: DataSpec, seed: int) -> IntArray:
    """Return the training labels, shuffled or with noise according to the settings."""
    if spec.shuffle_labels:
        y = stream(seed, "data.shuffle_labels").permutation(y)
    if not spec.label_noise:
        return y
    if classes == 1:
        raise StudyError("single-class", "label_noise needs at least two classes", setting="label_noise")
    return noisy_labels(y, classes, spec.label_noise, seed)


def noisy_labels(y: IntArray, classes: int, fraction: float, seed: int) -> IntArray:
    """Return labels of which this fraction (rounded to whole examples) is replaced by other classes, drawn uniformly.

    Every label changed at a smaller fraction is changed to the same class at a larger one.
    """
    order = stream(seed, "data.label_noise").permutation(len(y))
    offset = stream(seed, "data.noisy_label").integers(1, classes, size=len(y))
    changed = order[: int(len(y) * fraction + 0.5)]
    noisy = y.copy()
    noisy[changed] = (y[changed] + offset[changed]) % classes
    return noisy
