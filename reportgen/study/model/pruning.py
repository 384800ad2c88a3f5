"""Settings of pruning."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from reportgen.engine.spec import PruningSpec
from reportgen.study.model.components import problem
from reportgen.study.model.section import Number, Section


class Pruning(Section):
    """Remove the weights of smallest magnitude in rounds of training."""

    sparsity: Number = Field(gt=0, lt=1, description="share of the weights of each hidden layer to remove in the end")
    rounds: int = Field(
        ge=1, le=100, description="number of rounds; each one removes the same share of the weights that remain"
    )
    weights: Literal["winning", "random"] = Field(
        default="winning",
        description="return the weights that remain to earlier values, or draw them again with the masks of `winning`",
    )
    rewind: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="epoch of the first training to which `winning` weights return; 0 is the initialization",
    )
    output_rate: Number = Field(
        default=0.5,
        ge=0,
        le=1,
        description="share to remove in each round from the output layer, as a fraction of the share in hidden layers",
    )

    @model_validator(mode="after")
    def _random_starts_at_initialization(self) -> Pruning:
        if self.rewind > 0 and self.weights == "random":
            message = "rewind applies to winning weights only"
            raise problem("conflicting-settings", message, "remove rewind, or set weights: winning", ("rewind",))
        return self

    @property
    def spec(self) -> PruningSpec:
        """Return the specification for the engine."""
        return PruningSpec(self.sparsity, self.rounds, self.weights, self.rewind, self.output_rate)


def check_pruning(pruning: Pruning, epochs: int, hidden: Any) -> None:
    """Raise a validation error if nothing is trained or pruned, or if training ends before the rewind epoch."""
    if hidden == ():
        hint = "add a layer to network.hidden"
        raise problem("inapplicable-key", "pruning needs a hidden layer, whose weights it removes", hint)
    if epochs == 0:
        message = "pruning needs training, but training.epochs is 0"
        raise problem("out-of-range", message, "set training.epochs above 0")
    if pruning.rewind >= epochs:
        message = f"expected a rewind epoch below the {epochs} epochs of training, found {pruning.rewind}"
        raise problem("out-of-range", message, f"0 to {epochs - 1}", ("rewind",))
