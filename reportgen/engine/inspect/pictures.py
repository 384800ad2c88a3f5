"""Arrays of the record that figures draw as pictures; most are recorded only if the study sets them in `probes`.

- `probes.weights`: the filters of the first layer at each probe.
- `probes.boundary`: the predicted class on a grid of inputs at each probe, for data with two features.
- `probes.unit_path`: the weights of the first unit of each dense layer after each of the first steps.
- `probes.loss_line`: loss and accuracy on the line from the initial to the final weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.inspect.boundary import Boundary
from reportgen.engine.inspect.images import ImageArrays
from reportgen.engine.inspect.loss_line import LossLine
from reportgen.engine.inspect.unit_path import layers_of_path, unit_weights
from reportgen.engine.setup import Setup
from reportgen.engine.spec import RunSpec

Arrays = dict[str, NDArray[Any]]


class Series:
    """Arrays of one kind, taken from the network after some of the steps."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.values: list[NDArray[Any]] = []

    def add(self, step: int, value: NDArray[Any] | None) -> None:
        """Add the array of the network after `step` steps, None if this network has none."""
        if value is not None:
            self.steps.append(step)
            self.values.append(value)

    def continue_from(self, earlier: Series, step: int) -> None:
        """Begin with the arrays of an earlier training before `step`."""
        kept = sum(taken < step for taken in earlier.steps)
        self.steps, self.values = earlier.steps[:kept], earlier.values[:kept]

    def arrays(self, steps: str, values: str) -> Arrays:
        """Return the steps (K,) and the arrays (K, ...) by these names; empty if there are none."""
        return {steps: np.array(self.steps, np.int64), values: np.stack(self.values)} if self.steps else {}


class Pictures:
    """Collects the arrays during a training and after it.

    Its parts must not refer to it: the cycle would keep the buffers of the run until the next garbage collection.
    """

    def __init__(self, spec: RunSpec, setup: Setup) -> None:
        self.setup, self.probes = setup, spec.probes
        self.images = ImageArrays(setup)
        self.boundary = Boundary(setup) if spec.probes.boundary and setup.net.features == 2 else None
        self.line = LossLine(spec, setup) if spec.probes.loss_line and spec.training.epochs else None
        self.filters, self.regions, self.path = Series(), Series(), Series()

    def _filters(self) -> NDArray[np.float32] | None:
        filters = self.images.filters() if self.probes.weights else self.images.initial[:0]
        return filters if filters.size else None

    def start(self) -> None:
        """Take the weights before the first step."""
        self._add_to_path(0)

    def _add_to_path(self, step: int) -> None:
        self.path.add(step, unit_weights(self.setup) if self.probes.unit_path else None)

    def resume(self, earlier: Pictures, step: int) -> None:
        """Continue an earlier training after `step` steps, with a network that was changed then."""
        for own, its in zip(self._series(), earlier._series(), strict=True):
            own.continue_from(its, step)
        self.after(step)

    def _series(self) -> tuple[Series, ...]:
        return self.filters, self.regions, self.path

    def probe(self, step: int) -> None:
        """Take the arrays of a probe after `step` steps."""
        self.filters.add(step, self._filters())
        self.regions.add(step, None if self.boundary is None else self.boundary.regions())

    def next_stop(self, step: int) -> int | None:
        """Return the next step after which `after` must be called, or None."""
        return step + 1 if step < self.probes.unit_path else None

    def after(self, step: int) -> None:
        """Take the weights of units after `step` steps, if the step is one of the first."""
        if step <= self.probes.unit_path:
            self._add_to_path(step)

    def arrays(self, steps: int) -> Arrays:
        """Return the arrays for the record after a number of training steps."""
        found: Arrays = {**self.images.arrays(steps), **self.filters.arrays("filter_step", "filters_by_step")}
        if self.boundary is not None:
            found |= self.boundary.arrays(self.regions.values)
            found["boundary_step"] = np.array(self.regions.steps, np.int64)
        if self.path.steps:
            found |= self.path.arrays("path_step", "path_weights") | {"path_layer": layers_of_path(self.setup)}
        return found if self.line is None else found | self.line.arrays()
