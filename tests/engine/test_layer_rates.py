"""Learning rates of single layers, those of the maximal update parametrization, and its twin in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.engine.layout import lay_out
from reportgen.engine.network import OTHERS_LR, WEIGHTS_LR
from reportgen.engine.network_spec import NetworkSpec, Node
from reportgen.engine.predict import outputs
from reportgen.engine.run import Run
from reportgen.engine.setup import Setup, set_up
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.inits import weight_variance
from reportgen.engine.train import train
from reportgen.registry import Component
from tests.engine.image_networks import NORM, before, conv, dense, images, output, pool, run_of
from tests.engine.networks import activation, data, init, optimizer, spec
from tests.engine.test_train import check_against_reference
from tests.engine.twins import Twin

MUP = init("mup", base_width=8)


def with_factors(run: RunSpec, *factors: float) -> RunSpec:
    """The run with these factors of its layers' learning rates."""
    layers = [replace(layer, lr_factor=factor) for layer, factor in zip(run.network.layers, factors, strict=True)]
    return replace(run, network=run.network.with_layers(layers))


def factors_of(setup: Setup) -> list[tuple[float, float]]:
    """The factors of (weights, other parameters) by operation."""
    return [tuple(row) for row in setup.net.constants[:, [WEIGHTS_LR, OTHERS_LR]].tolist()]


@pytest.mark.parametrize(
    "o",
    [
        optimizer("sgd", momentum=0.9),
        optimizer("sgd", momentum=0.5, nesterov=True),
        optimizer("adam"),
        optimizer("muon"),
    ],
    ids=str,
)
@pytest.mark.parametrize("more", [{}, {"l2": 0.05, "clip_norm": 0.3}], ids=str)
def test_each_layer_has_its_factor_of_the_learning_rate(o: Component, more: dict[str, float]) -> None:
    run = spec(optimizer=o, lr=0.02, batchnorm=NORM, **more)
    check_against_reference(with_factors(run, 2.0, 0.5, 0.1), data(), tolerance=5e-4)


def test_a_layer_with_factor_zero_does_not_change() -> None:
    run, examples = with_factors(spec(), 0.0, 1.0, 1.0), data()
    found = train(run, examples).arrays
    ratios = found["probe_update_ratio"][1:-1]
    assert (ratios[:, 0] == 0).all()
    assert (ratios[:, 1:] > 0).all()


@pytest.mark.parametrize(
    ("o", "expected"),
    [
        (optimizer("sgd"), [(2, 2), (4 / 2, 4), (1 / 4, 1)]),
        (optimizer("adam"), [(1, 1), (1 / 2, 1), (1 / 4, 1)]),
        (optimizer("lion"), [(1, 1), (1 / 2, 1), (1 / 4, 1)]),
        (optimizer("muon"), [(1, 1), (1, 1), (1 / 4, 1)]),
    ],
    ids=str,
)
def test_factors_follow_the_table_of_the_paper(o: Component, expected: list[tuple[float, float]]) -> None:
    """For hidden widths of two and four times the base width."""
    setup = set_up(spec(widths=(16, 32), weights=MUP, optimizer=o), data())
    np.testing.assert_allclose(factors_of(setup), expected)


def test_only_the_output_weights_shrink_with_the_width() -> None:
    operations = lay_out(spec(widths=(16, 32), weights=MUP).network, 5, None)
    variances = [weight_variance(MUP, operation.place) for operation in operations]
    assert variances == pytest.approx([2 / 5, 2 / 16, 2 / 32 / 4])
    zero = init("mup", zero_output=True)
    assert weight_variance(zero, operations[-1].place) == 0


def test_the_base_network_is_the_standard_one() -> None:
    """At the base width, initialization and training agree with `he_normal`."""
    for o in (optimizer("sgd"), optimizer("adam")):
        ours, standard = (
            train(spec(widths=(8, 8), weights=weights, optimizer=o, lr=0.01), data()).arrays["step_loss"]
            for weights in (MUP, init("he_normal"))
        )
        np.testing.assert_array_equal(ours, standard)


