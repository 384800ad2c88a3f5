"""A penalty that undoes progress is reported as such, and not as a high learning rate."""

from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.diagnosis.held_out_runs import EPOCHS, falling, found, runs

UNDONE = np.concatenate([falling(1.4, 0.3, 2.0)[:11], np.linspace(0.3, 0.9, EPOCHS - 10)])
"""A loss that falls and then rises again."""


@pytest.mark.parametrize(
    ("penalty", "kept", "reported"), [(20.0, 0.01, True), (5.0, 0.01, False), (20.0, 0.9, False)],
    ids=["dominant", "smaller", "weights kept"],
)  # fmt: skip
def test_a_dominant_penalty_that_undoes_progress_is_reported_instead_of_the_learning_rate(
    penalty: float, kept: float, reported: bool
) -> None:
    curves = {name: UNDONE for name in ("train_loss", "val_loss", "batch_loss")} | {"penalty": penalty}
    norms = {"probe_weight_norm": np.array([[3.0, 3.0], [3.0, 3.0 * kept]])}
    shown = runs(curves=curves, arrays=norms, l2=0.5)
    finding = found("over_regularization", shown)
    assert (finding is not None) == reported
    if finding is not None:
        assert dict(finding.proposals[0].change) == {"training.l2": 0.005}
        assert finding.evidence["last_loss"] == pytest.approx(0.9, rel=0.05)
        assert found("lr_too_high", shown) is None
