"""Records of networks on images with made-up weights and feature maps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.engine.inspect.images import MOST_CHANNELS, MOST_MAP_VALUES, MOST_MAPS
from reportgen.engine.layout import lay_out
from reportgen.engine.network_spec import NetworkSpec, Node
from reportgen.runs.record import RunRecord
from tests.figures.examples import record


def pictured(
    nodes: tuple[Node, ...],
    image: tuple[int, int, int] = (1, 12, 12),
    seed: int = 0,
    epochs: int = 3,
    status: str = "ok",
    dead: int | None = None,
) -> RunRecord:
    """Return a record of a network on images (channels, height, width); dead: a dead channel of the first layer."""
    network, rng = NetworkSpec(nodes), np.random.default_rng(seed)
    features = int(np.prod(image))
    operations = lay_out(network, features, image)
    made = record(seed, len(network.layers), epochs, status=status)
    first, channels = network.layers[0], image[0]
    size = (*first.window.size, channels) if first.window else (*image[1:], channels)
    filters = rng.normal(0, 0.3, (2 if epochs else 1, first.units, *size)).astype(np.float32)
    arrays = dict(made.arrays) | {"filters": filters}
    shown = [index for index, one in enumerate(operations) if one.positions > 1]
    shown = shown[:: -(-len(shown) // MOST_MAPS)] if shown else []
    if shown:
        most = [min(MOST_CHANNELS, MOST_MAP_VALUES // len(shown) // operations[index].positions) for index in shown]
        maps = [
            np.maximum(rng.normal(0, 1, operations[index].output_shape), 0)[:, :, :channels]
            for index, channels in zip(shown, most, strict=True)
        ]
        if dead is not None:
            maps[0][:, :, dead] = 0
        arrays |= {
            "example_image": rng.normal(0, 1, (*image[1:], channels)).astype(np.float32),
            "example_classes": np.array([1, 2]),
            "feature_map_operation": np.array(shown),
            "feature_map_shape": np.array([one.shape for one in maps]),
            "feature_maps": np.concatenate([one.ravel() for one in maps]).astype(np.float32),
        }
    units = [layer.units for layer in network.layers[:-1]]
    arrays["unit_layer"] = np.repeat(np.arange(1, len(units) + 1), units)
    arrays["probe_unit_dead"] = np.zeros((len(made.probe_steps), sum(units)), np.uint8)
    if dead is not None:
        arrays["probe_unit_dead"][:, dead] = 1
    facts = dict(made.facts) | {"features": features, "image_shape": list(image)}
    return replace(made, spec=replace(made.spec, network=network), facts=facts, arrays=arrays)
