"""Claims of a study: tests on measured values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from reportgen.study.model.components import problem
from reportgen.study.model.section import Section, Takes

Where = dict[str, Any]
"""Dotted setting paths to values or labels; it matches every variant that has all of them."""

COMPANIONS = {
    "rtol": ("near",),
    "atol": ("near",),
    "by": ("greater_than", "less_than"),
    "factor": ("greater_than", "less_than"),
    "within": ("same_as",),
    "along": ("monotone",),
}
"""The keys that refine an expectation, and the expectations that they apply to."""

EXPECTATIONS = ("below", "above", "between", "near", "greater_than", "less_than", "same_as", "monotone")


SIDES = ("greater_than", "less_than", "same_as")
"""Expectations that compare the claim's variants with others."""

LECTURE_CLAIMS = 50
"""The number of claims in the lectures, numbered from 1."""

Layer = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]


class Measure(Section):
    """Measurement of a claim: a layer statistic at a step, or a score at an epoch."""

    metric: Annotated[str, Takes("a [metric](#metrics)")] = Field(description="measured quantity")
    layer: Layer | Annotated[list[Layer], Field(min_length=1)] | Literal["first", "last", "output", "hidden"] | None = (
        Field(
            default=None,
            description="measured layers; `first` and `last` are hidden layers, `hidden`, the default, is all of them",
        )
    )
    step: Count | Literal["first", "last"] | None = Field(
        default=None, description="step of the probe; by default the last one"
    )
    epoch: Count | Literal["last", "best"] | None = Field(
        default=None, description="epoch of the score; `best` has the lowest validation loss"
    )
    reduce: Literal["mean", "mean_abs", "min", "max", "last_over_first"] | None = Field(
        default=None,
        description="how to combine several layers, by default by their mean, unless the claim compares layers",
    )
    score: Literal["train_loss", "train_accuracy", "val_loss", "val_accuracy"] | None = Field(
        default=None, description="for a time to a level: the score"
    )
    level: float | None = Field(default=None, description="for a time to a level: the level that the score must reach")
    of_first: bool = Field(default=False, description="the level is a fraction of the loss before training")
    relative_to: Annotated[Where | None, Takes("mapping like `where`")] = Field(
        default=None,
        description="divide the value, seed by seed, by the value with these settings in place of those of `where`",
    )
    setting: Annotated[str | None, Takes("a path that is searched")] = Field(
        default=None, description="setting whose `best_setting` or `best_place` is measured"
    )


class Tune(Section):
    """Selection of each side's best value of a varied setting."""

    along: Annotated[str, Takes("a path that varies")] = Field(
        description="each side uses its best value of this setting, which the other seeds select"
    )
    by: Literal["train_loss", "train_accuracy", "val_loss", "val_accuracy"] | None = Field(
        default=None, description="score that selects the best value; by default the claim's own metric"
    )


