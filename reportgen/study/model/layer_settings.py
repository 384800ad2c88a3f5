"""Batch normalization and dropout as a study writes them: switched on, by a number, or with their settings."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from reportgen.engine.spec import BatchNormSpec, DropoutSpec
from reportgen.study.model.components import below, problem, shown
from reportgen.study.model.section import Number, Section


def read_batchnorm(value: Any) -> Any:
    """Return batch normalization as the engine takes it, or a list with one for each hidden layer."""
    if isinstance(value, (list, tuple)):
        return tuple(below(index, partial(_one_batchnorm, item)) for index, item in enumerate(value))
    return _one_batchnorm(value)


def _one_batchnorm(value: Any) -> BatchNormSpec | None:
    if isinstance(value, BatchNormSpec) or value is None or value is False or value == "none":
        return value if isinstance(value, BatchNormSpec) else None
    if value is True:
        return BatchNormSpec()
    if not isinstance(value, dict):
        raise problem("?", f"expected true, false or settings, found {shown(value)}", "such as {momentum: 0.9}")
    return BatchNormSpec(**BatchNorm.model_validate(value).model_dump())


class BatchNorm(Section):
    """Batch normalization's settings, where they are not the usual ones."""

    momentum: Annotated[Number, Field(ge=0, lt=1)] = 0.9
    epsilon: Annotated[Number, Field(gt=0, le=1)] = 1e-5
    test_mode: Literal["running", "batch"] = "running"
    update_running: bool = True


class Dropout(Section):
    """Dropout with a mode; the rate is the fraction that is dropped."""

    rate: Annotated[Number, Field(ge=0, lt=1)]
    mode: Literal["inverted", "scale_at_test", "unscaled"] = "inverted"


def read_dropout(value: Any) -> Any:
    """Return dropout as the engine takes it, or a list with one for each hidden layer."""
    if isinstance(value, (list, tuple)):
        return tuple(below(index, partial(_one_dropout, item)) for index, item in enumerate(value))
    return _one_dropout(value)


def _one_dropout(value: Any) -> DropoutSpec | None:
    if isinstance(value, DropoutSpec) or value in (None, "none"):
        return value if isinstance(value, DropoutSpec) else None
    if isinstance(value, dict):
        return DropoutSpec(**Dropout.model_validate(value).model_dump())
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise problem("?", f"expected the fraction that is dropped, found {shown(value)}", "a number from 0 to below 1")
    if not 0 <= value < 1:
        raise problem(
            "?", f"a dropout rate of {shown(value)} is not possible", "the fraction that is dropped: from 0 to below 1"
        )
    return DropoutSpec(float(value)) if value > 0 else None
