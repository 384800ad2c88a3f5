"""Best learning rate at the edge of a sweep, on scores: logs of runs that state different learning rates.

**Statistic.** The learning rate of each group of runs, which its settings or its highest logged rate state, and the
validation accuracy of each run, the mean of the last fifth of the values; the validation loss or the training loss if
not all logs hold accuracies.

**Reference.** As for complete records: at least three learning rates with three runs each, and no other difference
between the settings. The best must be the highest or the lowest rate, and better than every other by more than one
standard error of the difference over the runs, paired by seed; than its neighbour by two, with three rates by three. An
end beyond which a run diverged is not reported.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.analysis.diagnosis.evidence.means import mean, spread
from reportgen.analysis.diagnosis.evidence.symptoms import number, percent
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.points import points, scores
from reportgen.analysis.diagnosis.scores.evidence.runs import Shown, finding, seeds_of
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _, pgettext
from reportgen.runs.training_log import TrainingLog

LEAST, LEAST_RUNS = 3, 3
LAST_STEP, LAST_STEP_OF_THREE, OTHERS = 2.0, 3.0, 1.0
END = 0.2
RATES = ("lr", "learning_rate", "learning-rate", "base_lr", "init_lr")
SEEDS = ("seed", "random_seed", "random_state")
SCORES = (("val_accuracy", 1.0), ("val_loss", -1.0), ("train_loss", -1.0))
SOURCES = ("lecture-review", "stanford-scribe", "Bergstra and Bengio 2012")


@dataclass(frozen=True)
class _Rate:
    """A learning rate of the sweep and the final score of each run, higher is better; no scores if a run diverged."""

    rate: float
    scores: tuple[float, ...]


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding for the group with the best learning rate of a sweep if it is at an end of the range."""
    groups = [evidence.logs, *(logs for logs in evidence.siblings.values() if _same_but_rate(evidence.logs, logs))]
    known = {rate: logs for logs in groups if (rate := learning_rate(logs[0])) is not None}
    own, several = learning_rate(evidence.logs[0]), [logs for logs in known.values() if len(logs) >= LEAST_RUNS]
    if own is None:
        remedy = _("log the learning rate, and {sweep}").format(sweep=_sweep())
        return Abstention(_("the log does not state its learning rate"), remedy)
    if len(several) < LEAST:
        return Abstention(_needed(len(several)), _sweep())
    role, sign = _role(groups)
    sweep = [_Rate(rate, _scores(logs, role, sign)) for rate, logs in sorted(known.items())]
    live = [one for one in sweep if len(one.scores) >= LEAST_RUNS]
    if len(live) < LEAST:
        return None
    high = mean(live[-1].scores) >= mean(live[0].scores)
    edge, others = (live[-1], live[-2::-1]) if high else (live[0], live[1:])
    beyond = [one for one in sweep if (one.rate > edge.rate if high else one.rate < edge.rate)]
    if edge.rate != own or beyond or not _clearly_best(edge, others):
        return None
    return _finding(evidence, edge, others[0], len(live), role)


def _sweep() -> str:
    text = _("train {runs} runs with each of {rates} learning rates, without any other difference")
    return text.format(runs=LEAST_RUNS, rates=LEAST)


def _needed(found: int) -> str:
    text = (
        _("at least {rates} learning rates with {runs} runs each are needed, and the logs have {found}")
        if found
        else _("at least {rates} learning rates with {runs} runs each are needed, and the logs have none")
    )
    return text.format(rates=LEAST, runs=LEAST_RUNS, found=found)


def _clearly_best(edge: _Rate, others: Sequence[_Rate]) -> bool:
    first = LAST_STEP if len(others) > 2 else LAST_STEP_OF_THREE
    return all(_gain(edge, other) > (first if at == 0 else OTHERS) for at, other in enumerate(others))


def _gain(edge: _Rate, other: _Rate) -> float:
    """Return the advantage of the end in standard errors over the runs, paired."""
    gains = [a - b for a, b in zip(edge.scores, other.scores, strict=False)]
    error = spread(gains) / math.sqrt(len(gains))
    return mean(gains) / error if error > 0 else math.inf * max(mean(gains), 0.0) if mean(gains) else 0.0


def _role(groups: Sequence[Sequence[TrainingLog]]) -> tuple[str, float]:
    """Return the first score that all logs hold, and its sign."""
    logs = [log for group in groups for log in group]
    return next((one for one in SCORES if all(scores(log, one[0]).size for log in logs)), SCORES[-1])


def _scores(logs: Sequence[TrainingLog], role: str, sign: float) -> tuple[float, ...]:
    """Return the final score of each run by ascending seed, none if a run diverged or has no score."""
    if any(diverged(log) for log in logs):
        return ()
    ordered = sorted(logs, key=lambda log: -1 if log.seed is None else log.seed)
    ends = [found.late(END).mean for log in ordered if (found := scores(log, role)).size]
    return tuple(sign * end for end in ends) if len(ends) == len(logs) else ()


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


def _finding(evidence: ScoreEvidence, best: _Rate, neighbour: _Rate, count: int, role: str) -> Finding:
    seeds, logs = tuple(seeds_of(evidence.logs)), tuple(evidence.logs)
    text = (
        _(
            "The highest of {count} learning rates is the best: {ours} with {rate}, {theirs} with {neighbour}. A "
            "better one may lie beyond"
        )
        if best.rate > neighbour.rate
        else _(
            "The lowest of {count} learning rates is the best: {ours} with {rate}, {theirs} with {neighbour}. A better "
            "one may lie beyond"
        )
    )
    beyond = best.rate * best.rate / neighbour.rate
    ours, theirs = (abs(mean(one.scores)) for one in (best, neighbour))
    shape = percent if role == "val_accuracy" else number
    named = {
        "val_accuracy": pgettext("value", "validation accuracy {value}"),
        "val_loss": pgettext("value", "validation loss {value}"),
        "train_loss": pgettext("value", "training loss {value}"),
    }
    return finding(
        "lr_best_at_edge",
        evidence,
        Shown(tuple(range(len(logs))), logs, (), len(logs), seeds),
        severity="warning",
        position=None,
        numbers={"score": role, "lr": best.rate, "value": ours, "neighbour": neighbour.rate, "neighbour_value": theirs},
        message=text.format(
            count=count, ours=named[role].format(value=shape(ours)), theirs=shape(theirs), rate=number(best.rate),
            neighbour=number(neighbour.rate),
        ),
        advice=_("Extend the range of learning rates, to {rate} at least.").format(rate=number(beyond)),
        sources=SOURCES,
    )  # fmt: skip


FORM = ScoreForm(check, f"{LEAST} learning rates in the settings, {LEAST_RUNS} runs with each, and a score")
