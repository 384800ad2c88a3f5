"""Whether seeds are scored on the same held-out examples, whose luck then is in no spread between seeds."""

from __future__ import annotations

from reportgen.data.spec import DataSpec

VALIDATION_GIVEN = ("npz",)
"""Data sets that come with their validation examples, and with test examples if at all."""

TESTS_GIVEN = ("mnist", "fashion_mnist", "cifar10")
"""Data sets published with a test split, which all seeds share."""


def one_split(data: DataSpec, test: bool = False) -> bool:
    """Return whether every seed of this data holds out the same examples; test: those of the test split."""
    given = (*VALIDATION_GIVEN, *(TESTS_GIVEN if test else ()))
    return data.seed is not None or not data.shuffle or data.source.name in given
