"""The arrays that probes fill, the schedule of the probes of a run, and their part of the record."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.network_spec import NetworkSpec
from reportgen.engine.probes.evenness import WEIGHT_SHAPES
from reportgen.engine.probes.moments import counting_room, log_bins
from reportgen.engine.spec import STATISTICS
from reportgen.engine.tables.activations import ACTIVATIONS

ACTIVATION_BINS = 30
GRADIENT_EDGES = np.linspace(-16.0, 2.0, 73)  # of log10 |delta|, four bins a decade
_GRADIENT_BINS = log_bins(10.0**GRADIENT_EDGES)


class ProbeArrays(NamedTuple):
    """The results of the probes of a run, with one row for each probe, and tables for histograms.

    Attributes
    ----------
    statistics : shape (probes, layers, len(STATISTICS)).
    weight_shapes : shape (probes, layers, len(WEIGHT_SHAPES)).
    activation_edges : edges of the histograms of activations, shape (layers, bins + 1).
    activation_histogram : shape (probes, layers, bins).
    room : work buffer of the histograms.
    gradient_cuts, gradient_starts : the tables of `log_bins`.
    gradient_histogram : shape (probes, layers, bins + 2); the first and last bin are outside of GRADIENT_EDGES.
    unit_dead : 1 for a dead unit, shape (probes, hidden units).
    branch_ratio : size of a residual branch relative to its shortcut, at the layer where they are added; NaN at other
        layers, shape (probes, layers).
    """

    statistics: NDArray[np.float64]
    weight_shapes: NDArray[np.float64]
    activation_edges: NDArray[np.float64]
    activation_histogram: NDArray[np.int64]
    room: NDArray[np.int32]
    gradient_cuts: NDArray[np.uint32]
    gradient_starts: NDArray[np.int64]
    gradient_histogram: NDArray[np.int64]
    unit_dead: NDArray[np.uint8]
    branch_ratio: NDArray[np.float64]


class ProbeSchedule(NamedTuple):
    """The probes that the training kernel makes.

    Attributes
    ----------
    kernel : address of `probe`.
    rows : number of training examples in a probe, the first ones.
    due : steps after which a probe is made, increasing; probe number k is made after step due[k].
    before : buffer for the parameters before the step.
    arrays : receives the results.
    """

    kernel: int
    rows: int
    due: NDArray[np.int64]
    before: NDArray[Any]
    arrays: ProbeArrays


def probe_steps(count: int, total: int) -> list[int]:
    """Return at most `count` steps from 0 to `total`, about evenly spaced in log time."""
    if count == 0:
        return []
    if count == 1 or total == 0:
        return [0]
    inner = np.geomspace(1, total, count - 1) if count > 2 else [total]
    return sorted({0, *(round(float(step)) for step in inner)})


def new_probe_arrays(network: NetworkSpec, count: int) -> ProbeArrays:
    """Return the arrays for `count` probes of a network; statistics that are never measured stay NaN."""
    layers = len(network.layers)
    return ProbeArrays(
        statistics=np.full((count, layers, len(STATISTICS)), np.nan),
        weight_shapes=np.full((count, layers, len(WEIGHT_SHAPES)), np.nan),
        activation_edges=_activation_edges(
            tuple(ACTIVATIONS[layer.activation.name].bounds for layer in network.layers)
        ),
        activation_histogram=np.zeros((count, layers, ACTIVATION_BINS), np.int64),
        room=counting_room(ACTIVATION_BINS),
        gradient_cuts=_GRADIENT_BINS[0],
        gradient_starts=_GRADIENT_BINS[1],
        gradient_histogram=np.zeros((count, layers, GRADIENT_EDGES.size + 1), np.int64),
        unit_dead=np.zeros((count, sum(layer.units for layer in network.layers[:-1])), np.uint8),
        branch_ratio=np.full((count, layers), np.nan),
    )


@cache
def _activation_edges(bounds: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    """Return the edges of the histograms, (layers, ACTIVATION_BINS + 1); runs share the array, so do not change it."""
    return np.array([np.linspace(low, high, ACTIVATION_BINS + 1) for low, high in bounds])


def copy_probes(source: ProbeArrays, target: ProbeArrays, count: int) -> None:
    """Copy the results of the first `count` probes."""
    for name in ("statistics", "weight_shapes", "activation_histogram", "gradient_histogram", "unit_dead"):
        getattr(target, name)[:count] = getattr(source, name)[:count]


def record_arrays(steps: list[int], arrays: ProbeArrays, units: list[int]) -> dict[str, NDArray[Any]]:
    """Return the probe arrays of the record; `units` are the sizes of the hidden layers."""
    if not steps:
        return {}
    count = len(steps)
    record: dict[str, NDArray[Any]] = {"probe_step": np.array(steps, np.int64)}
    for names, columns in ((STATISTICS, arrays.statistics), (WEIGHT_SHAPES, arrays.weight_shapes)):
        record |= {f"probe_{name}": columns[:count, :, column].copy() for column, name in enumerate(names)}
    record["activation_edges"], record["gradient_edges"] = arrays.activation_edges, GRADIENT_EDGES
    record["probe_activation_histogram"] = arrays.activation_histogram[:count]
    record["probe_gradient_histogram"] = arrays.gradient_histogram[:count, :, 1:-1].copy()
    record["probe_unit_dead"] = arrays.unit_dead[:count]
    if not np.isnan(arrays.branch_ratio[:count]).all():
        record["probe_branch_ratio"] = arrays.branch_ratio[:count]
    record["unit_layer"] = np.repeat(np.arange(1, len(units) + 1), units)
    return record
