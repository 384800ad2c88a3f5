"""Tests whether a remedy helped: the same seeds before and after one change, on one metric.

If a study trains, the metric is the final validation loss, or the training loss if nothing is held out, unless the
finding names another one: validation accuracy for a decline of accuracy, and balanced accuracy (the mean recall over
classes) for a class that is never predicted. If the change is one of the loss, such as label smoothing, it is an
accuracy, since values of two losses cannot be compared. Without training, the metric is whether the finding still
occurs.

Losses are compared by their ratio. Losses above the loss of guessing, and diverged runs, count as guessing: such a
network is of no use, and its exact loss is due to chance. Differences far below a twentieth of the loss of guessing do
not count. Losses are preferred to accuracies because every example contributes by degrees: the accuracy of a network
that learned nothing is due to chance, and the accuracy of a nearly perfect network depends on a few examples. However,
if a network learned, with or without the change, and its validation loss depends on a few confident mistakes,
accuracies are compared instead, as log odds; a diverged run then has the accuracy of chance. The choice of metric does
not depend on which side is before and which is after.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.claims.verdicts import LEAST_SEEDS
from reportgen.analysis.diagnosis.checks import checks
from reportgen.analysis.diagnosis.evidence.held_out import examples, majority
from reportgen.analysis.diagnosis.evidence.outcome import HALF, guess_loss
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Evidence, Finding, Guessing, Proposal, Remedy, RemedyVerdict
from reportgen.analysis.statistics import gain_interval, mean_interval, ratio_interval
from reportgen.engine.tables.losses import is_likelihood
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.table import metric_of
from reportgen.study.planning.plan import Variant

DEFAULT_METRICS = ("val_loss", "train_loss")
ACCURACIES = ("val_accuracy", "train_accuracy")
FINDING_SEEN = "finding_seen"

FEW = 0.1
LEAST_LOSS = 0.05
"""Added to losses before they are compared, as a share of the loss of guessing."""


def compare_remedy(
    finding: Finding, proposal: Proposal, variant: Variant, before: Sequence[RunRecord], after: Sequence[RunRecord]
) -> Remedy | None:
    """Return the tested remedy, None if no seed ran both with and without the proposal."""
    metric = _metric([*before, *after], finding)
    old, new = ({r.spec.seed: r for r in records if r.status != "failed"} for records in (before, after))
    seeds = sorted(set(old) & set(new))
    if not seeds:
        return None
    sides = [old[s] for s in seeds], [new[s] for s in seeds]
    measure = _measure(metric, finding, variant)
    was, now = (np.array([measure(record) for record in side]) for side in sides)
    mean, lo, hi = _interval(metric, sides, was, now)
    return Remedy(
        change=proposal.change,
        metric=metric,
        before=float(was.mean()),
        after=float(now.mean()),
        difference=mean,
        interval=(lo, hi),
        verdict=_verdict(len(seeds), lo, hi, metric_of(metric).higher_is_better is True),
        guessing=None if metric == FINDING_SEEN else _guessing(sides, metric),
    )


def scorer(
    finding: Finding, variant: Variant, records: Sequence[RunRecord]
) -> tuple[str, Callable[[RunRecord], float], Callable[[RunRecord], float]]:
    """Return the metric of a remedy, a function for its value, and a function for a score (higher is better).

    records: all compared runs, at least one. The score of a loss is its negative logarithm, so that differences of
    scores correspond to ratios of losses.
    """
    metric = _metric(records, finding)
    measure = _measure(metric, finding, variant)
    if metric_of(metric).higher_is_better is True:
        return metric, measure, measure
    if metric == FINDING_SEEN:
        return metric, measure, lambda record: -measure(record)
    floor = _least_loss(records[0])
    return metric, measure, lambda record: -math.log(measure(record) + floor)


def _least_loss(record: RunRecord) -> float:
    return max(LEAST_LOSS * guess_loss(record), 1e-12)


def _metric(records: Sequence[RunRecord], finding: Finding) -> str:
    if not any(record.spec.training.epochs > 0 for record in records):
        return FINDING_SEEN
    named = finding.metric or ("val_accuracy" if any(_depends_on_few(r) for r in records) else None)
    names: tuple[str, ...] = (named, *DEFAULT_METRICS) if named else DEFAULT_METRICS
    if len({record.spec.training.loss for record in records}) > 1:
        names = (*(name for name in names if metric_of(name).is_accuracy), *ACCURACIES)
    return next((name for name in names if any(_known(r, name) for r in records)), names[-1])


def _depends_on_few(record: RunRecord) -> bool:
    """Return whether a run learned and its validation loss depends on a few confident mistakes.

    The loss is then above the loss of guessing, or its standard error over examples exceeds a tenth of it.
    """
    guess = guess_loss(record)
    train, loss, accuracy = (float(record.final.get(n, math.nan)) for n in ("train_loss", "val_loss", "val_accuracy"))
    error = float(record.facts.get("val_loss_sd", 0.0)) / math.sqrt(max(int(record.facts.get("val_n", 0)), 1))
    return train < HALF * guess and accuracy > majority(record) and (loss > guess or error > FEW * guess)


def _measure(metric: str, finding: Finding, variant: Variant) -> Callable[[RunRecord], float]:
    if metric == FINDING_SEEN:
        check = checks(RULES)[finding.rule]
        return functools.cache(lambda record: float(check(Evidence(variant, [record])) is not None))
    return lambda record: _outcome(record, metric)


def _interval(
    metric: str,
    sides: tuple[Sequence[RunRecord], Sequence[RunRecord]],
    was: NDArray[np.float64],
    now: NDArray[np.float64],
) -> tuple[float, float, float]:
    """Return the mean difference (after minus before) and its 95% interval."""
    if metric == FINDING_SEEN:
        return mean_interval(now - was)
    if metric_of(metric).is_accuracy:
        return gain_interval(was, now, min((int(r.facts.get("val_n", 0)) for r in sides[1]), default=0))
    floor = _least_loss(sides[0][0])
    error = math.hypot(*(_error(side, floor) for side in sides)) if metric_of(metric).split == "val" else 0.0
    return ratio_interval(was, now, floor, error)


def _error(records: Sequence[RunRecord], floor: float) -> float:
    """Return the relative standard error of a mean loss over its examples, 0 if unknown.

    It is recorded for cross-entropy only. Losses that count as guessing have no error.
    """
    if not is_likelihood(records[0].spec.training.loss):
        return 0.0
    known = [r for r in records if r.status != "diverged" and _score(r, "val_loss") < guess_loss(r)]
    shares = [float(r.facts.get("val_loss_sd", 0.0)) / (_score(r, "val_loss") + floor) for r in known]
    return sum(shares) / len(records) / math.sqrt(max(examples(records), 1))


def _score(record: RunRecord, metric: str) -> float:
    confusion = record.arrays.get("val_confusion") if metric == "val_balanced_accuracy" else None
    if confusion is None:  # most scores need no array, which is on the disk if there are thousands of runs
        return float(record.final.get(metric, math.nan))
    there = confusion.sum(axis=1)
    return float((np.diag(confusion)[there > 0] / there[there > 0]).mean())


def _known(record: RunRecord, metric: str) -> bool:
    return math.isfinite(_score(record, metric))


def _outcome(record: RunRecord, metric: str) -> float:
    return _guess(record, metric) if _counts_as_guessing(record, metric) else _score(record, metric)


def _counts_as_guessing(record: RunRecord, metric: str) -> bool:
    """Return whether a run diverged or ended with a loss above the loss of guessing."""
    lost = record.status == "diverged" or not _known(record, metric)
    return lost or (not metric_of(metric).is_accuracy and _score(record, metric) > guess_loss(record))


def _guess(record: RunRecord, metric: str) -> float:
    chance = 1 / max(int(record.facts.get("classes", 2)), 1)
    return chance if metric_of(metric).is_accuracy else guess_loss(record)


def _guessing(sides: tuple[Sequence[RunRecord], Sequence[RunRecord]], metric: str) -> Guessing | None:
    """Return the number of runs of each side that count as guessing and their mean score, None if there are none."""
    before, after = ([record for record in side if _counts_as_guessing(record, metric)] for side in sides)
    scores = [_guess(record, metric) for record in (*before, *after)]
    return Guessing(float(np.mean(scores)), len(before), len(after)) if scores else None


def _verdict(seeds: int, lo: float, hi: float, better_up: bool) -> RemedyVerdict:
    if seeds < LEAST_SEEDS:
        return "too few seeds"
    if math.isnan(lo) or lo <= 0 <= hi:
        return "no difference"
    return "helped" if (lo > 0) == better_up else "hurt"
