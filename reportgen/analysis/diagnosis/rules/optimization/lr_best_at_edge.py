"""The best learning rate of a sweep is at the end of its range, so a better one may lie beyond.

**Statistic.** Runs that differ only in the learning rate and the seed form a sweep. The score is the final validation
accuracy, or the training loss if nothing is held out. At least three learning rates are required, each with at least
three seeds that did not diverge. With more than eight learning rates, those in each eighth of the range (on a
logarithmic scale) are averaged.

**Reference.** Every other learning rate must be worse than the best by more than one standard error of the difference,
paired by seed, with the binomial error as a lower bound. For four equally good learning rates, this alone would occur
in 8% of sweeps. Therefore, the best must exceed its neighbour by two standard errors, which leaves 3 to 5%. With three
learning rates, it must exceed its neighbour by three standard errors, which leaves 2 to 5%. A flat optimum that extends
to the end of the range is not reported. Neither is an end beyond which other runs exist: learning rates at which a seed
diverged, or that a shorter stage of the same search used.

**Advice.** Extend the range beyond this end by the step of the sweep, at least twofold and at most tenfold.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.learning_rate import plausible, shorter_warmup
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.symptoms import number, percent
from reportgen.analysis.diagnosis.scores.lr_best_at_edge import FORM
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.analysis.statistics import paired_error
from reportgen.engine.spec import RunSpec, TrainingSpec
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.table import metric_of

LEAST_RATES, LEAST_SEEDS = 3, 3
MOST_GROUPS = 8
LAST_STEP, LAST_STEP_OF_THREE = 2.0, 3.0  # standard errors
SOURCES = ("lecture-review", "stanford-scribe", "Bergstra and Bengio 2012")

Scores = Mapping[int, float]


@dataclass(frozen=True)
class Group:
    """Learning rates averaged together, in ascending order, and their mean score by seed (higher is better)."""

    rates: tuple[float, ...]
    scores: Scores

    @property
    def mean(self) -> float:
        """The mean score over seeds."""
        return mean(list(self.scores.values()))


def check(evidence: Evidence) -> Finding | None:
    """Return a finding for the best variant of a sweep if it is at an end of the range."""
    own = evidence.records[0].spec
    sweep = [*evidence.records, *_other_rates(evidence, own)]
    by_rate: dict[float, list[RunRecord]] = {}
    for record in sweep:
        by_rate.setdefault(record.spec.training.lr, []).append(record)
    by_rate.pop(0.0, None)
    metric = _metric(sweep)
    live = {lr: runs for lr, runs in sorted(by_rate.items()) if not any(r.status == "diverged" for r in runs)}
    scores = {lr: _scores(runs, metric) for lr, runs in live.items()}
    groups = [g for g in _groups({lr: s for lr, s in scores.items() if s}) if len(g.scores) >= LEAST_SEEDS]
    if len(by_rate) < LEAST_RATES or len(groups) < LEAST_RATES:
        return None
    high = groups[-1].mean >= groups[0].mean
    edge, others = (groups[-1], groups[-2::-1]) if high else (groups[0], groups[1:])
    best = max(edge.rates, key=lambda lr: mean(list(scores[lr].values())))
    if best != own.training.lr or not _is_clearly_best(edge, others, sweep, metric):
        return None
    end = max(live) if high else min(live)
    if any((lr > end) if high else (lr < end) for lr in (*by_rate, *_tried_shorter(evidence, own))):
        return None
    return _finding(evidence, edge, others, sorted(live), high, metric)


def _other_rates(evidence: Evidence, own: RunSpec) -> Iterator[RunRecord]:
    """Yield the records of other variants that differ only in the learning rate and the seed."""
    for records in evidence.siblings.values():
        if records and records[0].spec.training.epochs == own.training.epochs and _same(records[0].spec, own):
            yield from records


def _tried_shorter(evidence: Evidence, own: RunSpec) -> set[float]:
    """Return the learning rates of runs that otherwise differ at most in the number of epochs."""
    specs = [records[0].spec for records in evidence.siblings.values() if records]
    return {spec.training.lr for spec in specs if _same(spec, own)}


_OTHERS = tuple(field.name for field in dataclasses.fields(TrainingSpec) if field.name not in ("lr", "epochs"))
"""The settings of the training but for the learning rate and the epochs."""


def _same(a: RunSpec, b: RunSpec) -> bool:
    """Return whether two runs differ only in learning rate, epochs and seed."""
    parts = ("network", "data", "preprocess", "evaluation", "probes")
    if any(getattr(a, name) != getattr(b, name) for name in parts):
        return False
    return all(getattr(a.training, name) == getattr(b.training, name) for name in _OTHERS)


def _metric(records: Sequence[RunRecord]) -> str:
    held_out = any(math.isfinite(record.final.get("val_accuracy", math.nan)) for record in records)
    return "val_accuracy" if held_out else "train_loss"


def _scores(records: Sequence[RunRecord], metric: str) -> Scores:
    sign = 1 if metric_of(metric).higher_is_better else -1
    found = {record.spec.seed: sign * float(record.final.get(metric, math.nan)) for record in records}
    return {seed: score for seed, score in found.items() if math.isfinite(score)}


def _groups(scores: Mapping[float, Scores]) -> list[Group]:
    """Return the learning rates in order, grouped by eighths of the range if they are many."""
    if len(scores) <= MOST_GROUPS:
        return [Group((lr,), own) for lr, own in scores.items()]
    logs = np.log(list(scores))
    places = (logs - logs[0]) / (logs[-1] - logs[0])
    parts: dict[int, list[float]] = {}
    for lr, place in zip(scores, places, strict=True):
        parts.setdefault(min(int(place * MOST_GROUPS), MOST_GROUPS - 1), []).append(lr)
    return [Group(tuple(rates), _mean_by_seed([scores[lr] for lr in rates])) for rates in parts.values()]


def _mean_by_seed(several: Sequence[Scores]) -> Scores:
    seeds = sorted({seed for own in several for seed in own})
    return {seed: mean([own[seed] for own in several if seed in own]) for seed in seeds}


def _is_clearly_best(edge: Group, others: Sequence[Group], records: Sequence[RunRecord], metric: str) -> bool:
    """Return whether the end exceeds its neighbour by `_last_step` standard errors and all others by one."""
    least = min(int(record.facts.get("val_n", 0)) for record in records) if metric_of(metric).counted else 0
    return all(_clear(edge, other, _last_step(others) if at == 0 else 1.0, least) for at, other in enumerate(others))


def _last_step(others: Sequence[Group]) -> float:
    """Return the number of standard errors by which the end must exceed its neighbour."""
    return LAST_STEP if len(others) > 2 else LAST_STEP_OF_THREE


def _clear(edge: Group, other: Group, errors: float, examples: int) -> bool:
    gains = _gains(edge, other)
    if gains.size < LEAST_SEEDS:
        return False
    gain = float(gains.mean())
    error = max(float(gains.std(ddof=1)) / math.sqrt(gains.size), paired_error(gain, examples, gains.size))
    return gain > errors * error


def _gains(edge: Group, other: Group) -> NDArray[np.float64]:
    """Return the difference in score for each common seed."""
    return np.array([edge.scores[s] - other.scores[s] for s in sorted(edge.scores.keys() & other.scores.keys())])


def _finding(
    evidence: Evidence, edge: Group, others: Sequence[Group], rates: Sequence[float], high: bool, metric: str
) -> Finding:
    neighbour = others[0]
    seeds, gains = sorted(edge.scores.keys() & neighbour.scores.keys()), _gains(edge, neighbour)
    beyond = list(dict.fromkeys(plausible(evidence.records[0], rate) for rate in _beyond(rates, high)))
    beyond = [rate for rate in beyond if not rates[0] <= rate <= rates[-1]]
    low, top, lr = number(rates[0]), number(rates[-1]), number(evidence.records[0].spec.training.lr)
    end = _("upper") if high else _("lower")
    advice, proposals = _remedy(evidence.records[0], beyond, high)
    evident = {"metric": metric, "lr": evidence.records[0].spec.training.lr, "rates": len(rates)}
    evident |= {"lowest_rate": rates[0], "highest_rate": rates[-1], "gain": float(gains.mean())}
    evident |= {"score": abs(edge.mean), "score_beside": abs(neighbour.mean), "standard_errors": _last_step(others)}
    return RULE.finding(
        evidence,
        severity="warning",
        seeds=tuple(seed for seed, gain in zip(seeds, gains, strict=True) if gain > 0),
        step=None,
        evidence=evident,
        message=(
            _(
                "The best of {rates} learning rates from {low} to {top} is {lr}, at the {end} end: {reached} "
                "(better in {sum} of {size} seeds)."
            ).format(
                rates=len(rates),
                low=low,
                top=top,
                lr=lr,
                end=end,
                reached=_reached(edge, neighbour, metric),
                sum=int((gains > 0).sum()),
                size=gains.size,
            )
        ),
        advice=advice,
        proposals=proposals,
        metric=metric,
    )


def _remedy(record: RunRecord, beyond: Sequence[float], high: bool) -> tuple[str, tuple[Proposal, ...]]:
    """Return the advice and the proposals; beyond: plausible learning rates outside of the range."""
    if high and (limited := shorter_warmup(record)):
        return limited
    if not beyond:
        return _("Keep this learning rate: it lies at the end of the plausible range."), ()
    way = _("upwards") if high else _("downwards")
    advice = _("Extend the range {way}, for example to a learning rate of {beyond}.")
    proposals = tuple(Proposal({"training.lr": rate}, _("extends the range of learning rates")) for rate in beyond)
    return advice.format(way=way, beyond=number(beyond[0])), proposals


def _beyond(rates: Sequence[float], high: bool) -> list[float]:
    """Return two learning rates beyond the end, in steps of the sweep between a factor of 2 and 10."""
    end, inner = (rates[-1], rates[-2]) if high else (rates[0], rates[1])
    step = min(max(end / inner if high else inner / end, 2.0), 10.0)
    return [float(f"{end * step**power if high else end / step**power:.3g}") for power in (1, 2)]


def _reached(edge: Group, neighbour: Group, metric: str) -> str:
    """Return a clause with the scores of the end and of its neighbour."""
    accuracy = metric_of(metric).is_accuracy
    first, second = (percent(g.mean) if accuracy else number(-g.mean) for g in (edge, neighbour))
    name = _("validation accuracy") if accuracy else _("training loss")
    if len(edge.rates) == len(neighbour.rates) == 1:
        return _("its {name} is {first}, compared with {second} at {rates}").format(
            name=name, first=first, second=second, rates=number(neighbour.rates[0])
        )
    span = _("{low} to {high}").format(low=number(edge.rates[0]), high=number(edge.rates[-1]))
    return _(
        "the mean {name} is {first} for learning rates of {span}, compared with {second} for their neighbours"
    ).format(name=name, first=first, span=span, second=second)


RULE = Rule(
    id="lr_best_at_edge",
    title=N_("Best learning rate at the edge of its range"),
    check=check,
    sources=SOURCES,
    stage="optimization",
    one_task=True,
    causes=("lr_too_low", "lr_too_high"),
    yields_to=("no_signal",),
    on_scores=FORM,
)
