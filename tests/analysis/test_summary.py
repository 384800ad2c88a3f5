"""Summaries over seeds contain every seed and count missing values."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from reportgen.analysis import summary
from reportgen.analysis.analyse import analyse
from reportgen.analysis.compare import compare
from reportgen.analysis.diagnosis.remedies import compare_remedy
from reportgen.analysis.finding import Finding, Proposal, Remedy
from reportgen.analysis.statistics import binomial_error, t_quantile
from reportgen.analysis.summary import curve, estimate, histograms, profile, variant_summary
from reportgen.engine.train import train
from reportgen.runs.record import RunRecord
from tests.analysis.studies import plan_of, record
from tests.engine.networks import data, spec

FINDING = Finding("vanishing_activations", "error", "small", (0,), (3,), 0, {}, "m", "a", ("s",))


def real(seed: int = 0, **given: object) -> RunRecord:
    run = spec(seed=seed, **given)  # type: ignore[arg-type]
    o = train(run, data())
    return RunRecord(str(seed), run, o.status, o.stopped_at_step, o.steps, 0.1, o.final, o.facts, o.arrays)


def test_profiles_contain_every_seed_and_probe() -> None:
    records = [real(seed) for seed in range(3)]
    first = profile(records, "activation_std", "first")
    assert first is not None
    assert first.step == 0
    assert first.per_seed.shape == (3, 3)
    np.testing.assert_allclose(first.mean, first.per_seed.mean(axis=0))
    assert (first.lo < first.mean).all()
    assert profile(records, "activation_std", 7777) is None
    assert profile([real(looks=0)], "activation_std") is None


@pytest.mark.parametrize("statistic", ["activation_std", "zero_fraction", "weight_unit_spread"])
def test_a_profile_has_the_estimate_of_each_layer(statistic: str) -> None:
    records = [real(seed) for seed in range(3)]
    found = profile(records, statistic)
    assert found is not None
    for layer, column in enumerate(found.per_seed.T):
        each = estimate(column, statistic, records)
        np.testing.assert_array_equal(
            [found.mean[layer], found.lo[layer], found.hi[layer]], [each.value, each.lo, each.hi]
        )


def test_a_profile_computes_no_quartiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(summary, "is_skewed")
    assert profile([real(seed) for seed in range(3)], "activation_std") is not None


def test_one_seed_has_no_interval() -> None:
    only = profile([real()], "activation_std")
    assert only is not None
    assert np.isnan(only.lo).all()


def test_histograms_contain_all_values() -> None:
    for which in ("activation", "gradient"):
        found = histograms([real(0), real(1)], which, "first")  # type: ignore[arg-type]
        assert [h.layer for h in found] == [1, 2, 3]
        for h in found:
            assert h.edges.size == h.share.size + 1
            assert h.share.sum() + h.outside == pytest.approx(1.0)


def test_curves_end_at_the_end_of_a_run() -> None:
    long, short = real(0), real(1, epochs=1)
    found = curve([long, short], "val_loss")
    assert found.per_seed.shape == (2, 4)
    assert np.isnan(found.per_seed[1, 2:]).all()
    assert found.mean[3] == pytest.approx(long.epochs("val_loss")[3])
    failed = RunRecord("f", long.spec, "failed", 0, 0, 0.0, {}, {}, {})
    assert curve([failed], "val_loss").x.size == 0


def test_curves_of_too_few_runs_have_no_interval() -> None:
    found = curve([real(0), real(1), real(2), real(3, epochs=1), real(4, epochs=2)], "val_accuracy")
    assert np.isfinite(found.hi[:3]).all()
    assert np.isfinite(curve([real(0), real(1)], "val_loss").hi).all()
    found = curve([real(0), real(1), real(3, epochs=1)], "val_loss")
    assert np.isfinite(found.hi).tolist() == [True, True, False, False]


def test_estimates_use_and_count_finite_values_only() -> None:
    found = estimate([1.0, math.nan, 3.0, math.inf])
    assert (found.value, found.n) == (2.0, 2)


def test_scores_of_a_variant_exclude_failed_and_diverged_runs(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    runs = [run for run in plan.runs if run.variant == "small"]
    records = [record(run, "diverged" if run.seed == 4 else "ok", val_loss=float(run.seed)) for run in runs]
    found = variant_summary(plan.variants[0], records)
    assert found.statuses == {"ok": 4, "diverged": 1}
    assert found.scores["val_loss"].value == 1.5
    assert found.scores["val_loss"].n == 4


def test_comparisons_are_paired_and_corrected(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    values = {"small": 0.5, "xavier": 0.9}
    records = [record(run, val_accuracy=values[run.variant] + 0.01 * run.seed) for run in plan.runs]
    summaries = [variant_summary(v, [r for r in records if r.key.startswith(v.id)]) for v in plan.variants]
    (found,) = compare(summaries)
    assert (found.a, found.b, found.score) == ("small", "xavier", "val_accuracy")
    assert found.difference.value == pytest.approx(0.4)
    assert found.p_adjusted == found.p_value
    assert found.pairs == 1


def test_a_remedy_is_compared_on_the_same_seeds(tmp_path: Path) -> None:
    runs = [run for run in plan_of(tmp_path).runs if run.variant == "small"]
    before = [record(run, val_loss=0.9 + 0.01 * run.seed) for run in runs]
    after = [record(run, val_loss=0.4 + 0.012 * run.seed) for run in runs[1:]]
    variant = plan_of(tmp_path).variants[0]

    def judge(before: list[RunRecord], after: list[RunRecord]) -> Remedy | None:
        return compare_remedy(FINDING, Proposal({"network.init": "xavier"}, "why"), variant, before, after)

    helped = judge(before, after)
    assert helped is not None
    assert helped.verdict == "helped"
    assert helped.difference == pytest.approx(-0.5, abs=0.01)
    same = judge(before, before)
    assert same is not None
    assert same.verdict == "no difference"
    hurt = judge(after, before)
    assert hurt is not None
    assert hurt.verdict == "hurt"
    lost = [record(run, "diverged", val_accuracy=math.nan) for run in runs]
    from_loss = judge(lost, after)
    assert from_loss is not None
    assert from_loss.before == pytest.approx(math.log(4))
    assert judge(before[:1], after) is None


def test_an_analysis_without_records_is_empty(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    empty = analyse(plan, {})
    assert [v.statuses for v in empty.variants] == [{}, {}]
    assert empty.findings == ()
    failed = {(r.variant, r.seed): RunRecord("f", r.spec, "failed", 0, 0, 0.0, {}, {}, {}) for r in plan.runs}
    assert analyse(plan, failed).variants[0].statuses == {"failed": 5}


def test_the_interval_of_an_accuracy_is_never_narrower_than_its_binomial_error(tmp_path: Path) -> None:
    """Seeds that agree by chance do not make a small split larger; a training accuracy is exact."""
    records = [real(seed) for seed in range(3)]
    for one in records:
        one.final.update(val_accuracy=1.0, train_accuracy=1.0, val_loss=0.5)
    found = variant_summary(plan_of(tmp_path).variants[0], records).scores
    error = binomial_error(np.ones(3), int(records[0].facts["val_n"]))
    assert (found["val_accuracy"].lo, found["val_accuracy"].hi) == (pytest.approx(1 - t_quantile(0.975, 2) * error), 1)
    assert (found["train_accuracy"].lo, found["val_loss"].lo) == (1, 0.5)
    assert estimate([1.0] * 3, "round_val_accuracy", records).lo == found["val_accuracy"].lo
    for one in records:
        one.arrays["epoch_val_accuracy"][:] = 1.0
    assert curve(records, "val_accuracy").lo[-1] == found["val_accuracy"].lo
