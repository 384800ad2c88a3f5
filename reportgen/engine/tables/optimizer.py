"""The row of an optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.tables.init import Place
from reportgen.engine.tables.inits import INITS
from reportgen.registry import Component, Row


@dataclass(frozen=True, kw_only=True)
class Optimizer(Row):
    """A row of the optimizers.

    Attributes
    ----------
    kernel : returns the kernel from the parameters, since SGD has several forms.
    hyper : returns the constants of the kernel from the parameters.
    states : number of state arrays of the size of the parameters.
    decay : name of the parameter with the weight decay that the kernel applies separately from the gradient.
    highest_rate : highest plausible learning rate, beyond which no advice goes.
    common_rate : learning rate to start with, which replaces an unusable one in an advice.
    proportional : whether a step is proportional to the gradients, so that it vanishes with them.
    stable_product : returns the product of learning rate and curvature above which steps on a quadratic loss diverge,
        from the parameters; the curvature is preconditioned for a row with `preconditioner`. None if unknown.
    preconditioner : returns the numbers, one for each learned parameter, by which the optimizer divides the mean of
        gradients, from the parameters, the state arrays (states, size) and the number of the step; None if it divides
        by nothing.
    equilibrium_angle : returns the angle in radians by which a step turns the weights of a unit, once weight decay has
        settled their length, from the parameters, the learning rate and the L2 penalty; see `turning_angle`. None if
        unknown.
    matrix_kernel : kernel for the weights of all layers but the output layer, None to use `kernel` for them. Its
        arguments are (hyper, lr, t, shape, w, g, state, decay, product, scratch, panels): those of `kernel`, the shape
        (fan_in, width), the address of the matrix product, a work buffer, and the panels of the product. Filters of a
        convolution are flattened, so that their fan-in is the number of inputs of a window.
    scratch : size of the work buffer of `matrix_kernel`, as a multiple of the number of weights of the largest layer.
    matrix_operations : returns the floating-point operations of `matrix_kernel` from (fan_in, width).
    """

    kind: ClassVar[str] = "optimizer"
    kernel: Callable[[dict[str, Any]], Callable[..., Any]]
    hyper: Callable[[dict[str, Any]], tuple[float, ...]] = lambda parameters: ()
    states: int = 0
    decay: str | None = None
    highest_rate: float = 0.1
    common_rate: float = 0.001
    proportional: bool = False
    stable_product: Callable[[dict[str, Any]], float] | None = None
    preconditioner: Callable[[dict[str, Any], NDArray[np.float64], int], NDArray[np.float64]] | None = None
    equilibrium_angle: Callable[[dict[str, Any], float, float], float] | None = None
    matrix_kernel: Callable[..., Any] | None = None
    scratch: int = 0
    matrix_operations: Callable[[int, int], float] = lambda fan_in, width: 0.0


def width_factors(row: Optimizer, inputs: float, outputs: float, is_output: bool) -> tuple[float, float]:
    """Return the factors of the learning rate for (weights, other parameters) in the maximal update parametrization.

    The widths of the layer's inputs and outputs are relative to a base network with the learning rate of the run.
    The rules are those of Yang et al. 2022, table 3. Steps that are proportional to the gradient follow the rule of
    SGD. A step that is a matrix of nearly equal singular values needs no factor. All other steps have entries that do
    not depend on the size of the gradient, as those of Adam.
    """
    if row.proportional:
        return outputs / inputs, outputs
    if row.matrix_kernel is not None and not is_output:
        return 1.0, 1.0
    return 1 / inputs, 1.0


def layer_factors(row: Optimizer, init: Component, place: Place) -> tuple[float, float]:
    """Return the factors of the learning rate for (weights, other parameters) that an initialization asks for."""
    widths = INITS[init.name].relative_widths
    return (1.0, 1.0) if widths is None else width_factors(row, *widths(place, dict(init.params)), place.is_output)


def turning_angle(row: Optimizer, parameters: dict[str, Any], lr: float, l2: float) -> float:
    """Return the angle in radians by which a step turns the weights of a unit in equilibrium, NaN if it has none.

    The angle is the root of the mean square for weights whose length does not change the output, and whose gradients
    are a random walk (Kosson et al. 2024, table 1). Without weight decay there is no equilibrium.

    lr: learning rate. l2: coefficient of the L2 penalty in the gradient.
    """
    angle = math.nan if row.equilibrium_angle is None else row.equilibrium_angle(parameters, lr, l2)
    return angle if angle > 0 else math.nan
