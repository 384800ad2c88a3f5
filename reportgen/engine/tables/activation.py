"""The shape of an activation's row, and how its functions reach SciPy's special ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from reportgen.registry import Row

SATURATED_SLOPE = 0.05
"""A unit counts as saturated where its slope is below this share of the activation's largest."""


@dataclass(frozen=True, kw_only=True)
class Activation(Row):
    """A row of the activations.

    Attributes
    ----------
    function, derivative : phi and phi' of float64 arrays and the row's parameters.
    gain : the factor by which weights are commonly scaled for it.
    bounds : the range of histograms.
    max_slope : the largest |phi'|.
    suits : the initialization that keeps the size of a signal through such units.
    saturates : phi has flat parts.
    bounded : phi is bounded on both sides.
    silences : phi is 0 for all negative z, so that a unit can stop learning.
    kinked : phi' has a jump.
    piecewise_linear : phi is linear on either side of zero, and the identity above it.
    keeps_input : phi' needs z.
    constants : the kernels' `p`, by parameters.
    learned : the parameters that every unit learns, starting from the parameter's value.
    pieces : the parameter that counts the linear pieces of a unit, each with its own weights.
    activate : the kernel of the forward pass, in place on the flat array `a`; None for the identity.
    differentiate : the kernel of the backward pass, which multiplies `delta` by phi'(z).

    The kernels' arguments are

    - activate(p, a) and differentiate(p, a, z, delta); z holds pre-activations only with keeps_input;
    - with `learned`: activate(p, w, a) and differentiate(p, w, z, delta, gradient); w and gradient hold the first
      parameter of all units, then the second, and so on; the gradient is summed over rows;
    - with `pieces`: activate(p, pieces, z, a) and differentiate(p, pieces, z, delta, spread); z and spread are flat
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
        """Refuse facts that contradict each other, which the kernels would not notice."""
        names = {parameter.name for parameter in self.parameters}
        missing = [name for name in (*self.learned, self.pieces) if name is not None and name not in names]
        if missing:
            raise ValueError(f"activation {self.name!r} has no parameter {missing[0]!r}")
        if (self.learned or self.pieces) and not self.keeps_input:
            raise ValueError(f"activation {self.name!r} needs keeps_input=True")
        if self.pieces and (self.learned or self.saturates):
            raise ValueError(f"activation {self.name!r} has pieces, so it cannot have learned parameters or saturate")


def special() -> Any:
    """Return scipy.special, imported at the first use, since that takes a third of a second."""
    from scipy import special

    return special
