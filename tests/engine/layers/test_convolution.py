"""Convolutions train as the reference: strides, padding, rectangular and even kernels, several optimizers."""

from __future__ import annotations

import pytest

from tests.engine.references import check_training

NETWORKS = ["conv", "strides", "even kernels", "sigmoid", "learned", "dead"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_agrees_with_the_reference(name: str) -> None:
    check_training(name)
