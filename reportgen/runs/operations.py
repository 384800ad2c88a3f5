"""The operations of a run's network, from its specification and the shape of its inputs in the record."""

from __future__ import annotations

from reportgen.engine.layers.geometry import LayoutError
from reportgen.engine.layout import Operation, lay_out
from reportgen.engine.network_spec import NetworkSpec
from reportgen.runs.record import RunRecord

ImageShape = tuple[int, int, int]


def operations_of(record: RunRecord) -> tuple[Operation, ...]:
    """Return the operations of a run's network.

    The result is empty if the connections of the network or the shape of its inputs are unknown, as in some records of
    other programs.
    """
    network, facts = record.spec.network, record.facts
    features, shape = facts.get("features"), facts.get("image_shape") if network.needs_images else None
    if features is None or not network.is_complete:
        return ()
    image_shape = (int(shape[0]), int(shape[1]), int(shape[2])) if shape else None
    return _laid_out(network, int(features), image_shape)


_LAID_OUT: dict[tuple[int, int, ImageShape | None], tuple[NetworkSpec, tuple[Operation, ...]]] = {}
MOST_LAID_OUT = 1024


def _laid_out(network: NetworkSpec, features: int, image_shape: ImageShape | None) -> tuple[Operation, ...]:
    """Return the operations of a network, cached, since the seeds of a variant share it.

    The cache holds the networks, so that no other object takes their id.
    """
    key = (id(network), features, image_shape)
    if (known := _LAID_OUT.get(key)) is not None:
        return known[1]
    if len(_LAID_OUT) >= MOST_LAID_OUT:
        _LAID_OUT.clear()
    try:
        found = lay_out(network, features, image_shape)
    except LayoutError:
        found = ()
    _LAID_OUT[key] = (network, found)
    return found
