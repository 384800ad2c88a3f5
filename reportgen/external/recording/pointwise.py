"""Activations of a forward pass: functions with a known name, and those that a network writes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.external.recording.convert import named, values_of
from reportgen.external.recording.layer_arrays import Nonlinearity
from reportgen.external.recording.torch_modules import OTHER_ACTIVATIONS, WEIGHTED

MOST_VALUES = 4096
"""Largest number of values that are compared with the known activations."""

TOLERANCE = 1e-4
"""Largest difference to a known activation, relative to the largest value; rounding errors are far smaller."""


def named_activation(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Nonlinearity | None] | None:
    """Return the activation that a function computes, (None,) if it is not known to a study; None for no activation."""
    plain = name.removesuffix("_")
    if plain in OTHER_ACTIVATIONS:
        return (None,)
    row = named(ACTIVATIONS, plain) if plain not in WEIGHTED else None
    if row is None or row.activate is None:
        return None
    values = [v for v in (*args[1:], *kwargs.values()) if isinstance(v, (int, float)) and not isinstance(v, bool)]
    parameters = {parameter.name: parameter.default for parameter in row.parameters}
    if len(parameters) == 1 and values:
        parameters = dict.fromkeys(parameters, float(values[0]))
    return (Nonlinearity(row, parameters),)


def written_activation(preactivation: Any, result: Any) -> Nonlinearity | None:
    """Return the known activation with the values of a result, such as SiLU for `z * sigmoid(z)`; None if none has."""
    if tuple(preactivation.shape) != tuple(result.shape) or not result.is_floating_point():
        return None
    z, values = (values_of(t.detach().reshape(-1)[:MOST_VALUES]).astype(np.float64) for t in (preactivation, result))
    if not np.isfinite(values).all() or not np.isfinite(z).all() or (z >= 0).all() or (z <= 0).all():
        return None
    found = {error: known for known in _candidates(z, values) if (error := _difference(known, z, values)) < np.inf}
    best = min(found, default=np.inf)
    return found[best] if best <= TOLERANCE * np.abs(values).max(initial=0) else None


def _candidates(z: Any, values: Any) -> list[Nonlinearity]:
    """Return the activations without learned parameters; the slope of a leaky ReLU is that of the negative values."""
    rows = [row for row in ACTIVATIONS.values() if row.activate is not None and not row.learned and not row.pieces]
    found = [Nonlinearity(row, {parameter.name: parameter.default for parameter in row.parameters}) for row in rows]
    slope = float(np.median(values[z < 0] / z[z < 0]))
    leaky = Nonlinearity(ACTIVATIONS["leaky_relu"], {"slope": round(slope, 6)})
    return [*found, *([leaky] if 0 < slope < 1 else [])]


def _difference(known: Nonlinearity, z: Any, values: Any) -> float:
    with np.errstate(all="ignore"):
        found = known.apply(z)
    return float(np.abs(found - values).max()) if np.isfinite(found).all() else np.inf
