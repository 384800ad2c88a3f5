"""Batch normalization of channels, over examples and positions, and dropout of single values train as the reference."""

from __future__ import annotations

import pytest

from tests.engine.references import check_gradient, check_training

NETWORKS = ["norm", "test mode"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_agrees_with_the_reference(name: str) -> None:
    check_training(name)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradient_in_float64_agrees_with_the_reference(name: str) -> None:
    check_gradient(name)
