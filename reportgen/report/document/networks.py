"""The architectures of a study's networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.analysis.results import VariantSummary
from reportgen.engine.architecture import Architecture, architecture
from reportgen.runs.operations import operations_of
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
    operations = operations_of(record)
    return architecture(operations) if operations else None
