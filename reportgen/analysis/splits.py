"""The examples that seeds are scored on: their number, and whether all seeds share them.

The spread over seeds excludes the sampling error of a shared split.
"""

from __future__ import annotations

from collections.abc import Iterable

from reportgen.data.datasets import DATASETS
from reportgen.data.spec import DataSpec
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.metric import Metric


def one_split(data: DataSpec, test: bool = False) -> bool:
    """Return whether all seeds hold out the same validation examples (with `test`, the same test examples)."""
    given = DATASETS[data.source.name].own_splits
    return data.seed is not None or not data.shuffle or "validation" in given or (test and "test" in given)


def scored_examples(metric: Metric, records: Iterable[RunRecord]) -> int:
    """Return the number of examples of which a seed's score is a share, 0 if it is not a share of a sample.

    Scores on the training split have no sampling error, because the network is fitted to these examples. If the
    records differ, the result is their smallest number.
    """
    if not metric.counted:
        return 0
    return int(min((record.facts.get(f"{metric.split}_n", 0) for record in records), default=0))
