"""Results of a search: best trial, bias of its selection, and claims on it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.analyse import analyse
from reportgen.analysis.results import Analysis
from reportgen.analysis.search import trial_scores
from reportgen.errors import StudyError
from reportgen.study.loading.loader import load_study
from reportgen.study.planning.plan import Plan, PlannedRun, make_plan
from tests.analysis.studies import plan_of, record

HEAD = """
title: A search
question: Which rate?
data: {name: gaussian, samples: 200, features: 4, classes: 4, validation: 0.25, test: 0.25}
network: {hidden: [4]}
training: {epochs: 2}
"""
Score = Callable[[Plan, PlannedRun], float]


def trial_of(plan: Plan, run: PlannedRun) -> Any:
    return next(variant.trial for variant in plan.variants if variant.id == run.variant)


def analysed(plan: Plan, score: Score, statuses: Callable[[PlannedRun], str] = lambda _: "ok") -> Analysis:
    """Return the analysis of a plan with scores in all stages; test accuracy is ten points below validation."""
    while True:
        records = {}
        for run in plan.runs:
            value = score(plan, run)
            test = value - 0.1 if run.spec.data.test else math.nan
            made = record(run, statuses(run), val_accuracy=value, test_accuracy=test)
            records[run.variant, run.seed] = dataclasses.replace(made, facts={**made.facts, "val_n": 500})
        grown = make_plan(plan.study, trial_scores(plan, records))
        if len(grown.runs) == len(plan.runs):
            return analyse(plan, records)
        plan = grown


def peak(at: float) -> Score:
    """Return an accuracy with a maximum at a place in the range of the learning rate."""
    return lambda plan, run: 0.9 - 0.5 * abs(trial_of(plan, run).places["training.lr"] - at) + 0.002 * (run.seed % 3)


LR = "training.lr: {log_uniform: [1e-4, 1]}"


def test_the_best_trial_has_the_best_mean_in_the_last_stage(tmp_path: Path) -> None:
    analysis = analysed(plan_of(tmp_path, f"search: {{{LR}, samples: 20, stages: 2}}", head=HEAD), peak(0.6))
    (search,) = analysis.searches
    assert [stage.trials for stage in search.stages] == [10, 10]
    best = next(one for one in search.trials if one.variant == search.best[0])
    assert best.trial.stage == 2
    last = [one for one in search.trials if one.trial.stage == 2]
    assert best.score.value == max(one.score.value for one in last)
    assert search.score == best.score
    assert search.test.value == pytest.approx(search.score.value - 0.1)
    assert abs(best.trial.places["training.lr"] - 0.6) < 0.1
    assert search.edges == {}
    assert [one.variant.id for one in analysis.outcomes] == [best.variant]


def test_a_diverged_trial_is_counted_and_a_failed_one_is_never_best(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"search: {{{LR}, samples: 5}}", head=HEAD)
    lost, failed = plan.variants[0].id, plan.variants[1].id
    statuses = {lost: "diverged", failed: "failed"}
    analysis = analysed(
        plan,
        lambda _, run: 0.99 if run.variant == failed else 0.1 if run.variant == lost else 0.5,
        lambda run: statuses.get(run.variant, "ok"),
    )
    (search,) = analysis.searches
    assert search.trials[0].diverged == 5
    assert search.best == (plan.variants[2].id,)


def test_the_selected_score_is_biased_and_the_unchosen_score_is_not(tmp_path: Path) -> None:
    """With equal trials, the best is selected by chance, which the seeds outside the selection reveal."""
    plan = plan_of(tmp_path, f"search: {{{LR}, samples: 30}}", head=HEAD)
    chosen, fair = [], []
    for draw in range(20):
        noise = np.random.default_rng(draw).normal(0, 0.05, (30, 5))

        def score(plan: Plan, run: PlannedRun, noise: Any = noise) -> float:
            return 0.7 + float(noise[trial_of(plan, run).number - 1, run.seed])

        (search,) = analysed(plan, score).searches
        chosen.append(search.score.value)
        fair.append(search.unchosen.value)
    assert np.mean(chosen) > 0.73
    assert abs(np.mean(fair) - 0.7) < 3 * 0.05 / math.sqrt(100)


@pytest.mark.parametrize(("at", "edges"), [(1.3, {"training.lr": "high"}), (-0.3, {"training.lr": "low"}), (0.5, {})])
def test_a_best_value_at_the_end_of_its_range_is_reported(at: float, edges: dict[str, str], tmp_path: Path) -> None:
    for repeat in ("", ", repeat: true"):
        plan = plan_of(tmp_path, f"search: {{{LR}, method: grid, samples: 9{repeat}}}", head=HEAD)
        (search,) = analysed(plan, peak(at)).searches
        assert search.edges == edges


def test_a_flat_optimum_at_the_end_is_no_edge(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"search: {{{LR}, method: grid, samples: 9}}", head=HEAD)
    (search,) = analysed(plan, lambda _, run: 0.9 + 0.001 * run.seed).searches
    assert search.best == (plan.variants[0].id,)
    assert search.edges == {}


def test_only_the_best_trial_is_diagnosed_and_trials_are_not_compared(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"search: {{{LR}, samples: 4}}", head=HEAD)
    analysis = analysed(plan, peak(0.5), lambda run: "diverged")
    assert {finding.variant for finding in analysis.findings} <= set(analysis.searches[0].best)
    assert analysis.findings
    assert analysis.comparisons == ()


def test_with_repeat_the_best_trials_of_all_seeds_form_one_row(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"search: {{{LR}, samples: 6, repeat: true}}", head=HEAD)
    analysis = analysed(plan, peak(0.5))
    (search,) = analysis.searches
    assert len(search.best) == search.score.n == 5
    (row,) = analysis.outcomes
    assert [one.spec.seed for one in row.records] == [0, 1, 2, 3, 4]
    assert "training.lr" not in row.variant.settings
    assert search.unchosen.n == 0


def claims(measure: str, where: str, expect: str) -> str:
    return f"claims: [{{id: a, says: S, measure: {measure}, where: {where}, expect: {expect}}}]"


METHODS = "vary: {search.method: [random, grid]}\n"


def test_claims_compare_the_best_of_searches_seed_by_seed(tmp_path: Path) -> None:
    text = METHODS + f"search: {{{LR}, samples: 6, repeat: true}}\n"
    text += claims("{metric: best_val_accuracy}", "{search: grid}", "{greater_than: {search: random}}")
    analysis = analysed(plan_of(tmp_path, text, head=HEAD), peak(0.8))
    random, grid = analysis.searches
    (claim,) = analysis.claims
    assert claim.n == 5
    assert claim.measured == pytest.approx(grid.score.value - random.score.value)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("best_val_accuracy", 0.9), ("best_test_accuracy", 0.8), ("best_place", 0.5), ("best_setting", 1e-2)],
)
def test_claims_on_the_best_trial_take_its_score_its_setting_or_its_place(
    metric: str, expected: float, tmp_path: Path
) -> None:
    text = f"search: {{{LR}, method: grid, samples: 9}}\n" + claims(f"{{metric: {metric}}}", "{}", "{above: 0}")
    (claim,) = analysed(plan_of(tmp_path, text, head=HEAD), peak(0.5)).claims
    assert claim.measured == pytest.approx(expected, abs=0.005)


def test_each_seed_has_its_own_best_setting_among_shared_trials(tmp_path: Path) -> None:
    text = f"search: {{{LR}, method: grid, samples: 5}}\n" + claims("{metric: best_place}", "{}", "{above: 0}")
    plan = plan_of(tmp_path, text, head=HEAD)
    (claim,) = analysed(plan, lambda plan, run: float(trial_of(plan, run).number == run.seed + 1)).claims
    assert claim.per_seed == {0: 0.0, 1: 0.25, 2: 0.5, 3: 0.75, 4: 1.0}


def test_the_largest_trainable_value_is_below_the_first_run_that_does_not_train(
    tmp_path: Path,
) -> None:
    text = f"search: {{{LR}, method: grid, samples: 5}}\n" + claims("{metric: largest_trainable}", "{}", "{above: 0}")
    plan = plan_of(tmp_path, text, head=HEAD)
    records = {}
    for run in plan.runs:
        number = trial_of(plan, run).number  # of 5 rates, the fourth diverges; the third rises with seed 0
        status, end = ("diverged" if number == 4 else "ok"), (9.0 if (number, run.seed) == (3, 0) else 0.1)
        records[run.variant, run.seed] = record(run, status, train_loss=[1.0, 0.5, end])
    (claim,) = analyse(plan, records).claims
    assert claim.per_seed == pytest.approx({0: 1e-3, **dict.fromkeys(range(1, 5), 1e-2)})


def test_a_claim_may_concern_one_stage_or_all_trials(tmp_path: Path) -> None:
    text = f"search: {{{LR}, samples: 12, stages: 2}}\n"
    first = claims("{metric: best_val_accuracy}", "{search.stage: 2}", "{greater_than: {search.stage: 1}}")
    analysis = analysed(plan_of(tmp_path, text + first, head=HEAD), peak(0.6))
    one, two = analysis.searches[0].stages
    assert analysis.claims[0].measured == pytest.approx(two.score.value - one.score.value)
    text = f"search: {{{LR}, samples: 6, repeat: true}}\n"
    every = claims("{metric: val_accuracy}", "{}", "{below: 1}")
    analysis = analysed(plan_of(tmp_path, text + every, head=HEAD), peak(0.6))
    means = [one.score.value for one in analysis.searches[0].trials]
    assert analysis.claims[0].n == 5
    assert analysis.claims[0].measured == pytest.approx(np.mean(means))


def test_a_tuned_variant_is_compared_with_one_that_is_not_searched(tmp_path: Path) -> None:
    text = f"search: {{{LR}, samples: 6}}\nvariants: {{usual: {{search: none}}, tuned: {{}}}}\n"
    text += claims("{metric: best_val_accuracy}", "{search: tuned}", "{greater_than: {search: none}, by: 0.1}")
    plan = plan_of(tmp_path, text, head=HEAD)
    analysis = analysed(plan, lambda plan, run: 0.5 if trial_of(plan, run) is None else peak(0.5)(plan, run))
    assert analysis.claims[0].verdict == "supported"
    assert [row.variant.id for row in analysis.outcomes] == ["usual", analysis.searches[0].best[0]]


@pytest.mark.parametrize(
    ("search", "measure", "code", "name"),
    [
        ("", "{metric: best_val_accuracy}", "not-measured", "search"),
        (
            f"search: {{{LR}, samples: 3}}\n",
            "{metric: val_accuracy, setting: training.lr}",
            "inapplicable-key",
            "best_setting",
        ),
        (
            f"search: {{{LR}, samples: 3}}\n",
            "{metric: best_place, setting: training.l2}",
            "unknown-setting",
            "training.lr",
        ),
        (
            f"search: {{{LR}, training.l2: {{uniform: [0, 1]}}, samples: 3}}\n",
            "{metric: best_setting}",
            "missing-key",
            "training.lr, training.l2",
        ),
        (f"search: {{{LR}, samples: 3}}\n", "{metric: best_val_accuracy, epoch: 1}", "inapplicable-key", "epoch"),
    ],
)
def test_claims_about_metrics_without_a_search_are_errors(
    search: str, measure: str, code: str, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(HEAD + search + claims(measure, "{}", "{above: 0}"), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert caught.value.code == code
    assert name in str(caught.value.hint)
