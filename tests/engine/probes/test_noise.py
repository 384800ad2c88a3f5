"""The gradient noise scale, against gradients of the reference, PyTorch, and where there is no noise."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reportgen.data.dataset import Dataset
from reportgen.engine.probes.noise import SMALL_BATCH, noise_scale
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.setup import set_up
from reportgen.engine.spec import RunSpec
from reportgen.engine.step import gather
from reportgen.engine.train import train
from tests import naive
from tests.engine.networks import data, spec
from tests.engine.twins import Twin


def measured(run: RunSpec, dataset: Dataset) -> float:
    """The noise scale of the network before training."""
    run = dataclasses.replace(run, probes=ProbeSpec(1, 1000, noise_scale=True))
    return float(train(run, dataset).arrays["probe_noise_scale"][0])


def test_the_scale_is_that_of_the_gradients_of_the_reference() -> None:
    run, dataset = spec(epochs=0, l2=0.5), data(n=48)
    reference = naive.Network(dataclasses.replace(run, training=dataclasses.replace(run.training, l2=0.0)), dataset)

    def squared(rows: slice) -> float:
        reference.backward(reference.forward(dataset.x_train[rows], "probe"), dataset.y_train[rows])
        return sum(float((gradient**2).sum()) for layer in reference.layers for gradient in layer.grad.values())

    small = np.mean([squared(slice(k, k + SMALL_BATCH)) for k in range(0, 48, SMALL_BATCH)])
    large = squared(slice(0, 48))
    signal = (48 * large - SMALL_BATCH * small) / (48 - SMALL_BATCH)
    noise = (small - large) / (1 / SMALL_BATCH - 1 / 48)
    assert measured(run, dataset) == pytest.approx(noise / signal, rel=1e-4)


def test_the_scale_is_that_of_gradients_of_single_examples_in_pytorch() -> None:
    """Sigma / 8 is the covariance of the means of batches of 8, and |G|^2 exceeds the true one by tr(Sigma) / n."""
    torch = pytest.importorskip("torch")
    setup = set_up(spec(l2=0.5), data(n=50), np.float64)
    gather(setup.examples.x, setup.examples.y, setup.dataset.features, np.arange(50), setup.work)
    twin = Twin(setup)
    of_examples = [torch.autograd.grad(loss, twin.parameters, retain_graph=True) for loss in twin.losses()[:48]]
    gradients = torch.stack([torch.cat([part.ravel() for part in parts]) for parts in of_examples])
    noise = SMALL_BATCH * gradients.reshape(6, SMALL_BATCH, -1).mean(dim=1).var(dim=0).sum()
    signal = gradients.mean(dim=0).square().sum() - noise / 48
    assert noise_scale(setup, 50) == pytest.approx((noise / signal).item(), rel=1e-12)


def test_equal_batches_have_no_noise_and_one_batch_no_scale() -> None:
    base = data(n=SMALL_BATCH)
    repeated = dataclasses.replace(base, x_train=np.tile(base.x_train, (5, 1)), y_train=np.tile(base.y_train, 5))
    assert measured(spec(epochs=0), repeated) == pytest.approx(0, abs=1e-4)
    assert np.isnan(measured(spec(epochs=0), base))


def test_the_estimate_does_not_depend_on_the_number_of_examples() -> None:
    """Twice as many examples of the same population change the scale only by sampling."""
    many = data(n=4000, seed=1)
    few = dataclasses.replace(many, x_train=many.x_train[:1000], y_train=many.y_train[:1000])
    run = spec(epochs=0)
    probes = ProbeSpec(1, 4000, noise_scale=True)
    values = [
        train(dataclasses.replace(run, probes=probes), part).arrays["probe_noise_scale"][0] for part in (few, many)
    ]
    assert values[0] == pytest.approx(values[1], rel=0.3)


def test_other_measurements_of_the_probe_see_all_examples() -> None:
    """The batches of the noise scale are put back: the curvature, measured in the same probe, is unchanged."""
    run = spec(epochs=1)
    both, alone = (
        train(dataclasses.replace(run, probes=ProbeSpec(2, 1000, curvature=True, noise_scale=noise)), data(n=40)).arrays
        for noise in (True, False)
    )
    np.testing.assert_array_equal(both["probe_curvature"], alone["probe_curvature"])
    np.testing.assert_array_equal(both["step_loss"], alone["step_loss"])
