"""The shape of an activation's row, and how its functions reach SciPy's special ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reportgen.registry import Row


@dataclass(frozen=True, kw_only=True)
class Activation(Row):
    """A row of the activations.

    function, derivative: phi and phi' of float64 arrays and the row's parameters.
    gain: by what weights are commonly scaled for it. bounds: the range of histograms. max_slope: the largest |phi'|.
    saturates: phi has flat parts. keeps_input: phi' needs z. constants: the kernels' p.
    activate(p, a): the kernel that replaces pre-activations by activations in the flat array `a`; None for identity.
    differentiate(p, a, z, delta): the kernel that multiplies `delta` by phi'(z); z is only there with keeps_input.
    """

    function: Callable[..., Any]
    derivative: Callable[..., Any]
    gain: float
    bounds: tuple[float, float]
    max_slope: float = 1.0
    saturates: bool = False
    keeps_input: bool = False
    constants: Callable[[dict[str, Any]], tuple[float, ...]] = lambda parameters: ()
    activate: Callable[..., Any] | None = None
    differentiate: Callable[..., Any] | None = None


def special() -> Any:
    """Return scipy.special, imported at the first use, since that takes a third of a second."""
    from scipy import special

    return special
