"""Residual blocks train as the reference: with and without projection, from the input, of dense layers."""

from __future__ import annotations

import pytest

from tests.engine.references import check_training

NETWORKS = ["residual", "from the input", "projection", "dense residual"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_agrees_with_the_reference(name: str) -> None:
    check_training(name)
