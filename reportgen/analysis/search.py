"""What a search came to: the score of every trial, the best of each stage, and what the best one is worth.

The best of many trials is best partly by luck: its own score is a flattering estimate of what a new run would reach.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from reportgen.analysis.measures import value
from reportgen.runs.record import RunRecord
from reportgen.study.claims import Measure
from reportgen.study.plan import Plan
from reportgen.study.trials import Trial

Records = Mapping[tuple[str, int], RunRecord]


def score_of(trial: Trial, record: RunRecord) -> float:
    """Return the number by which a search ranks a run, NaN where it has none."""
    return math.nan if record.status == "failed" else value(record, Measure(metric=trial.asked.metric))


def trial_scores(plan: Plan, records: Records) -> dict[tuple[str, int], float]:
    """Return the scores of all trials that have been trained, by (variant, seed)."""
    trials = {variant.id: variant.trial for variant in plan.variants if variant.trial is not None}
    return {
        (variant, seed): score_of(trials[variant], record)
        for (variant, seed), record in records.items()
        if variant in trials
    }
