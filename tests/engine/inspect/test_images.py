"""The images of a record are the weights and activations of the network."""

from __future__ import annotations

import numpy as np

from reportgen.engine.inspect.images import MOST_CHANNELS, MOST_FILTER_VALUES, MOST_FILTERS, MOST_MAP_VALUES, MOST_MAPS
from reportgen.engine.layout import lay_out
from reportgen.engine.network import WEIGHTS
from reportgen.engine.setup import set_up
from reportgen.engine.train import train
from tests.engine.convolutional import POOL, layer, lenet, residual, run
from tests.engine.image_networks import images
from tests.engine.networks import data, spec


def maps_of(arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return the feature maps as images, (height, width, channels)."""
    ends = np.cumsum([np.prod(shape) for shape in arrays["feature_map_shape"]])[:-1]
    parts = np.split(arrays["feature_maps"], ends)
    return [part.reshape(shape) for part, shape in zip(parts, arrays["feature_map_shape"], strict=True)]


def convolve(image: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Return the sums over windows of 3x3, with a padding of zeros; filters are (filters, 3, 3, channels)."""
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    return np.array(
        [
            [[(padded[y : y + 3, x : x + 3] * one).sum() for one in filters] for x in range(image.shape[1])]
            for y in range(image.shape[0])
        ]
    )


def test_the_filters_of_a_convolution_give_its_feature_maps() -> None:
    arrays = train(run((layer(3, 3), POOL, layer(4, act="identity")), epochs=0), images()).arrays
    assert arrays["filters"].shape == (1, 3, 3, 3, 2)
    first, pooled = maps_of(arrays)
    np.testing.assert_allclose(first, np.maximum(convolve(arrays["example_image"], arrays["filters"][0]), 0), atol=1e-5)
    np.testing.assert_array_equal(pooled, first[:6, :4].reshape(3, 2, 2, 2, 3).max(axis=(1, 3)))


def test_the_example_is_the_first_of_training_with_its_class_and_prediction() -> None:
    dataset = images()
    out = train(run(lenet(), epochs=100, lr=0.05), dataset)
    arrays = out.arrays
    assert out.final["train_accuracy"] == 1
    np.testing.assert_array_equal(arrays["example_image"], dataset.x_train[0].reshape(2, 6, 5).transpose(1, 2, 0))
    assert arrays["example_classes"].tolist() == [dataset.y_train[0]] * 2


def test_a_trained_network_has_its_filters_before_and_after() -> None:
    planned, dataset = run(lenet()), images()
    arrays = train(planned, dataset).arrays
    setup = set_up(planned, dataset)
    begin = setup.net.codes[0, WEIGHTS]
    weights = setup.state.params[begin : begin + 54].reshape(3, 3, 2, 3)  # rows, columns, channels, filters
    np.testing.assert_array_equal(arrays["filters"][0], weights.transpose(3, 0, 1, 2))
    assert not np.array_equal(arrays["filters"][0], arrays["filters"][1])


def test_the_units_of_a_dense_layer_on_images_are_images() -> None:
    dataset, planned = images(), spec(widths=(7,), epochs=0)
    arrays = train(planned, dataset).arrays
    setup = set_up(planned, dataset)
    weights = setup.state.params[: 60 * 7].reshape(2, 6, 5, 7)  # channels, rows, columns, units
    np.testing.assert_array_equal(arrays["filters"][0], weights.transpose(3, 1, 2, 0))
    assert "feature_maps" not in arrays


def test_data_without_images_have_no_images() -> None:
    assert not {"filters", "feature_maps", "example_image"} & set(train(spec(), data()).arrays)


def test_the_arrays_are_bounded() -> None:
    nodes = (layer(90, 3), *[layer(40, 3)] * 20, layer(4, act="identity"))
    arrays = train(run(nodes, epochs=0), images(n=8, val=4, shape=(3, 32, 32))).arrays
    assert arrays["filters"].shape[:2] == (1, MOST_FILTERS)
    assert arrays["filters"].size <= MOST_FILTER_VALUES
    assert len(arrays["feature_map_operation"]) == MOST_MAPS
    assert {arrays["feature_map_operation"][0], arrays["feature_map_operation"][-1]} == {0, 20}
    assert arrays["feature_map_shape"][:, 2].max() <= MOST_CHANNELS
    assert arrays["feature_maps"].size <= MOST_MAP_VALUES
    wide = train(spec(widths=(40,), epochs=0), images(n=8, val=4, shape=(3, 100, 100))).arrays
    assert "filters" not in wide  # a single unit would be too large


def test_the_maps_of_residual_networks_are_those_of_the_main_path() -> None:
    planned, dataset = run(residual(2, "fixup"), epochs=0), images(shape=(1, 8, 8))
    arrays = train(planned, dataset).arrays
    operations = lay_out(planned.network, 64, (1, 8, 8))
    shown = [operations[index] for index in arrays["feature_map_operation"]]
    assert all(one.owns_units and one.positions > 1 for one in shown)
    # Layer 5 is the projection.
    assert [one.layer for one in shown] == [0, 1, 2, 3, 4, 6, 7, 8, 9]


def test_a_diverged_run_has_no_prediction() -> None:
    out = train(run(lenet("identity"), lr=1e20), images())
    assert out.status == "diverged"
    assert out.arrays["example_classes"][1] == -1
