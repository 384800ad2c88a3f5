"""Request to a data set, and its result: the examples before splitting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from reportgen.data.dataset import ImageShape, IntArray
from reportgen.errors import StudyError
from reportgen.registry import Component, Row, Table

RawArray = NDArray[Any]
RowT = TypeVar("RowT", bound=Row)


@dataclass(frozen=True)
class Request:
    """Request to a data set.

    params: parameters of the data set; samples, features, classes: sizes of generated data; seed: seed of generation
    and split; folder: folder of the study, the base of relative paths.
    """

    params: Mapping[str, Any]
    samples: int
    features: int
    classes: int
    seed: int
    folder: Path | None = None


@dataclass(frozen=True)
class Source:
    """All examples of a data set, in their original order.

    x: (n, features) of any real type; y: (n,) int64, classes 0 to classes - 1.
    The last `test_n` examples are the test split of the data set, 0 if it has none. The `validation_n` examples before
    them are its validation split; None if validation examples are drawn from the rest.
    feature_names, target_name: names of the columns of a table, empty for other data.
    identity: the text that `identity` of the data set returns for the bytes that the examples were read from; None if
    the reader of a plug-in does not say it.
    """

    x: RawArray
    y: IntArray
    classes: int
    class_names: tuple[str, ...] = ()
    image_shape: ImageShape | None = None
    test_n: int = 0
    validation_n: int | None = None
    feature_names: tuple[str, ...] = ()
    target_name: str = ""
    identity: str | None = None


def settings(rows: Table[RowT], component: Component, kind: str) -> tuple[RowT, dict[str, Any]]:
    """Return the component's row and its parameters with defaults filled in.

    Raises StudyError for an unknown name or parameter, or for a required parameter that is missing.
    """
    row = rows.find(component.name)
    if row is None:
        raise StudyError("unknown-name", f"unknown {kind} '{component.name}'", hint="one of " + ", ".join(rows))
    params = {parameter.name: parameter.default for parameter in row.parameters}
    for name, value in component.params:
        if name not in params:
            hint = f"one of {', '.join(params)}" if params else f"{row.name} has no parameters"
            raise StudyError("unknown-key", f"unknown parameter '{name}' of {row.name}", hint=hint)
        params[name] = value
    missing = [p.name for p in row.parameters if p.required and params[p.name] is None]
    if missing:
        raise StudyError("missing-key", f"{row.name} requires {' and '.join(missing)}")
    return row, params
