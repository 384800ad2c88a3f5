"""The estimated time of a run counts products, values, normalization, probes, scores and the run itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reportgen.engine.cost import estimate_seconds, run_bytes
from reportgen.engine.layout import lay_out
from reportgen.engine.network_spec import BatchNormSpec, Node
from reportgen.engine.spec import RunSpec
from tests.engine.convolutional import layer, lenet, residual, run
from tests.engine.networks import spec

IMAGE = (1, 28, 28)
N = 2000


def seconds(made: RunSpec) -> float:
    return estimate_seconds(made, lay_out(made.network, 784, IMAGE), N)


def images(looks: int = 0, epochs: int = 10) -> RunSpec:
    made = run(lenet(), epochs=epochs, batch_size=64)
    return replace(made, probes=replace(made.probes, looks=looks))


def without_training(made: RunSpec) -> RunSpec:
    return replace(made, training=replace(made.training, epochs=0), probes=replace(made.probes, looks=0))


def test_every_run_takes_time_to_start_and_end() -> None:
    made = without_training(spec(widths=(1,)))
    assert 0.005 < estimate_seconds(made, lay_out(made.network, 5, None), N) < 0.1


def test_values_of_images_take_time_beside_the_products() -> None:
    """A single window gives fewer values than a window at each position with as many products."""
    made = images()
    operations = lay_out(made.network, 784, IMAGE)
    first = operations[0]
    whole = replace(first, units=1, fan_in=first.weights)
    assert (whole.products, whole.width) == (first.products, 1)
    fewer = estimate_seconds(made, (whole, *operations[1:]), N)
    assert estimate_seconds(made, operations, N) > fewer


def test_normalization_probes_and_epochs_add_time() -> None:
    made = images()
    layers = (replace(layer, batchnorm=BatchNormSpec()) for layer in made.network.layers)
    normalized = replace(made, network=made.network.with_layers(layers))
    assert seconds(made) < seconds(normalized) < 2 * seconds(made)
    assert seconds(images(looks=10)) > seconds(made)
    assert seconds(images(epochs=20)) == pytest.approx(2 * seconds(made), rel=0.15)


def test_scores_of_validation_examples_take_time() -> None:
    made = images()
    unscored, halves = (replace(made, data=replace(made.data, validation=share)) for share in (0.0, 0.5))
    assert seconds(unscored) < seconds(halves)


@pytest.mark.parametrize("nodes", [lenet(), (layer(16, 3), *lenet()), (layer(1, 5, stride=2), *lenet()), residual(1)])
def test_the_memory_of_a_run_is_an_integer_of_python(nodes: tuple[Node, ...]) -> None:
    made = run(nodes)
    assert type(run_bytes(made, lay_out(made.network, 784, IMAGE), N)) is int
