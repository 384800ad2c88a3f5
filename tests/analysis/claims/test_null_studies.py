"""The rate of wrong verdicts on null data; a small version of `python -m benchmarks.verdicts`."""

from __future__ import annotations

import pytest

from benchmarks.verdicts import NULLS, Null, lines, simulate

STUDIES = 80
MOST = 0.05 + 3 * (0.05 * 0.95 / STUDIES) ** 0.5


@pytest.mark.parametrize("null", NULLS, ids=lambda null: null.name)
def test_a_claim_on_its_boundary_is_decided_in_at_most_five_percent(null: Null) -> None:
    rate = simulate(null, STUDIES)
    assert rate.false <= MOST
    assert rate.covered is None or rate.covered >= 1 - MOST


def test_a_claim_off_its_boundary_is_decided() -> None:
    """Check that claims far from the boundary get a verdict, as a control."""
    far = Null("far", ("measure: {metric: val_loss}, expect: {below: 3}",), NULLS[0].draw)
    rate = simulate(far, 20)
    assert rate.supported == 1.0
    assert "100.0%" in lines([rate])[1]
