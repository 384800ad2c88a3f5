"""Claims of a study: tests on measured values."""

from __future__ import annotations

import functools
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    SerializeAsAny,
    WithJsonSchema,
    create_model,
    field_validator,
    model_validator,
)

from reportgen.registry import Table, table_of
from reportgen.study.model.components import ID_PATTERN, problem, suggest
from reportgen.study.model.expectation import Expectation, Key
from reportgen.study.model.section import Section, Takes, nested

Where = dict[str, Any]
"""Dotted setting paths to values or labels; it matches every variant that has all of them."""

LECTURE_CLAIMS = 50
"""The number of claims in the lectures, numbered from 1."""

Verdict = Literal["supported", "contradicted", "inconclusive"]
"""The possible verdicts on a claim."""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

BY_INTEREST: tuple[Verdict, ...] = ("contradicted", "inconclusive", "supported")
"""The verdicts in the order in which a reader wants to know them: what differs from the expectation comes first."""

Layer = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]


def metric_name(name: str) -> str:
    """Return the name of a metric in the table; raises a validation error if it is unknown."""
    table = table_of("metric")
    row = table.find(name)
    if row is None:
        hint = suggest(name, list(table), "see `reportgen list metrics`")
        raise problem("unknown-name", f"unknown metric {name!r}", hint)
    return str(row.name)


class Measure(Section):
    """Measurement of a claim: a layer statistic at a step, or a score at an epoch."""

    example: ClassVar[str] = "{metric: val_accuracy}"
    metric: Annotated[str, AfterValidator(metric_name), Takes("a [metric](#metrics)")] = Field(
        description="measured quantity"
    )
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
    round: Count | Literal["first", "last"] | None = Field(
        default=None, description="round of pruning, by default the last one; 0 or `first` is the dense network"
    )
    reduce: Literal["mean", "mean_abs", "min", "max", "last_over_first"] | None = Field(
        default=None,
        description="how to combine several layers, by default by their mean, unless the claim compares layers",
    )
    score: Literal["train_loss", "train_accuracy", "val_loss", "val_accuracy"] | None = Field(
        default=None, description="score that must reach `level`, for `epochs_to` and `steps_to`"
    )
    level: float | None = Field(
        default=None, description="level that `score` must reach, for `epochs_to` and `steps_to`"
    )
    of_first: bool = Field(default=False, description="the level is a fraction of the loss before training")
    relative_to: Annotated[Where | None, Takes("mapping like `where`")] = Field(
        default=None,
        description="divide the value, seed by seed, by the value with these settings, which replace those of `where`",
    )
    setting: Annotated[str | None, Takes("a path that is searched")] = Field(
        default=None, description="setting whose `best_setting`, `best_place` or `largest_trainable` is measured"
    )

    @model_validator(mode="after")
    def _applicable(self) -> Measure:
        """Reject a layer, step or round that does not apply to the metric."""
        if self.step is not None and self.epoch is not None:
            raise problem("conflicting-settings", "step and epoch exclude each other", "keep one of them")
        for key in ("layer", "step", "round"):
            if getattr(self, key) is not None and key not in table_of("metric")[self.metric].place.keys:
                message = f"{key} does not apply to {self.metric}"
                raise problem("inapplicable-key", message, f"remove {key}", (key,), key=True)
        return self

    def layers_of(self, count: int) -> list[int]:
        """Return the measured layers, from 1, in a network of `count` layers; the hidden layers by default."""
        if isinstance(self.layer, int):
            return [self.layer]
        if isinstance(self.layer, list):
            return self.layer
        hidden = list(range(1, count)) or [1]
        return {"first": hidden[:1], "last": hidden[-1:], "output": [count]}.get(self.layer or "hidden", hidden)


class Tune(Section):
    """Selection of each side's best value of a varied setting."""

    example: ClassVar[str] = "{along: training.lr}"
    along: Annotated[str, Takes("a setting that varies")] = Field(
        description="each side uses its best value of this setting, which the other seeds select"
    )
    by: Literal["train_loss", "train_accuracy", "val_loss", "val_accuracy"] | None = Field(
        default=None, description="score that selects the best value; by default the claim's own metric"
    )


