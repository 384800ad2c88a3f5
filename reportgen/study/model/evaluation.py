"""Settings of evaluation: stored predictions, MC dropout, averaged weights and snapshots."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator

from reportgen.engine.spec import EvaluationSpec
from reportgen.study.model.section import Section


class Polyak(Section):
    """Mean of the weights over all steps, starting at an epoch."""

    start: Annotated[int, Field(ge=1, le=1_000_000)]


class Evaluation(Section):
    """Predictions to store, and averages to evaluate."""

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
        """Return the specification for the engine."""
        start = self.polyak.start if self.polyak else None
        return EvaluationSpec(self.predictions, self.mc_dropout, start, self.snapshots)
