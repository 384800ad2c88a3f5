"""Results of a search: the score of every trial, the best trial of each stage, and an unbiased estimate of its score.

The best of many trials is selected partly by chance, so its own score overestimates the score of a new run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.metrics.measures import value
from reportgen.analysis.results import Estimate, SearchResult, StageResult, TrialResult, VariantSummary
from reportgen.analysis.statistics import paired_error
from reportgen.analysis.summary import estimate, variant_summary
from reportgen.languages.translate import _
from reportgen.runs.record import RunRecord
from reportgen.study.checks.best import best_path
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.claims import Measure
from reportgen.study.model.search import Search
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.trials import Trial, best_of
from reportgen.study.planning.variants import BASELINE

Records = Mapping[tuple[str, int], RunRecord]
Values = NDArray[np.float64]
ScoredTrial = tuple[Trial, VariantSummary]

AT_THE_EDGE = 0.05
"""A best value within this share of the range from an end counts as being at the end."""


def score_of(trial: Trial, record: RunRecord) -> float:
    """Return the score by which a search ranks a run, NaN if it has none."""
    return math.nan if record.status == "failed" else value(record, Measure(metric=trial.asked.metric))


def trial_scores(plan: Plan, records: Records) -> dict[tuple[str, int], float]:
    """Return the scores of all trained trials by (variant, seed)."""
    trials = {variant.id: variant.trial for variant in plan.variants if variant.trial is not None}
    return {
        (variant, seed): score_of(trials[variant], record)
        for (variant, seed), record in records.items()
        if variant in trials
    }


def search_results(variants: Sequence[VariantSummary]) -> tuple[SearchResult, ...]:
    """Return the result of each search, in the order of the searched variants."""
    by_point: dict[str, list[ScoredTrial]] = {}
    for summary in variants:
        if summary.variant.trial is not None and summary.records:
            by_point.setdefault(summary.variant.trial.point, []).append((summary.variant.trial, summary))
    return tuple(_result(tried) for tried in by_point.values())


def _result(tried: Sequence[ScoredTrial]) -> SearchResult:
    first, asked = tried[0][0], tried[0][0].asked
    last = [entry for entry in tried if entry[0].stage == max(trial.stage for trial, _ in tried)]
    best = best_trials(last)
    records = [record for _, summary in best for record in summary.records]
    tested = "test_loss" if METRICS[asked.metric].scale == "loss" else "test_accuracy"
    return SearchResult(
        point=first.point,
        label=first.search,
        asked=asked,
        trials=tuple(
            TrialResult(entry[1].variant.id, entry[0], _score([entry]), _diverged([entry])) for entry in tried
        ),
        stages=tuple(_stage(tried, number) for number in sorted({trial.stage for trial, _ in tried})),
        best=tuple(summary.variant.id for _, summary in best),
        score=_score(best),
        unchosen=_unchosen(last, asked),
        test=estimate([record.final.get(tested, math.nan) for record in records], tested, records),
        test_metric=tested,
        outcome=_outcome(best),
        edges=_edges(best, last, asked),
    )


def best_trials(tried: Sequence[ScoredTrial]) -> list[ScoredTrial]:
    """Return the best trial, or the best of each seed if every seed has its own search."""
    owners: dict[int | None, list[ScoredTrial]] = {}
    for entry in tried:
        owners.setdefault(entry[0].owner, []).append(entry)
    return [own[best_of([_scores(entry) for entry in own], own[0][0].asked.maximize)] for own in owners.values()]


def _scores(tried: ScoredTrial) -> list[float]:
    trial, summary = tried
    return [score_of(trial, record) for record in summary.records]


def _score(best: Sequence[ScoredTrial]) -> Estimate:
    """Return the mean score over the runs of the trials."""
    records = [record for _, summary in best for record in summary.records]
    return estimate([score for entry in best for score in _scores(entry)], best[0][0].asked.metric, records)


def _diverged(tried: Sequence[ScoredTrial]) -> int:
    return sum(summary.diverged for _, summary in tried)


def _stage(tried: Sequence[ScoredTrial], number: int) -> StageResult:
    own = [entry for entry in tried if entry[0].stage == number]
    best = best_trials(own)
    epochs = [record.spec.training.epochs for _, summary in own for record in summary.records]
    asked = own[0][0].asked
    windows = {}
    for path, range_ in asked.ranges.items():
        places = [trial.places[path] for trial, _ in own]
        if range_.ordered:
            windows[path] = (range_.at(min(places)), range_.at(max(places)))
    return StageResult(
        stage=number,
        trials=len(own),
        runs=sum(len(summary.records) for _, summary in own),
        diverged=_diverged(own),
        epochs=(min(epochs), max(epochs)),
        best=tuple(summary.variant.id for _, summary in best),
        score=_score(best),
        windows=windows,
    )


def _unchosen(tried: Sequence[ScoredTrial], asked: Search) -> Estimate:
    """Return the mean score over seeds, each from the trial that the other seeds select.

    A seed without influence on the selection gives an unbiased estimate, as far as the last stage is concerned. Earlier
    stages that narrowed the range used all seeds.
    """
    table = (
        np.array([_scores(entry) for entry in tried]) if len({len(_scores(entry)) for entry in tried}) == 1 else None
    )
    if asked.repeat or table is None or table.shape[0] < 2 or table.shape[1] < 2:
        return estimate([])
    seeds = range(table.shape[1])
    chosen = [best_of(np.delete(table, seed, axis=1).tolist(), asked.maximize) for seed in seeds]
    return estimate(
        [table[trial, seed] for trial, seed in zip(chosen, seeds, strict=True)],
        asked.metric,
        [record for _, summary in tried for record in summary.records],
    )


def best_values(measure: Measure, variants: Sequence[Variant], records: Records, seeds: Sequence[int]) -> Values:
    """Return a measure of the best of these trials by seed, averaged over their searches.

    The best of a search is the best trial of its last stage among the given ones. Scores are taken from the trial
    selected by the search. Settings and their places are taken from the best trial of each seed, because the selected
    trial is the same for all seeds. Variants that are not trials count as they are.
    """
    points: dict[str, list[Variant]] = {}
    for variant in variants:
        points.setdefault(variant.trial.point if variant.trial else variant.id, []).append(variant)
    rows = [[_best_value(measure, own, records, seed) for seed in seeds] for own in points.values()]
    means: Values = np.array(rows, np.float64).mean(axis=0)
    return means


def _best_value(measure: Measure, variants: Sequence[Variant], records: Records, seed: int) -> float:
    row = METRICS[measure.metric]
    score = Measure(metric=row.best_of or measure.metric)
    last = max((variant.trial.stage for variant in variants if variant.trial), default=0)
    own = [(v.trial, v) for v in variants if v.trial and v.trial.stage == last and seed in v.trial.seeds]
    if not own:
        record = records.get((variants[0].id, seed)) if last == 0 else None
        return math.nan if record is None else value(record, score)
    path = best_path(measure, variants) or ""
    if row.from_trial is not None and row.of_largest:
        values = {row.from_trial(trial, path): _trains(records.get((v.id, seed))) for trial, v in own}
        return max(itertools.takewhile(lambda value: values[value], sorted(values)), default=math.nan)
    alone = row.from_trial is not None
    scores = [[_known(trial, records, v.id, s) for s in ((seed,) if alone else trial.seeds)] for trial, v in own]
    trial, variant = own[best_of(scores, own[0][0].asked.maximize)]
    if row.from_trial is not None:
        return row.from_trial(trial, path)
    record = records.get((variant.id, seed))
    return math.nan if record is None or record.status == "failed" else value(record, score)


def _trains(record: RunRecord | None) -> bool:
    """Return whether a run ended with a lower training loss than it started with."""
    if record is None or record.status in ("failed", "diverged"):
        return False
    losses = record.epochs("train_loss")
    return bool(len(losses) > 1 and losses[-1] < losses[0])


def _known(trial: Trial, records: Records, variant: str, seed: int) -> float:
    record = records.get((variant, seed))
    return math.nan if record is None else score_of(trial, record)


def _outcome(best: Sequence[ScoredTrial]) -> VariantSummary:
    """Return the best trial, or a combined variant of the best trials of all seeds."""
    trial, summary = best[0]
    if trial.owner is None:
        return summary
    settings = {path: item for path, item in summary.variant.settings.items() if path not in trial.values}
    varied = {path: label for path, label in summary.variant.varied.items() if path not in trial.values}
    best_of_each = _("best of each seed")
    label = best_of_each if trial.search == BASELINE else f"{trial.search}, {best_of_each}"
    variant = Variant(f"{trial.point}--best", label, settings, varied)
    return variant_summary(variant, [record for _trial, entry in best for record in entry.records])


def _edges(best: Sequence[ScoredTrial], last: Sequence[ScoredTrial], asked: Search) -> dict[str, str]:
    """Return the settings whose best value is at an end of the range in more than half of the searches.

    The best trial away from that end must be worse by more than one standard error over seeds.
    """
    found = {}
    for path, range_ in asked.ranges.items():
        for end in ("low", "high") if range_.ordered else ():
            there = [_at_end(trial, path, end) for trial, _ in best]
            inside = [tried for tried in last if not _at_end(tried[0], path, end)]
            if sum(there) * 2 > len(best) and (not inside or _beyond_error(best, best_trials(inside), asked)):
                found[path] = end
    return found


def _at_end(trial: Trial, path: str, end: str) -> bool:
    place = trial.places[path] if end == "low" else 1 - trial.places[path]
    return place <= AT_THE_EDGE


def _beyond_error(best: Sequence[ScoredTrial], others: Sequence[ScoredTrial], asked: Search) -> bool:
    """Return whether the best are better than the others by more than the standard error, paired by seed."""
    first, second = (
        {record.spec.seed: score_of(trial, record) for trial, summary in side for record in summary.records}
        for side in (best, others)
    )
    seeds = sorted(first.keys() & second.keys())
    gains = np.array([(first[seed] - second[seed]) * (1 if asked.maximize else -1) for seed in seeds])
    if not seeds or np.isnan(gains).any():
        return False
    row = METRICS[asked.metric]
    examples = min(int(record.facts.get(f"{row.split}_n", 0)) for _, summary in best for record in summary.records)
    gain = float(gains.mean())
    if not math.isfinite(gain):
        return gain > 0
    floor = paired_error(gain, examples, len(seeds)) if row.counted else 0.0
    spread = float(gains.std(ddof=1)) / math.sqrt(len(seeds)) if len(seeds) > 1 else 0.0
    return gain > max(spread, floor)