class Expect(Section):
    """Expectation of a claim: exactly one of EXPECTATIONS, with the keys that refine it.

    `near: theory` is the value that mean-field theory predicts at initialization. Comparisons are paired by seed;
    `same_as` is an equivalence test.
    """

    below: float | None = Field(default=None, description="the value is less than this")
    above: float | None = Field(default=None, description="the value is greater than this")
    between: Annotated[Annotated[list[float], Field(min_length=2, max_length=2)] | None, Takes("[low, high]")] = Field(
        default=None, description="the value is between these two"
    )
    near: Annotated[
        Literal["theory"] | float | Annotated[list[float | None], Field(min_length=1)] | None,
        Takes("number, a list by layer, or `theory`"),
    ] = Field(
        default=None, description="the value is within `rtol` times this plus `atol`; figures show this value too"
    )
    rtol: Annotated[float, Field(ge=0)] | None = Field(default=None, description="relative tolerance of `near`")
    atol: Annotated[float, Field(ge=0)] | None = Field(default=None, description="absolute tolerance of `near`")
    greater_than: Annotated[Where | None, Takes("mapping like `where`")] = Field(
        default=None,
        description="the value is greater than the value with these settings in place of those of `where`",
    )
    less_than: Annotated[Where | None, Takes("mapping like `where`")] = Field(
        default=None, description="the value is less than the value with these settings in place of those of `where`"
    )
    by: float | None = Field(default=None, description="least difference for `greater_than` or `less_than`")
    factor: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="least ratio for `greater_than` or `less_than`"
    )
    same_as: Annotated[Where | None, Takes("mapping like `where`")] = Field(
        default=None,
        description="the value differs by at most `within` from the value with these settings in place of those of "
        "`where`",
    )
    within: Annotated[float, Field(gt=0)] | None = Field(default=None, description="margin of `same_as`")
    monotone: Literal["increasing", "decreasing"] | None = Field(
        default=None, description="the values increase or decrease with the layer, or along a varied path"
    )
    along: Annotated[str | None, Takes("a path that varies")] = Field(
        default=None, description="setting whose values, in the order of the study, `monotone` follows"
    )

    @property
    def kind(self) -> str:
        """Return the one expectation that is given."""
        return next(name for name in EXPECTATIONS if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_expectation(self) -> Expect:
        given = [name for name in EXPECTATIONS if getattr(self, name) is not None]
        if not given:
            raise problem("missing-key", "the claim has no expectation", f"one of {', '.join(EXPECTATIONS)}")
        if len(given) > 1:
            message = f"{given[0]} and {given[1]} exclude each other"
            raise problem("conflicting-settings", message, "one expectation for each claim", (given[1],), key=True)
        for name, owners in COMPANIONS.items():
            if getattr(self, name) is not None and given[0] not in owners:
                message = f"{name} applies to {' or '.join(owners)}, not to {given[0]}"
                raise problem("inapplicable-key", message, f"remove {name}", (name,), key=True)
        self._complete()
        return self

    def _complete(self) -> None:
        if self.same_as is not None and self.within is None:
            raise problem(
                "missing-key", "same_as needs within", "the margin of the equivalence test, such as within: 0.01"
            )
        if self.between is not None and self.between[0] >= self.between[1]:
            raise problem(
                "invalid-range",
                f"low ({self.between[0]:g}) must be less than high ({self.between[1]:g})",
                "",
                ("between",),
            )
        if self.by is not None and self.factor is not None:
            raise problem(
                "conflicting-settings", "by and factor exclude each other", "keep one of them", ("factor",), key=True
            )
        if isinstance(self.near, list) and not any(x is not None for x in self.near):
            raise problem(
                "empty-value", "the list has no number", "one for each layer, null to skip a layer", ("near",)
            )


class Claim(Section):
    """A claim to test."""

    id: str = Field(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=60,
        description="unique name, of lower-case letters, digits and hyphens",
    )
    says: str = Field(min_length=1, description="the claim of the lecture, in your own words")
    source: str | list[str] | None = Field(default=None, description="key of the lecture, or of several")
    lecture: Annotated[int, Field(ge=1, le=LECTURE_CLAIMS)] | None = Field(
        default=None, description="number of the claim in the lectures' list"
    )
    measure: Measure
    where: Annotated[Where, Takes("mapping of paths to values or labels")] = Field(
        default_factory=dict, description="measured variants; by default all"
    )
    holds_for: Literal["mean", "all", "any"] = Field(
        default="mean",
        description="the expectation is about the mean of these variants, each of them, or at least one of them "
        "([corrected](statistics.md) for their number)",
    )
    tune: Tune | None = None
    expect: Expect
    required: bool = Field(default=False, description="`run --strict` fails unless this claim is supported")
    note: str | None = Field(default=None, description="choices made for a fair test, with reasons")

    @field_validator("lecture", mode="before")
    @classmethod
    def _is_listed(cls, value: Any) -> Any:
        """Reject a number that is not in the lectures' list of claims."""
        if isinstance(value, int) and not isinstance(value, bool) and not 1 <= value <= LECTURE_CLAIMS:
            hint = f"1 to {LECTURE_CLAIMS}, see `reportgen list claims`; omit lecture for a claim of your own"
            raise problem("out-of-range", f"unknown lecture claim {value}", hint)
        return value
