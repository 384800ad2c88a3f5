"""Hooks that do not keep their owner alive, and that are removed with it.

PyTorch keeps hooks of all optimizers for the whole process, and those of a module as long as the module. A recorder
that is dropped without `save` must not observe later trainings.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


class WeakHook:
    """Hook that calls a bound method as long as its object exists; None: a copy, which calls nothing.

    Copies of a network, pickled ones included, have copies of its hooks, but are not observed.
    """

    def __init__(self, method: Callable[..., Any] | None = None) -> None:
        known: Callable[[], Callable[..., Any] | None] = _nothing
        if method is not None:
            known = weakref.WeakMethod(method)
        self._method = known

    def __call__(self, *arguments: Any) -> Any:
        """Return the result of the method, None if its object does not exist."""
        method = self._method()
        return None if method is None else method(*arguments)

    def __reduce__(self) -> tuple[type[WeakHook], tuple[()]]:
        """Return how to create a copy."""
        return WeakHook, ()


def _nothing() -> None:
    return None


def removed_with(owner: object) -> list[Any]:
    """Return an empty list for the handles of hooks, which are removed when the owner is no longer used."""
    handles: list[Any] = []
    weakref.finalize(owner, remove, handles).atexit = False
    return handles


def remove(handles: list[Any]) -> None:
    """Remove hooks by their handles, and empty the list."""
    while handles:
        handles.pop().remove()
