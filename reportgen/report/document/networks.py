"""The architectures of a study's networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.analysis.results import VariantSummary
from reportgen.engine.architecture import Architecture, architecture
from reportgen.engine.layers.geometry import LayoutError
from reportgen.engine.layout import lay_out
from reportgen.runs.record import RunRecord

MOST_NETWORKS = 6
"""Largest number of architectures in a report; architecture.csv contains all."""


@dataclass(frozen=True)
class Network:
    """An architecture and the labels of the variants that have it."""

    architecture: Architecture
    labels: tuple[str, ...]


def networks(variants: Sequence[VariantSummary]) -> tuple[Network, ...]:
    """Return the different architectures of the variants, at most MOST_NETWORKS."""
    users: dict[Architecture, list[str]] = {}
    for summary in variants:
        own = next((found for record in summary.records if (found := architecture_of(record)) is not None), None)
        if own is not None:
            users.setdefault(own, []).append(summary.variant.label)
    return tuple(Network(own, tuple(labels)) for own, labels in list(users.items())[:MOST_NETWORKS])


def architecture_of(record: RunRecord) -> Architecture | None:
    """Return the architecture of a run, None if the record of another program does not describe it."""
    features, image = record.facts.get("features"), record.facts.get("image_shape")
    if features is None:
        return None
    try:
        image_shape = None if image is None else (int(image[0]), int(image[1]), int(image[2]))
        return architecture(lay_out(record.spec.network, int(features), image_shape))
    except LayoutError:
        return None
