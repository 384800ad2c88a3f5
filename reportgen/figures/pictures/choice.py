"""When a study without `figures:` gets a picture, and which variants a picture shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.engine.spec import RunSpec
from reportgen.figures.views.selection import select_rows
from reportgen.registry import Component
from reportgen.runs.record import RunRecord

Course = TypeVar("Course")


def is_named(analysis: Analysis, id_: str) -> bool:
    """Return whether the study names the figure."""
    return id_ in analysis.plan.study.figures


def is_claimed(analysis: Analysis, *metrics: str) -> bool:
    """Return whether a claim measures one of the metrics."""
    return any(claim.measure.metric in metrics for claim in analysis.plan.study.claims)


def differs(analysis: Analysis, part: Callable[[RunSpec], Any]) -> bool:
    """Return whether the variants differ in a part of their specification."""
    found = [part(record.spec) for row in analysis.outcomes for record in row.records[:1]]
    return any(one != found[0] for one in found)


def first_records(analysis: Analysis) -> list[tuple[VariantSummary, RunRecord]]:
    """Return the variants that have a run, each with its first one."""
    return [(row, row.records[0]) for row in analysis.outcomes if row.records]


def rows_with(analysis: Analysis, array: str, most: int) -> tuple[list[VariantSummary], str]:
    """Return at most `most` variants with runs that have an array, and a sentence on the choice for the caption."""
    able = [row for row in analysis.outcomes if any(array in record.arrays for record in row.records)]
    return select_rows(analysis.plan, able, most) if able else ([], "")


def chosen_courses(
    analysis: Analysis, read: Callable[[VariantSummary], Course | None], most: int
) -> tuple[list[Course], str]:
    """Return what `read` finds in at most `most` variants, and a sentence on the choice for the caption.

    Variants in which it finds nothing are left out.
    """
    found = {id(row): course for row in analysis.outcomes if (course := read(row)) is not None}
    able = [row for row in analysis.outcomes if id(row) in found]
    rows, note = select_rows(analysis.plan, able, most) if able else ([], "")
    return [found[id(row)] for row in rows], note


def with_array(row: VariantSummary, array: str) -> list[RunRecord]:
    """Return the runs of a variant that have an array."""
    return [record for record in row.records if array in record.arrays]


def component_words(component: Component) -> str:
    """Return a component as readers know it: its name, and the parameters that have a value."""
    words = [f"{name} {_value(value)}" for name, value in component.params if value is not None]
    name = component.name.replace("_", " ")
    return f"{name} ({', '.join(words)})" if words else name


def _value(value: Any) -> str:
    return component_words(value) if isinstance(value, Component) else f"{value:g}" if _is_number(value) else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def unique(items: Iterable[Any]) -> list[Any]:
    """Return the items without duplicates, in order."""
    return list(dict.fromkeys(items))


def mean_over(values: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """Return the mean of arrays, cut to their common length; NaN where all are NaN."""
    size = min(len(one) for one in values)
    stacked = np.stack([np.asarray(one[:size], np.float64) for one in values])
    finite = np.isfinite(stacked)
    total = np.where(finite, stacked, 0).sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = total / finite.sum(axis=0)
    return mean
