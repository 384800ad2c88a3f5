"""Output of `reportgen check` about the layers of the networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from reportgen.engine.architecture import COLUMNS, Architecture, ArchitectureRow
from reportgen.runs.executors import Job
from reportgen.study.planning.plan import Plan
from reportgen.workflow.costs.estimate import Cost

MOST_TABLES = 4
"""Largest number of architectures that `check` prints; `check --json` has all."""


def architecture_values(plan: Plan, jobs: Sequence[Job], costs: Mapping[str, Cost]) -> list[dict[str, Any]]:
    """Return each different architecture once, with its rows, totals and the labels of its variants."""
    labels = {variant.id: variant.label for variant in plan.variants}
    users: dict[Architecture, dict[str, None]] = {}
    for job in jobs:
        users.setdefault(costs[job.key].architecture, {})[labels[job.run.variant]] = None
    return [{"variants": list(own), **asdict(one)} for one, own in users.items()]


def architecture_lines(values: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield a table for each of the first architectures, and notes on them: styles and texts of lines."""
    for one in values[:MOST_TABLES]:
        if len(values) > 1:
            more = f" and {len(one['variants']) - 1} more" if len(one["variants"]) > 1 else ""
            yield "", f"  network of {one['variants'][0]}{more}"
        layers = tuple(ArchitectureRow(**row) for row in one["rows"])
        rows = [COLUMNS, *Architecture(layers, one["parameters"], one["products"]).cells()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
        for row in rows:
            left = (cell.ljust(width) for cell, width in zip(row[:4], widths[:4], strict=True))
            right = (cell.rjust(width) for cell, width in zip(row[4:], widths[4:], strict=True))
            yield "", f"    {'  '.join([*left, *right])}".rstrip()
    if any(row["first"] != row["last"] for one in values[:MOST_TABLES] for row in one["rows"]):
        yield "", "  A row of several layers has the parameters and multiplications of one of them."
    rest = len(values) - MOST_TABLES
    if rest > 0:
        yield "", f"  and {rest} more network{'s' if rest > 1 else ''} (--json shows all)"
