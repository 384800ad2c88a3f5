"""Every derivative meets central differences in float64, for every layer type and option."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reportgen.engine.inspect import gradcheck
from reportgen.engine.inspect.gradcheck import check_gradients
from reportgen.engine.layers.table import LAYERS
from reportgen.engine.network import AGREEMENT
from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.engine.program import kernels_of
from reportgen.engine.setup import set_up
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.losses import LOSSES
from reportgen.registry import Component
from tests.engine.networks import activation, data, init, spec

LIMIT = 1e-6


def worst(run: RunSpec) -> float:
    return max(check.relative_error for check in check_gradients(run, data(), examples=8, most=20))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("norm", [None, BatchNormSpec()], ids=["plain", "batchnorm"])
def test_every_activation_with_and_without_batch_norm(name: str, norm: BatchNormSpec | None) -> None:
    assert worst(spec(act=activation(name), batchnorm=norm)) < LIMIT


@pytest.mark.parametrize("mode", ["inverted", "scale_at_test", "unscaled"])
def test_every_form_of_dropout(mode: str) -> None:
    assert worst(spec(dropout=DropoutSpec(0.4, mode), batchnorm=BatchNormSpec())) < LIMIT


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss(loss: str) -> None:
    assert worst(spec(loss=Component(loss))) < LIMIT


def test_penalties_are_in_the_gradient() -> None:
    assert worst(spec(l2=0.3, l1=0.2)) < LIMIT


def test_every_block_of_parameters_is_checked() -> None:
    checks = check_gradients(spec(act=activation("prelu"), batchnorm=BatchNormSpec()), data())
    assert {(c.layer, c.parameter) for c in checks} == {
        *((layer, name) for layer in (1, 2) for name in ("weights", "gamma", "beta", "slope")),
        (3, "weights"),
        (3, "bias"),
    }
    assert all(c.checked > 0 for c in checks)


@pytest.mark.parametrize("pieces", [2, 3, 5])
def test_maxout_with_several_pieces_and_dropout(pieces: int) -> None:
    assert worst(spec(act=activation("maxout", pieces=pieces), dropout=DropoutSpec(0.2))) < LIMIT


@pytest.mark.parametrize("widths", [(), (1,), (1, 1, 1), (3, 9, 2)])
def test_any_shape(widths: tuple[int, ...]) -> None:
    assert worst(spec(widths=widths, weights=init("gaussian", std=0.7))) < LIMIT


def test_a_wrong_derivative_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A control: the check must fail when the analytic gradient is off."""
    true_loss = gradcheck._loss

    def off(run, setup, rows):  # type: ignore[no-untyped-def]
        value = true_loss(run, setup, rows)
        setup.state.grads[:] *= 1.001
        return value

    monkeypatch.setattr(gradcheck, "_loss", off)
    assert worst(spec()) > 1e-4


def test_nothing_is_compiled_that_only_training_calls() -> None:
    """In float64, the kernels of scores and probes would take seconds."""
    setup = set_up(spec(), data(), np.float64)
    assert setup.recipe.score == 0
    assert AGREEMENT not in kernels_of(LAYERS["conv"], np.dtype(np.float64))
    assert AGREEMENT in kernels_of(LAYERS["conv"], np.dtype(np.float32))


def test_layers_may_differ() -> None:
    run = spec()
    layers = list(run.network.layers)
    layers[0] = dataclasses.replace(layers[0], activation=activation("maxout"), batchnorm=BatchNormSpec())
    layers[1] = dataclasses.replace(layers[1], activation=activation("prelu"), dropout=DropoutSpec(0.5))
    assert worst(dataclasses.replace(run, network=dataclasses.replace(run.network, nodes=tuple(layers)))) < LIMIT
