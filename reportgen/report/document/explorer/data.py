"""The data of the explorer: layer statistics and histograms at every probe, for the script of the page."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.results import VariantSummary
from reportgen.analysis.summary import pooled, probes_at
from reportgen.analysis.words.names import words
from reportgen.languages.translate import ENGLISH, N_, _, current_language, numeral
from reportgen.report.document.explorer.lines import Line
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.metric import LAYERS, Metric
from reportgen.study.metrics.table import METRICS

Values = NDArray[np.float64]
Kind = Literal["activation", "gradient"]
KINDS: tuple[Kind, ...] = get_args(Kind)

MOST_VARIANTS, MOST_PROBES, MOST_HISTOGRAMS = 16, 24, 3000
BINS = 36
LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""Heights of the bins of a histogram, one character for each bin; the last level is the highest bin of the layer."""

DIGITS = 4

WORDS = (
    N_("output"),
    N_("by layer at step {value}; the values are in the table below"),
    N_("layer"),
    N_("activation"),
    N_("log10 of the size of the gradient"),
    N_("Histogram of layer {value}"),
    N_("step {value}"),
    N_("no histogram of this layer"),
    N_("share"),
    N_("variant"),
    N_("before training"),
    N_("Play"),
    N_("Pause"),
)
"""The texts of the script."""


@dataclass(frozen=True)
class Explorer:
    """The data of the explorer.

    Attributes
    ----------
    values : in JSON's types: `levels`, `statistics` (name, title, whether it is a share) and `series`, one for each
        variant: label, colour, dash pattern, whether it is shown at first, steps (P,), number of layers L, values by
        statistic (P, L), and histograms by kind, each with the ends of the bins by layer (L, 2) and the bins (P, L), as
        texts of LEVELS.
    left_out : number of variants that are not included.
    probes : largest number of probes of a variant.
    """

    values: Mapping[str, Any]
    left_out: int
    probes: int


def explorer(variants: Sequence[VariantSummary], lines: Mapping[str, Line]) -> Explorer | None:
    """Return the data of variants with probes, None if there are none. lines: how each is drawn, by its id.

    If there are many variants, those that are shown at first come before the others.
    Values are means over the seeds that have a probe, and histograms are pooled over them. The steps are those of the
    seed with the most probes, evenly thinned if there are many.
    """
    able = [summary for summary in variants if _steps(summary.records)]
    first = sorted(able, key=lambda summary: not lines[summary.variant.id].is_shown)[:MOST_VARIANTS]
    chosen = [summary for summary in able if summary in first]
    series = [_series(summary, lines[summary.variant.id]) for summary in chosen]
    used = {name for one in series for name in one["values"]}
    statistics = [
        {"name": name, "title": words(name), "share": METRICS[name].scale == "share"}
        for name in _rows()
        if name in used
    ]
    if not statistics:
        return None
    for one in series[MOST_HISTOGRAMS // max(1, max(len(one["steps"]) * one["layers"] for one in series)) :]:
        one["histograms"] = {}
    values = {"levels": LEVELS, "statistics": statistics, "series": series, **_words()}
    return Explorer(values, len(able) - len(chosen), max(len(one["steps"]) for one in series))


def _words() -> dict[str, Any]:
    """Return the texts of the script and the decimal separator, nothing in English."""
    if current_language() == ENGLISH:
        return {}
    return {"words": {text: _(text) for text in WORDS}, "decimal": numeral(".")}


def _rows() -> dict[str, Metric]:
    return {name: row for name, row in METRICS.items() if row.place is LAYERS and row.by_layer is not None}


def _steps(records: Sequence[RunRecord]) -> list[int]:
    """Return at most MOST_PROBES of the steps of the record with the most probes, the first and last among them."""
    steps = max((record.probe_steps for record in records), key=len, default=np.zeros(0))
    count = min(len(steps), MOST_PROBES)
    kept = np.linspace(0, len(steps) - 1, count).round().astype(int)
    return [int(steps[index]) for index in np.unique(kept)]


def _series(summary: VariantSummary, line: Line) -> dict[str, Any]:
    records = [record for record in summary.records if len(record.probe_steps)]
    steps = _steps(records)
    probes = {step: probes_at(records, step) for step in steps}
    found = {name: _means(row, records, probes) for name, row in _rows().items()}
    return {
        "label": summary.variant.label,
        "colour": line.colour,
        "pattern": line.pattern,
        "shown": line.is_shown,
        "steps": steps,
        "layers": records[0].layers,
        "values": {
            name: [[_short(value) for value in probe] for probe in values]
            for name, values in found.items()
            if np.isfinite(values).any()
        },
        "histograms": {
            kind: _histograms(kind, list(probes.values()))
            for kind in KINDS
            if all(f"probe_{kind}_histogram" in record.arrays for record in records)
        },
    }


def _means(
    row: Metric, records: Sequence[RunRecord], probes: Mapping[int, Sequence[tuple[RunRecord, int]]]
) -> list[Values]:
    """Return the mean over seeds of a statistic by layer at each step, NaN for layers without it."""
    assert row.by_layer is not None
    if row.of_network and all(record.spec.network is records[0].spec.network for record in records):
        return [np.asarray(row.by_layer(records[0], 0), np.float64)] * len(probes)
    if row.array and all(row.array in record.arrays for record in records):
        arrays = {record: record.arrays[row.array] for record in records}  # each is made once for all probes
        blocks = [
            _together([arrays[record] for record, _ in found], [at for _, at in found]) for found in probes.values()
        ]
    else:
        blocks = [np.array([row.by_layer(*one) for one in found], np.float64) for found in probes.values()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all seeds have NaN, or a diverged one has infinity
        return [np.asarray(np.nanmean(block, axis=0)) for block in blocks]


def _together(arrays: Sequence[NDArray[Any]], probes: Sequence[int]) -> Values:
    """Return the row of each array at its probe, shape (runs, layers)."""
    if len({array.shape for array in arrays}) > 1:
        return np.array([array[probe] for array, probe in zip(arrays, probes, strict=True)], np.float64)
    return np.asarray(np.array(arrays)[np.arange(len(arrays)), probes], np.float64)


def _histograms(kind: Kind, probes: Sequence[Sequence[tuple[RunRecord, int]]]) -> dict[str, Any]:
    """Return the ends of the bins by layer, and the bins of each layer at each step as text."""
    found = [pooled(one, kind) for one in probes]
    heights = np.array([[_merged(one.share) for one in probe] for probe in found])
    highest = heights.max(axis=(0, 2), keepdims=True)
    levels = np.round(heights / np.where(highest > 0, highest, 1.0) * (len(LEVELS) - 1)).astype(int)
    return {
        "ends": [[_short(one.edges[0]), _short(one.edges[-1])] for one in found[0]],
        "bins": [["".join(LEVELS[level] for level in layer) for layer in probe] for probe in levels],
    }


def _merged(share: Values) -> Values:
    """Return the shares of at most BINS bins of equal width, each the sum of neighbouring ones."""
    each = next(count for count in range(1, len(share) + 1) if len(share) % count == 0 and len(share) // count <= BINS)
    return np.asarray(np.nan_to_num(share).reshape(-1, each).sum(axis=1))


def _short(value: float) -> float | None:
    """Return a number with few digits, None for NaN and infinity, which JSON does not have."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
