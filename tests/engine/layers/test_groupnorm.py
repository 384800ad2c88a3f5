"""Layer and group normalization: gradients, runs as the reference, layers of PyTorch, independence of the batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.engine.cost import count_parameters, estimate_seconds
from reportgen.engine.inspect.gradcheck import check_gradients
from reportgen.engine.layers.geometry import LayoutError
from reportgen.engine.layout import lay_out
from reportgen.engine.network import NO_STEP, PROBE, TEST, TRAIN, WEIGHTS
from reportgen.engine.network_spec import NetworkSpec
from reportgen.engine.setup import Setup, set_up
from reportgen.engine.step import gather, gradient
from reportgen.engine.tables.norms import NORMS
from reportgen.registry import Component
from tests.engine.image_networks import IDENTITY, SHAPE, conv, dense, images, norm, output, run_of
from tests.engine.networks import activation, data, spec
from tests.engine.references import check_training

NETWORKS = ["groups", "pre-activation by example"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_agrees_with_the_reference(name: str) -> None:
    check_training(name)


@pytest.mark.parametrize("row", NORMS)
@pytest.mark.parametrize("act", ["tanh", "prelu", "maxout"])
def test_gradients_agree_with_central_differences(row: str, act: str) -> None:
    plain = spec(widths=(6, 4), act=activation(act))
    layers = [replace(layer, norm=norm(row, **GROUPS.get(row, {}))) for layer in plain.network.layers[:-1]]
    run = replace(plain, network=NetworkSpec((*layers, plain.network.layers[-1])))
    checks = check_gradients(run, data(), examples=8, most=20)
    assert {"gamma", "beta"} <= {check.parameter for check in checks}
    assert max(check.relative_error for check in checks) < 1e-6


GROUPS: dict[str, dict[str, object]] = {"group_norm": {"groups": 2}}


def losses(setup: Setup, rows: int) -> dict[str, float]:
    """The loss of the first examples in each mode of a forward pass."""
    x = setup.examples.x
    gather(x, setup.examples.y, setup.dataset.features, np.arange(rows), setup.work)
    modes = {"train": TRAIN, "probe": PROBE, "test": TEST}
    return {
        name: gradient(setup.net, setup.state, setup.work, setup.recipe, rows, mode, NO_STEP)
        for name, mode in modes.items()
    }


@pytest.mark.slow  # compiles convolutions in float64
def test_training_and_test_mode_are_equal_and_examples_independent() -> None:
    network = NetworkSpec((conv(4, norm=norm("group_norm", groups=2)), dense(5, norm=norm("layer_norm")), output()))
    setup = set_up(replace(run_of("conv"), network=network), images(), np.float64)
    assert len(set(losses(setup, 8).values())) == 1
    together = losses(setup, 2)["train"]
    first = losses(setup, 1)["train"]
    gather(setup.examples.x, setup.examples.y, setup.dataset.features, np.array([1]), setup.work)
    second = gradient(setup.net, setup.state, setup.work, setup.recipe, 1, TRAIN, NO_STEP)
    assert together == pytest.approx((first + second) / 2, rel=1e-12)


@pytest.mark.slow  # compiles convolutions in float64
@pytest.mark.parametrize("groups", [1, 3])
def test_channels_are_normalized_as_in_pytorch(groups: int) -> None:
    torch = pytest.importorskip("torch")
    nodes = (conv(6, 3, IDENTITY, norm=norm("group_norm", groups=groups)), output())
    setup = set_up(replace(run_of("conv"), network=NetworkSpec(nodes)), images(), np.float64)
    loss = losses(setup, 5)["train"]
    code, last = setup.net.codes
    x = torch.tensor(images().x_train[:5].reshape(5, *SHAPE), dtype=torch.float64)
    kernel = of_layer(setup, code).reshape(3, 3, SHAPE[0], 6).transpose(3, 2, 0, 1)
    z = torch.nn.functional.conv2d(x, torch.tensor(kernel), padding=1)
    z = torch.nn.functional.group_norm(z, groups, bias=torch.full((6,), 0.1, dtype=torch.float64))
    logits = z.permute(0, 2, 3, 1).reshape(5, -1) @ torch.tensor(of_layer(setup, last))
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor(images().y_train[:5]))
    assert loss == pytest.approx(float(expected), rel=1e-10)


def test_units_are_normalized_as_in_pytorch() -> None:
    torch = pytest.importorskip("torch")
    plain = spec(widths=(6,), act=activation("identity"))
    hidden, last = plain.network.layers
    setup = set_up(
        replace(plain, network=NetworkSpec((replace(hidden, norm=norm("layer_norm")), last))), data(), np.float64
    )
    loss = losses(setup, 5)["train"]
    x = torch.tensor(data().x_train[:5], dtype=torch.float64)
    z = torch.nn.functional.layer_norm(x @ torch.tensor(of_layer(setup, setup.net.codes[0])), (6,))
    logits = (z + hidden.bias) @ torch.tensor(of_layer(setup, setup.net.codes[1]))
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor(data().y_train[:5]))
    assert loss == pytest.approx(float(expected), rel=1e-10)


def of_layer(setup: Setup, code: Any) -> np.ndarray:
    """The weights of a layer, (fan_in, width)."""
    return setup.state.params[code[WEIGHTS] :][: code[0] * code[3]].reshape(code[0], code[3]).copy()


def test_groups_that_do_not_divide_the_channels_are_an_error() -> None:
    network = NetworkSpec((conv(5, norm=norm("group_norm", groups=2)), output()))
    with pytest.raises(LayoutError) as error:
        lay_out(network, 60, SHAPE)
    assert error.value.code == "invalid-value"


def test_a_single_value_cannot_be_normalized() -> None:
    alone = norm("group_norm", groups=4)
    channels = NetworkSpec((conv(4, norm=alone), output()))
    lay_out(channels, 60, SHAPE, is_planned=True)  # the positions of a channel are one group
    whole = conv(4, size=SHAPE[1:], padding=0, norm=alone)
    with pytest.raises(LayoutError, match="layer 1") as error:
        lay_out(NetworkSpec((whole, output())), 60, SHAPE, is_planned=True)
    assert error.value.code == "invalid-value"


def test_a_normalization_costs_two_parameters_for_each_channel_and_time() -> None:
    def laid_out(kind: Component | None) -> Any:
        return lay_out(NetworkSpec((conv(4, norm=kind), output())), 60, SHAPE)

    with_norm, without = laid_out(norm("layer_norm")), laid_out(None)
    assert count_parameters(with_norm) == count_parameters(without) + 4
    run = run_of("conv")
    assert estimate_seconds(run, with_norm, 20) > estimate_seconds(run, without, 20)
