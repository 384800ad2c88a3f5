"""Batch normalization and dropout settings: true or false, a number, or a mapping."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Literal

from pydantic import Field

from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.study.model.components import below, problem, shown
from reportgen.study.model.section import Number, Section


def read_batchnorm(value: Any) -> Any:
    """Return the specification of batch normalization, or one for each hidden layer."""
    if isinstance(value, (list, tuple)):
        return tuple(below(index, partial(_one_batchnorm, item)) for index, item in enumerate(value))
    return _one_batchnorm(value)


def _one_batchnorm(value: Any) -> BatchNormSpec | None:
    if isinstance(value, BatchNormSpec) or value is None or value is False or value == "none":
        return value if isinstance(value, BatchNormSpec) else None
    if value is True:
        return BatchNormSpec()
    if not isinstance(value, dict):
        raise problem(
            "wrong-type", f"expected true, false or a mapping, found {shown(value)}", "such as {momentum: 0.9}"
        )
    return BatchNormSpec(**BatchNorm.model_validate(value).model_dump())


class BatchNorm(Section):
    """Settings of batch normalization."""

    momentum: Number = Field(
        default=0.9, ge=0, lt=1, description="weight of the previous running statistics in each update"
    )
    epsilon: Number = Field(
        default=1e-5, gt=0, le=1, description="constant added to the variance to avoid division by 0"
    )
    test_mode: Literal["running", "batch"] = Field(
        default="running",
        description="statistics for normalization at test time; `batch` (of each batch) demonstrates an error",
    )
    update_running: bool = Field(
        default=True, description="update the running statistics in training; false demonstrates an error"
    )


class Dropout(Section):
    """Settings of dropout; the rate is the fraction of units to drop."""

    rate: Number = Field(ge=0, lt=1, description="fraction of units to drop")
    mode: Literal["inverted", "scale_at_test", "unscaled"] = Field(
        default="inverted",
        description="compensation for dropped units: scaling in training, at test time, or none, "
        "which demonstrates an error",
    )


def read_dropout(value: Any) -> Any:
    """Return the specification of dropout, or one for each hidden layer."""
    if isinstance(value, (list, tuple)):
        return tuple(below(index, partial(_one_dropout, item)) for index, item in enumerate(value))
    return _one_dropout(value)


def _one_dropout(value: Any) -> DropoutSpec | None:
    if isinstance(value, DropoutSpec) or value in (None, "none"):
        return value if isinstance(value, DropoutSpec) else None
    if isinstance(value, dict):
        return DropoutSpec(**Dropout.model_validate(value).model_dump())
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise problem("wrong-type", f"expected a dropout rate, found {shown(value)}", "a number from 0 to below 1")
    if not math.isfinite(value):
        raise problem("not-finite", f"expected a finite number, found {shown(value)}", "a number from 0 to below 1")
    if not 0 <= value < 1:
        raise problem("out-of-range", f"expected a dropout rate from 0 to below 1, found {shown(value)}")
    return DropoutSpec(float(value)) if value > 0 else None
