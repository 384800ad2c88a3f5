"""Ensembles over seeds compared with plain averages, SciPy's bootstrap and the jackknife formula."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.analyse import analyse
from reportgen.analysis.claims.evaluate import evaluate_claims
from reportgen.analysis.ensembles import accuracies, ensemble_by_seed, score_ensembles
from reportgen.analysis.summary import variant_summary
from reportgen.errors import StudyError
from reportgen.report.document.document import make_document
from reportgen.report.media import html
from reportgen.report.results.results import results_dict
from reportgen.runs.record import RunRecord
from reportgen.study.checks.ensembles import ensemble_sizes
from reportgen.study.loading.loader import dump_study, load_study
from reportgen.study.metrics.metric import ENSEMBLE
from reportgen.study.metrics.table import METRICS
from reportgen.study.planning.plan import Plan
from tests.analysis.studies import HEAD, plan_of, record

FIXED = HEAD.replace("validation: 0.25}", "validation: 0.25, seed: 3}")
CLAIM = """
ensembles: true
claims:
  - id: together
    says: Together they are better.
    measure: {metric: METRIC}
    where: {network.init: xavier}
    expect: {above: LEVEL}
"""


def predicted(run: Any, rng: np.random.Generator, labels: np.ndarray, **changes: Any) -> RunRecord:
    """Return a record with probabilities biased towards the labels."""
    logits = rng.standard_normal((len(labels), 4)) + 1.2 * np.eye(4)[labels]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    made = record(run)
    arrays = {**made.arrays, "val_probabilities": p.astype(np.float32), "val_labels": labels.astype(np.int32)}
    return dataclasses.replace(made, arrays=arrays, **changes)


def study(folder: Path, seeds: int = 5, text: str = "ensembles: true") -> tuple[Plan, dict[tuple[str, int], RunRecord]]:
    plan = plan_of(folder, text, seeds=seeds, head=FIXED)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 300)
    return plan, {(run.variant, run.seed): predicted(run, rng, labels) for run in plan.runs}


def accuracy(records: Any) -> float:
    """Return the reference accuracy: the largest of the mean probabilities."""
    mean = np.mean([r.arrays["val_probabilities"].astype(float) for r in records], axis=0)
    return float((mean.argmax(axis=1) == records[0].arrays["val_labels"]).mean())


def test_every_size_is_scored_against_its_members(tmp_path: Path) -> None:
    plan, records = study(tmp_path)
    found = analyse(plan, records).ensembles
    assert [(e.variant, e.size, e.count) for e in found] == [
        (variant.id, size, count) for variant in plan.variants for size, count in ((2, 10), (3, 10), (5, 1))
    ]
    for e in found:
        mine = [records[e.variant, seed] for seed in plan.study.seeds]
        assert e.members == pytest.approx([accuracy([r]) for r in mine])
        assert e.score == pytest.approx(np.mean([accuracy(each) for each in itertools.combinations(mine, e.size)]))
        assert e.difference == pytest.approx(e.score - np.mean(e.members))
        assert e.difference > 0.03
        assert e.interval[0] < e.difference < e.interval[1]


def test_the_bootstrap_s_interval_is_as_wide_as_scipy_s(tmp_path: Path) -> None:
    from scipy import stats

    plan, records = study(tmp_path, seeds=12)
    mine = [records[plan.variants[0].id, seed] for seed in plan.study.seeds]
    whole = score_ensembles([variant_summary(plan.variants[0], mine)], [12])[0]

    def gain(drawn: Any) -> float:
        chosen = [mine[int(i)] for i in np.ravel(drawn)]
        return accuracy(chosen) - float(np.mean([accuracy([r]) for r in chosen]))

    other = stats.bootstrap((np.arange(12),), gain, n_resamples=300, vectorized=False, method="percentile", rng=0)
    width = other.confidence_interval.high - other.confidence_interval.low
    assert whole.interval[1] - whole.interval[0] == pytest.approx(width, rel=0.25)


def test_equal_members_gain_exactly_nothing(tmp_path: Path) -> None:
    plan, records = study(tmp_path)
    mine = [dataclasses.replace(records[plan.variants[0].id, 0]) for _ in range(4)]
    for e in score_ensembles([variant_summary(plan.variants[0], mine)], [2, 4]):
        assert (e.difference, e.interval) == (pytest.approx(0), (pytest.approx(0), pytest.approx(0)))


@pytest.mark.parametrize("metric", [row.name for row in METRICS.values() if row.place is ENSEMBLE])
def test_values_by_seed_have_the_ensemble_s_mean_and_the_jackknife_s_error(tmp_path: Path, metric: str) -> None:
    plan, records = study(tmp_path)
    mine = [records[plan.variants[0].id, seed] for seed in plan.study.seeds]

    def statistic(chosen: Any) -> float:
        single = [accuracy([r]) for r in chosen]
        if metric == "ensemble_val_spread":
            return float(np.std(single, ddof=1))
        return accuracy(chosen) - (float(np.mean(single)) if metric == "ensemble_val_gain" else 0.0)

    values = np.array(list(ensemble_by_seed(mine, METRICS[metric]).values()))
    without = np.array([statistic(mine[:i] + mine[i + 1 :]) for i in range(5)])
    assert values.mean() == pytest.approx(statistic(mine))
    error = np.sqrt(4 / 5 * ((without - without.mean()) ** 2).sum())
    assert values.std(ddof=1) / np.sqrt(5) == pytest.approx(error)


def test_a_claim_on_ensembles_gets_a_verdict(tmp_path: Path) -> None:
    text = CLAIM.replace("METRIC", "ensemble_val_gain").replace("LEVEL", "0.01")
    plan, records = study(tmp_path, text=text)
    (result,) = evaluate_claims(plan, records)
    assert (result.verdict, result.n) == ("supported", 5)
    assert result.measured == pytest.approx(analyse(plan, records).ensembles[-1].difference)


def test_diverged_runs_are_not_members(tmp_path: Path) -> None:
    plan, records = study(tmp_path)
    name = plan.variants[0].id
    nothing = np.full((300, 4), np.nan, np.float32)
    lost = records[name, 2]
    records[name, 2] = dataclasses.replace(
        lost, status="diverged", arrays={**lost.arrays, "val_probabilities": nothing}
    )
    found = [e for e in analyse(plan, records).ensembles if e.variant == name]
    assert [(e.size, e.count) for e in found] == [(2, 6), (3, 4)]
    assert 2 not in ensemble_by_seed(
        [records[name, seed] for seed in plan.study.seeds], METRICS["ensemble_val_accuracy"]
    )
    assert ensemble_by_seed([records[name, 0]], METRICS["ensemble_val_accuracy"]) == {}


def test_one_class_and_one_example_are_scored() -> None:
    assert accuracies(np.eye(2), np.ones((2, 1, 1)), np.array([0])).tolist() == [1, 1]


def test_sizes_follow_the_seeds_and_many_members_are_sampled(tmp_path: Path) -> None:
    assert ensemble_sizes(plan_of(tmp_path, "ensembles: [4, 2]", seeds=6, head=FIXED).study) == (2, 4)
    assert ensemble_sizes(plan_of(tmp_path, "ensembles: true", seeds=7, head=FIXED).study) == (2, 3, 5, 7)
    assert ensemble_sizes(plan_of(tmp_path).study) == ()
    plan, records = study(tmp_path, seeds=12, text="ensembles: [6]")
    assert {e.count for e in analyse(plan, records).ensembles} == {200}


def test_ensembles_keep_predictions_and_read_back(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "ensembles: [2]", head=FIXED)
    assert all(run.spec.evaluation.predictions for run in plan.runs)
    again = tmp_path / "again.yaml"
    again.write_text(dump_study(plan.study), encoding="utf-8")
    assert load_study(again).study.ensembles == (2,)


@pytest.mark.parametrize(
    ("head", "text", "seeds", "code", "name"),
    [
        (HEAD, "ensembles: true", 5, "ensemble-split", "seed: 0"),
        (FIXED, "ensembles: true", 1, "too-few-seeds", "2"),
        (FIXED, "ensembles: [1]", 5, "out-of-range", "2"),
        (FIXED, "ensembles: [2, 10]", 5, "too-few-seeds", "seeds: 10"),
        (FIXED, "evaluation: {snapshots: true}", 5, "no-restarts", "warm_restarts"),
        (FIXED, "ensembles: some", 5, "wrong-type", "[2, 5]"),
        (FIXED.replace("0.25", "0"), "ensembles: true", 5, "ensemble-split", "data.validation"),
        (
            FIXED,
            CLAIM.replace("METRIC", "ensemble_val_gain").replace("LEVEL", "0")[16:],
            5,
            "not-measured",
            "ensembles",
        ),
    ],
)
def test_ensembles_without_probabilities_are_an_error(
    tmp_path: Path, head: str, text: str, seeds: int, code: str, name: str
) -> None:
    with pytest.raises(StudyError) as caught:
        plan_of(tmp_path, text, seeds=seeds, head=head)
    assert caught.value.code == code
    assert name in f"{caught.value.message} {caught.value.hint}"
    assert "small.yaml:" in str(caught.value.where)


def test_page_and_results_show_ensembles_only_on_request(tmp_path: Path) -> None:
    plan, records = study(tmp_path)
    analysis = analyse(plan, records)
    assert list(results_dict(analysis))[-1] == "ensembles"
    assert len(results_dict(analysis)["ensembles"]) == 6
    page = html.page(make_document(analysis, []), {})
    assert 'id="ensembles"' in page
    assert plan.variants[0].label in page
    plain = dataclasses.replace(analysis, ensembles=())
    assert "ensembles" not in results_dict(plain)
    assert 'id="ensembles"' not in html.page(make_document(plain, []), {})
