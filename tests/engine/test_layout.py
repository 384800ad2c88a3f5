"""Shapes, numbers of parameters and costs agree with counts by hand, and nodes that do not fit are errors."""

from __future__ import annotations

import pytest

from reportgen.engine.cost import count_parameters
from reportgen.engine.layers.geometry import LayoutError
from reportgen.engine.layout import Operation, lay_out
from reportgen.engine.network_spec import NetworkSpec, Node, PoolSpec
from tests.engine.image_networks import (
    GLOBAL,
    IDENTITY,
    NORM,
    RELU,
    before,
    conv,
    dense,
    fixup_branch,
    output,
    pool,
)
from tests.engine.networks import activation


def laid(*nodes: Node, image: tuple[int, int, int] = (3, 32, 32)) -> tuple[Operation, ...]:
    return lay_out(NetworkSpec(nodes), image[0] * image[1] * image[2], image)


def shapes(*nodes: Node, image: tuple[int, int, int] = (3, 32, 32)) -> list[tuple[int, ...]]:
    return [operation.output_shape for operation in laid(*nodes, image=image)]


def test_eight_filters_of_3x3_on_rgb_have_216_weights() -> None:
    (operation,) = laid(conv(8))
    assert (operation.weights, operation.shifts, operation.parameters) == (216, 8, 224)
    assert operation.output_shape == (32, 32, 8)
    assert operation.products == 216 * 32 * 32


def test_six_filters_of_5x5_on_32x32_give_28x28x6() -> None:
    (operation,) = laid(conv(6, 5, padding=0))
    assert operation.output_shape == (28, 28, 6)
    assert operation.parameters == 6 * (5 * 5 * 3 + 1)


def test_lenet_5_has_its_shapes_and_totals() -> None:
    """With full connections between the feature maps, and pooling without parameters; LeCun et al. 1998, fig. 2."""
    operations = laid(
        conv(6, 5, padding=0), pool("average"), conv(16, 5, padding=0), pool("average"), dense(120), dense(84),
        output(classes=10), image=(1, 32, 32),
    )  # fmt: skip
    expected = [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (120,), (84,), (10,)]
    assert [operation.output_shape for operation in operations] == expected
    assert [operation.parameters for operation in operations] == [156, 0, 2416, 0, 48120, 10164, 850]
    assert count_parameters(operations) == 61706
    products = [28 * 28 * 6 * 25, 0, 10 * 10 * 16 * 150, 0, 400 * 120, 120 * 84, 840]
    assert [operation.products for operation in operations] == products


def test_vgg_16_has_138_million_parameters() -> None:
    """Simonyan and Zisserman 2015, tables 1 (configuration D) and 2."""
    nodes: list[Node] = []
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        nodes += [*(conv(filters, act=RELU) for _ in range(count)), pool()]
    operations = laid(*nodes, dense(4096), dense(4096), output(classes=1000), image=(3, 224, 224))
    assert count_parameters(operations) == 138_357_544
    assert operations[-4].output_shape == (7, 7, 512)
    assert sum(operation.products for operation in operations) == 15_470_264_320


@pytest.mark.parametrize(
    ("node", "shape"),
    [
        (conv(4, (3, 5), stride=(2, 3), padding=(1, 0)), (16, 10, 4)),
        (conv(4, 4), (32, 32, 4)),
        (conv(4, (2, 3), stride=5), (7, 7, 4)),
        (conv(4, 32, padding=0), (1, 1, 4)),
        (pool("max", 3), (10, 10, 3)),
        (pool("max", 3, 2), (15, 15, 3)),
        (GLOBAL, (1, 1, 3)),
    ],
)
def test_the_number_of_windows(node: Node, shape: tuple[int, ...]) -> None:
    assert shapes(node) == [shape]


def test_even_kernels_are_padded_more_at_the_end() -> None:
    geometry = laid(conv(4, (2, 4)))[0].geometry
    assert geometry is not None
    assert (geometry.top, geometry.left, geometry.out_height, geometry.out_width) == (0, 1, 32, 32)


def test_batch_normalization_replaces_the_biases() -> None:
    assert laid(conv(8, batchnorm=NORM))[0].parameters == 216 + 2 * 8
    assert laid(conv(8, has_bias=False))[0].parameters == 216


def test_activations_with_parameters_or_pieces() -> None:
    assert laid(conv(8, act=activation("prelu")))[0].parameters == 216 + 8 + 8
    (maxout,) = laid(conv(8, act=activation("maxout", pieces=3)))
    assert (maxout.parameters, maxout.output_shape) == (3 * 224, (32, 32, 8))


def test_scalars_of_fixup_are_operations() -> None:
    """Before and after each convolution a bias, and a multiplier at the end of a branch."""
    operations = laid(conv(4, weights="fixup"), *fixup_branch(4, 1, 1, 2, 0), output("fixup"), image=(1, 8, 8))
    kinds = [operation.kind.name for operation in operations]
    assert kinds == ["shift", "conv", "shift"] * 2 + ["shift", "conv", "scale"] + ["shift", "dense"]
    scalars = [operation.parameters for operation in operations if operation.kind.name in ("shift", "scale")]
    assert scalars == [1, 1, 1, 1, 1, 2, 1]
    assert count_parameters(operations) == 36 + 144 + 144 + 256 * 4 + 4 + sum(scalars)
    assert [operation.adds for operation in operations if operation.adds is not None] == [2]


@pytest.mark.parametrize(
    ("nodes", "image", "code", "place"),
    [
        ([conv(4, 7, padding=0)], (1, 6, 8), "window-too-large", 0),
        ([conv(4), conv(4, (1, 9), padding=0)], (1, 6, 8), "window-too-large", 1),
        ([conv(4, padding=0), pool("max", 2), pool("max", 2), pool("max", 2)], (1, 8, 8), "window-too-large", 3),
        ([dense(4), conv(4)], (1, 8, 8), "images-required", 1),
        ([conv(4), dense(4), pool()], (1, 8, 8), "images-required", 2),
        ([conv(4), conv(5), conv(5, adds=0)], (1, 8, 8), "shapes-differ", 2),
        ([conv(4), conv(4, stride=2, adds=0)], (1, 8, 8), "shapes-differ", 1),
        ([conv(4, adds=-1)], (3, 8, 8), "shapes-differ", 0),
        ([conv(4), before(act=activation("maxout"))], (1, 8, 8), "pieces-need-weights", 1),
        ([conv(4, act=activation("maxout"), weights="fixup"), output()], (1, 8, 8), "pieces-need-weights", 0),
    ],
)
def test_nodes_that_do_not_fit(nodes: list[Node], image: tuple[int, int, int], code: str, place: int) -> None:
    with pytest.raises(LayoutError) as error:
        laid(*nodes, image=image)
    assert (error.value.code, error.value.node) == (code, place)
    assert error.value.hint


def test_networks_on_images_need_images() -> None:
    with pytest.raises(LayoutError) as error:
        lay_out(NetworkSpec((dense(4), PoolSpec("max_pool"), output())), 12, None)
    assert error.value.code == "images-required"
    assert lay_out(NetworkSpec((dense(4, IDENTITY), output())), 12, None)[0].fan_in == 12
