"""The operations of a run's network, from its specification and the shape of its inputs in the record."""

from __future__ import annotations

from reportgen.engine.layers.geometry import LayoutError
from reportgen.engine.layout import Operation, lay_out
from reportgen.runs.record import RunRecord


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
    try:
        return lay_out(network, int(features), image_shape)
    except LayoutError:
        return ()
