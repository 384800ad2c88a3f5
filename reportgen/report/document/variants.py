"""Each variant as a report shows it: what it sets, its layers at the first and the last look, and its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.analysis.results import Estimate, Profile, VariantSummary
from reportgen.analysis.summary import estimate, profile
from reportgen.runs.record import RunRecord

STATISTICS = (
    "activation_mean",
    "activation_std",
    "saturated_fraction",
    "dead_fraction",
    "gradient_std",
    "weight_std",
    "update_ratio",
)
"""What a variant's table of layers shows; layers.csv has every statistic."""

MOST_DETAILED = 40
"""So many variants are shown layer by layer; beyond, a page would be a data file."""

Cells = tuple[Estimate | None, ...]


@dataclass(frozen=True)
class LayerTable:
    """A variant's layers at one look; rows: (layer from 1, one estimate a statistic), the output layer last.

    seeds: how many runs it is the mean of; left_out: how many diverged before it, whose last look is another step.
    """

    step: int
    seeds: int
    left_out: int
    statistics: tuple[str, ...]
    rows: tuple[tuple[int, Cells], ...]


@dataclass(frozen=True)
class VariantPart:
    """A variant with its tables of layers, empty where the networks were not looked at.

    ends: at the last look, activation and gradient std of the first and the last hidden layer, in this order; None
    where every run diverged.
    """

    summary: VariantSummary
    tables: tuple[LayerTable, ...]
    ends: Cells


def variant_parts(variants: Sequence[VariantSummary]) -> tuple[VariantPart, ...]:
    """Return the part of each variant, up to MOST_DETAILED."""
    return tuple(_part(variant) for variant in variants[:MOST_DETAILED])


def _part(variant: VariantSummary) -> VariantPart:
    first, last = (_table(variant, look) for look in ("first", "last"))
    tables = tuple(
        table for table in (first, last) if table is not None and (table is last or table.step != _step(last))
    )
    return VariantPart(variant, tables, _ends(last) if last is not None else (None,) * 4)


def _step(table: LayerTable | None) -> int | None:
    return None if table is None else table.step


def _table(variant: VariantSummary, look: str) -> LayerTable | None:
    records = [record for record in variant.records if look == "first" or not _lost(record)]
    found = {name: profile(records, name, look) for name in STATISTICS}
    shown = {name: one for name, one in found.items() if one is not None and np.isfinite(one.per_seed).any()}
    if not shown:
        return None
    some = next(iter(shown.values()))
    rows = tuple(
        (int(layer), tuple(_cell(one, index) for one in shown.values())) for index, layer in enumerate(some.layers)
    )
    return LayerTable(some.step, len(some.seeds), len(variant.records) - len(records), tuple(shown), rows)


def _lost(record: RunRecord) -> bool:
    """Return whether a run diverged in training; one that was only looked at has its numbers all the same."""
    return record.status == "diverged" and record.steps > 0


def _cell(one: Profile, index: int) -> Estimate | None:
    found = estimate(one.per_seed[:, index], one.statistic)
    return found if found.n else None


def _ends(table: LayerTable) -> Cells:
    hidden = table.rows[:-1] or table.rows
    columns = [table.statistics.index(name) if name in table.statistics else None for name in _ENDS]
    return tuple(None if at is None else row[1][at] for at in columns for row in (hidden[0], hidden[-1]))


_ENDS = ("activation_std", "gradient_std")


def left_out(parts: Sequence[VariantPart]) -> tuple[int, int]:
    """Return how many runs of the variants that have layers diverged in training, and how many runs there are."""
    records = [record for part in parts if part.tables for record in part.summary.records]
    return sum(map(_lost, records)), len(records)


def levels(variants: Sequence[VariantSummary]) -> dict[str, tuple[tuple[str, Any], ...]]:
    """Return what varies: each path to its (label, value) pairs, in the order of the variants.

    What is searched takes as many values as there are trials, and is told with the search.
    """
    found: dict[str, dict[str, Any]] = {}
    for v in variants:
        searched = ("search", *v.variant.trial.values) if v.variant.trial else ("search",)
        for path, label in v.variant.varied.items():
            if path in searched:
                continue
            found.setdefault(path, {}).setdefault(label, _setting(v.variant.settings, path))
    return {path: tuple(pairs.items()) for path, pairs in found.items()}


def _setting(settings: Mapping[str, Any], path: str) -> Any:
    """Return a setting's value, or that of what it is a part of, as a width is of the hidden layers."""
    while path and path not in settings:
        path = path.rpartition(".")[0]
    return settings.get(path)


def data_facts(variants: Sequence[VariantSummary]) -> Mapping[str, tuple[int, ...]]:
    """Return sizes of the data as trained on, each with every value that occurs, in rising order."""
    names = ("train_n", "val_n", "test_n", "features", "classes", "probe_n")
    facts = [record.facts for v in variants for record in v.records]
    return {name: tuple(sorted({int(one[name]) for one in facts if name in one})) for name in names}
