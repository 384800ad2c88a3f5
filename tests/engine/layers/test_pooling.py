"""Pooling by maximum and average, of windows and of whole images, trains as the reference."""

from __future__ import annotations

import pytest

from tests.engine.references import check_training

NETWORKS = ["pooling", "overlapping pools", "global", "global max"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_agrees_with_the_reference(name: str) -> None:
    check_training(name)
