"""Results about a record that are stored as long as the record, since several rules need them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TypeVar

from reportgen.runs.record import RunRecord

Result = TypeVar("Result")


def memoize(function: Callable[[RunRecord], Result]) -> Callable[[RunRecord], Result]:
    """Compute a function of a record only once for each record, whose arrays must not change afterwards."""

    @functools.wraps(function)
    def wrapper(record: RunRecord) -> Result:
        known = record.known
        if function not in known:
            known[function] = function(record)
        result: Result = known[function]
        return result

    return wrapper


def forget(records: Iterable[RunRecord]) -> None:
    """Release the stored results about records, which are computed again when they are needed."""
    for record in records:
        record.known.clear()
