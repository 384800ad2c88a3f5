"""Initializations of convolutions and residual networks: moments, orthogonality, calibration on data, and Fixup."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from reportgen.engine.network_spec import BranchSpec, LayerSpec, NetworkSpec, Node
from reportgen.engine.setup import Setup, set_up
from reportgen.engine.spec import RunSpec
from reportgen.engine.train import train
from tests.engine.image_networks import GLOBAL, IDENTITY, RELU, conv, fixup_branch, images, output, pool, run_of
from tests.engine.networks import init
from tests.engine.references import compared
from tests.naive_images import Network

WIDE = images(20, 4, (8, 6, 5))


def run_with(*nodes: Node) -> RunSpec:
    return replace(run_of("conv", epochs=0), network=NetworkSpec(nodes))


def initial(*nodes: Node) -> tuple[Setup, Network]:
    """A network on images of eight channels, and the reference with the same parameters after a forward pass."""
    run = run_with(*nodes)
    setup, reference = set_up(run, WIDE), Network(run, WIDE)
    for found, expected in compared(setup, reference):
        expected[:] = found
    reference.forward(WIDE.x_train, "probe")
    return setup, reference


def weights(name: str, filters: int = 64, size: tuple[int, int] = (3, 5)) -> np.ndarray:
    """The weights of a convolution, (fan_in, filters), in a network with one."""
    _, reference = initial(conv(filters, size, weights=name, bias=0.0), GLOBAL, output("zero"))
    return reference.layers[0].p["W"]


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("glorot_normal", 2 / (8 * 15 + 64 * 15)),
        ("glorot_uniform", 2 / (8 * 15 + 64 * 15)),
        ("he_normal", 2 / (8 * 15)),
        ("lecun_normal", 1 / (8 * 15)),
    ],
)
def test_fans_of_a_convolution_are_channels_times_the_size_of_the_kernel(name: str, variance: float) -> None:
    """Glorot and Bengio 2010 count the weights of an input and of an output; so does torch.nn.init."""
    assert weights(name).var() == pytest.approx(variance, rel=0.05)


def test_filters_of_an_orthogonal_convolution_are_orthonormal() -> None:
    few, many = weights("orthogonal", 64), weights("orthogonal", 20, (1, 1))
    np.testing.assert_allclose(few.T @ few, np.eye(64), atol=1e-6)
    np.testing.assert_allclose(many @ many.T, np.eye(8), atol=1e-6)


def test_filters_of_a_sparse_convolution_have_their_number_of_connections() -> None:
    assert ((weights("sparse") != 0).sum(axis=0) == 10).all()


def test_lsuv_gives_every_layer_unit_variance() -> None:
    layers = [conv(9, act=RELU, weights="lsuv", bias=0.0), conv(7, 2, RELU, "lsuv", stride=2, bias=0.0)]
    _, reference = initial(*layers, pool(), output("lsuv"))
    for layer in (0, 1, 3):
        assert reference.layers[layer].z.std() == pytest.approx(1.0, rel=1e-4)


def test_data_dependent_initialization_gives_every_channel_zero_mean_and_unit_variance() -> None:
    layers = [conv(9, act=RELU, weights="data_dependent"), conv(7, 2, RELU, "data_dependent", padding=0)]
    _, reference = initial(*layers, output("data_dependent"))
    for layer in reference.layers[:2]:
        np.testing.assert_allclose(layer.z.mean(axis=(0, 1, 2)), 0.0, atol=1e-5)
        np.testing.assert_allclose(layer.z.std(axis=(0, 1, 2)), 1.0, rtol=1e-4)


def fixup(length: int, blocks: int = 3) -> list[Node]:
    """Residual blocks of a network with Fixup, with a projection in the last one."""
    nodes: list[Node] = [conv(32, act=RELU, weights="fixup", bias=0.0)]
    for block in range(1, blocks):
        nodes += fixup_branch(32, block, blocks, length, len(nodes) - 1)
    nodes.append(conv(40, 1, IDENTITY, "fixup", bias=0.0, branch=BranchSpec(blocks, blocks, 0, length)))
    branch = fixup_branch(40, blocks, blocks, length, len(nodes) - 1)
    return [*nodes, replace(branch[0], source=len(nodes) - 2), *branch[1:], GLOBAL, output("fixup")]


@pytest.mark.parametrize(("length", "power"), [(2, -1 / 2), (3, -1 / 4)])
def test_fixup_scales_the_first_layers_of_branches_by_the_number_of_blocks(length: int, power: float) -> None:
    """Zhang, Dauphin and Ma 2019, section 3: He, times L^(-1/(2m-2)); 0 for ends of branches and the classifier."""
    nodes = fixup(length)
    _, reference = initial(*nodes)
    layers = [node for node in nodes if isinstance(node, LayerSpec)]
    for layer, operation in enumerate(op for op in reference.layers if "W" in op.p):
        w, branch = operation.p["W"], layers[layer].branch
        is_inner = branch is not None and 0 < branch.place < branch.length
        is_zero = layer == len(layers) - 1 or (branch is not None and branch.place == branch.length)
        expected = 0.0 if is_zero else math.sqrt(2 / len(w)) * (3**power if is_inner else 1.0)
        assert w.std() == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_network_with_fixup_starts_with_outputs_of_zero_and_the_loss_of_chance(length: int) -> None:
    nodes = fixup(length)
    _, reference = initial(*nodes)
    assert not reference.outputs[len(reference.layers) - 1].any()
    assert train(run_with(*nodes), WIDE).final["val_loss"] == pytest.approx(math.log(4), rel=1e-6)
    scalars = [op for op in reference.layers if "W" not in op.p and "b" in op.p]
    multipliers = [op.p["m"] for op in scalars if "m" in op.p]
    assert len(multipliers) == 3  # one for each branch
    assert all(value == 1 for value in multipliers)
    assert all(op.p["b"].shape == (1,) and op.p["b"] == 0 for op in scalars)
    assert len(scalars) == 2 * (1 + 3 * length) + 1  # before and after each layer, and before the classifier


def test_branches_of_one_layer_with_fixup_are_zero() -> None:
    _, reference = initial(*fixup(1))
    zero = [not op.p["W"].any() for op in reference.layers if "W" in op.p]
    assert zero == [False, True, True, False, True, True]


def test_the_gain_multiplies_the_weights_of_a_convolution() -> None:
    layer = conv(6, weights="he_normal")
    (plain, *_), (scaled, *_) = (
        [op.p["W"] for op in initial(one, GLOBAL, output())[1].layers if "W" in op.p]
        for one in (layer, replace(layer, init=init("he_normal", gain=3.0)))
    )
    np.testing.assert_allclose(scaled, 3 * plain, rtol=1e-6)
