"""Losses that return to their beginning while the epochs count on."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.external.logs.restarts.lost_state import without_lost_state
from tests.external.logs.logs import by_epoch, codes

FALL = (2.3 * 0.8 ** np.arange(20)).tolist()


def raised(losses: list[float]) -> list[float]:
    return [loss + 0.1 for loss in losses]


def test_losses_that_return_and_fall_again_show_a_lost_state() -> None:
    losses = [*FALL[:8], *FALL]
    log = without_lost_state(by_epoch(loss=losses, val_loss=raised(losses)))
    [lost] = log.lost_states
    assert (lost.position, lost.before, lost.after) == (8, FALL[7], FALL[0])
    assert ([curve.positions[0] for curve in log.curves], log.end) == ([9, 9], 28)
    assert "lost-state" in codes(log)


@pytest.mark.parametrize(
    ("losses", "val_losses"),
    [
        (FALL, FALL),
        ([*FALL[:8], *FALL], (2.3 * 0.8 ** np.arange(28)).tolist()),
        ([*FALL[:8], *[2.3] * 12], [*FALL[:8], *[2.3] * 12]),
        ([*FALL[:8], 2.3, *FALL[8:]], [*FALL[:8], 2.3, *FALL[8:]]),
        ([*FALL[:10], *FALL[4:]], [*FALL[:10], *FALL[4:]]),
        ([1.0, 0.5] * 10, [1.0, 0.5] * 10),
    ],
    ids=["smooth", "training alone", "divergence", "spike", "partly", "oscillation"],
)
def test_other_courses_show_none(losses: list[float], val_losses: list[float]) -> None:
    log = by_epoch(loss=losses, val_loss=val_losses)
    assert without_lost_state(log) is log
