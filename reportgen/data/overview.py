"""Overview of the examples of a data set, for `reportgen check`: classes, ranges of features, and likely mistakes.

The ranges are those of the examples before preprocessing. A note is a sentence about a likely mistake: labels that are
missing or that differ only in spelling, classes that one split lacks, and columns that are constant or number the rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import reportgen.data as data
from reportgen.data.readers.csv_file import MISSING
from reportgen.data.source import RawArray, Source
from reportgen.data.spec import DataSpec
from reportgen.data.split import split

SPLITS = ("training", "validation", "test")
LEAST_ROWS = 10
SAME_ORDER = 0.99
MANY_CLASSES = 20
FEW_VALUES = 10
CHANCE = 1e-3
CLASS_NAMES = ("class", "label", "target", "species", "category", "outcome", "diagnosis", "y", "type")
SHOWN = 5


@dataclass(frozen=True)
class FeatureRange:
    """The smallest and the largest value of a feature."""

    name: str
    low: float
    high: float


@dataclass(frozen=True)
class Overview:
    """Overview of a data set.

    source: name of the data set; classes: labels; counts: examples by split and class; features: ranges;
    constant, numbering: names of features with a single value, and of those that number the rows; notes: sentences.
    """

    source: str
    classes: tuple[str, ...]
    counts: dict[str, tuple[int, ...]]
    features: tuple[FeatureRange, ...]
    constant: tuple[str, ...]
    numbering: tuple[str, ...]
    notes: tuple[str, ...]


def overview(spec: DataSpec, seed: int, folder: Path | None = None, shuffles: bool = True) -> Overview:
    """Return the overview of the examples and of their split with this seed.

    shuffles: whether training shuffles the examples in each epoch.

    Raises
    ------
    StudyError : the data cannot be read or split.
    MissingError : files of a published data set are missing.
    """
    source = data.source_of(spec, seed, folder)
    parts = split(source, spec, seed if spec.seed is None else spec.seed)
    labels = (parts.y_train, source.y[parts.validation], source.y[parts.test])
    counts = [np.bincount(y, minlength=source.classes) for y in labels]
    classes = source.class_names or tuple(map(str, range(source.classes)))
    names = source.feature_names or tuple(f"column {number}" for number in range(source.x.shape[1]))
    low, high = (np.asarray(end, np.float64) for end in (source.x.min(axis=0), source.x.max(axis=0)))
    constant = () if source.image_shape else tuple(names[n] for n in np.flatnonzero(low == high))
    numbering = tuple(names[n] for n in _numbering(source))
    notes = [
        *_missing(classes, counts),
        *_spelling_variants(classes),
        *_absent(classes, counts),
        *(() if shuffles else _sorted(parts.y_train)),
        *_columns(constant, numbering),
        *_other_target(source),
    ]
    return Overview(
        source=spec.source.name,
        classes=classes,
        counts={name: tuple(map(int, count)) for name, count in zip(SPLITS, counts, strict=True) if count.sum()},
        features=tuple(FeatureRange(*one) for one in zip(names, low.tolist(), high.tolist(), strict=True)),
        constant=constant,
        numbering=numbering,
        notes=tuple(notes),
    )


def _numbering(source: Source) -> list[int]:
    """Return the columns of a table that number its rows: different whole numbers, in order or without large gaps."""
    n = len(source.x)
    if not source.feature_names or n < LEAST_ROWS:
        return []
    return [number for number in range(source.x.shape[1]) if _numbers_rows(source.x[:, number], n)]


def _numbers_rows(column: RawArray, n: int) -> bool:
    values = np.asarray(column, np.float64)
    if (values % 1).any() or len(np.unique(values)) < n:
        return False
    steps = np.diff(values)
    return bool((steps > 0).mean() > SAME_ORDER or np.ptp(values) < 2 * n)


def _missing(classes: Sequence[str], counts: Sequence[NDArray[np.int64]]) -> Iterator[str]:
    for number, label in enumerate(classes):
        if label.strip().upper() in MISSING:
            n = sum(int(count[number]) for count in counts)
            yield (
                f"The class '{label}' ({n} example{'s' if n != 1 else ''}) looks like a missing label. It is used as a "
                f"class of its own: fill in the labels or remove the lines."
            )


def _spelling_variants(classes: Sequence[str]) -> Iterator[str]:
    """Yield a note for each group of labels that differ only in spelling."""
    groups: dict[object, list[str]] = {}
    for label in classes:
        groups.setdefault(_meaning(label), []).append(label)
    for group in groups.values():
        if len(group) > 1:
            names = " and ".join([", ".join(f"'{label}'" for label in group[:-1]), f"'{group[-1]}'"])
            yield f"The classes {names} differ only in spelling, but are used as different classes."


def _meaning(label: str) -> object:
    """Return what equal labels have in common: a number, or the text without case, spaces and hyphens."""
    try:
        value = float(label)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    return re.sub(r"(?<=\w)[\s_-]+(?=\w)", "", label.casefold().strip()).rstrip(".").replace(" ", "")


def _absent(classes: Sequence[str], counts: Sequence[NDArray[np.int64]]) -> Iterator[str]:
    train, validation, _ = counts
    for here, there, name, other in ((train, validation, *SPLITS[:2]), (validation, train, *SPLITS[1::-1])):
        by_chance = (1 - there / max(there.sum(), 1)) ** here.sum() * len(there)
        absent = np.flatnonzero((here == 0) & (there > 0) & (by_chance < CHANCE))
        if here.sum() and absent.size:
            which = " and ".join(f"'{classes[n]}' ({there[n]})" for n in absent[:SHOWN])
            more = f" and {absent.size - SHOWN} more" if absent.size > SHOWN else ""
            yield (
                f"The {name} split has no example of a class that the {other} split has: {which}{more}. "
                f"Shuffle the examples before the split (data.shuffle)."
            )


def _sorted(labels: NDArray[np.int64]) -> Iterator[str]:
    """Yield a note if neighbours differ in class less than half as often as in a random order."""
    shares = np.bincount(labels) / len(labels)
    if np.count_nonzero(np.diff(labels)) < (len(labels) - 1) * (1 - float((shares**2).sum())) / 2:
        yield (
            "The training examples are sorted by class and not shuffled, so that batches have examples of one class. "
            "Turn on training.shuffle."
        )


def _columns(constant: Sequence[str], numbering: Sequence[str]) -> Iterator[str]:
    if numbering:
        yield f"These columns only number the rows: {_listed(numbering)}. Remove them from the file."
    if constant:
        yield f"These features have the same value in all examples: {_listed(constant)}."


def _other_target(source: Source) -> Iterator[str]:
    """Yield a note if the target column has many numbers as classes and another column looks like a class."""
    numeric = all(_is_number(label) for label in source.class_names)
    if source.classes <= MANY_CLASSES or not source.feature_names or not numeric:
        return
    likely = [name for n, name in enumerate(source.feature_names) if _looks_like_class(name, source.x[:, n])]
    if likely:
        yield (
            f"The target is column '{source.target_name}' with {source.classes} different numbers. If another column "
            f"is the class, set data.target, for example to '{likely[0]}'."
        )


def _looks_like_class(name: str, column: RawArray) -> bool:
    few = 1 < len(np.unique(column)) <= FEW_VALUES
    return few and not (np.asarray(column, np.float64) % 1).any() and name.casefold() in CLASS_NAMES


def _is_number(label: str) -> bool:
    return isinstance(_meaning(label), float)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f"'{name}'" for name in names[:SHOWN]) + more
