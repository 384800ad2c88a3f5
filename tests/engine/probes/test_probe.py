"""The statistics of a probe equal those that NumPy computes from the reference implementation."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.engine.network_spec import BatchNormSpec
from reportgen.engine.spec import RunSpec
from reportgen.engine.train import train
from tests import naive
from tests.engine.networks import activation, data, init, spec


def probed(run: RunSpec) -> tuple[dict[str, np.ndarray], naive.Network]:
    """Return the statistics of the initial probe, and the reference network after the same passes."""
    dataset = data(n=40)
    outcome = train(run, dataset)
    reference = naive.Network(run, dataset)
    reference.backward(reference.forward(dataset.x_train, "probe"), dataset.y_train)
    return {name[6:]: array[0] for name, array in outcome.arrays.items() if name.startswith("probe_")}, reference


@pytest.mark.parametrize("name", ["tanh", "relu", "maxout", "prelu", "gelu", "sigmoid"])
@pytest.mark.parametrize("norm", [None, BatchNormSpec()], ids=["plain", "batchnorm"])
def test_statistics_equal_the_reference(name: str, norm: BatchNormSpec | None) -> None:
    stats, reference = probed(spec(act=activation(name), batchnorm=norm, epochs=0, weights=init("gaussian", std=0.6)))
    for i, layer in enumerate(reference.layers):
        a = layer.phi(layer.z)
        expected = {
            "activation_mean": a.mean(),
            "activation_std": a.std(),
            "activation_min": a.min(),
            "activation_max": a.max(),
            "zero_fraction": (a == 0).mean(),
            "preactivation_mean": layer.z.mean(),
            "preactivation_std": layer.z.std(),
            "gradient_mean": layer.delta.mean(),
            "gradient_std": layer.delta.std(),
            "gradient_norm": np.linalg.norm(layer.delta),
            "weight_std": layer.p["W"].std(),
            "weight_norm": np.linalg.norm(layer.p["W"]),
            "weight_gradient_norm": np.linalg.norm(layer.grad["W"]),
            "bias_mean": layer.p["b"].mean(),
            "bias_gradient_norm": np.linalg.norm(layer.grad["b"]),
        }
        for statistic, value in expected.items():
            assert stats[statistic][i] == pytest.approx(value, rel=1e-4, abs=1e-6), statistic


def test_dead_units_are_zero_for_every_example() -> None:
    run = spec(widths=(30, 20), act=activation("relu"), weights=init("gaussian", std=1.0), bias=-2.0, epochs=0)
    stats, reference = probed(run)
    silent = [(layer.phi(layer.z) == 0).all(axis=0) for layer in reference.layers[:-1]]
    assert 0 < np.concatenate(silent).sum() < 50
    np.testing.assert_array_equal(stats["unit_dead"], np.concatenate(silent))
    np.testing.assert_allclose(stats["dead_fraction"][:2], [s.mean() for s in silent])
    assert np.isnan(stats["dead_fraction"][2])


def test_saturated_units_have_slopes_below_a_twentieth() -> None:
    stats, reference = probed(spec(weights=init("gaussian", std=2.0), epochs=0))
    for i in range(2):
        slope = 1 - np.tanh(reference.layers[i].z) ** 2
        assert stats["saturated_fraction"][i] == pytest.approx((slope < 0.05).mean(), abs=1e-9)
        assert stats["saturated_fraction"][i] > 0.2
    relu, _ = probed(spec(act=activation("relu"), epochs=0))
    assert np.isnan(relu["saturated_fraction"]).all()


def test_histograms_count_every_value_within_their_edges() -> None:
    outcome = train(spec(weights=init("gaussian", std=1.0), epochs=0), data(n=40))
    reference = naive.Network(spec(weights=init("gaussian", std=1.0), epochs=0), data(n=40))
    reference.backward(reference.forward(data(n=40).x_train, "probe"), data(n=40).y_train)
    for i, layer in enumerate(reference.layers):
        edges = outcome.arrays["activation_edges"][i]
        expected, _ = np.histogram(layer.phi(layer.z), edges)
        counts = outcome.arrays["probe_activation_histogram"][0, i]
        assert counts.sum() == expected.sum()
        assert np.abs(counts - expected).sum() <= 4  # a value on an edge may round to either side
        sizes = np.log10(np.abs(layer.delta[layer.delta != 0]))
        assert outcome.arrays["probe_gradient_histogram"][0, i].sum() == sizes.size


def test_copies_have_no_spread_and_random_units_have_full_spread() -> None:
    same, _ = probed(spec(weights=init("constant", value=0.3), epochs=0))
    np.testing.assert_allclose(same["weight_unit_spread"][:2], 0, atol=1e-7)
    np.testing.assert_allclose(same["gradient_unit_spread"][0], 0, atol=1e-6)
    drawn, _ = probed(spec(epochs=0))
    assert (drawn["weight_unit_spread"] > 0.7).all()


def test_the_update_ratio_is_that_of_the_last_step() -> None:
    """One step of plain descent: |lr g| / |w|."""
    run = spec(epochs=1, batch_size=0, lr=0.5)
    outcome = train(run, data(n=40))
    reference = naive.Network(run, data(n=40))
    before = [layer.p["W"].copy() for layer in reference.layers]
    reference.train()
    expected = [
        np.linalg.norm(la.p["W"] - w) / np.linalg.norm(w) for la, w in zip(reference.layers, before, strict=True)
    ]
    np.testing.assert_allclose(outcome.arrays["probe_update_ratio"][-1], expected, rtol=1e-4)
    assert np.isnan(outcome.arrays["probe_update_ratio"][0]).all()
