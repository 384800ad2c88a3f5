"""The class of the initializations' rows, and the arguments of their functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.data.streams import stream
from reportgen.engine.network_spec import BranchSpec
from reportgen.engine.tables.activation import special
from reportgen.registry import Row

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """The place of weights in a network.

    Attributes
    ----------
    fan_in : number of inputs of a unit.
    units : number of units; of linear pieces, if units have several.
    positions : number of weights of an input to a unit: the positions of a kernel, 1 for dense layers.
    activation : name of the activation of the units.
    branch : place in a residual block, None outside of blocks.
    is_output : whether this is the output layer.
    source_units : units or channels of the inputs, None if no layer with weights comes before.
    pieces : linear pieces of a unit.
    """

    fan_in: int
    units: int
    positions: int = 1
    activation: str = "identity"
    branch: BranchSpec | None = None
    is_output: bool = False
    source_units: int | None = None
    pieces: int = 1

    @property
    def fan_out(self) -> int:
        """Number of weights that an input takes part in."""
        return self.units * self.positions


@dataclass(frozen=True)
class Draw:
    """The arguments of an initialization for a layer.

    Attributes
    ----------
    normal : standard normal numbers, shape (fan_in, units), the same for all rows.
    stream : generator of other random numbers.
    """

    place: Place
    parameters: dict[str, Any]
    normal: Weights
    stream: np.random.Generator

    @property
    def fan_in(self) -> int:
        """Number of inputs of a unit."""
        return self.place.fan_in

    def uniform(self, bound: float) -> Weights:
        """Return uniform numbers in [-bound, bound], computed from the normal numbers."""
        unit: Weights = 2 * special().ndtr(self.normal) - 1
        return bound * unit


def draw_weights(row: Init, parameters: dict[str, Any], place: Place, seed: int, layer: int) -> Weights:
    """Return the weights of a layer before calibration on data, shape (fan_in, units), float64.

    `layer` counts from 0; `parameters` holds all parameters of the row, including `gain`.
    """
    shape = place.fan_in, place.units
    normal = stream(seed, "weights", layer).standard_normal(shape, dtype=np.float32).astype(np.float64)
    draw = Draw(place, parameters, normal, stream(seed, "weights extra", layer))
    return float(parameters.get("gain", 1.0)) * row.sample(draw)


@dataclass(frozen=True, kw_only=True)
class Init(Row):
    """A row of the initializations.

    Attributes
    ----------
    sample : returns the weights for gain 1, shape (fan_in, units).
    variance : returns the variance of a weight for gain 1 from (place, parameters); None if the weights have a mean
        other than 0 or their variance depends on data.
    scale : formula of the standard deviation for gain 1, if it depends on fan-in only.
    calibrates : "unit" or "layer" if weights are rescaled on the first training examples.
    scalars : whether scalar biases and multipliers replace the biases of units, as in Fixup.
    relative_widths : returns the widths of a layer's inputs and outputs, relative to a base network, from (place,
        parameters); the learning rates of the layer depend on them, see `reportgen.engine.tables.optimizers`. None if
        they do not.
    base_width : name of the parameter with the width of the base network, "" without.
    """

    kind: ClassVar[str] = "init"
    sample: Callable[[Draw], Weights]
    variance: Callable[[Place, dict[str, Any]], float] | None = None
    scale: str = ""
    calibrates: Literal["unit", "layer"] | None = None
    scalars: bool = False
    relative_widths: Callable[[Place, dict[str, Any]], tuple[float, float]] | None = None
    base_width: str = ""
