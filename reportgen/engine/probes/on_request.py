"""Measures what probes measure on request, in Python between two calls of the training kernel.

To add a measurement, add a field and a row of REQUESTS in `engine.probes.probe_spec`, a setting in
`study.model.measuring`, a function in MEASURES, and its metric in `study.metrics.layers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.probes.angles import update_angles
from reportgen.engine.probes.noise import noise_scale
from reportgen.engine.probes.probe_spec import REQUESTS
from reportgen.engine.probes.spectra import curvature, preconditioned_curvature
from reportgen.engine.setup import Setup
from reportgen.engine.spec import RunSpec

Value = float | NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    """The network after a step of training, with its first `rows` training examples in the work buffers.

    before : parameters before the step, empty before training or if they are unknown.
    check_cancelled : may raise an exception to end a long measurement.
    """

    spec: RunSpec
    setup: Setup
    rows: int
    step: int
    before: NDArray[np.float32]
    check_cancelled: Callable[[], None]


MEASURES: dict[str, Callable[[Moment], Value]] = {
    "curvature": lambda now: curvature(now.setup, now.rows, now.spec.seed, now.check_cancelled),
    "preconditioned_curvature": lambda now: preconditioned_curvature(
        now.setup, now.rows, now.spec, now.step, now.check_cancelled
    ),
    "noise_scale": lambda now: noise_scale(now.setup, now.rows, now.check_cancelled),
    "update_angle": lambda now: update_angles(now.setup, now.before),
}
"""A function for each row of REQUESTS, by its name; it returns a value, or one for each layer."""


def measure(now: Moment) -> dict[str, Value]:
    """Return the measurements that the settings of the run request, by name."""
    probes = now.spec.probes
    return {row.name: MEASURES[row.name](now) for row in REQUESTS if getattr(probes, row.setting)}
