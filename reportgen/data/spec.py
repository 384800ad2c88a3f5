"""Which examples a run sees."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.registry import Component

LOCATION_PARAMETERS = ("path", "download")
"""Parameters of a data set that say where its examples are found, not what they are."""


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Which examples a run sees.

    source: the data set and the parameters that only it has (path, noise, distance, ...).
    samples, features, classes: sizes of generated data, None where the data set has its own.
    train: how many examples to train on (the first of the shuffled training split), None for all.
    validation, test: fractions of all examples, stratified by class; 0 for none.
    label_noise: fraction of training labels replaced by another class.
    keep: (class, fraction) pairs: the fraction of that class's training examples that stays.
    seed: of generation and split; None takes the run's seed.
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
    keep: tuple[tuple[int, float], ...] = ()
    seed: int | None = None
