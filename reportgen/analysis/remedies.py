"""Whether a remedy helped: the same seeds with one change, before and after, on one metric.

Where a study trains, the metric is final validation accuracy, or training loss where nothing is held out, unless the
finding names another: a rise of the validation loss is to be mended in that loss, and a class that accuracy hides in
balanced accuracy, the mean over classes of the share that is recognized. A run that diverged counts with the accuracy,
or ten times the loss, of chance. Where it only looks at initialization, the metric is whether the finding is still
seen. Accuracies are compared in log odds, since that of a net that has learned nothing is by luck and varies the more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from reportgen.analysis.finding import Evidence, Finding, Proposal, Remedy
from reportgen.analysis.rules import RULES
from reportgen.analysis.statistics import gain_interval
from reportgen.analysis.verdicts import LEAST_SEEDS
from reportgen.runs.record import RunRecord
from reportgen.study.plan import Variant

HIGHER_IS_BETTER = {"val_accuracy": True, "train_loss": False, "val_loss": False, "val_balanced_accuracy": True}
USUAL = ("val_accuracy", "train_loss")
SEEN = "finding_seen"


def judge_remedy(
    finding: Finding, proposal: Proposal, variant: Variant, before: Sequence[RunRecord], after: Sequence[RunRecord]
) -> Remedy | None:
    """Return the remedy that a proposal became, None where no seed has run with and without it."""
    metric = _metric([*before, *after], finding)
    measure = _measure(metric, finding, variant)
    old, new = ({r.spec.seed: measure(r) for r in records if r.status != "failed"} for records in (before, after))
    seeds = sorted(set(old) & set(new))
    if not seeds:
        return None
    was, now = np.array([old[s] for s in seeds]), np.array([new[s] for s in seeds])
    examples = min((int(r.facts.get("val_n", 0)) for r in after), default=0) if metric.endswith("accuracy") else 0
    mean, lo, hi = gain_interval(was, now, examples)
    return Remedy(
        change=proposal.change,
        metric=metric,
        before=float(was.mean()),
        after=float(now.mean()),
        difference=mean,
        interval=(lo, hi),
        verdict=_verdict(len(seeds), lo, hi, HIGHER_IS_BETTER.get(metric, False)),
    )


def _metric(records: Sequence[RunRecord], finding: Finding) -> str:
    if not any(record.spec.training.epochs > 0 for record in records):
        return SEEN
    names = (finding.metric, *USUAL) if finding.metric else USUAL
    return next((name for name in names if any(_known(r, name) for r in records)), "train_loss")


def _measure(metric: str, finding: Finding, variant: Variant) -> Callable[[RunRecord], float]:
    if metric == SEEN:
        return lambda record: float(RULES[finding.rule].check(Evidence(variant, [record])) is not None)
    return lambda record: _outcome(record, metric)


def _score(record: RunRecord, metric: str) -> float:
    confusion = record.arrays.get("val_confusion")
    if metric != "val_balanced_accuracy" or confusion is None:
        return float(record.final.get(metric, math.nan))
    there = confusion.sum(axis=1)
    return float((np.diag(confusion)[there > 0] / there[there > 0]).mean())


def _known(record: RunRecord, metric: str) -> bool:
    return math.isfinite(_score(record, metric))


def _outcome(record: RunRecord, metric: str) -> float:
    if record.status == "diverged" or not _known(record, metric):
        classes = max(int(record.facts.get("classes", 2)), 1)
        return 1 / classes if metric.endswith("accuracy") else 10 * math.log(max(classes, 2))
    return _score(record, metric)


def _verdict(seeds: int, lo: float, hi: float, better_up: bool) -> Literal["helped", "no difference", "hurt"]:
    if seeds < LEAST_SEEDS or math.isnan(lo) or lo <= 0 <= hi:
        return "no difference"
    return "helped" if (lo > 0) == better_up else "hurt"
