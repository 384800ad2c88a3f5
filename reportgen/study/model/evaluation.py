"""What a study asks for beside the scores of the trained network."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator

from reportgen.engine.spec import EvaluationSpec
from reportgen.study.model.section import Section


class Polyak(Section):
    """The mean of the weights over all steps from an epoch on."""

    start: Annotated[int, Field(ge=1, le=1_000_000)]


class Evaluation(Section):
    """Predictions to keep, and averages to score."""

    predictions: bool = False
    mc_dropout: Annotated[int, Field(ge=0, le=10_000)] = 0
    polyak: Polyak | None = None
    snapshots: bool | Annotated[int, Field(ge=1, le=1_000_000)] = False

    @field_validator("polyak", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return None if value == "none" or value is False else value

    @property
    def spec(self) -> EvaluationSpec:
        """Return it as the engine takes it."""
        start = self.polyak.start if self.polyak else None
        return EvaluationSpec(self.predictions, self.mc_dropout, start, self.snapshots)
