"""Settings of the probes of a run, and the table of what probes measure on request."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from reportgen.registry import ADDED

LEAST_EXAMPLES = 16
"""Least number of examples of a probe that measures the noise scale: two small batches."""


@dataclass(frozen=True)
class Request:
    """A measurement of probes that a setting requests, made by `engine.probes.on_request`.

    Attributes
    ----------
    name : name of the metric, and of the array in the record after `probe_`.
    setting : the field of ProbeSpec that requests it.
    by_layer : whether there is a value for each layer, else one for the network.
    passes : typical number of passes forward and backward over the examples of a probe.
    """

    name: str
    setting: str
    by_layer: bool = False
    passes: int = 0


REQUESTS = (
    Request("curvature", "curvature", passes=60),
    Request("preconditioned_curvature", "preconditioned_curvature", passes=60),
    Request("noise_scale", "noise_scale", passes=2),
    Request("update_angle", "update_angles", by_layer=True),
)


@dataclass(frozen=True, slots=True)
class ProbeSpec:
    """Settings of the probes of a run.

    Attributes
    ----------
    looks : number of probes, from step 0 to the last step, about evenly spaced in log time; 0 for none.
    examples : largest number of training examples in a probe.
    singular_values : measure effective rank and largest singular value of the weights and activations of each layer.
    curvature : measure the largest eigenvalue of the Hessian of the loss.
    preconditioned_curvature : the same for the Hessian divided by the preconditioner of the optimizer.
    noise_scale : measure the gradient noise scale.
    update_angles : measure the angles by which the last step turned the weights of units.
    weights, boundary, unit_path, loss_line : arrays for pictures, see `engine.inspect.pictures`; unit_path is a number
        of first steps.
    """

    looks: int = 10
    examples: int = 256
    singular_values: bool = False
    curvature: bool = False
    preconditioned_curvature: bool = dataclasses.field(default=False, metadata=ADDED)
    noise_scale: bool = dataclasses.field(default=False, metadata=ADDED)
    update_angles: bool = dataclasses.field(default=False, metadata=ADDED)
    weights: bool = dataclasses.field(default=False, metadata=ADDED)
    boundary: bool = dataclasses.field(default=False, metadata=ADDED)
    unit_path: int = dataclasses.field(default=0, metadata=ADDED)
    loss_line: bool = dataclasses.field(default=False, metadata=ADDED)

    @property
    def passes(self) -> int:
        """Typical number of passes forward and backward over the examples of a probe that its requests add."""
        return sum(row.passes for row in REQUESTS if getattr(self, row.setting))

    @property
    def measures_outside(self) -> bool:
        """Whether probes measure something outside of the training kernel, which then returns at each probe."""
        pictures = self.singular_values or self.weights or self.boundary
        return pictures or any(getattr(self, row.setting) for row in REQUESTS)
