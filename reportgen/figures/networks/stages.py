"""The stages of a network as figures draw them: its operations in words, with shapes and parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reportgen.engine.architecture import by_layer, kind_text, main_of, window_text
from reportgen.engine.layers.geometry import Shape
from reportgen.engine.layout import INPUT, Operation, is_shortcut, shape_text
from reportgen.engine.network_spec import PoolSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.languages.translate import _, translated
from reportgen.runs.record import RunRecord

TIMES = "×"
"""The sign between the sizes of a shape."""


@dataclass(frozen=True)
class Stage:
    """A layer with its normalization and activation, a pooling, or an activation that stands alone.

    Attributes
    ----------
    name : the operation in words, such as "conv 3×3".
    norm, activation, dropout : what follows it, in words; empty for nothing.
    output : shape of the outputs of one example, (height, width, channels) or (units,).
    layer : number of the layer with weights, counted from 1; None for other stages.
    source, adds : stages whose outputs are the inputs, and are added; INPUT for the network's inputs, None for none.
    shortcut : whether the stage is a projection on the shortcut of a residual block.
    place : place of the layer in its residual block, None outside of blocks.
    image_weights : whether the weights belong to a window.
    """

    name: str
    norm: str
    activation: str
    dropout: str
    output: Shape
    parameters: int
    layer: int | None
    source: int
    adds: int | None
    shortcut: bool
    place: int | None
    image_weights: bool

    @property
    def details(self) -> str:
        """What follows the operation, in words."""
        return ", ".join(part for part in (self.norm, self.activation, self.dropout) if part)


def stages_of(operations: Sequence[Operation]) -> list[Stage]:
    """Return the stages; the scalar biases and multipliers of a layer belong to its stage."""
    groups = by_layer(operations)
    stage_of = {index: number for number, group in enumerate(groups) for index in group} | {INPUT: INPUT}
    return [_stage([operations[index] for index in group], stage_of) for group in groups]


def _norm(last: Operation, operations: int) -> str:
    """Return the normalization of a layer in words, whose last operation is `last`."""
    if last.norm is not None:
        return last.norm.name.replace("_", " ")
    return _("batch norm") if last.batchnorm else _("scalar biases") if operations > 1 else ""


def _stage(group: Sequence[Operation], stage_of: dict[int, int]) -> Stage:
    main = main_of(group)
    last, branch = group[-1], getattr(main.node, "branch", None)
    added = next((operation.adds for operation in group if operation.adds is not None), None)
    return Stage(
        name=operation_name(main),
        norm=_norm(last, len(group)),
        activation=_activation(last),
        dropout=_("dropout {rate}").format(rate=f"{last.dropout.rate:g}") if last.dropout and last.dropout.rate else "",
        output=last.output_shape,
        parameters=sum(operation.parameters for operation in group),
        layer=None if main.layer is None else main.layer + 1,
        source=stage_of[group[0].source],
        adds=None if added is None else stage_of[added],
        shortcut=is_shortcut(main.node),
        place=branch.place if branch else None,
        image_weights=main.owns_weights and main.geometry is not None,
    )


def operation_name(operation: Operation) -> str:
    """Return an operation in words, such as "conv 5×5, stride 2" or "global average pool"."""
    return f"{translated(kind_text(operation))} {translated(window_text(operation, TIMES))}".rstrip()


def _activation(operation: Operation) -> str:
    if isinstance(operation.node, PoolSpec) or ACTIVATIONS[operation.activation.name].activate is None:
        return ""
    return operation.activation.name.replace("_", " ")


def shape_words(shape: Shape) -> str:
    """Return a shape as channels, height and width, such as 6×28×28, or as a number of units."""
    return shape_text(shape, TIMES)


def kinds_of(records: Iterable[RunRecord]) -> tuple[str, ...]:
    """Return the kind of each layer with weights, such as ("conv", "dense").

    Empty if no layer is a convolution, or if the networks have different kinds of layers.
    """
    networks = [record.spec.network.layers for record in records]
    kinds = {tuple(layer.kind for layer in layers) for layers in networks}
    return kinds.pop() if len(kinds) == 1 and any(layer.window for layer in networks[0]) else ()


def unit_words(records: Iterable[RunRecord]) -> str:
    """Return a sentence on the units of convolutions, empty if there are none."""
    has_windows = any(layer.window for record in records for layer in record.spec.network.layers)
    return _("In a convolution, a unit is a channel, with its values at all positions") if has_windows else ""
