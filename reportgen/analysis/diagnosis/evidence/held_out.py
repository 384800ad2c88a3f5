"""Scores on held-out examples: which runs have them, how certain they are, and what simple models reach there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.analysis.diagnosis.evidence.means import mean, spread
from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.splits import one_split
from reportgen.runs.record import RunRecord


def scored(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the records of runs that trained to a finite end and were scored on validation examples."""
    return [
        r
        for r in records
        if r.steps > 0 and r.status in ("ok", "stopped") and math.isfinite(r.final.get("val_accuracy", math.nan))
    ]


def examples(records: Sequence[RunRecord], name: str = "val_n") -> int:
    """Return how many different examples stand behind an average over seeds.

    Seeds that share their validation examples share what these examples have of their own.
    """
    sizes = [int(r.facts.get(name, 0)) for r in records]
    return max(sizes, default=0) if one_split(records[0].spec.data) else sum(sizes)


def mean_final(records: Sequence[RunRecord], score: str) -> float:
    """Return the average over seeds of a final score."""
    return mean([r.final[score] for r in records])


def mean_fact(records: Sequence[RunRecord], name: str) -> float:
    """Return the average over seeds of a fact, NaN where a record lacks it."""
    return mean([float(r.facts.get(name, math.nan)) for r in records])


def share_error(share: float, of: int) -> float:
    """Return the standard error of a share of so many examples, one success and one failure added."""
    p = (min(max(share, 0.0), 1.0) * of + 1) / (of + 2)
    return math.sqrt(p * (1 - p) / max(of, 1))


def majority(record: RunRecord) -> float:
    """Return the share of validation examples that are of the commonest training class, as far as it is known."""
    known = record.facts.get("baseline_majority")
    if known is not None:
        return float(known)
    share = _commonest(record)
    return 1 / max(int(record.facts.get("classes", 2)), 1) if math.isnan(share) else share


@dataclass(frozen=True)
class Reference:
    """What the best of the simple models reaches on validation examples, averaged over seeds.

    name: in words; accuracy, error: its share and its standard error; majority_share: the commonest class's share.
    """

    name: str
    accuracy: float
    error: float
    majority: float


SIMPLE = {
    "a linear model": "baseline_linear",
    "nearest neighbours": "baseline_neighbours",
    "regression with a kernel": "baseline_kernel",
}
"""Simple models in words, with the fact that holds what each reaches; a record may lack some."""

CLEAR_ERRORS = 3.0
"""Standard errors above the commonest class from which on a simple model sees something in left-out examples."""


def reference(records: Sequence[RunRecord]) -> Reference | None:
    """Return the best of those simple models that see something in training examples left out; else None."""
    majority_share = mean([majority(r) for r in records])
    found = [
        Reference(words, mean_fact(records, name), _error(records, name, "baseline_val_n"), majority_share)
        for words, name in SIMPLE.items()
        if math.isfinite(mean_fact(records, name)) and predicts_labels(records, name)
    ]
    return max(found, key=lambda one: one.accuracy, default=None)


def predicts_labels(records: Sequence[RunRecord], name: str) -> bool:
    """Return whether a simple model predicts left-out training labels better than the commonest class does."""
    left_out = f"{name}_left_out"
    return mean_fact(records, left_out) > training_majority(records) + CLEAR_ERRORS * _error(
        records, left_out, "baseline_left_out_n"
    )


def rules_out_signal(records: Sequence[RunRecord], share: float) -> bool:
    """Return whether all simple models together see nothing, though they would see a small share of what there can be.

    share: of the way from the commonest class to perfect, by two standard errors. Their average counts: how many
    neighbours are asked is chosen by these very examples, which flatters one of them.
    """
    majority_share = training_majority(records)
    names = [f"{name}_left_out" for name in SIMPLE.values() if math.isfinite(mean_fact(records, name))]
    if not names:
        return False
    gain = mean([mean_fact(records, name) for name in names]) - majority_share
    # That of the average is this at most: all see the same examples.
    error = mean([_error(records, name, "baseline_left_out_n") for name in names])
    return gain + 2 * error < share * (1 - majority_share)


def training_majority(records: Sequence[RunRecord]) -> float:
    """Return the share of the commonest class among training examples, averaged over seeds."""
    return mean([_commonest(r) for r in records])


@memoize
def _commonest(record: RunRecord) -> float:
    """Return the share of the commonest class among training examples, NaN where it is not known."""
    counts = [float(count) for count in record.facts.get("class_counts", ())]
    return max(counts) / sum(counts) if sum(counts) else math.nan


def seed_error(values: Sequence[float]) -> float:
    """Return the standard error of a mean over seeds; 0 for one seed, which tells none."""
    return spread(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _error(records: Sequence[RunRecord], name: str, count: str) -> float:
    """Return the standard error of an average accuracy: that of the examples, or of the seeds where it is larger."""
    values = [float(r.facts.get(name, math.nan)) for r in records]
    return max(share_error(mean(values), examples(records, count)), seed_error(values))
