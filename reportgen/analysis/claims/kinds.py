"""The kinds of expectation, each with its key in a study, its test, its region in figures and its text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from reportgen.analysis.claims import regions
from reportgen.analysis.words import kinds as words
from reportgen.registry import Table
from reportgen.study.model.claims import Expect, Where
from reportgen.study.model.components import problem
from reportgen.study.model.expectation import Expectation, Key

if TYPE_CHECKING:
    from reportgen.analysis.claims.claim_data import ClaimData
    from reportgen.analysis.claims.expectations import Measured

OTHER = "{network.activation: relu}"
WHERE = "mapping like `where`"
Level = float
NotNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]

RTOL = Key("rtol", NotNegative, "number", "relative tolerance of `near`", "{near: 0.63, rtol: 0.05}")
ATOL = Key("atol", NotNegative, "number", "absolute tolerance of `near`", "{near: 0.63, atol: 0.01}")
BY = Key(
    "by",
    float,
    "number",
    "the least difference that `greater_than` or `less_than` expects",
    f"{{greater_than: {OTHER}, by: 0.02}}",
)
FACTOR = Key(
    "factor",
    Positive,
    "number",
    "the least ratio that `greater_than` or `less_than` expects",
    f"{{less_than: {OTHER}, factor: 2}}",
)
WITHIN = Key("within", Positive, "number", "the margin of `same_as`", f"{{same_as: {OTHER}, within: 0.01}}")
ALONG = Key(
    "along",
    str,
    "a setting that varies",
    "the varied setting whose ordered values `monotone` compares",
    "{monotone: increasing, along: training.lr}",
)


def _test(name: str) -> Callable[[ClaimData], Measured]:
    """Return a test of a kind; its module is imported at the first test, because checks of a study need no test."""

    def test(data: ClaimData) -> Measured:
        from reportgen.analysis.claims import expectations

        measured: Measured = getattr(expectations, name)(data)
        return measured

    return test


def _in_order(expect: Expect) -> None:
    low, high = expect.value
    if low >= high:
        raise problem("invalid-range", f"low ({low:g}) must be less than high ({high:g})", "", (expect.kind,))


def _some_number(expect: Expect) -> None:
    if isinstance(expect.value, list) and not any(x is not None for x in expect.value):
        hint = "one for each layer, null to skip a layer"
        raise problem("empty-value", "the list has no number", hint, (expect.kind,))


def _by_or_factor(expect: Expect) -> None:
    if expect.get("by") is not None and expect.get("factor") is not None:
        message = "by and factor cannot be combined"
        raise problem("conflicting-settings", message, "keep one of them", ("factor",), key=True)


def _has_margin(expect: Expect) -> None:
    if expect.get("within") is None:
        hint = "the margin of the equivalence test, such as within: 0.01"
        raise problem("missing-key", f"{expect.kind} needs within", hint)


def _is_theory(expect: Expect) -> bool:
    return bool(expect.value == "theory")


def _printed(expect: Expect) -> Any:
    return None if _is_theory(expect) else expect.value


BELOW = Expectation(
    name="below",
    summary="The value is below a level.",
    key=Key("below", Level, "number", "the value is below it", "{below: 0.5}"),
    test=_test("below"),
    region=regions.below_region,
    words=words.level_in_words,
    levels=True,
)
ABOVE = Expectation(
    name="above",
    summary="The value is above a level.",
    key=Key("above", Level, "number", "the value is above it", "{above: 0.9}"),
    test=_test("above"),
    region=regions.above_region,
    words=words.level_in_words,
    levels=True,
)
BETWEEN = Expectation(
    name="between",
    summary="The value is between two levels.",
    key=Key(
        "between",
        Annotated[list[float], Field(min_length=2, max_length=2)],
        "[low, high]",
        "the value is between these numbers",
        "{between: [0.1, 0.5]}",
    ),
    complete=_in_order,
    test=_test("between"),
    region=regions.between_region,
    words=words.between_in_words,
    levels=True,
)
NEAR = Expectation(
    name="near",
    summary="The value is within a tolerance of a number, of one number for each layer, or of theory.",
    key=Key(
        "near",
        Literal["theory"] | float | Annotated[list[float | None], Field(min_length=1)],
        "number, a list by layer, or `theory`",
        "the value differs from this number by at most `rtol` times the number plus `atol`",
        "{near: 0.63, rtol: 0.05}",
    ),
    keys=(RTOL, ATOL),
    complete=_some_number,
    test=_test("near"),
    region=regions.near_region,
    words=words.near_in_words,
    levels=True,
    by_layer=lambda expect: isinstance(expect.value, list),
    single="set near to a number",
    theory=_is_theory,
    printed=_printed,
)
GREATER_THAN = Expectation(
    name="greater_than",
    summary="The value is greater than the value of other variants, paired by seed.",
    key=Key(
        "greater_than",
        Where,
        WHERE,
        "the value is greater than the value with these settings, which replace those of `where`",
        f"{{greater_than: {OTHER}}}",
    ),
    keys=(BY, FACTOR),
    complete=_by_or_factor,
    test=_test("comparison"),
    region=regions.greater_region,
    words=words.comparison_in_words,
    compares=True,
    direction=1,
)
LESS_THAN = Expectation(
    name="less_than",
    summary="The value is less than the value of other variants, paired by seed.",
    key=Key(
        "less_than", Where, WHERE, "the value is less than the value with these settings", f"{{less_than: {OTHER}}}"
    ),
    keys=(BY, FACTOR),
    complete=_by_or_factor,
    test=_test("comparison"),
    region=regions.less_region,
    words=words.comparison_in_words,
    compares=True,
    direction=-1,
)
SAME_AS = Expectation(
    name="same_as",
    summary="The value differs from the value of other variants by less than a margin, paired by seed.",
    key=Key(
        "same_as",
        Where,
        WHERE,
        "the value equals the value with these settings, up to `within`",
        f"{{same_as: {OTHER}, within: 0.01}}",
    ),
    keys=(WITHIN,),
    complete=_has_margin,
    test=_test("same_as"),
    region=regions.same_region,
    words=words.same_in_words,
    compares=True,
)
MONOTONE = Expectation(
    name="monotone",
    summary="The values increase or decrease from layer to layer, or along a setting that varies.",
    key=Key(
        "monotone",
        Literal["increasing", "decreasing"],
        "`increasing`, `decreasing`",
        "the values increase or decrease over the layers, or along a setting that varies",
        "{monotone: decreasing, along: training.lr}",
    ),
    keys=(ALONG,),
    test=_test("monotone"),
    region=regions.no_region,
    words=words.monotone_in_words,
    each=False,
    by_layer=lambda expect: expect.get("along") is None,
    single="add along: a setting that varies",
)

EXPECTATIONS: Table[Expectation] = Table(
    Expectation, (BELOW, ABOVE, BETWEEN, NEAR, GREATER_THAN, LESS_THAN, SAME_AS, MONOTONE)
)
