"""Best learning rate at the edge of a sweep, on scores: logs of runs that state different learning rates.

**Statistic.** The learning rate of each group of runs, which its settings or its first logged rate state, and the final
validation loss (the mean of the last fifth of the values), or else the training loss.

**Reference.** At least three learning rates, no other difference between the settings, and runs that end in finite
numbers. The best must be the highest or the lowest rate, and better than its neighbour by more than two standard errors
over seeds and noise, and by 5%. An end beyond which a run diverged is not reported.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.analysis.diagnosis.evidence.means import mean, spread
from reportgen.analysis.diagnosis.evidence.symptoms import number
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.points import Points, points, scores, smoothed
from reportgen.analysis.diagnosis.scores.evidence.runs import Shown, finding, seeds_of
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.runs.training_log import TrainingLog

LEAST = 3
ERRORS, BETTER, END = 2.0, 0.05, 0.2
RATES = ("lr", "learning_rate", "learning-rate", "base_lr", "init_lr")
SEEDS = ("seed", "random_seed", "random_state")
SOURCES = ("lecture-review", "stanford-scribe", "Bergstra and Bengio 2012")


@dataclass(frozen=True)
class _Rate:
    """A learning rate of the sweep: mean final loss (infinite if a run diverged) and its standard error."""

    rate: float
    loss: float
    error: float


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding for the group with the best learning rate of a sweep if it is at an end of the range."""
    groups = [evidence.logs, *(logs for logs in evidence.siblings.values() if _same_but_rate(evidence.logs, logs))]
    found = {rate: _rate(rate, logs) for logs in groups if (rate := learning_rate(logs[0])) is not None}
    own = learning_rate(evidence.logs[0])
    if own is None or len(found) < LEAST or len(found) < len(groups):
        return Abstention(
            f"the folder has runs of {len(found)} different learning rates, and {LEAST} are needed",
            "log the learning rate, and compare runs that differ in nothing else",
        )
    sweep = sorted(found.values(), key=lambda one: one.rate)
    best = min(sweep, key=lambda one: one.loss)
    if best.rate != own or best not in (sweep[0], sweep[-1]):
        return None
    neighbour = sweep[1] if best is sweep[0] else sweep[-2]
    gained, error = neighbour.loss - best.loss, math.hypot(best.error, neighbour.error)
    if not gained > max(ERRORS * error, BETTER * abs(best.loss)):
        return None
    return _finding(evidence, best, neighbour, [one.rate for one in sweep])


def learning_rate(log: TrainingLog) -> float | None:
    """Return the learning rate that the settings state, or the highest one logged; None without both."""
    for name, value in log.settings.items():
        if _is(name, RATES) and isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return float(value)
    rates = points(log.curve("lr"))
    return float(rates.values.max()) if rates.size and rates.values.max() > 0 else None


def _is(name: str, known: Sequence[str]) -> bool:
    """Return whether a setting, possibly in a section such as "optimizer.lr", has one of these names."""
    return name.rpartition(".")[2].lower() in known


def _same_but_rate(own: Sequence[TrainingLog], other: Sequence[TrainingLog]) -> bool:
    def settings(log: TrainingLog) -> dict[str, object]:
        return {name: value for name, value in log.settings.items() if not _is(name, (*RATES, *SEEDS))}

    return bool(other) and settings(own[0]) == settings(other[0]) and learning_rate(own[0]) != learning_rate(other[0])


def _rate(rate: float, logs: Sequence[TrainingLog]) -> _Rate:
    if any(diverged(log) for log in logs):
        return _Rate(rate, math.inf, 0.0)
    ends = [found.late(END) for log in logs if (found := _loss(log)).size]
    if not ends:
        return _Rate(rate, math.inf, 0.0)
    noise = mean([_loss(log).late(0.5).noise if _loss(log).size >= 8 else 0.0 for log in logs])
    within = noise / math.sqrt(sum(end.size for end in ends))
    between = spread([end.mean for end in ends]) / math.sqrt(len(ends)) if len(ends) > 1 else 0.0
    return _Rate(rate, mean([end.mean for end in ends]), math.hypot(within, between))


def _loss(log: TrainingLog) -> Points:
    val = scores(log, "val_loss")
    return val if val.size else smoothed(scores(log, "train_loss"))


def _finding(evidence: ScoreEvidence, best: _Rate, neighbour: _Rate, rates: Sequence[float]) -> Finding:
    seeds, logs = tuple(seeds_of(evidence.logs)), tuple(evidence.logs)
    side = "highest" if best.rate == rates[-1] else "lowest"
    beyond = best.rate * best.rate / neighbour.rate
    return finding(
        "lr_best_at_edge",
        evidence,
        Shown(tuple(range(len(logs))), logs, (), len(logs), seeds),
        severity="warning",
        position=None,
        numbers={"lr": best.rate, "loss": best.loss, "neighbour": neighbour.rate, "neighbour_loss": neighbour.loss},
        message=(
            f"The {side} of {len(rates)} learning rates is the best: {number(best.rate)} ends at a loss of "
            f"{number(best.loss)}, {number(neighbour.rate)} at {number(neighbour.loss)}. A better one may lie beyond"
        ),
        advice=f"Extend the range of learning rates, to {number(beyond)} at least.",
        sources=SOURCES,
    )


FORM = ScoreForm(check, f"{LEAST} groups of runs that state different learning rates, and a loss")
