"""Sign agreement: the share of units whose weight gradients all have the same sign."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.engine.network_spec import BatchNormSpec
from reportgen.engine.train import train
from reportgen.registry import Component
from tests import naive
from tests.engine.networks import activation, data, init, spec


def one_sign(gradients: np.ndarray) -> tuple[int, int]:
    """The numbers of units with a gradient, shape (fan_in, width), and of units whose gradients agree in sign."""
    moved = (gradients != 0).any(axis=0)
    mixed = (gradients > 0).any(axis=0) & (gradients < 0).any(axis=0)
    return int(moved.sum()), int((moved & ~mixed).sum())


@pytest.mark.parametrize("name", ["tanh", "relu", "sigmoid", "maxout"])
@pytest.mark.parametrize("norm", [None, BatchNormSpec()], ids=["plain", "batchnorm"])
def test_both_shares_equal_those_of_the_reference_gradients(name: str, norm: BatchNormSpec | None) -> None:
    run = spec(act=activation(name), batchnorm=norm, epochs=0, weights=init("gaussian", std=0.6))
    dataset = data(n=40)
    arrays = train(run, dataset).arrays
    reference = naive.Network(run, dataset)
    reference.backward(reference.forward(dataset.x_train, "probe"), dataset.y_train)
    for i, layer in enumerate(reference.layers):
        counted, agreeing = one_sign(layer.grad["W"])
        assert arrays["probe_sign_agreement_batch"][0, i] == pytest.approx(agreeing / counted)
        if norm is None:  # else an example's own gradient goes through the others' statistics
            pairs = [one_sign(np.outer(a, d)) for a, d in zip(layer.a, layer.delta, strict=True)]
            expected = sum(p[1] for p in pairs) / sum(p[0] for p in pairs)
            assert arrays["probe_sign_agreement_example"][0, i] == pytest.approx(expected)


def test_with_positive_inputs_the_gradients_of_each_example_agree_in_sign() -> None:
    arrays = train(spec(act=activation("sigmoid"), weights=init("gaussian", std=3.0), epochs=0), data(n=40)).arrays
    np.testing.assert_array_equal(arrays["probe_sign_agreement_example"][0, 1:], 1.0)
    assert arrays["probe_sign_agreement_example"][0, 0] < 0.5  # the inputs have both signs
    assert (arrays["probe_sign_agreement_batch"][0, 1:] < 1).any()


def test_the_share_of_a_zero_gradient_is_nan() -> None:
    arrays = train(spec(act=activation("relu"), weights=init("zero"), bias=-1.0, epochs=0), data(n=40)).arrays
    assert np.isnan(arrays["probe_sign_agreement_example"][0]).all()
    assert np.isnan(arrays["probe_sign_agreement_batch"][0]).all()


@pytest.mark.parametrize(("n", "widths", "classes"), [(1, (1,), 1), (1, (3,), 2), (5, (1, 1), 1)])
def test_probe_of_one_example_one_unit_and_one_class(n: int, widths: tuple[int, ...], classes: int) -> None:
    run = spec(widths=widths, classes=classes, epochs=1, batch_size=1, loss=Component("mse"))
    arrays = train(run, data(n=n, classes=classes, val=0)).arrays
    shares = arrays["probe_sign_agreement_example"]
    assert shares.shape == (len(arrays["probe_step"]), len(widths) + 1)
    assert ((shares >= 0) & (shares <= 1)).all()
