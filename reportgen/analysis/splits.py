"""Whether seeds are scored on the same held-out examples, whose luck then is in no spread between seeds."""

from __future__ import annotations

from reportgen.data.datasets import DATASETS
from reportgen.data.spec import DataSpec


def one_split(data: DataSpec, test: bool = False) -> bool:
    """Return whether every seed of this data holds out the same examples; test: those of the test split."""
    given = DATASETS[data.source.name].given
    return data.seed is not None or not data.shuffle or "validation" in given or (test and "test" in given)
