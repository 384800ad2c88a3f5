"""Whether a remedy helped: the same seeds with one change, before and after, on one metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from reportgen.analysis.finding import Proposal, Remedy
from reportgen.analysis.statistics import mean_interval
from reportgen.runs.record import RunRecord

METRICS = ("val_accuracy", "train_loss")


def judge_remedy(proposal: Proposal, before: Sequence[RunRecord], after: Sequence[RunRecord]) -> Remedy | None:
    """Return the remedy that a proposal became, None where no seed has run with and without it.

    The metric is final validation accuracy, or training loss where nothing is held out; a run that diverged counts
    with the accuracy of chance.
    """
    metric = METRICS[0] if any(_known(r, METRICS[0]) for r in (*before, *after)) else METRICS[1]
    old, new = ({r.spec.seed: _outcome(r, metric) for r in records} for records in (before, after))
    seeds = sorted(set(old) & set(new))
    if not seeds:
        return None
    was, now = np.array([old[s] for s in seeds]), np.array([new[s] for s in seeds])
    mean, lo, hi = mean_interval(now - was)
    better_up = metric == "val_accuracy"
    return Remedy(
        change=proposal.change,
        metric=metric,
        before=float(was.mean()),
        after=float(now.mean()),
        difference=mean,
        interval=(lo, hi),
        verdict=_verdict(lo, hi, better_up),
    )


def _known(record: RunRecord, metric: str) -> bool:
    return math.isfinite(record.final.get(metric, math.nan))


def _outcome(record: RunRecord, metric: str) -> float:
    if record.status == "diverged" or not _known(record, metric):
        classes = max(int(record.facts.get("classes", 2)), 1)
        return 1 / classes if metric.endswith("accuracy") else 10 * math.log(max(classes, 2))
    return float(record.final[metric])


def _verdict(lo: float, hi: float, better_up: bool) -> Literal["helped", "no difference", "hurt"]:
    if math.isnan(lo) or lo <= 0 <= hi:
        return "no difference"
    return "helped" if (lo > 0) == better_up else "hurt"
