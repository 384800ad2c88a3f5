"""Classes in words: their labels, if the data have labels other than the numbers of the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.words.listing import listing
from reportgen.data.split import class_shares
from reportgen.languages.translate import _
from reportgen.runs.record import RunRecord


def label_of(facts: Mapping[str, Any], number: int) -> str:
    """Return the label of a class by its number from 0; the number itself for classes without labels."""
    labels = facts.get("class_labels", ())
    return str(labels[number]) if number < len(labels) else str(number)


def classes_in_words(facts: Mapping[str, Any], numbers: Sequence[int]) -> str:
    """Return classes by their labels: "class 3", "classes cat and dog", "classes 1, 2 and 5"."""
    labels = [label_of(facts, number) for number in numbers]
    if len(labels) == 1:
        return _("class {label}").format(label=labels[0])
    return _("classes {labels}").format(labels=listing(labels))


def class_counts(record: RunRecord, split: str = "train") -> NDArray[np.float64] | None:
    """Return the number of training (or "val") examples of each class, (classes,), or None if it is unknown.

    Records without counts of validation examples may have them as the rows of the confusion matrix.
    """
    if split == "train":
        counts = record.facts.get("class_counts", ())
    elif "val_confusion" in record.arrays:
        counts = record.arrays["val_confusion"].sum(axis=1)
    else:
        counts = record.facts.get("val_class_counts", ())
    return np.asarray(counts, np.float64) if len(counts) and sum(counts) else None


def kept_shares(record: RunRecord) -> dict[int, float]:
    """Return the share of the training examples that is kept (`data.keep`) by the number of the class."""
    labels, classes = record.facts.get("class_labels", ()), int(record.facts["classes"])
    return class_shares(record.spec.data.keep, tuple(map(str, labels)), classes)


def keep_setting(record: RunRecord, shares: Mapping[int, float]) -> dict[int | str, float]:
    """Return shares by the number of the class as the setting `data.keep`, whose classes are named by their labels."""
    return {_setting_key(label_of(record.facts, number)): share for number, share in shares.items()}


def _setting_key(label: str) -> int | str:
    """Return a label as a study file reads it: a whole number without quotes."""
    return int(label) if label.lstrip("-").isdecimal() and str(int(label)) == label else label