class Expect(Section):
    """What a claim expects: one kind of expectation, with the keys that refine it.

    `expect_model` returns the subclass with the keys of all kinds.
    """

    @property
    def kind(self) -> str:
        """The name of the kind of expectation."""
        return self.row.name

    @property
    def row(self) -> Expectation:
        """The row of the kind of expectation."""
        return next(row for row in expectations().values() if self.get(row.name) is not None)

    @property
    def value(self) -> Any:
        """The value of the kind of expectation."""
        return self.get(self.kind)

    @property
    def other(self) -> Where | None:
        """The settings of the variants with which the claim compares its own, None if it compares no variants."""
        return self.value if self.row.compares else None

    def get(self, key: str) -> Any:
        """Return the value of a key, None if it is not given."""
        return getattr(self, key, None)

    @model_validator(mode="after")
    def _one_expectation(self) -> Expect:
        rows = expectations()
        kinds = [name for name in rows if self.get(name) is not None]
        if not kinds:
            raise problem("missing-key", "the claim has no expectation", f"one of {', '.join(rows)}")
        if len(kinds) > 1:
            message = f"{kinds[0]} and {kinds[1]} exclude each other"
            raise problem("conflicting-settings", message, "one expectation for each claim", (kinds[1],), key=True)
        applicable = [key.name for key in rows[kinds[0]].keys]
        for name in expectation_keys():
            if name != kinds[0] and name not in applicable and self.get(name) is not None:
                owners = [row.name for row in rows.values() if name in [key.name for key in row.keys]]
                message = f"{name} applies to {' or '.join(owners)}, not to {kinds[0]}"
                raise problem("inapplicable-key", message, f"remove {name}", (name,), key=True)
        rows[kinds[0]].complete(self)
        return self


def expectations() -> Table[Expectation]:
    """Return the table of all kinds of expectation."""
    return table_of("expectation")


def expectation_keys() -> dict[str, Key]:
    """Return the keys of all kinds of expectation by name."""
    return {key.name: key for row in expectations().values() for key in (row.key, *row.keys)}


def expect_model() -> type[Expect]:
    """Return the model of `expect` with the keys of all kinds of expectation."""
    return _model(tuple(expectations().values()))


@functools.cache
def _model(rows: tuple[Expectation, ...]) -> type[Expect]:
    keys = {key.name: key for row in rows for key in (row.key, *row.keys)}
    fields: dict[str, Any] = {
        name: (Annotated[key.type | None, Takes(key.takes)], Field(default=None, description=key.summary))
        for name, key in keys.items()
    }
    return create_model("Expect", __base__=Expect, __module__=__name__, **fields)


def _read_expect(value: Any) -> Expect:
    """Return the expectation of a claim; the model is chosen here, since plug-ins add kinds of expectation."""
    return value if isinstance(value, Expect) else nested(expect_model(), value)


class Claim(Section):
    """A claim to test."""

    example: ClassVar[str] = (
        "{id: learns, says: The network learns., measure: {metric: val_accuracy}, expect: {above: 0.9}}"
    )
    id: str = Field(
        pattern=ID_PATTERN,
        max_length=60,
        description="unique name, of lower-case letters, digits and hyphens",
    )
    says: str = Field(min_length=1, description="the claim of the lecture, in your own words")
    source: str | list[str] | None = Field(default=None, description="key of the lecture, or of several")
    lecture: Annotated[int, Field(ge=1, le=LECTURE_CLAIMS)] | None = Field(
        default=None, description="number of the claim in the list of lecture claims"
    )
    measure: Measure
    where: Annotated[Where, Takes("mapping of paths to values or labels")] = Field(
        default_factory=dict, description="measured variants; by default all"
    )
    holds_for: Literal["mean", "all", "any"] = Field(
        default="mean",
        description="the expectation applies to the mean of these variants, each of them, or at least one of them "
        "([corrected](statistics.md) for their number)",
    )
    tune: Tune | None = None
    expect: Annotated[SerializeAsAny[Expect], PlainValidator(_read_expect), WithJsonSchema({"type": "object"})]
    predict: Verdict | None = Field(default=None, description="the verdict that a student predicts")
    why: str | None = Field(default=None, min_length=1, description="reason for the prediction")
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