def test_channels_are_the_width_of_a_convolution() -> None:
    nodes: tuple[Node, ...] = (conv(16), pool(), conv(24), dense(8), output())
    network = NetworkSpec(tuple(replace(node, init=MUP) if hasattr(node, "init") else node for node in nodes))
    run = replace(run_of("conv", optimizer=optimizer("sgd")), network=network)
    expected = [(2, 2), (1, 1), (3 / 2, 3), (1 / 3, 1), (1, 1)]
    np.testing.assert_allclose(factors_of(set_up(run, images())), expected, rtol=1e-6)


def test_a_normalization_alone_has_the_factors_of_the_next_layer() -> None:
    nodes = (conv(16), before(), replace(output(), init=MUP))
    run = replace(run_of("conv", optimizer=optimizer("sgd")), network=NetworkSpec(nodes))
    assert factors_of(set_up(run, images()))[1] == (1, 2)


def _change_of_outputs(width: int, weights: Component, o: Component) -> float:
    """The root mean square change of the outputs in two steps."""
    run = spec(widths=(width, width), act=activation("relu"), weights=weights, optimizer=o, lr=0.01, looks=0)
    run = replace(run, training=replace(run.training, epochs=2, batch_size=0))
    examples = data(n=40)
    setup = set_up(run, examples)
    trained = Run(run, examples, setup, lambda: False, lambda done, total: None)
    logits = np.empty((2, 40, 4), np.float32)
    for index in range(2):
        outputs(setup.net, setup.state, setup.work, *setup.examples[:2], 40, False, 0, logits[index].reshape(-1))
        if index == 0:
            trained.start()
            trained.train(trained.total)
    return float(np.sqrt(((logits[1] - logits[0]) ** 2).mean()))


@pytest.mark.parametrize("o", [optimizer("adam"), optimizer("sgd"), optimizer("muon", adam_factor=1.0)], ids=str)
def test_outputs_of_wide_networks_change_as_much_as_those_of_narrow_ones(o: Component) -> None:
    changes = [_change_of_outputs(width, init("mup", base_width=32), o) for width in (32, 512)]
    assert 0.4 < changes[1] / changes[0] < 2.5


def test_outputs_of_wide_standard_networks_change_more() -> None:
    changes = [_change_of_outputs(width, init("he_normal"), optimizer("adam")) for width in (32, 512)]
    assert changes[1] / changes[0] > 6


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_steps_agree_with_the_other_form_of_the_parametrization_in_pytorch(name: str) -> None:
    """Yang et al. 2022, table 8: a constant factor, not the initial weights, makes the outputs of wide networks small.

    The weights of the output layer are those of `he_normal` at the base width. Hidden widths are two and four times
    the base width.
    """
    torch = pytest.importorskip("torch")
    run = spec(widths=(16, 32), weights=MUP, optimizer=optimizer(name), lr=0.05, batch_size=0, epochs=4, looks=0)
    twin = OtherForm(set_up(spec(widths=(16, 32), weights=init("he_normal")), data()), shrink=4)
    with torch.no_grad():
        twin.parameters[-2] *= 4**0.5
    factors = {"sgd": [2, 2, 4 / 2, 4, 4, 1], "adam": [1, 1, 1 / 2, 1, 1, 1]}[name]
    groups = [{"params": [p], "lr": 0.05 * factor} for p, factor in zip(twin.parameters, factors, strict=True)]
    made = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[name](groups)
    losses = list(twin.train(made.step, 4))
    assert losses[-1] < 0.95 * losses[0]
    np.testing.assert_allclose(train(run, data()).arrays["step_loss"], losses, rtol=1e-6)


class OtherForm(Twin):
    """A twin whose products with the output weights are divided by a constant."""

    def __init__(self, setup: Setup, shrink: float) -> None:
        super().__init__(setup)
        self.shrink = shrink

    def losses(self, parameters: Sequence[Any] | None = None) -> Any:
        *others, weights, bias = parameters or self.parameters
        return super().losses([*others, weights / self.shrink, bias])
