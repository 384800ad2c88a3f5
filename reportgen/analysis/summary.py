"""Summaries of records over seeds: estimates, profiles by layer, histograms, curves by epoch, and variants."""

from __future__ import annotations

import functools
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.metrics.scales import is_size
from reportgen.analysis.results import Curve, Estimate, Histogram, Profile, VariantSummary
from reportgen.analysis.splits import scored_examples
from reportgen.analysis.statistics import binomial_error, is_skewed, mean_interval, possible, quartiles
from reportgen.engine.spec import SCORES
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.table import metric_of
from reportgen.study.planning.plan import Variant

Records = Sequence[RunRecord]
Values = NDArray[np.float64]
FEWEST = 3  # runs required for an interval of a curve


def estimate(values: Sequence[float] | NDArray[Any], name: str = "", records: Records = ()) -> Estimate:
    """Return the mean and interval of the finite values.

    name: the metric, whose possible range limits the interval. Only sizes have quartiles. records: the runs of the
    values, whose scored examples give the least standard error of a validation or test accuracy.
    """
    x = np.asarray(values, np.float64)
    x = x[np.isfinite(x)]
    skewed = is_size(name) and is_skewed(x)
    interval = _interval(x, name, scored_examples(metric_of(name), records))
    return Estimate(*interval, int(x.size), quartiles(x) if skewed else None)


def _interval(x: Values, name: str, examples: int) -> tuple[float, float, float]:
    """Return the mean and the interval of finite values of a metric; examples: see `scored_examples`."""
    mean, lo, hi = mean_interval(x, binomial_error(x, examples) if x.size else 0.0)
    return mean, *possible(name, lo, hi)


def _columns(values: Values, name: str, records: Records) -> tuple[Values, Values, Values]:
    """Return the mean and the interval of each column over its finite rows."""
    examples = scored_examples(metric_of(name), records)
    found = [_interval(column[np.isfinite(column)], name, examples) for column in values.T]
    mean, lo, hi = np.array(found).reshape(-1, 3).T
    return mean, lo, hi


def _seeds_of(records: Records) -> tuple[int, ...]:
    """Return the seeds of records; dozens of summaries of the same records share them."""
    return _shared(tuple(record.spec.seed for record in records))


@functools.lru_cache(maxsize=64)
def _shared(seeds: tuple[int, ...]) -> tuple[int, ...]:
    return seeds


def probes_at(records: Records, step: int | str) -> list[tuple[RunRecord, int]]:
    """Return the records that have a probe at a step, each with the index of the probe."""
    probes = [(record, record.probe_at(step)) for record in records if "probe_step" in record.arrays]
    return [(record, probe) for record, probe in probes if probe is not None]


def profile(records: Records, statistic: str, step: int | str = "last") -> Profile | None:
    """Return a statistic by layer at one probe, None if no record has this probe.

    A named step is resolved for each record ("last" may be an earlier step in a run that stopped early).
    """
    found = probes_at(records, step)
    if not found:
        return None
    per_seed = np.array([record.statistic(statistic)[probe] for record, probe in found], np.float64)
    steps = [int(record.probe_steps[probe]) for record, probe in found]
    mean, lo, hi = _columns(per_seed, statistic, [record for record, _ in found])
    seeds = _seeds_of([record for record, _ in found])
    return Profile(statistic, max(steps), seeds, np.arange(1.0, per_seed.shape[1] + 1), per_seed, mean, lo, hi)


def histograms(
    records: Records, which: Literal["activation", "gradient"] = "activation", step: int | str = "last"
) -> list[Histogram]:
    """Return one histogram per layer, pooled over seeds, empty if no record has this probe.

    Gradient histograms are of log10 |delta|; exact zeros count as outside the bins.
    """
    found = probes_at(records, step)
    return pooled(found, which) if found else []


def pooled(found: Sequence[tuple[RunRecord, int]], which: Literal["activation", "gradient"]) -> list[Histogram]:
    """Return one histogram per layer, pooled over records, each with the index of a probe; as `histograms`."""
    counts = sum(record.arrays[f"probe_{which}_histogram"][probe].astype(np.float64) for record, probe in found)
    edges = found[0][0].arrays[f"{which}_edges"]
    layers = []
    for index, layer in enumerate(found[0][0].spec.network.layers):
        width = layer.units * (int(layer.activation.get("pieces", 1)) if which == "gradient" else 1)
        total = sum(int(record.facts["probe_n"]) * width for record, _ in found)
        share = np.asarray(counts)[index] / max(total, 1)
        own = edges[index] if edges.ndim == 2 else edges
        layers.append(Histogram(index + 1, own.astype(np.float64), share, float(max(0.0, 1 - share.sum()))))
    return layers


def curve(records: Records, column: str) -> Curve:
    """Return a score by epoch. A run has NaN after its end; means are over the remaining runs.

    If fewer than three of more runs remain, the mean has no interval.
    """
    found = [np.asarray(record.arrays.get(f"epoch_{column}", ()), np.float64) for record in records]
    per_seed = np.full((len(records), max((len(values) for values in found), default=0)), np.nan)
    for row, values in enumerate(found):
        per_seed[row, : len(values)] = values
    mean, lo, hi = _columns(per_seed, column, records)
    few = np.isfinite(per_seed).sum(0) < min(FEWEST, len(records))
    lo[few] = hi[few] = np.nan
    seeds = _seeds_of(records)
    return Curve(column, seeds, np.arange(float(per_seed.shape[1])), per_seed, mean, lo, hi)


def variant_summary(variant: Variant, records: Records) -> VariantSummary:
    """Return the summary of a variant: counts of statuses, and final scores over completed and stopped runs."""
    ended = [record for record in records if record.status in ("ok", "stopped")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        extra = dict.fromkeys(name for record in records for name in record.spec.evaluation.scores)
        names = (*SCORES, *extra)
        scores = {name: estimate([record.final.get(name, np.nan) for record in ended], name, ended) for name in names}
    parameters = next((int(record.facts["parameters"]) for record in records if "parameters" in record.facts), 0)
    return VariantSummary(
        variant=variant,
        records=tuple(records),
        statuses=dict(Counter(record.status for record in records)),
        scores=scores,
        parameters=parameters,
        train_seconds=float(sum(record.train_seconds for record in records)),
    )
