"""What a data set is asked for, and what it answers: examples before they are split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from reportgen.data.dataset import IntArray
from reportgen.errors import StudyError
from reportgen.registry import Component, Row, Table

RawArray = NDArray[Any]
RowT = TypeVar("RowT", bound=Row)


@dataclass(frozen=True)
class Request:
    """What a row is asked for: its own parameters, the sizes of made data, the seed, and where relative paths start."""

    params: Mapping[str, Any]
    samples: int
    features: int
    classes: int
    seed: int
    folder: Path | None = None


@dataclass(frozen=True)
class Source:
    """All examples of a data set, in their own order.

    x: (n, features) of any real type; y: (n,) int64 in 0 .. classes - 1.
    The last `test_n` examples are the test split as published or given; the `validation_n` before them are the given
    validation split, or None where it is drawn from what remains.
    """

    x: RawArray
    y: IntArray
    classes: int
    class_names: tuple[str, ...] = ()
    image_shape: tuple[int, int, int] | None = None
    test_n: int = 0
    validation_n: int | None = None


def settings(rows: Table[RowT], component: Component, kind: str) -> tuple[RowT, dict[str, Any]]:
    """Return the component's row and its parameters, defaults filled in; unknown names are a StudyError."""
    row = rows.find(component.name)
    if row is None:
        raise StudyError("?", f"unknown {kind} '{component.name}'", hint="one of " + ", ".join(rows))
    params = {parameter.name: parameter.default for parameter in row.parameters}
    for name, value in component.params:
        if name not in params:
            raise StudyError("?", f"{row.name} has no parameter '{name}'", hint="one of " + ", ".join(params))
        params[name] = value
    missing = [p.name for p in row.parameters if p.required and params[p.name] is None]
    if missing:
        raise StudyError("?", f"{row.name} needs {' and '.join(missing)}")
    return row, params
