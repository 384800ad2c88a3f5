"""Settings of evaluation: stored predictions, MC dropout, averaged weights and snapshots."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from reportgen.engine.spec import EvaluationSpec
from reportgen.study.model.section import Section, Takes


class Polyak(Section):
    """Mean of the weights over all steps, starting at an epoch."""

    example: ClassVar[str] = "{start: 1}"
    start: int = Field(ge=1, le=1_000_000, description="average the weights of all steps from this epoch on")


class Evaluation(Section):
    """Predictions to store, and averages to evaluate."""

    example: ClassVar[str] = "{mc_dropout: 100}"
    predictions: bool = Field(
        default=False, description="store the final probabilities of validation and test examples"
    )
    mc_dropout: int = Field(
        default=0, ge=0, le=10_000, description="average this many predictions with random dropout; 0 makes none"
    )
    polyak: Polyak | None = None
    snapshots: Annotated[
        bool | Annotated[int, Field(ge=1, le=1_000_000)], Takes("true, false, or a number of epochs")
    ] = Field(
        default=False,
        description="average the networks at the end of each cycle of warm restarts, or at this interval in epochs",
    )

    @field_validator("polyak", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return None if value == "none" or value is False else value

    @property
    def spec(self) -> EvaluationSpec:
        """Return the specification for the engine."""
        start = self.polyak.start if self.polyak else None
        return EvaluationSpec(self.predictions, self.mc_dropout, start, self.snapshots)
