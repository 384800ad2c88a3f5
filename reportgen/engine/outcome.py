"""The outcome of a training, and its cancellation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Progress = Callable[[int, int], None]


class Cancelled(Exception):  # noqa: N818 - a requested stop is not an error
    """The run was cancelled; none of its results are kept."""


@dataclass(frozen=True)
class Outcome:
    """The results of training; the attributes are those of a RunRecord."""

    status: str
    stopped_at_step: int | None
    steps: int
    train_seconds: float
    final: dict[str, float]
    facts: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


def raise_if_cancelled(cancel: Callable[[], bool]) -> None:
    """Raise Cancelled if `cancel` returns true."""
    if cancel():
        raise Cancelled
