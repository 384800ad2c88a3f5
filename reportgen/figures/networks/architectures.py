"""The different architectures of a study, each with the variants that have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.engine.layers.folding import Part, fold
from reportgen.engine.layers.geometry import Shape
from reportgen.figures.networks.stages import Stage, stages_of
from reportgen.languages.translate import _
from reportgen.runs.operations import operations_of

LABELS = 6
"""The largest number of variants that a title or a caption lists by name."""

Described = tuple[tuple[Stage, ...], Shape, VariantSummary]
"""The stages of a variant, the shape of its inputs, and the variant."""


@dataclass(frozen=True)
class Architecture:
    """A network with the shape of its inputs, and the variants that have it."""

    stages: tuple[Stage, ...]
    inputs: Shape
    variants: tuple[VariantSummary, ...]

    @property
    def parameters(self) -> int:
        """The number of parameters of all layers."""
        return sum(stage.parameters for stage in self.stages)

    @property
    def parts(self) -> list[Part]:
        """The stages with repeated parts folded."""
        begins = [stage.place in (None, 0, 1) for stage in self.stages]
        return fold([_relative(stage, at) for at, stage in enumerate(self.stages)], begins)

    @property
    def shown(self) -> list[int]:
        """The stages that are drawn."""
        return [at for part in self.parts for at in range(part.start, part.start + part.length)]

    @property
    def is_chain(self) -> bool:
        """Whether the network is a chain of dense layers."""
        return all(stage.layer and not stage.image_weights and stage.adds is None for stage in self.stages)

    @property
    def label(self) -> str:
        """The names of the variants."""
        names = [row.variant.label for row in self.variants]
        return (
            ", ".join(names)
            if len(names) <= LABELS
            else _("{names} and {names2} other variants").format(names=names[0], names2=len(names) - 1)
        )


def _relative(stage: Stage, at: int) -> Stage:
    """Return the stage with distances in place of numbers, so that equal parts are equal."""
    adds = None if stage.adds is None else stage.adds - at
    return replace(stage, layer=None, source=stage.source - at, adds=adds)


def architectures(analysis: Analysis) -> list[Architecture]:
    """Return the different architectures in the order of the study."""
    found: dict[Any, list[Described]] = {}
    for row in analysis.outcomes:
        operations = operations_of(row.records[0]) if row.records else ()
        if operations:
            stages = tuple(stages_of(operations))
            plain = tuple(replace(stage, activation="", dropout="") for stage in stages)
            found.setdefault((plain, operations[0].input_shape), []).append((stages, operations[0].input_shape, row))
    return [_merged(group) for group in found.values()]


def _merged(group: Sequence[Described]) -> Architecture:
    """Return one architecture; where its variants have different activations or dropout, the words say so."""
    columns = zip(*(stages for stages, _, _ in group), strict=True)
    return Architecture(tuple(_common(column) for column in columns), group[0][1], tuple(row for _, _, row in group))


def _common(stages: Sequence[Stage]) -> Stage:
    activations, rates = {stage.activation for stage in stages}, {stage.dropout for stage in stages}
    activation = stages[0].activation if len(activations) == 1 else _("activation varies")
    return replace(
        stages[0], activation=activation, dropout=stages[0].dropout if len(rates) == 1 else _("dropout varies")
    )
