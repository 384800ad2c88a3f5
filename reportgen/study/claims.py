"""A lecture's sentence as a test on measured values: what a study's `claims` may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Where = dict[str, Any]
"""Dotted setting paths to values or labels; it matches every variant that has all of them."""

EXPECTATIONS = ("below", "above", "between", "near", "greater_than", "less_than", "same_as", "monotone")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Measure(_Frozen):
    """What is measured: a layer statistic at a step, or a score at an epoch.

    layer: a number from 1, a list of numbers, "first" or "last" hidden layer, "output", or "hidden" (all of them).
    step: a probe's step, "first" or "last"; epoch: an epoch, "last" or "best" (by val_loss).
    reduce: how several layers become one number, unless the claim compares layer by layer.
    """

    metric: str
    layer: int | list[int] | Literal["first", "last", "output", "hidden"] | None = None
    step: int | Literal["first", "last"] | None = None
    epoch: int | Literal["last", "best"] | None = None
    reduce: Literal["mean", "min", "max", "last_over_first"] | None = None


class Expect(_Frozen):
    """What the claim expects; exactly one of the names in EXPECTATIONS is given.

    near: a number, or one by layer, within rtol times itself plus atol.
    greater_than, less_than: settings that replace the claim's `where`; paired by seed. by: a least difference;
    factor: a least ratio. same_as: settings likewise, with `within` the margin of the equivalence test.
    monotone: over the layers, or over the variants in the order of `along` (a varied path).
    """

    below: float | None = None
    above: float | None = None
    between: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    near: float | list[float | None] | None = None
    rtol: Annotated[float, Field(ge=0)] | None = None
    atol: Annotated[float, Field(ge=0)] | None = None
    greater_than: Where | None = None
    less_than: Where | None = None
    by: float | None = None
    factor: Annotated[float, Field(gt=0)] | None = None
    same_as: Where | None = None
    within: Annotated[float, Field(gt=0)] | None = None
    monotone: Literal["increasing", "decreasing"] | None = None
    along: str | None = None

    @property
    def kind(self) -> str:
        """Return the one expectation that is given."""
        return next(name for name in EXPECTATIONS if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_expectation(self) -> Expect:
        given = [name for name in EXPECTATIONS if getattr(self, name) is not None]
        if len(given) != 1:
            found = ", ".join(given) or "none"
            raise ValueError(f"expects exactly one of {', '.join(EXPECTATIONS)}; found {found}")
        if self.same_as is not None and self.within is None:
            raise ValueError("same_as needs within, the margin of the equivalence test")
        return self


class Claim(_Frozen):
    """One sentence put to the test; `lecture` is its number in the lectures' list of claims."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    says: Annotated[str, Field(min_length=1)]
    source: str | list[str] | None = None
    lecture: int | None = None
    measure: Measure
    where: Where = {}
    expect: Expect
    required: bool = False
    note: str | None = None
