"""The part of a report about a variant: its layers at the first and the last probe."""

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
"""Statistics in the tables of layers; layers.csv contains every statistic."""

MOST_DETAILED = 24
"""Largest number of variants with tables of layers, to limit the size of the page."""

MOST_RUNS, FEWEST_RUNS = 400, 5
"""Largest number of runs in the tables of all variants, and the number of those that each variant may list with that.

runs.csv contains every run.
"""

Cells = tuple[Estimate | None, ...]


@dataclass(frozen=True)
class LayerTable:
    """The layers of a variant at one probe.

    Attributes
    ----------
    step : the training step of the probe
    seeds : the number of runs in the means
    left_out : the number of runs that diverged, whose last probe is at another step
    rows : pairs of a layer, counted from 1, and one estimate per statistic; the output layer is the last
    """

    step: int
    seeds: int
    left_out: int
    statistics: tuple[str, ...]
    rows: tuple[tuple[int, Cells], ...]


@dataclass(frozen=True)
class VariantPart:
    """A variant with its tables of layers, which are empty without probes.

    runs: the runs that the page lists, which are those of the first seeds if there are many.
    ends: standard deviations of the activations and of the gradients in the first and the last hidden layer, in this
    order, at the last probe; None if every run diverged.
    """

    summary: VariantSummary
    tables: tuple[LayerTable, ...]
    runs: tuple[RunRecord, ...]
    ends: Cells


def variant_parts(variants: Sequence[VariantSummary]) -> tuple[VariantPart, ...]:
    """Return the parts of the variants, at most MOST_DETAILED."""
    shown = variants[:MOST_DETAILED]
    most = max(FEWEST_RUNS, MOST_RUNS // max(len(shown), 1))
    return tuple(_part(variant, most) for variant in shown)


def _part(variant: VariantSummary, most: int) -> VariantPart:
    first, last = (_table(variant, probe) for probe in ("first", "last"))
    same = first is not None and last is not None and first.step == last.step
    tables = tuple(table for table in ((last,) if same else (first, last)) if table is not None)
    return VariantPart(variant, tables, variant.records[:most], _ends(last) if last is not None else (None,) * 4)


def _table(variant: VariantSummary, probe: str) -> LayerTable | None:
    records = [record for record in variant.records if probe == "first" or not _lost(record)]
    profiles = {name: profile(records, name, probe) for name in STATISTICS}
    shown = {name: each for name, each in profiles.items() if each is not None and np.isfinite(each.per_seed).any()}
    if not shown:
        return None
    any_profile = next(iter(shown.values()))
    rows = tuple(
        (int(layer), tuple(_cell(each, index) for each in shown.values()))
        for index, layer in enumerate(any_profile.layers)
    )
    return LayerTable(any_profile.step, len(any_profile.seeds), len(variant.records) - len(records), tuple(shown), rows)


def _lost(record: RunRecord) -> bool:
    """Return whether a run diverged in training; a run without training steps keeps its measurements."""
    return record.status == "diverged" and record.steps > 0


def _cell(each: Profile, index: int) -> Estimate | None:
    cell = estimate(each.per_seed[:, index], each.statistic)
    return cell if cell.n else None


def _ends(table: LayerTable) -> Cells:
    hidden = table.rows[:-1] or table.rows
    columns = [table.statistics.index(name) if name in table.statistics else None for name in _ENDS]
    return tuple(None if column is None else row[1][column] for column in columns for row in (hidden[0], hidden[-1]))


_ENDS = ("activation_std", "gradient_std")


def left_out(parts: Sequence[VariantPart]) -> tuple[int, int]:
    """Return the number of runs that diverged in training and the number of runs, over variants with probes."""
    records = [record for part in parts if part.tables for record in part.summary.records]
    return sum(map(_lost, records)), len(records)


def levels(variants: Sequence[VariantSummary]) -> dict[str, tuple[tuple[str, Any], ...]]:
    """Return the varied settings: pairs of label and value by path, in the order of the variants.

    Searched settings are left out, because they have a value for each trial.
    """
    varied: dict[str, dict[str, Any]] = {}
    for v in variants:
        searched = ("search", *v.variant.trial.values) if v.variant.trial else ("search",)
        for path, label in v.variant.varied.items():
            if path in searched:
                continue
            varied.setdefault(path, {}).setdefault(label, _setting(v.variant.settings, path))
    return {path: tuple(pairs.items()) for path, pairs in varied.items()}


def _setting(settings: Mapping[str, Any], path: str) -> Any:
    """Return the value of a setting, or of the setting that contains it, as network.hidden contains a width."""
    while path and path not in settings:
        path = path.rpartition(".")[0]
    return settings.get(path)


def data_facts(variants: Sequence[VariantSummary]) -> Mapping[str, tuple[int, ...]]:
    """Return the sizes of the training data: every value that occurs, in rising order."""
    names = ("train_n", "val_n", "test_n", "features", "classes", "probe_n")
    facts = [record.facts for v in variants for record in v.records]
    return {name: tuple(sorted({int(counts[name]) for counts in facts if name in counts})) for name in names}
