"""Specification of the data of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reportgen.registry import ADDED, Component, Parameter

LOCATION_PARAMETERS = ("path", "download")
"""Parameters of a data set that locate its files but do not change its examples."""

NewTask = Literal["permuted_inputs", "shuffled_labels"]
"""How each task after the first differs from it; see `reportgen.data.tasks`."""


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Specification of the data of a run.

    Attributes
    ----------
    source : data set with its own parameters, such as path, noise or distance.
    samples, features, classes : sizes of generated data, None for the data set's defaults.
    train : number of training examples, the first of the shuffled training split; None for all.
    validation, test : fractions of all examples, stratified by class; 0 for none.
    label_noise : fraction of the training labels that is replaced by other classes.
    shuffle_labels : whether the training labels are permuted.
    shuffle : whether the examples are shuffled before they are split.
    keep : (class, fraction) pairs, the fraction of the training examples of this class to keep; a class by its label,
        or by its number if the data have no labels or none is equal. See `in_order`.
    seed : seed of generation and split; None for the seed of the run.
    tasks : number of tasks that the network learns one after another, in equal numbers of epochs.
    new_task : how the tasks differ.
    """

    source: Component
    samples: int | None = None
    features: int | None = None
    classes: int | None = None
    train: int | None = None
    validation: float = 0.2
    test: float = 0.0
    label_noise: float = 0.0
    shuffle_labels: bool = False
    shuffle: bool = True
    keep: tuple[tuple[int | str, float], ...] = ()
    seed: int | None = None
    tasks: int = field(default=1, metadata=ADDED)
    new_task: NewTask = field(default="permuted_inputs", metadata=ADDED)


def in_order(keep: Mapping[int | str, float]) -> tuple[tuple[int | str, float], ...]:
    """Return the fractions of classes in one order, whatever the order of the study file: numbers, then texts."""
    return tuple(sorted(keep.items(), key=lambda item: (isinstance(item[0], str), item[0])))


OPTIONS = (
    Parameter("samples", "integer", None, "number of examples in all splits together", 1),
    Parameter("features", "integer", None, "number of features", 1),
    Parameter("classes", "integer", None, "number of classes", 1),
    Parameter(
        "train",
        "integer",
        None,
        "number of training examples, taken from the start of the shuffled training split; not set: all",
        1,
    ),
    Parameter(
        "validation", "number", None, "fraction of the examples for validation, stratified by class", 0, 1, ("maximum",)
    ),
    Parameter("test", "number", 0.0, "fraction of the examples for testing, stratified by class", 0, 1, ("maximum",)),
    Parameter("label_noise", "number", 0.0, "fraction of training labels replaced by another class", 0, 1),
    Parameter(
        "shuffle_labels", "boolean", False, "permute the training labels, which makes them independent of the inputs"
    ),
    Parameter(
        "shuffle",
        "boolean",
        True,
        "shuffle the examples; false: cut the splits in the order of the data, training first",
    ),
    Parameter(
        "keep",
        "numbers",
        None,
        "fraction of the training examples to keep, as a mapping from class to fraction; a class by its label in the "
        "data, by its number from 0 for data without labels",
        0,
        1,
    ),
    Parameter("seed", "integer", None, "seed of generation and split; not set: the seed of each run", 0),
    Parameter(
        "tasks",
        "integer",
        1,
        "number of tasks that the network learns one after another, with equal numbers of epochs",
        1,
    ),
    Parameter(
        "new_task",
        "choice",
        "permuted_inputs",
        "how each task after the first differs from it: the features permuted, or the labels shuffled",
        choices=("permuted_inputs", "shuffled_labels"),
    ),
)
"""Settings under `data` that all data sets share; DataSpec has one attribute for each."""
