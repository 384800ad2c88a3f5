"""The architecture of a network as a table: shapes, windows, parameters and multiplications by layer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reportgen.engine.cost import count_parameters
from reportgen.engine.layout import Operation, shown


@dataclass(frozen=True)
class ArchitectureRow:
    """A layer with weights, or a pooling or activation without, or several equal layers in succession.

    Attributes
    ----------
    first, last : numbers of the layers with weights, counted from 1; None for operations without weights.
    kind : the kind of layer in words, with its residual block.
    output : shape of the outputs of an example, such as 6x28x28 for 6 channels of 28x28, or 120.
    window : height and width of the kernel, and its stride if it is not 1, such as "2x2, stride 2"; "" without.
    parameters : number of learned parameters of a layer.
    products : multiplications of the matrix products of a layer, for one example in the forward pass.
    """

    first: int | None
    last: int | None
    kind: str
    output: str
    window: str
    parameters: int
    products: int

    @property
    def count(self) -> int:
        """Number of layers."""
        return 1 if self.first is None or self.last is None else self.last - self.first + 1

    @property
    def number(self) -> str:
        """The number of the layer, or the first and the last number of equal layers; "" without weights."""
        return "" if self.first is None else f"{self.first}" if self.count == 1 else f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Architecture:
    """The layers of a network, and its totals for all layers."""

    rows: tuple[ArchitectureRow, ...]
    parameters: int
    products: int

    @property
    def cells(self) -> Iterator[tuple[str, ...]]:
        """The rows as text, the total last, in the order of `COLUMNS`."""
        for row in self.rows:
            yield row.number, row.kind, row.output, row.window, f"{row.parameters:,}", f"{row.products:,}"
        yield "", "total", "", "", f"{self.parameters:,}", f"{self.products:,}"


COLUMNS = ("layer", "kind", "output", "kernel", "parameters", "multiplications")
"""The columns of the table; parameters and multiplications are those of one layer."""


def architecture(operations: Sequence[Operation]) -> Architecture:
    """Return the architecture of a network; operations that belong to one layer make one row."""
    numbered = list(enumerate(operations))
    groups = itertools.groupby(numbered, lambda pair: (pair[1].layer, pair[0] if pair[1].layer is None else -1))
    rows: list[ArchitectureRow] = []
    for _, group in groups:
        row = _row([operation for _, operation in group])
        if rows and row.first is not None and rows[-1].last == row.first - 1 and _equal(rows[-1], row):
            rows[-1] = replace(rows[-1], last=row.last)
        else:
            rows.append(row)
    return Architecture(tuple(rows), count_parameters(operations), sum(operation.products for operation in operations))


def _equal(one: ArchitectureRow, other: ArchitectureRow) -> bool:
    return replace(one, first=None, last=None) == replace(other, first=None, last=None)


def _row(operations: Sequence[Operation]) -> ArchitectureRow:
    main = next((operation for operation in operations if operation.owns_weights), operations[-1])
    number = None if main.layer is None else main.layer + 1
    return ArchitectureRow(
        first=number,
        last=number,
        kind=_kind(main),
        output=shown(operations[-1].output_shape),
        window=_window(main),
        parameters=sum(operation.parameters for operation in operations),
        products=sum(operation.products for operation in operations),
    )


def _kind(operation: Operation) -> str:
    name, branch = operation.kind.name.replace("_", " "), getattr(operation.node, "branch", None)
    if operation.is_output:
        return f"{name}, output"
    if branch is None:
        return name
    return f"{name}, {'projection of ' if branch.place == 0 else ''}block {branch.block}"


def _window(operation: Operation) -> str:
    geometry = operation.geometry
    if geometry is None:
        return ""
    size = f"{geometry.window_height}x{geometry.window_width}"
    steps = (geometry.stride_height, geometry.stride_width)
    if steps == (1, 1):
        return size
    return f"{size}, stride {steps[0] if steps[0] == steps[1] else f'{steps[0]}x{steps[1]}'}"
