"""Batch normalization of channels, over examples and positions, and dropout of single values train as the reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reportgen.engine.network_spec import NetworkSpec
from tests.engine.image_networks import GLOBAL, NORM, RELU, conv, images, output, run_of
from tests.engine.references import check_gradient_of, check_training

NETWORKS = ["norm", "test mode"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_agrees_with_the_reference(name: str) -> None:
    check_training(name)


def test_moments_of_many_positions_are_precise_in_float32() -> None:
    """Sums over 40 000 values of mean 3, one by one in float32, have relative errors near 1e-4."""
    data = images(40, 1, (1, 32, 32))
    data = replace(data, x_train=data.x_train + 3)
    nodes = (conv(3, 1, RELU, batchnorm=NORM), conv(2, 1, RELU, batchnorm=NORM), GLOBAL, output())
    run = replace(run_of("conv"), network=NetworkSpec(nodes))
    check_gradient_of(run, data, 40, np.float32, 5e-6)
