"""Mean-field theory of convolutional and residual networks agrees with hand counts and with networks at initialization.

Measured values are means over four networks of 64 channels. Standard deviations are predicted within 4%, or within 6%
after a shortcut, where the sum counts as normal; means within 6% of the standard deviation, and gradients within 8%.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from reportgen.analysis import theory
from reportgen.engine.network_spec import NetworkSpec, Node
from reportgen.engine.spec import RunSpec
from reportgen.engine.train import train
from reportgen.runs.record import RunRecord
from tests.analysis.diagnosis.planted import findings
from tests.engine.image_networks import (
    GLOBAL,
    IDENTITY,
    NORM,
    RELU,
    TANH,
    before,
    conv,
    dense,
    fixup_branch,
    images,
    output,
    pool,
    run_of,
)
from tests.engine.networks import activation, init

SHAPE = (32, 8, 6)
DATA = images(50, 4, SHAPE)
N, SEEDS = 64, range(4)
FORWARD = ("activation_mean", "activation_std", "preactivation_std")


def run_with(*nodes: Node, seed: int = 0) -> RunSpec:
    return replace(run_of("conv", epochs=0, looks=1, seed=seed), network=NetworkSpec(nodes))


def plain(**changes: object) -> Node:
    return conv(N, **{"act": RELU, "bias": 0.0, **changes})  # type: ignore[arg-type]


def linear(**changes: object) -> Node:
    return plain(act=IDENTITY, **changes)


def measured(*nodes: Node) -> dict[str, np.ndarray]:
    """Statistics of the hidden layers, averaged over seeds; gradients relative to the output layer."""
    arrays = [train(run_with(*nodes, seed=seed), DATA).arrays for seed in SEEDS]
    found = {name: np.mean([a[f"probe_{name}"][0] for a in arrays], axis=0) for name in FORWARD}
    found["gradient_std"] = np.mean(
        [a["probe_gradient_std"][0] / a["probe_gradient_std"][0, -1] for a in arrays], axis=0
    )
    return {name: values[:-1] for name, values in found.items()}


def predicted(*nodes: Node) -> dict[str, np.ndarray]:
    found = theory.predict(run_with(*nodes), float((DATA.x_train**2).mean()), DATA.features, SHAPE)
    assert found is not None
    return {name: np.array(values[:-1]) for name, values in found.items()}


PLAIN: dict[str, tuple[Node, ...]] = {
    "zero padding": (*[plain() for _ in range(5)], output()),
    "strides": (plain(act=TANH, padding=0), plain(act=TANH, stride=2), plain(size=(2, 4)), dense(150), output()),
    "biases": (plain(act=TANH, bias=0.5), plain(bias=0.3, size=5), plain(act=activation("sigmoid")), output()),
    "average pooling": (plain(), plain(), pool("average"), output()),
    "global pooling": (plain(), plain(act=TANH), GLOBAL, output()),
}
RESIDUAL: dict[str, tuple[Node, ...]] = {
    "post": (plain(), plain(), plain(adds=0), plain(), plain(adds=2), output()),
    "post, tanh": (plain(act=TANH), plain(), plain(act=TANH, adds=0), output()),
    "pre": (
        plain(), before(None), plain(), linear(adds=0), before(None), plain(), linear(adds=3), before(None), output(),
    ),
    "normalized": (plain(), before(), plain(batchnorm=NORM), linear(adds=0), before(), output()),
    "projection": (plain(), linear(size=1, stride=2), plain(source=0, stride=2), plain(adds=1), output()),
    "from the input": (plain(), conv(32, act=RELU, bias=0.0, adds=-1), plain(), output()),
    "dense": (dense(200, bias=0.0), dense(200, RELU, bias=0.0), dense(200, bias=0.0, adds=0), output()),
}  # fmt: skip


@pytest.mark.parametrize("name", [*PLAIN, *RESIDUAL])
def test_theory_agrees_with_measurement(name: str) -> None:
    nodes, near = (PLAIN[name], 0.04) if name in PLAIN else (RESIDUAL[name], 0.06)
    found, expected = measured(*nodes), predicted(*nodes)
    for statistic in ("activation_std", "preactivation_std"):
        np.testing.assert_allclose(found[statistic], expected[statistic], rtol=near, err_msg=statistic)
    deviation = np.abs(found["activation_mean"] - expected["activation_mean"]) / expected["activation_std"]
    assert deviation.max() < 0.06
    if name == "normalized":
        assert expected["gradient_std"].size == 0
    else:
        np.testing.assert_allclose(found["gradient_std"], expected["gradient_std"], rtol=0.08)


def test_zero_padding_counts_the_pixels_of_each_window() -> None:
    """A 3x3 window has 9 pixels inside the image, 6 at an edge, 4 in a corner; here of linear units with variance 1."""
    layer = conv(10, act=IDENTITY, weights="lecun_normal", bias=0.0)
    found = theory.predict(run_with(layer, output()), 1.0, DATA.features, SHAPE)
    assert found is not None
    inside = (4 * 4 + 2 * 6 * (6 + 4) + 9 * 6 * 4) / (8 * 6)
    assert found["preactivation_std"][0] == pytest.approx(math.sqrt(inside / 9))
    unpadded = theory.predict(run_with(replace(layer, window=None, kind="dense"), output()), 1.0, DATA.features, SHAPE)
    assert unpadded is not None
    assert unpadded["preactivation_std"][0] == pytest.approx(1.0)


def test_linear_residual_blocks_double_the_variance() -> None:
    """Each branch of weights with variance 1 / fan-in adds the variance of its input, forward and backward."""
    one = {"size": 1, "weights": "lecun_normal"}
    nodes = [linear(**one), *(linear(**one, adds=i) for i in range(3)), output("lecun_normal")]
    found = predicted(*nodes)
    np.testing.assert_allclose(found["preactivation_std"] ** 2, [1, 2, 4, 8], rtol=0.01)
    np.testing.assert_allclose(found["gradient_std"][:-1] / found["gradient_std"][1:], math.sqrt(2), rtol=1e-6)


def test_fixup_starts_with_blocks_that_are_the_identity_and_without_gradients() -> None:
    nodes = (
        plain(weights="fixup"),
        *fixup_branch(N, 1, 2, 2, 0),
        *fixup_branch(N, 2, 2, 2, 2),
        GLOBAL,
        output("fixup"),
    )
    found, expected = measured(*nodes), predicted(*nodes)
    np.testing.assert_allclose(expected["activation_std"][[2, 4]], expected["activation_std"][0], rtol=1e-12)
    np.testing.assert_allclose(found["activation_std"], expected["activation_std"], rtol=0.04)
    assert expected["gradient_std"].tolist() == [0.0] * 5 == found["gradient_std"].tolist()


def record(*nodes: Node) -> RunRecord:
    run = run_with(*nodes)
    outcome = train(run, DATA)
    return RunRecord("k", run, "ok", None, 0, 0.0, outcome.final, outcome.facts, outcome.arrays)


def test_predictions_end_at_the_first_pooling() -> None:
    found = theory.of_record(record(plain(), plain(), pool("max"), plain(), output()))
    assert found is not None
    assert np.isfinite(found["activation_std"]).tolist() == [True, True, False, False]
    assert "gradient_std" not in found
    assert theory.predict(run_with(pool(), plain(), output()), 1.0, DATA.features, SHAPE) is None


def test_gradients_are_scaled_to_the_measured_output_layer() -> None:
    one = record(plain(), output())
    found = theory.of_record(one)
    assert found is not None
    np.testing.assert_allclose(found["gradient_std"], one.statistic("gradient_std")[0], rtol=0.3)


def test_networks_on_images_have_no_prediction_without_the_shape_of_the_images() -> None:
    assert theory.predict(run_with(plain(), output()), 1.0, DATA.features) is None


def test_rules_state_no_expected_growth_without_a_prediction_of_the_last_layer() -> None:
    """Activations explode in a network whose prediction ends at its pooling."""
    large = [replace(node, init=init("he_normal", gain=3.0)) for node in [plain()] * 8]
    pooled = [*large[:4], pool(), *large[4:]]
    both = [findings([record(*nodes, output())], "exploding_activations") for nodes in (large, pooled)]
    first, second = (found["exploding_activations"] for found in both)
    assert first.evidence["expected_growth"] == pytest.approx(first.evidence["growth"], rel=0.3)
    assert second.evidence["expected_growth"] is None
