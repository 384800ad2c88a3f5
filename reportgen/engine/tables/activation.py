"""The rows of the table of activations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from reportgen.registry import Row

SATURATED_SLOPE = 0.05
"""A unit is saturated if its slope is below this share of the largest slope of its activation."""


@dataclass(frozen=True, kw_only=True)
class Activation(Row):
    """A row of the activations.

    Attributes
    ----------
    function, derivative : phi and phi' of a float64 array, with the parameters of the row as keyword arguments.
    gain : usual factor of the standard deviation of weights for this activation.
    bounds : range of the histograms of activations.
    max_slope : maximum of |phi'|.
    suits : name of the initialization that preserves the scale of signals with this activation.
    saturates : phi has flat parts.
    bounded : phi is bounded on both sides.
    silences : phi is 0 for all negative z, so that a unit can stop learning.
    kinked : phi' has a jump.
    piecewise_linear : phi is linear on both sides of 0, and the identity above it.
    keeps_input : phi' needs z.
    constants : returns the constants `p` of the kernels from the parameters.
    learned : names of the parameters that each unit learns; their values are the initial ones.
    pieces : name of the parameter with the number of linear pieces of a unit, each with its own weights.
    activate : kernel of the forward pass, in place on the flat array `a`; None for the identity.
    differentiate : kernel of the backward pass, which multiplies `delta` by phi'(z).

    Notes
    -----
    The arguments of the kernels are flat arrays of shape (rows, units):

    - activate(p, a) and differentiate(p, a, z, delta); z holds pre-activations only with keeps_input.
    - With `learned`: activate(p, w, a) and differentiate(p, w, z, delta, gradient). w and gradient hold the first
      parameter of all units, then the second, and so on; the gradient is summed over rows.
    - With `pieces`: activate(p, pieces, z, a) and differentiate(p, pieces, z, delta, spread). z and spread have shape
      (rows, units * pieces).
    """

    kind: ClassVar[str] = "activation"
    function: Callable[..., Any]
    derivative: Callable[..., Any]
    gain: float
    bounds: tuple[float, float]
    max_slope: float = 1.0
    suits: str = "xavier"
    saturates: bool = False
    bounded: bool = False
    silences: bool = False
    kinked: bool = False
    piecewise_linear: bool = False
    keeps_input: bool = False
    constants: Callable[[dict[str, Any]], tuple[float, ...]] = lambda parameters: ()
    learned: tuple[str, ...] = ()
    pieces: str | None = None
    activate: Callable[..., Any] | None = None
    differentiate: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        """Check that the attributes are consistent, which the kernels do not check."""
        names = {parameter.name for parameter in self.parameters}
        missing = [name for name in (*self.learned, self.pieces) if name is not None and name not in names]
        if missing:
            raise ValueError(f"activation {self.name!r} has no parameter {missing[0]!r}")
        if (self.learned or self.pieces) and not self.keeps_input:
            raise ValueError(f"activation {self.name!r} needs keeps_input=True")
        if self.pieces and (self.learned or self.saturates):
            raise ValueError(f"activation {self.name!r} has pieces, so it cannot have learned parameters or saturate")


def special() -> Any:
    """Return scipy.special, imported at the first call, since the import takes a third of a second."""
    from scipy import special

    return special
