"""The row of a kind of expectation: the `expect` of a claim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from reportgen.registry import Row


@dataclass(frozen=True, eq=False)
class Key:
    """A key of `expect`.

    type: the annotation with which pydantic reads the value. takes: the values in words; summary: their meaning; both
    are Markdown. example: the `expect` of a study that uses the key.
    """

    name: str
    type: Any
    takes: str
    summary: str
    example: str


def never(expect: Any) -> bool:
    """Return False; the default of facts that depend on the expectation."""
    return False


def nothing(expect: Any) -> None:
    """Return None; the default of facts that depend on the expectation."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Expectation(Row):
    """A kind of expectation.

    key: reads the value of the kind; it has the name of the row. keys: refine the expectation. complete: raises a
    validation error for values that do not fit together.

    test: from the data of a claim (`reportgen.analysis.claims.claim_data.ClaimData`) to the measured values with the
    verdict (`reportgen.analysis.claims.expectations.Measured`). region: from a claim and its result to the ends of the
    interval of `measured` that is expected, infinite if it is open, None if it is not an interval. words: from a claim
    to the expectation as text.

    levels: the value is a level of the metric, or a list of levels. compares: the value selects other variants, with
    which the variants of the claim are compared. direction: 1 if the variants of the claim are expected to be greater,
    -1 if less, 0 if neither. each: the expectation can be tested on each variant. by_layer: whether it compares one
    value for each layer; single: how to compare a single value instead. theory: whether it compares with theory.
    printed: the given number, or list of numbers by layer.
    """

    kind: ClassVar[str] = "expectation"
    formula: str = ""
    source: str = ""
    key: Key
    keys: tuple[Key, ...] = ()
    complete: Callable[[Any], None] = nothing
    test: Callable[[Any], Any]
    region: Callable[[Any, Any], tuple[float, float] | None]
    words: Callable[[Any], str]
    levels: bool = False
    compares: bool = False
    direction: int = 0
    each: bool = True
    by_layer: Callable[[Any], bool] = never
    single: str = ""
    theory: Callable[[Any], bool] = never
    printed: Callable[[Any], float | Sequence[float | None] | None] = nothing

    __eq__ = object.__eq__
    __hash__ = object.__hash__
