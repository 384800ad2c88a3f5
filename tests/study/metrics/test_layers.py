"""The layers that have a statistic are those for which the engine records it."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.engine.train import train
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.table import METRICS
from tests.engine.image_networks import images, run_of


@pytest.mark.parametrize("network", ["norm", "residual", "projection", "fixup", "pre-activation", "dense residual"])
def test_a_statistic_exists_in_the_layers_that_record_it(network: str) -> None:
    spec = run_of(network, epochs=1)
    outcome = train(spec, images())
    record = RunRecord(
        "k", spec, outcome.status, None, outcome.steps, 0.0, outcome.final, outcome.facts, outcome.arrays
    )
    for name, row in METRICS.items():
        if row.exists_in is not None and row.by_layer is not None:
            recorded = ~np.isnan(row.by_layer(record, 1))
            assert recorded.tolist() == row.exists_in(spec.network), name
