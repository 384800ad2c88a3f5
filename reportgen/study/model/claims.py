"""Claims of a study: tests on measured values."""

from __future__ import annotations

import functools
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PlainValidator,
    SerializeAsAny,
    WithJsonSchema,
    create_model,
    field_validator,
    model_validator,
)

from reportgen.registry import Table, table_of
from reportgen.study.model.components import problem
from reportgen.study.model.expectation import Expectation, Key
from reportgen.study.model.section import Section, nested

Where = dict[str, Any]
"""Dotted setting paths to values or labels; it matches every variant that has all of them."""

LECTURE_CLAIMS = 50
"""The number of claims in the lectures, numbered from 1."""

Layer = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]


class Measure(Section):
    """What is measured: a layer statistic at a step, or a score at an epoch.

    layer: a number from 1, a list of numbers, "first" or "last" hidden layer, "output", or "hidden" (all of them).
    step: a probe's step, "first" or "last"; epoch: an epoch, "last" or "best" (by val_loss).
    reduce: how several layers become one number, unless the claim compares layer by layer.
    score, level: of epochs_to and steps_to, the score and where it has to come; of_first: the level is a share of
    the score before training. relative_to: settings that replace the claim's `where`; the value is divided by
    theirs, seed by seed.
    setting: the searched setting whose best value or place is measured.
    """

    metric: str
    layer: Layer | Annotated[list[Layer], Field(min_length=1)] | Literal["first", "last", "output", "hidden"] | None = (
        None
    )
    step: Count | Literal["first", "last"] | None = None
    epoch: Count | Literal["last", "best"] | None = None
    reduce: Literal["mean", "mean_abs", "min", "max", "last_over_first"] | None = None
    score: Literal["train_loss", "train_accuracy", "val_loss", "val_accuracy"] | None = None
    level: float | None = None
    of_first: bool = False
    relative_to: Where | None = None
    setting: str | None = None


class Tune(Section):
    """Each side of the claim at its own best: along a varied path, by a score, or by what the claim measures."""

    along: str
    by: Literal["train_loss", "train_accuracy", "val_loss", "val_accuracy"] | None = None


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
        given = [name for name in rows if self.get(name) is not None]
        if not given:
            raise problem("missing-key", "the claim has no expectation", f"one of {', '.join(rows)}")
        if len(given) > 1:
            message = f"{given[0]} and {given[1]} exclude each other"
            raise problem("conflicting-settings", message, "one expectation for each claim", (given[1],), key=True)
        own = [key.name for key in rows[given[0]].keys]
        for name in expectation_keys():
            if name != given[0] and name not in own and self.get(name) is not None:
                owners = [row.name for row in rows.values() if name in [key.name for key in row.keys]]
                message = f"{name} applies to {' or '.join(owners)}, not to {given[0]}"
                raise problem("inapplicable-key", message, f"remove {name}", (name,), key=True)
        rows[given[0]].complete(self)
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
    fields: dict[str, Any] = {name: (key.type | None, None) for name, key in keys.items()}
    return create_model("Expect", __base__=Expect, __module__=__name__, **fields)


def _read_expect(value: Any) -> Expect:
    """Return the expectation of a claim; the model is chosen here, since plug-ins add kinds of expectation."""
    return value if isinstance(value, Expect) else nested(expect_model(), value)


class Claim(Section):
    """One sentence put to the test; `lecture` is its number in the lectures' list of claims.

    holds_for: whether the expectation is of the mean over the variants of `where`, of each of them (all), or of some
    (any). tune: which varied path each side takes at its best.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    says: Annotated[str, Field(min_length=1)]
    source: str | list[str] | None = None
    lecture: Annotated[int, Field(ge=1, le=LECTURE_CLAIMS)] | None = None
    measure: Measure
    where: Where = Field(default_factory=dict)
    holds_for: Literal["mean", "all", "any"] = "mean"
    tune: Tune | None = None
    expect: Annotated[SerializeAsAny[Expect], PlainValidator(_read_expect), WithJsonSchema({"type": "object"})]
    required: bool = False
    note: str | None = None

    @field_validator("lecture", mode="before")
    @classmethod
    def _is_listed(cls, value: Any) -> Any:
        """Reject a number that is not in the lectures' list of claims."""
        if isinstance(value, int) and not isinstance(value, bool) and not 1 <= value <= LECTURE_CLAIMS:
            hint = f"1 to {LECTURE_CLAIMS}, see `reportgen list claims`; omit lecture for a claim of your own"
            raise problem("out-of-range", f"unknown lecture claim {value}", hint)
        return value
