"""Answers about a record that are kept as long as it is, since several rules ask for the same."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

from reportgen.runs.record import RunRecord

Answer = TypeVar("Answer")


def memoize(function: Callable[[RunRecord], Answer]) -> Callable[[RunRecord], Answer]:
    """Return the function, which computes its answer once for each record; a record's arrays must not change later."""
    answers: WeakKeyDictionary[RunRecord, Answer] = WeakKeyDictionary()

    @functools.wraps(function)
    def ask(record: RunRecord) -> Answer:
        try:
            return answers[record]
        except KeyError:
            answer = answers[record] = function(record)
            return answer

    return ask
