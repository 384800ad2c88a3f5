"""All metrics by name."""

from __future__ import annotations

from collections.abc import Mapping

from reportgen.registry import Table
from reportgen.study.metrics.classes import CLASS_ROWS, TASK_ROWS
from reportgen.study.metrics.groups import ENSEMBLE_ROWS, SEARCH_ROWS
from reportgen.study.metrics.layers import STATISTIC_ROWS
from reportgen.study.metrics.metric import RUN, SHARE, Metric
from reportgen.study.metrics.networks import NETWORK_ROWS
from reportgen.study.metrics.rounds import LAYER_ROUND_ROWS, ROUND_ROWS
from reportgen.study.metrics.runs import EXTRA_ROWS, FACT_ROWS, RUN_ROWS, TIME_ROWS
from reportgen.study.metrics.scores import EPOCH_ROWS, EVALUATION_ROWS, TEST_ROWS
from reportgen.study.metrics.sizes import SIZE_ROWS

METRICS: Table[Metric] = Table(
    Metric,
    (
        *STATISTIC_ROWS,
        *EPOCH_ROWS,
        *TEST_ROWS,
        *RUN_ROWS,
        *TIME_ROWS,
        *EXTRA_ROWS,
        *FACT_ROWS,
        *NETWORK_ROWS,
        *EVALUATION_ROWS,
        *CLASS_ROWS,
        *TASK_ROWS,
        *ROUND_ROWS,
        *LAYER_ROUND_ROWS,
        *SIZE_ROWS,
        *ENSEMBLE_ROWS,
        *SEARCH_ROWS,
    ),
)

INTERNAL: Mapping[str, Metric] = {
    row.name: row
    for row in (
        Metric(
            name="val_balanced_accuracy",
            summary="mean over classes of the share of validation examples classified correctly",
            place=RUN,
            higher_is_better=True,
            split="val",
            **SHARE,
        ),
    )
}
"""Metrics for diagnoses only; claims cannot measure them."""

PLAIN = Metric(name="", summary="a number without a metric, such as a ratio", place=RUN)


def metric_of(name: str) -> Metric:
    """Return the row of a metric, PLAIN for other names."""
    return METRICS.get(name) or INTERNAL.get(name, PLAIN)
