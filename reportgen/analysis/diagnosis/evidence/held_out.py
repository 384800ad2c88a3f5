"""Scores on held-out examples, their standard errors, and the scores of simple models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.analysis.diagnosis.evidence.means import mean, spread
from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.diagnosis.evidence.symptoms import enough
from reportgen.analysis.splits import one_split
from reportgen.analysis.statistics import share_error
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord


def scored(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the records of runs that ended normally and have a finite validation accuracy."""
    return [
        r
        for r in records
        if r.steps > 0 and r.status in ("ok", "stopped") and math.isfinite(r.final.get("val_accuracy", math.nan))
    ]


def examples(records: Sequence[RunRecord], name: str = "val_n") -> int:
    """Return the number of distinct examples in an average over seeds, which may share their examples."""
    sizes = [int(r.facts.get(name, 0)) for r in records]
    return max(sizes, default=0) if one_split(records[0].spec.data) else sum(sizes)


def mean_final(records: Sequence[RunRecord], score: str) -> float:
    """Return the mean of a final score over seeds."""
    return mean([r.final[score] for r in records])


def mean_fact(records: Sequence[RunRecord], name: str) -> float:
    """Return the mean of a fact over seeds, NaN if a record lacks it."""
    return mean([float(r.facts.get(name, math.nan)) for r in records])


def majority(record: RunRecord) -> float:
    """Return the share of validation examples of the most common training class, or the best estimate of it."""
    known = record.facts.get("baseline_majority")
    if known is not None:
        return float(known)
    share = _majority_in_training(record)
    return 1 / max(int(record.facts.get("classes", 2)), 1) if math.isnan(share) else share


@dataclass(frozen=True)
class Reference:
    """Validation accuracy of the best simple model, averaged over seeds.

    name: its name in words; error: standard error of the accuracy; majority: share of the most common class.
    """

    name: str
    accuracy: float
    error: float
    majority: float


SIMPLE = {
    N_("a linear model"): "baseline_linear",
    N_("nearest neighbours"): "baseline_neighbours",
    N_("kernel regression"): "baseline_kernel",
}
"""Names of the simple models and of the facts with their validation accuracies; a record may lack some."""

ERRORS, SHARE = 2.5, 0.1
"""Standard errors, and share of a simple model's lead over the most common class, of a clear shortfall."""

CLEAR_ERRORS = 3.0
"""A simple model predicts labels if it exceeds the most common class by so many standard errors."""


def reference(records: Sequence[RunRecord]) -> Reference | None:
    """Return the best simple model that predicts left-out training labels, None if there is none."""
    majority_share = mean([majority(r) for r in records])
    found = [
        Reference(_(words), mean_fact(records, name), _error(records, name, "baseline_val_n"), majority_share)
        for words, name in SIMPLE.items()
        if math.isfinite(mean_fact(records, name)) and predicts_labels(records, name)
    ]
    return max(found, key=lambda model: model.accuracy, default=None)


def predicts_labels(records: Sequence[RunRecord], name: str) -> bool:
    """Return whether a simple model predicts left-out training labels better than the most common class."""
    left_out = f"{name}_left_out"
    return mean_fact(records, left_out) > training_majority(records) + CLEAR_ERRORS * _error(
        records, left_out, "baseline_left_out_n"
    )


def rules_out_signal(records: Sequence[RunRecord], share: float) -> bool:
    """Return whether the simple models together rule out a small share of the possible improvement on guessing.

    share: of the way from the most common class to perfect accuracy, tested at two standard errors. The average of the
    models counts, because the number of neighbours is chosen on these same examples.
    """
    majority_share = training_majority(records)
    names = [f"{name}_left_out" for name in SIMPLE.values() if math.isfinite(mean_fact(records, name))]
    if not names:
        return False
    gain = mean([mean_fact(records, name) for name in names]) - majority_share
    # An upper bound for the error of the average, since all models are scored on the same examples.
    error = mean([_error(records, name, "baseline_left_out_n") for name in names])
    return gain + 2 * error < share * (1 - majority_share)


def training_majority(records: Sequence[RunRecord]) -> float:
    """Return the share of the most common class among training examples, averaged over seeds."""
    return mean([_majority_in_training(r) for r in records])


@memoize
def _majority_in_training(record: RunRecord) -> float:
    """Return the share of the most common class among training examples, NaN if unknown."""
    counts = [float(count) for count in record.facts.get("class_counts", ())]
    return max(counts) / sum(counts) if sum(counts) else math.nan


def seed_error(values: Sequence[float]) -> float:
    """Return the standard error of a mean over seeds, 0 for a single seed."""
    return spread(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _error(records: Sequence[RunRecord], name: str, count: str) -> float:
    """Return the standard error of an average accuracy: over examples or over seeds, the larger."""
    values = [float(r.facts.get(name, math.nan)) for r in records]
    return max(share_error(mean(values), examples(records, count)), seed_error(values))


@dataclass(frozen=True)
class Shortfall:
    """Accuracies of a network, averaged over seeds, and the reference above them.

    reached: validation accuracy of the reference; by: its name.
    """

    train: float
    validation: float
    reached: float
    by: str
    seeds: tuple[int, ...]


def below_simple_models(
    records: Sequence[RunRecord], share: float = SHARE, in_training: bool = True
) -> Shortfall | None:
    """Return the shortfall against a simple model in validation and, by default, in training; None if there is none."""
    known = reference(records)
    if known is None:
        return None
    train, validation = mean_final(records, "train_accuracy"), mean_final(records, "val_accuracy")
    error = (known.error**2 + share_error(validation, examples(records)) ** 2) ** 0.5
    certain, large, clear = ERRORS * error, *(part * (known.accuracy - known.majority) for part in (share, SHARE))
    low = tuple(r.spec.seed for r in records if known.accuracy - r.final["val_accuracy"] > clear)
    if (in_training and known.accuracy - train <= certain) or known.accuracy - validation <= max(certain, large):
        return None
    if not enough(len(low), len(records)):
        return None
    return Shortfall(train, validation, known.accuracy, known.name, low)
