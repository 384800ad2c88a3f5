"""The table of a network's layers."""

from __future__ import annotations

import dataclasses

import pytest

from reportgen.engine.architecture import architecture
from reportgen.engine.layout import lay_out
from reportgen.engine.network_spec import BranchSpec, LayerSpec, NetworkSpec, Node, PoolSpec, WindowSpec
from tests.engine.networks import activation, init


def layer(units: int, window: WindowSpec | None = None, weights: str = "he_normal") -> LayerSpec:
    return LayerSpec(units, activation("relu"), init(weights), kind="conv" if window else "dense", window=window)


def rows(*nodes: Node, image: tuple[int, int, int] = (3, 32, 32)) -> list[tuple[str, ...]]:
    return list(architecture(lay_out(NetworkSpec(nodes), image[0] * image[1] * image[2], image)).cells())


def test_the_counts_of_the_lectures() -> None:
    """Six filters of 5x5 on 32x32 make 28x28x6; a layer of 8 filters of 3x3 on RGB has 216 weights and 8 biases."""
    found = rows(layer(6, WindowSpec((5, 5))), PoolSpec("max_pool", WindowSpec((2, 2), (2, 2))), layer(10))
    assert found == [
        ("1", "conv", "6x28x28", "5x5", "456", "352,800"),
        ("", "max pool", "6x14x14", "2x2", "0", "0"),
        ("2", "dense, output", "10", "", "11,770", "11,760"),
        ("", "total", "", "", "12,226", "364,560"),
    ]
    assert rows(layer(8, WindowSpec((3, 3))), layer(10))[0][4] == "224"


def test_equal_layers_make_one_row() -> None:
    found = rows(layer(5), layer(5), layer(5), layer(10), image=(1, 1, 5))
    assert [row[:2] for row in found] == [("1 to 3", "dense"), ("4", "dense, output"), ("", "total")]
    assert [row[4] for row in found] == ["30", "60", "150"]


def test_the_operations_of_a_layer_make_one_row() -> None:
    """A layer of Fixup has a scalar bias before and after its weights, but none for each filter."""
    found = rows(layer(8, WindowSpec((3, 3)), "fixup"), layer(10, weights="fixup"))
    assert [row[0] for row in found] == ["1", "2", ""]
    assert found[0][4] == "218"


def test_windows_have_their_stride_if_it_is_not_the_usual_one() -> None:
    nodes = (
        layer(4, WindowSpec((3, 3), (2, 2))),
        PoolSpec("max_pool", WindowSpec((3, 3), (2, 1))),
        PoolSpec("average_pool"),
        layer(10),
    )
    kinds = [row[1:4:2] for row in rows(*nodes)[:3]]
    assert kinds == [("conv", "3x3, stride 2"), ("max pool", "3x3, stride 2x1"), ("global average pool", "")]


def blocks(number: int, weights: str) -> list[tuple[str, ...]]:
    """Return the table of a network with a convolution and residual blocks of two convolutions."""
    window = WindowSpec((3, 3), padding="same")
    nodes: list[Node] = [layer(4, window, weights)]
    for block in range(1, number + 1):
        first, last = (
            dataclasses.replace(layer(4, window, weights), branch=BranchSpec(block, number, place, 2))
            for place in (1, 2)
        )
        nodes += [first, dataclasses.replace(last, adds=len(nodes) - 1)]
    return rows(*nodes, PoolSpec("average_pool"), layer(10, weights=weights))


@pytest.mark.parametrize("number", [12, 100])
@pytest.mark.parametrize("weights", ["he_normal", "fixup"])
def test_the_table_of_equal_blocks_does_not_grow_with_their_number(weights: str, number: int) -> None:
    """The two layers of a block of Fixup have different numbers of parameters."""
    few, many = blocks(4, weights), blocks(number, weights)
    assert len(few) == len(many) <= 6
    assert {row[1] for row in many if "block" in row[0] + row[1]} == {f"conv, blocks 1 to {number}"}


def test_rows_of_repeated_layers_name_them() -> None:
    assert [row[0] for row in blocks(12, "fixup")] == ["1", "2, 4, ..., 24", "3, 5, ..., 25", "", "26", ""]
    assert [row[0] for row in blocks(12, "he_normal")] == ["1", "2 to 25", "", "26", ""]
