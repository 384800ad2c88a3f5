"""Mean-field recursions for the operations of a network at initialization.

In a wide layer of independent random weights, the pre-activations of a position are normal (Poole et al. 2016). In a
convolution, their variance is the variance of a weight times the sum of the mean squares of the inputs over the window,
where zero padding has none (Xiao et al. 2018, section 2.1). At a shortcut, means and variances add up, since the branch
has weights of its own (Yang and Schoenholz 2017, section 3); the sum counts as normal. Squared deltas are passed back
through the same windows (Schoenholz et al. 2017, eq. 10). Means of several positions depend on their correlations,
which the recursion does not have, so it ends at pooling.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.layout import INPUT, Operation
from reportgen.engine.math.convolution_layout import Geometry
from reportgen.engine.network_spec import LayerSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import weight_variance

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

_GRID = np.linspace(-8.0, 8.0, 4001)
_STEPS = np.diff(_GRID)
_DENSITY = np.exp(-(_GRID**2) / 2) / math.sqrt(2 * math.pi)
_DIGITS = 9  # positions whose standard deviations agree to these digits share an integral


@dataclass(frozen=True)
class Normal:
    """Normal numbers by position; mean and variance have the shape (height, width), or () for vectors."""

    mean: Array
    variance: Array

    @functools.cached_property
    def points(self) -> tuple[Array, NDArray[np.intp]]:
        """Read-only points on [-8, 8] standard deviations, a row for each different position, and rows by position."""
        sd = np.sqrt(self.variance)
        unit = float(sd.max()) or 1.0
        pairs = np.stack([self.mean.ravel(), np.round(sd.ravel() / unit, _DIGITS)])
        if pairs.shape[1] == 1:  # a vector has one position, and finding equal ones takes as long as an integral
            (mean, scale), which = pairs, np.zeros(1, np.intp)
        else:
            (mean, scale), which = np.unique(pairs, axis=1, return_inverse=True)
        points = mean[:, None] + unit * scale[:, None] * _GRID
        points.flags.writeable = False
        return points, which.ravel()

    def integral(self, values: Array) -> Array:
        """Return E[f(z)] by position from the values of f at the points, by the trapezoidal rule.

        Gauss-Hermite quadrature would miss the flat parts of a saturated tanh.
        """
        weighted = values * _DENSITY
        integrals: Array = (_STEPS * (weighted[:, 1:] + weighted[:, :-1]) / 2.0).sum(1)
        return integrals[self.points[1]].reshape(self.mean.shape)

    def expectation(self, function: Function) -> Array:
        """Return E[f(z)] by position."""
        return self.integral(function(self.points[0]))


@dataclass(frozen=True)
class Signal:
    """Values that are a function of the normal pre-activations z of one operation.

    Attributes
    ----------
    normal : distribution of z.
    function : the values from z.
    slopes : (operation, derivative of the values by its pre-activations, as a function of z), for that operation and
        those between it and the values.
    """

    normal: Normal
    function: Function
    slopes: tuple[tuple[int, Function], ...] = ()

    def expectation(self, function: Function) -> Array:
        """Return the expectation of a function of the values by position."""
        return self.normal.integral(function(self._values))

    @functools.cached_property
    def _values(self) -> Array:
        """The values at the points of the distribution, of which several expectations are needed."""
        return self.function(self.normal.points[0])

    @functools.cached_property
    def square(self) -> Array:
        """Mean square by position."""
        return self.expectation(np.square)

    @functools.cached_property
    def mean(self) -> Array:
        """Mean by position."""
        return self.expectation(_same)

    def through(self, phi: Function, slope: Function, index: int | None = None) -> Signal:
        """Return phi of the values; with `index`, they are the pre-activations of that operation."""
        inner, own = self.function, () if index is None else ((index, _ones),)
        slopes = tuple(
            (operation, functools.partial(_chain, before, inner, slope)) for operation, before in self.slopes + own
        )
        return Signal(self.normal, lambda z: phi(inner(z)), slopes)


@dataclass
class Forward:
    """The predictions of the forward pass.

    Attributes
    ----------
    inputs : the signal of the network's inputs.
    sums, outputs : pre-activations and outputs of the operations that are predicted, by index.
    joined : signals whose sum is the pre-activation of an operation, by index.
    """

    inputs: Signal
    sums: dict[int, Signal] = field(default_factory=dict)
    outputs: dict[int, Signal] = field(default_factory=dict)
    joined: dict[int, list[Signal]] = field(default_factory=dict)

    def signal(self, operation: int) -> Signal | None:
        """Return the outputs of an operation, or the network's inputs; None if they are not predicted."""
        return self.inputs if operation == INPUT else self.outputs.get(operation)


