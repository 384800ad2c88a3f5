"""The architecture of a network as a table: shapes, windows, parameters and multiplications by layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reportgen.engine.cost import count_parameters
from reportgen.engine.layers.folding import Part, fold
from reportgen.engine.layout import Operation, is_shortcut, shape_text
from reportgen.engine.network_spec import PoolSpec


@dataclass(frozen=True)
class ArchitectureRow:
    """A layer with weights, or a pooling or activation without, or several equal layers in succession.

    Attributes
    ----------
    first, last : numbers of the layers with weights, counted from 1; None for operations without weights.
    kind : the kind of layer in words, with its residual block.
    output : shape of the outputs of an example, such as 6x28x28 for 6 channels of 28x28, or 120.
    window : height and width of the window, with a stride as in `window_text`; "" without.
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

    def cells(self) -> Iterator[tuple[str, ...]]:
        """Yield the rows as text, repeated blocks once and the total last, in the order of `COLUMNS`."""
        blocks = [_block(row) for row in self.rows]
        begins = [block is None or block != before for block, before in zip(blocks, [None, *blocks], strict=False)]
        for part in fold([_without_numbers(row) for row in self.rows], begins):
            for at in range(part.start, part.start + part.length):
                yield _cells(_repeated(self.rows, part, at))
        yield "", "total", "", "", f"{self.parameters:,}", f"{self.products:,}"


COLUMNS = ("layer", "kind", "output", "window", "parameters", "multiplications")
"""The columns of the table; parameters and multiplications are those of one layer."""


def architecture(operations: Sequence[Operation]) -> Architecture:
    """Return the architecture of a network; operations that belong to one layer make one row."""
    rows: list[ArchitectureRow] = []
    for group in by_layer(operations):
        row = _row([operations[index] for index in group])
        if rows and row.first is not None and rows[-1].last == row.first - 1 and _equal(rows[-1], row):
            rows[-1] = replace(rows[-1], last=row.last)
        else:
            rows.append(row)
    return Architecture(tuple(rows), count_parameters(operations), sum(operation.products for operation in operations))


def by_layer(operations: Sequence[Operation]) -> list[list[int]]:
    """Return the indices of the operations in groups: those of one layer, or one operation without a layer."""
    groups: list[list[int]] = []
    for index, operation in enumerate(operations):
        if groups and operation.layer is not None and operations[index - 1].layer == operation.layer:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def main_of(group: Sequence[Operation]) -> Operation:
    """Return the operation of a group `by_layer` that has the weights, or the only one of a group without weights."""
    return next((operation for operation in group if operation.owns_weights), group[0])


def kind_text(operation: Operation) -> str:
    """Return the kind of an operation in words, such as "conv" or "global average pool"."""
    name = operation.kind.name.replace("_", " ")
    return f"global {name}" if isinstance(operation.node, PoolSpec) and operation.node.window is None else name


def window_text(operation: Operation, times: str = "x") -> str:
    """Return the window of an operation, such as "5x5"; "" without one, and for the whole image.

    The stride follows if it is not the usual one, which is 1 in a convolution and the size of the window in a pooling.
    """
    window = getattr(operation.node, "window", None)
    if window is None:
        return ""
    size = times.join(map(str, window.size))
    if window.stride == (window.size if isinstance(operation.node, PoolSpec) else (1, 1)):
        return size
    return f"{size}, stride {times.join(map(str, dict.fromkeys(window.stride)))}"


_BLOCK = re.compile(r"\bblock (\d+)$")
"""The end of the kind of a layer in a residual block."""

ENUMERATED = 3
"""The largest number of layers, not in succession, that a row enumerates."""


def _block(row: ArchitectureRow) -> int | None:
    """Return the number of the residual block of a row, None outside of blocks."""
    found = _BLOCK.search(row.kind)
    return int(found[1]) if found else None


def _without_numbers(row: ArchitectureRow) -> ArchitectureRow:
    """Return the row without the numbers of its layers and block, so that rows of equal blocks are equal."""
    count = row.count if row.first is not None else None
    return replace(row, first=None, last=count, kind=_BLOCK.sub("block", row.kind))


def _repeated(rows: Sequence[ArchitectureRow], part: Part, at: int) -> list[ArchitectureRow]:
    """Return row `at` of a part and its repetitions."""
    return [rows[at + number * part.length] for number in range(part.count)]


def _cells(rows: Sequence[ArchitectureRow]) -> tuple[str, ...]:
    """Return a row that is repeated in equal blocks as text, with the numbers of all its layers."""
    row = rows[0]
    size = (row.output, row.window, f"{row.parameters:,}", f"{row.products:,}")
    return _numbers(rows), _kinds(rows), *size


def _numbers(rows: Sequence[ArchitectureRow]) -> str:
    first, last = rows[0].first, rows[-1].last
    if first is None or last is None:
        return ""
    if last - first + 1 == sum(row.count for row in rows):
        return replace(rows[0], last=last).number
    numbers = [row.number for row in rows]
    return ", ".join(numbers if len(rows) <= ENUMERATED else [*numbers[:2], "...", numbers[-1]])


def _kinds(rows: Sequence[ArchitectureRow]) -> str:
    kind, last = rows[0].kind, _block(rows[-1])
    if len(rows) == 1:
        return kind
    return f"{kind} ×{len(rows)}" if last is None else _BLOCK.sub(rf"blocks \1 to {last}", kind)


def _equal(one: ArchitectureRow, other: ArchitectureRow) -> bool:
    return replace(one, first=None, last=None) == replace(other, first=None, last=None)


def _row(operations: Sequence[Operation]) -> ArchitectureRow:
    main = main_of(operations)
    number = None if main.layer is None else main.layer + 1
    return ArchitectureRow(
        first=number,
        last=number,
        kind=_kind(main),
        output=shape_text(operations[-1].output_shape),
        window=window_text(main),
        parameters=sum(operation.parameters for operation in operations),
        products=sum(operation.products for operation in operations),
    )


def _kind(operation: Operation) -> str:
    name, branch = kind_text(operation), getattr(operation.node, "branch", None)
    if operation.is_output:
        return f"{name}, output"
    if branch is None:
        return name
    return f"{name}, {'projection of ' if is_shortcut(operation.node) else ''}block {branch.block}"
