"""Studies with layers that cannot be read, or that do not fit the shape of their inputs."""

from __future__ import annotations

from tests.study.texts import Bad, bad


def _bad(network: str, where: str, code: str, *names: str, data: str = "digits", more: str = "") -> Bad:
    """A study with a network on line 4, from column 10, and more lines from line 5 on."""
    text = f"title: T\nquestion: Q\ndata: {data}\nnetwork: {network}\n{more}"
    return bad(f"layers {network} {data}", text, where, code, *names)


BAD_LAYERS = (
    _bad("{hidden: [5], layers: [dense: 5]}", "4:24: network.layers", "conflicting-settings"),
    _bad("{activation: relu}", "4:10: network", "missing-key"),
    _bad("{layers: 5}", "4:19: network.layers", "wrong-type"),
    _bad("{layers: [5]}", "4:20: network.layers[0]", "wrong-type"),
    _bad("{layers: [conv]}", "4:20: network.layers[0].conv", "missing-key", "filters: 16"),
    _bad("{layers: [pool: ]}", "4:26: network.layers[0].pool", "missing-key", "size: 2"),
    _bad("{layers: [residual]}", "4:20: network.layers[0].residual", "missing-key", "layers: "),
    _bad("{layers: [conv: 4]}", "4:26: network.layers[0].conv", "wrong-type", "filters: 16"),
    _bad("{layers: [dense: true]}", "4:27: network.layers[0].dense", "wrong-type", "dense: 100"),
    _bad("{layers: [residual: 3]}", "4:30: network.layers[0].residual", "wrong-type", "layers: "),
    _bad("{layers: [{dense: {units: 4, width: 3}}]}", "4:39: network.layers[0].dense.width", "unknown-key", "units"),
    _bad("{layers: [{dense: {units: 4, lr: 3}}]}", "4:39: network.layers[0].dense.lr", "misplaced-key", "training.lr"),
    _bad("{hidden: [4], filters: 3}", "4:24: network.filters", "misplaced-key", "network.layers.0.conv.filters"),
    _bad("{layers: [{pool: {size: gobal}}]}", "4:34: network.layers[0].pool.size", "unknown-value", "global"),
    _bad("{layers: [{pool: gobal}]}", "4:27: network.layers[0].pool", "unknown-value", "global"),
    _bad("{layers: [{}]}", "4:20: network.layers[0]", "empty-value"),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 5}, pool: 2}]}", "4:52: network.layers[0].pool", "conflicting-settings"
    ),
    _bad("{layers: [{kind: conv, units: 6}]}", "4:20: network.layers[0]", "unknown-name", "dense"),
    _bad("{layers: [{covn: {filters: 6, kernel: 5}}]}", "4:21: network.layers[0].covn", "unknown-name", "conv"),
    _bad("{layers: [{conv: {filters: 6, kernle: 5}}]}", "4:40: network.layers[0].conv.kernle", "unknown-key", "kernel"),
    _bad("{layers: [{conv: {filters: 0, kernel: 5}}]}", "4:37: network.layers[0].conv.filters", "out-of-range"),
    _bad("{layers: [{conv: {filters: 6, kernel: 0}}]}", "4:48: network.layers[0].conv.kernel", "out-of-range"),
    _bad("{layers: [{conv: {filters: 6, kernel: [3]}}]}", "4:48: network.layers[0].conv.kernel", "wrong-length"),
    _bad("{layers: [{conv: {filters: 6, kernel: [3, 0]}}]}", "4:52: network.layers[0].conv.kernel[1]", "out-of-range"),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 3, padding: -1}}]}",
        "4:60: network.layers[0].conv.padding",
        "out-of-range",
    ),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 3, padding: sane}}]}",
        "4:60: network.layers[0].conv.padding",
        "unknown-value",
        "same",
    ),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 3, stride: 0}}]}", "4:59: network.layers[0].conv.stride", "out-of-range"
    ),
    _bad("{layers: [{conv: {filters: 6}}]}", "4:27: network.layers[0].conv", "missing-key"),
    _bad("{layers: [{conv: 6}]}", "4:27: network.layers[0].conv", "wrong-type"),
    _bad("{layers: [{conv: }]}", "4:27: network.layers[0].conv", "missing-key", "filters: 16"),
    _bad("{layers: [{pool: {kind: mean, size: 2}}]}", "4:34: network.layers[0].pool.kind", "unknown-name"),
    _bad("{layers: [{pool: {kind: average}}]}", "4:27: network.layers[0].pool", "missing-key"),
    _bad("{layers: [{pool: max}]}", "4:27: network.layers[0].pool", "unknown-value", "global"),
    _bad("{layers: [{pool: {size: global, stride: 2}}]}", "4:42: network.layers[0].pool.stride", "inapplicable-key"),
    _bad("{layers: [{pool: 9}]}", "4:27: network.layers[0].pool", "window-too-large", "9x9", "8x8"),
    _bad("{layers: [{dense: 0}]}", "4:28: network.layers[0].dense", "out-of-range"),
    _bad("{layers: [{dense: {unit: 5}}]}", "4:29: network.layers[0].dense.unit", "unknown-key", "units"),
    _bad("{layers: [{dense: 5}, {conv: {filters: 6, kernel: 3}}]}", "4:39: network.layers[1].conv", "images-required"),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 9}}]}", "4:27: network.layers[0].conv", "window-too-large", "9x9", "8x8"
    ),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 11, padding: 1}}]}",
        "4:27: network.layers[0].conv",
        "window-too-large",
        "11x11",
        "8x8",
    ),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 3, activation: rleu}}]}",
        "4:63: network.layers[0].conv.activation",
        "unknown-name",
        "relu",
    ),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 3, activation: {name: leaky_relu, slop: 1}}}]}",
        "4:82: network.layers[0].conv.activation.slop",
        "unknown-key",
        "slope",
    ),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 3, dropout: 1.5}}]}",
        "4:60: network.layers[0].conv.dropout",
        "out-of-range",
    ),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 3, batchnorm: {momentun: 1}}}]}",
        "4:63: network.layers[0].conv.batchnorm.momentun",
        "unknown-key",
        "momentum",
    ),
    _bad("{layers: [{conv: {filters: 6, kernel: 3, bias: [1]}}]}", "4:57: network.layers[0].conv.bias", "wrong-type"),
    _bad("{layers: [{dense: 5}], activation: [relu]}", "4:45: network.activation", "conflicting-settings"),
    _bad("{layers: [{residual: {layers: []}}]}", "4:40: network.layers[0].residual.layers", "empty-value"),
    _bad(
        "{layers: [{residual: {repeat: 0, layers: [{dense: 64}]}}]}",
        "4:40: network.layers[0].residual.repeat",
        "out-of-range",
    ),
    _bad(
        "{layers: [{residual: {repeat: 201, layers: [{dense: 64}]}}]}",
        "4:40: network.layers[0].residual.repeat",
        "out-of-range",
    ),
    _bad(
        "{layers: [{residual: {repeat: 150, layers: [{dense: 64}, {dense: 64}]}}]}", "4:19: network.layers", "too-many"
    ),
    _bad(
        "{layers: [{residual: {layers: [{pool: 2}]}}]}",
        "4:42: network.layers[0].residual.layers[0].pool",
        "invalid-value",
    ),
    _bad(
        "{layers: [{residual: {layers: [{residual: {layers: [{dense: 5}]}}]}}]}",
        "4:42: network.layers[0].residual.layers[0].residual",
        "invalid-value",
    ),
    _bad(
        "{layers: [{residual: {layers: [{dense: 5}]}}]}", "4:31: network.layers[0].residual", "shapes-differ", "64", "5"
    ),
    _bad(
        "{layers: [{residual: {layers: [{dense: 64}], shortcut: projektion}}]}",
        "4:65: network.layers[0].residual.shortcut",
        "unknown-value",
        "projection",
    ),
    _bad(
        "{layers: [{residual: {layers: [{conv: {filters: 5, kernel: 3}}], shortcut: projection}}]}",
        "4:31: network.layers[0].residual",
        "shapes-differ",
        "5x8x8",
        "5x6x6",
    ),
    _bad(
        "{layers: [{residual: {repeat: 3, shortcut: projection, layers: "
        "[{conv: {filters: 1, kernel: 5, padding: 1}}]}}]}",
        "4:31: network.layers[0].residual",
        "shapes-differ",
        "1x8x8",
        "1x6x6",
    ),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 3, batchnorm: true}}], init: fixup}",
        "4:62: network.layers[0].conv.batchnorm",
        "conflicting-settings",
    ),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 3}}], init: fixup, batchnorm: true}",
        "4:78: network.batchnorm",
        "conflicting-settings",
    ),
    _bad(
        "{layers: [{dense: 6}, {residual: {order: pre, layers: [{dense: {units: 6, init: fixup}}]}}], batchnorm: true}",
        "4:114: network.batchnorm",
        "conflicting-settings",
    ),
    _bad("{hidden: [6], batchnorm: true, init: fixup}", "4:35: network.batchnorm", "conflicting-settings"),
    _bad(
        "{hidden: [6, 6], batchnorm: [false, true], init: fixup}", "4:46: network.batchnorm[1]", "conflicting-settings"
    ),
    _bad("{layers: [{conv: {filters: 6, kernel: 3, kernel: 5}}]}", "4:51", "duplicate-key"),
    _bad("{layers: [{shift: {}}]}", "4:21: network.layers[0].shift", "unknown-name"),
    _bad(
        "{layers: [{dense: 6}, {conv: {filters: 6, kernel: 3}}]}",
        "4:39: network.layers[1].conv",
        "images-required",
        more="preprocess: {name: pca, components: 5}\n",
    ),
    _bad(
        "{layers: [{conv: {filters: 6, kernel: 3}}]}",
        "4:27: network.layers[0].conv",
        "images-required",
        data="gaussian",
    ),
    _bad(
        "{layers: [{residual: {layers: [{dense: 6}]}}]}",
        "4:31: network.layers[0].residual",
        "shapes-differ",
        "4",
        "6",
        data="{name: gaussian, features: 4}",
    ),
)