def forward(operations: Sequence[Operation], second_moment: float) -> Forward:
    """Return the predictions for inputs with this mean square, which counts as equal at all positions."""
    positions = operations[0].input_shape[:-1]
    normal = Normal(np.zeros(positions), np.full(positions, second_moment))
    found = Forward(Signal(normal, _same))
    for index, operation in enumerate(operations):
        source = found.signal(operation.source)
        if source is None or operation.kind.mean_field != "both" or ACTIVATIONS[operation.activation.name].pieces:
            continue
        z = _linear(operation, source)
        if z is not None and operation.branch_drop is not None:
            p = operation.branch_drop.survival  # as in probes
            z = z.through(functools.partial(np.multiply, p), functools.partial(np.full_like, fill_value=p))
        z = z if z is None or operation.adds is None else _joined(found, index, z, found.signal(operation.adds))
        if z is not None:
            found.sums[index] = z
            found.outputs[index] = z.through(*functions(operation), index)
    return found


def functions(operation: Operation) -> tuple[Function, Function]:
    """Return phi and phi' of an operation's activation, with the initial values of learned parameters."""
    row, parameters = ACTIVATIONS[operation.activation.name], dict(operation.activation.params)
    return functools.partial(row.function, **parameters), functools.partial(row.derivative, **parameters)


def _linear(operation: Operation, source: Signal) -> Signal | None:
    """Return the pre-activations before the addition of a shortcut; None if the weights have no variance."""
    shift = getattr(operation.node, "bias", 0.0) if operation.shifts else 0.0
    if operation.fan_in:
        variance = _variance(operation)
        if variance is None:
            return None
        spread = variance * _windows(operation, source.square)
        size = float(spread.mean())
        spread = spread / size if operation.normalizes and size > 0 else spread
        return Signal(Normal(np.full(spread.shape, shift), spread), _same)
    if operation.normalizes:
        mean = float(source.mean.mean())
        sd = math.sqrt(max(float(source.square.mean()) - mean**2, 0.0)) or 1.0
        return source.through(lambda v: (v - mean) / sd + shift, lambda v: np.full_like(v, 1 / sd))
    return source.through(lambda v: v + shift, _ones)


def _variance(operation: Operation) -> float | None:
    node = operation.node
    return weight_variance(node.init, operation.place) if isinstance(node, LayerSpec) else None


def _windows(operation: Operation, square: Array) -> Array:
    """Return the sums of the mean squares of the inputs over each window and all channels."""
    if operation.geometry is None:
        return np.array(operation.fan_in * square.mean())
    found = np.zeros(operation.output_shape[:-1])
    for outside, inside in _places(operation.geometry):
        found[outside] += operation.input_shape[-1] * square[inside]
    return found


