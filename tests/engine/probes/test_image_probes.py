"""Probes of convolutional and residual networks equal those of the reference, at step 0 and after the last step."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.engine.probes.arrays import GRADIENT_EDGES
from reportgen.engine.probes.evenness import WEIGHT_SHAPES
from reportgen.engine.spec import STATISTICS
from tests.engine.image_networks import NETWORKS, images
from tests.engine.references import Pair, trained
from tests.naive_images import Network
from tests.naive_statistics import dead_units, probe, statistics

ROWS = 18


def references(pair: Pair) -> list[tuple[int, Network, dict[str, list[float]]]]:
    """(index of the probe, the reference after the passes of the probe, its statistics) at the start and the end."""
    found = []
    for index, network in ((0, Network(pair.run, images())), (-1, pair.reference)):
        probe(network, images().x_train[:ROWS], images().y_train[:ROWS])
        found.append((index, network, statistics(network, None if index == 0 else pair.reference.before)))
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_every_statistic_and_histogram(name: str) -> None:
    pair = trained(name)
    arrays, layers = pair.outcome.arrays, len(pair.run.network.layers)
    for index, network, expected in references(pair):
        for statistic in (*STATISTICS, *WEIGHT_SHAPES):
            found = arrays[f"probe_{statistic}"][index]
            wanted = expected.get(statistic, [np.nan] * layers)
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6, err_msg=statistic)
        np.testing.assert_array_equal(arrays["probe_unit_dead"][index], dead_units(network))
        check_histograms(arrays, index, network)


def check_histograms(arrays: dict[str, np.ndarray], index: int, network: Network) -> None:
    """A value next to an edge may be counted in either bin."""
    for operation, layer in zip(network.layers, network.units_of, strict=True):
        if layer is None:
            continue
        counts, edges = arrays["probe_activation_histogram"][index, layer], arrays["activation_edges"][layer]
        assert np.abs(counts - np.histogram(operation.out, edges)[0]).sum() <= 4
        counts, sizes = arrays["probe_gradient_histogram"][index, layer], np.abs(operation.delta)
        assert np.abs(counts - np.histogram(sizes, 10.0**GRADIENT_EDGES)[0]).sum() <= 4


def test_units_are_channels() -> None:
    arrays = trained("conv").outcome.arrays
    assert arrays["unit_layer"].tolist() == [1, 1, 1, 2, 2, 2, 2]
    assert arrays["probe_unit_dead"].shape == (2, 7)


def test_a_channel_is_dead_if_it_is_zero_at_all_positions_of_all_examples() -> None:
    arrays = trained("dead").outcome.arrays
    assert 0 < arrays["probe_unit_dead"][0, :6].sum() < 6
