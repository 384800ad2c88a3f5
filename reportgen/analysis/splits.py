"""Whether all seeds are scored on the same held-out examples, so that their spread excludes this source of error."""

from __future__ import annotations

from reportgen.data.datasets import DATASETS
from reportgen.data.spec import DataSpec


def one_split(data: DataSpec, test: bool = False) -> bool:
    """Return whether all seeds hold out the same validation examples (with `test`, the same test examples)."""
    given = DATASETS[data.source.name].own_splits
    return data.seed is not None or not data.shuffle or "validation" in given or (test and "test" in given)