def _places(geometry: Geometry) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Yield for each place of the window (the windows, the pixels) at which it is inside of the image."""
    g = geometry
    for u in range(g.window_height):
        for v in range(g.window_width):
            rows = _axis(u - g.top, g.stride_height, g.height, g.out_height)
            columns = _axis(v - g.left, g.stride_width, g.width, g.out_width)
            yield (rows[0], columns[0]), (rows[1], columns[1])


def _axis(offset: int, stride: int, extent: int, windows: int) -> tuple[slice, slice]:
    """Return the windows i with 0 <= i stride + offset < extent, and these pixels, as slices."""
    first = max(0, -(offset // stride))
    last = max(first, min(windows, (extent - 1 - offset) // stride + 1))
    begin = first * stride + offset
    return slice(first, last), slice(begin, begin + (last - first) * stride, stride)


def _joined(found: Forward, index: int, branch: Signal, shortcut: Signal | None) -> Signal | None:
    """Return the sum of a branch and a shortcut; a branch without variance leaves the distribution as it is."""
    if shortcut is None:
        return None
    means = branch.mean, shortcut.mean
    spreads = [np.maximum(part.square - mean**2, 0.0) for part, mean in zip((branch, shortcut), means, strict=True)]
    if not spreads[0].any():
        shift = float(means[0].mean())
        return shortcut.through(lambda v: v + shift, _ones)
    found.joined[index] = [branch, shortcut]
    return Signal(Normal(means[0] + means[1], spreads[0] + spreads[1]), _same)


def backward(operations: Sequence[Operation], found: Forward) -> dict[int, Array] | None:
    """Return the mean square of deltas by position, by operation, relative to the output layer.

    None if it is not predicted: with normalization, which couples examples or units, and below unknown slopes.
    """
    if any(operation.normalizes for operation in operations):
        return None
    last = len(operations) - 1
    deltas = {index: np.zeros(operation.output_shape[:-1]) for index, operation in enumerate(operations)}
    outs = {index: np.zeros_like(delta) for index, delta in deltas.items()}
    deltas[last] += 1.0
    for index in range(last, -1, -1):
        operation = operations[index]
        if index != last and index not in found.outputs:
            if not outs[index].any():
                continue
            if not _passes(operation):
                return None
            deltas[index] = outs[index]
        for part in found.joined.get(index, []):
            _add_slopes(deltas, part, deltas[index])
        is_view = index in found.outputs and not operation.fan_in  # its slopes are among those of its source
        if operation.source == INPUT or is_view:
            continue
        survival = 1.0 if operation.branch_drop is None else operation.branch_drop.survival
        below, source = survival**2 * _back(operation, deltas[index]), found.signal(operation.source)
        if source is None:
            outs[operation.source] = outs[operation.source] + below
        else:
            _add_slopes(deltas, source, below)
    return deltas


def _add_slopes(deltas: dict[int, Array], signal: Signal, squares: Array) -> None:
    """Add the squared deltas that reach the operations of a signal, from the mean squares of its derivative."""
    for operation, slope in signal.slopes:
        deltas[operation] = deltas[operation] + signal.normal.expectation(functools.partial(_squared, slope)) * squares


def _passes(operation: Operation) -> bool:
    """Return whether an operation passes deltas on without knowledge of its pre-activations."""
    if operation.kind.mean_field is None or operation.adds is not None:
        return False
    g = operation.geometry
    overlap = g is not None and (g.stride_height < g.window_height or g.stride_width < g.window_width)
    is_identity = ACTIVATIONS[operation.activation.name].activate is None
    return is_identity and (operation.fan_in > 0 or not overlap)


def _back(operation: Operation, deltas: Array) -> Array:
    """Return the mean square of the derivative by the inputs, by position."""
    variance = (_variance(operation) or 0.0) * operation.width if operation.fan_in else 1.0
    if operation.geometry is None:
        return variance * np.broadcast_to(deltas, operation.input_shape[:-1])
    found = np.zeros(operation.input_shape[:-1])
    for outside, inside in _places(operation.geometry):
        found[inside] += deltas[outside]
    size = operation.geometry.window_height * operation.geometry.window_width
    return found * (variance if operation.fan_in else 1 / size**2)


def _same(z: Array) -> Array:
    return z


def _ones(z: Array) -> Array:
    return np.ones_like(z)


def _chain(before: Function, inner: Function, slope: Function, z: Array) -> Array:
    return before(z) * slope(inner(z))


def _squared(slope: Function, z: Array) -> Array:
    return np.square(slope(z))
