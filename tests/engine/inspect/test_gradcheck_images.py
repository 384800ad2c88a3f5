"""Derivatives of networks on images and of residual networks in float64: central differences, and the reference."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reportgen.engine.inspect.gradcheck import check_gradients
from reportgen.engine.network_spec import DropoutSpec, NetworkSpec, Node
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.losses import LOSSES
from reportgen.registry import Component
from tests.engine.image_networks import IDENTITY, NETWORKS, NORM, before, conv, images, output, pool, run_of
from tests.engine.networks import activation
from tests.engine.references import check_gradient

pytestmark = pytest.mark.slow

LIMIT = 1e-6


def worst(run: RunSpec) -> float:
    return max(check.relative_error for check in check_gradients(run, images(), examples=6, most=12))


def run_with(*nodes: Node, **changes: object) -> RunSpec:
    return replace(run_of("conv", **changes), network=NetworkSpec((*nodes, output())))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network(name: str) -> None:
    assert worst(run_of(name)) < LIMIT


@pytest.mark.parametrize("name", NETWORKS)
def test_every_gradient_with_dropout_is_that_of_the_reference(name: str) -> None:
    check_gradient(name)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_of_a_convolution(name: str) -> None:
    act = activation(name)
    branch = conv(3, act=IDENTITY, batchnorm=NORM, adds=0)
    assert worst(run_with(conv(3, act=act, dropout=DropoutSpec(0.3)), conv(3, act=act), branch)) < LIMIT


@pytest.mark.parametrize("mode", ["inverted", "scale_at_test", "unscaled"])
def test_every_form_of_dropout_before_pooling(mode: str) -> None:
    assert worst(run_with(conv(3, dropout=DropoutSpec(0.4, mode), batchnorm=NORM), pool(), before())) < LIMIT


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_with_penalties(loss: str) -> None:
    assert worst(run_of("conv", loss=Component(loss), l2=0.3, l1=0.2)) < LIMIT


def test_every_block_of_parameters_is_checked() -> None:
    checks = {(check.layer, check.parameter) for check in check_gradients(run_of("fixup"), images(), most=1)}
    assert {(layer, name) for layer in (1, 2, 3, 4, 6, 7, 8) for name in ("weights", "bias")} <= checks
    assert {layer for layer, name in checks if name == "multiplier"} == {3, 4, 7}
