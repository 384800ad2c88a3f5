"""Every kind of expectation, on records with known values."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from reportgen.analysis.claims.evaluate import evaluate_claims
from reportgen.analysis.results import ClaimResult
from tests.analysis.studies import HEAD, plan_of, record

BLUR = np.array([-0.02, -0.01, 0.0, 0.01, 0.02])


def judged(
    folder: Path, expect: str, measure: str, small: dict, xavier: dict, where: str = "small", **more
) -> ClaimResult:  # type: ignore[no-untyped-def, type-arg]
    """Return the result of one claim for values by variant name, with noise between seeds."""
    text = f"""
claims:
  - id: one
    says: It holds.
    measure: {measure}
    where: {{network.init: {where}}}
    expect: {expect}
"""
    plan = plan_of(folder, text, seeds=more.pop("seeds", 5))
    records = {}
    for run in plan.runs:
        values = small if run.variant == "small" else xavier
        blurred = {name: np.asarray(value) * (1 + BLUR[run.seed]) for name, value in values.items()}
        records[run.variant, run.seed] = record(run, **blurred)
    records |= {key: change(records[key]) for key, change in more.items()}
    return evaluate_claims(plan, records)[0]


SCORE = "{metric: val_loss}"
STD = "{metric: activation_std, layer: hidden, step: 0}"


@pytest.mark.parametrize(
    ("expect", "verdict"),
    [
        ("{below: 0.5}", "supported"),
        ("{below: 0.3}", "contradicted"),
        ("{below: 0.4}", "inconclusive"),
        ("{above: 0.3}", "supported"),
        ("{above: 0.5}", "contradicted"),
        ("{between: [0.3, 0.5]}", "supported"),
        ("{between: [0.5, 0.6]}", "contradicted"),
        ("{near: 0.4}", "supported"),
        ("{near: 0.5, rtol: 0.1}", "contradicted"),
        ("{near: 0.5, atol: 0.2}", "supported"),
        ("{less_than: {network.init: xavier}}", "supported"),
        ("{greater_than: {network.init: xavier}}", "contradicted"),
        ("{less_than: {network.init: xavier}, by: 0.3}", "supported"),
        ("{less_than: {network.init: xavier}, by: 0.5}", "contradicted"),
        ("{less_than: {network.init: xavier}, factor: 1.9}", "supported"),
        ("{less_than: {network.init: xavier}, factor: 2.1}", "contradicted"),
        ("{same_as: {network.init: xavier}, within: 0.5}", "supported"),
        ("{same_as: {network.init: xavier}, within: 0.2}", "contradicted"),
        ("{monotone: increasing, along: network.init}", "inconclusive"),
    ],
)
def test_scores(tmp_path: Path, expect: str, verdict: str) -> None:
    result = judged(tmp_path, expect, SCORE, {"val_loss": 0.4}, {"val_loss": 0.8})
    assert result.verdict == verdict, result.reason


def test_along_a_varied_path(tmp_path: Path) -> None:
    text = """
claims:
  - {id: up, says: s, measure: {metric: val_loss}, expect: {monotone: increasing, along: network.init}}
  - {id: down, says: s, measure: {metric: val_loss}, expect: {monotone: decreasing, along: network.init}}
"""
    plan = plan_of(tmp_path, text)
    values = {"small": 0.4, "xavier": 0.8}
    records = {(r.variant, r.seed): record(r, val_loss=values[r.variant] * (1 + BLUR[r.seed])) for r in plan.runs}
    up, down = evaluate_claims(plan, records)
    assert (up.verdict, down.verdict) == ("supported", "contradicted")
    assert (up.measured, down.measured) == (1.0, 0.0)


def test_a_factor_is_reported_as_a_ratio(tmp_path: Path) -> None:
    result = judged(
        tmp_path, "{less_than: {network.init: xavier}, factor: 1.5}", SCORE, {"val_loss": 0.4}, {"val_loss": 0.8}
    )
    assert result.measured == pytest.approx(0.5)
    assert result.interval == pytest.approx((0.5, 0.5))
    assert result.sides == "small (0.400) divided by xavier (0.800)"
    assert "ratio" in result.method
    assert result.p_adjusted is not None


def test_printed_numbers_by_layer(tmp_path: Path) -> None:
    values = {"activation_std": [[0.2, 0.04, 0.008, 1.0]] * 2}
    good = judged(tmp_path, "{near: [0.2, 0.04, 0.008], rtol: 0.05}", STD, values, {})
    assert good.verdict == "supported"
    assert [layer for layer, _, _ in good.by_layer] == [1, 2, 3]
    assert good.by_layer[1][2] == 0.04
    bad = judged(tmp_path, "{near: [0.2, 0.08, 0.008], rtol: 0.05}", STD, values, {})
    assert bad.verdict == "contradicted"
    assert (bad.measured, bad.at_layer, bad.held_against) == (pytest.approx(-0.5), 2, 0.08)
    assert "layer 2" in bad.reason
    gap = judged(tmp_path, "{near: [0.2, null], rtol: 0.05}", STD, values, {})
    assert gap.verdict == "supported"
    assert [(layer, printed) for layer, _, printed in gap.by_layer] == [(1, 0.2), (2, None), (3, None)]


def test_monotone_over_layers(tmp_path: Path) -> None:
    values = {"activation_std": [[0.2, 0.04, 0.008, 1.0]] * 2}
    assert judged(tmp_path, "{monotone: decreasing}", STD, values, {}).verdict == "supported"
    assert judged(tmp_path, "{monotone: increasing}", STD, values, {}).verdict == "contradicted"


@pytest.mark.parametrize(
    ("layer", "reduce", "value"),
    [
        ("first", "null", 0.2),
        ("last", "null", 0.008),
        ("output", "null", 1.0),
        ("2", "null", 0.04),
        ("[1, 3]", "max", 0.2),
        ("hidden", "min", 0.008),
        ("hidden", "last_over_first", 0.04),
        ("hidden", "mean", 0.248 / 3),
    ],
)
def test_values_of_layers_are_reduced_to_one_number(tmp_path: Path, layer: str, reduce: str, value: float) -> None:
    measure = f"{{metric: activation_std, layer: {layer}, step: last, reduce: {reduce}}}"
    result = judged(tmp_path, "{above: -1}", measure, {"activation_std": [[9.0] * 4, [0.2, 0.04, 0.008, 1.0]]}, {})
    assert result.measured == pytest.approx(value)


@pytest.mark.parametrize(("epoch", "value"), [("0", 3.0), ("1", 1.0), ("last", 2.0), ("best", 1.0)])
def test_epochs(tmp_path: Path, epoch: str, value: float) -> None:
    measure = f"{{metric: val_loss, epoch: {epoch}}}"
    assert judged(tmp_path, "{above: -1}", measure, {"val_loss": [3.0, 1.0, 2.0]} | {}, {}).measured == pytest.approx(
        value
    )


def test_a_diverged_run_counts_as_beyond_every_level(tmp_path: Path) -> None:
    text = """
claims:
  - {id: low, says: s, measure: {metric: val_loss}, where: {network.init: small}, expect: {below: 1}}
  - {id: share, says: s, measure: {metric: diverged}, where: {network.init: small}, expect: {above: 0.9}}
"""
    plan = plan_of(tmp_path, text)
    records = {(r.variant, r.seed): record(r, "diverged", val_loss=math.nan) for r in plan.runs}
    low, share = evaluate_claims(plan, records)
    assert low.verdict == "contradicted"
    assert "5 of 5 runs diverged" in low.reason
    assert share.interval == pytest.approx((0.025 ** (1 / 5), 1.0))
    assert share.verdict == "inconclusive"
    assert share.seeds_needed == 36


def test_shares_of_diverged_runs_are_compared(tmp_path: Path) -> None:
    for seeds, verdict in ((5, "supported"), (3, "inconclusive")):
        text = "{id: more, says: s, measure: {metric: diverged}, where: {network.init: small}, expect: %s}"
        plan = plan_of(tmp_path, "claims: [" + text % "{greater_than: {network.init: xavier}}" + "]", seeds)
        records = {(r.variant, r.seed): record(r, "diverged" if r.variant == "small" else "ok") for r in plan.runs}
        result = evaluate_claims(plan, records)[0]
        assert (result.verdict, result.measured) == (verdict, 1.0)


def test_the_reason_counts_diverged_runs(tmp_path: Path) -> None:
    text = "claims: [{id: one, says: s, measure: {metric: val_accuracy}, expect: {above: 0.1}}]"
    plan = plan_of(tmp_path, text)
    records = {(r.variant, r.seed): record(r, "diverged" if r.seed == 4 else "ok") for r in plan.runs}
    assert "2 of 10 runs diverged" in evaluate_claims(plan, records)[0].reason


def test_a_perfect_validation_score_is_not_certain_but_a_perfect_fit_is(tmp_path: Path) -> None:
    text = """
claims:
  - {id: held-out, says: s, measure: {metric: val_accuracy}, expect: {above: 0.998}}
  - {id: fitted, says: s, measure: {metric: train_accuracy}, expect: {above: 0.998}}
"""
    plan = plan_of(tmp_path, text)
    held_out, fitted = evaluate_claims(
        plan, {(r.variant, r.seed): record(r, val_accuracy=1.0, train_accuracy=1.0) for r in plan.runs}
    )
    assert (held_out.verdict, fitted.verdict) == ("inconclusive", "supported")


@pytest.mark.parametrize(("split", "verdict"), [("", "supported"), (", seed: 0", "inconclusive")])
def test_pairing_reduces_the_error_only_if_each_seed_has_its_own_split(
    tmp_path: Path, split: str, verdict: str
) -> None:
    text = """
claims: [{id: one, says: s, measure: {metric: val_accuracy}, where: {network.init: xavier},
  expect: {greater_than: {network.init: small}}}]
"""
    plan = plan_of(tmp_path, text, head=HEAD.replace("validation: 0.25", f"validation: 0.25{split}"))
    level = {"small": 0.5, "xavier": 0.54}
    records = {
        (r.variant, r.seed): record(r, val_accuracy=level[r.variant] * (1 + 5 * BLUR[r.seed])) for r in plan.runs
    }
    assert evaluate_claims(plan, records)[0].verdict == verdict


def test_a_constant_step_contradicts_a_monotone_claim(tmp_path: Path) -> None:
    values = {"activation_std": [[0.0, 0.0, 0.0, 1.0]] * 2}
    result = judged(tmp_path, "{monotone: decreasing}", STD, values, {})
    assert result.verdict == "contradicted"
    assert "the value does not change from layer 1 to layer 2" in result.reason


def test_missing_runs_are_counted(tmp_path: Path) -> None:
    text = "claims: [{id: one, says: s, measure: {metric: val_loss}, where: {network.init: small}, expect: {below: 1}}]"
    plan = plan_of(tmp_path, text)
    records = {(r.variant, r.seed): record(r) for r in plan.runs if r.seed < 2}
    result = evaluate_claims(plan, records)[0]
    assert (result.verdict, result.n) == ("inconclusive", 2)
    assert "3 of 5 seeds have no value" in result.reason


def test_holm_revokes_verdicts_that_are_not_significant(tmp_path: Path) -> None:
    claims = "".join(
        f"\n  - {{id: c{k}, says: s, measure: {{metric: val_loss}}, where: {{network.init: small}}, "
        "expect: {less_than: {network.init: xavier}}}"
        for k in range(6)
    )
    plan = plan_of(tmp_path, f"claims:{claims}")
    difference = [0.2, 0.1, 0.02, 0.3, 0.1]  # p about 0.04 alone
    records = {
        (r.variant, r.seed): record(r, val_loss=0.5 + (difference[r.seed] if r.variant == "xavier" else 0.0))
        for r in plan.runs
    }
    results = evaluate_claims(plan, records)
    assert all(result.p_value is not None and result.p_value < 0.05 for result in results)
    assert all(result.verdict == "inconclusive" for result in results)
    assert all("Holm" in result.reason for result in results)


def test_a_watermarked_study_has_no_verdicts(tmp_path: Path) -> None:
    from reportgen.study.loading.loader import load_study

    text = "claims: [{id: one, says: s, measure: {metric: val_loss}, expect: {below: 1}}]"
    plan_of(tmp_path, text)
    plan = load_study(tmp_path / "small.yaml", {"watermark": "quick"})
    records = {(r.variant, r.seed): record(r) for r in plan.runs}
    assert evaluate_claims(plan, records)[0].verdict == "inconclusive"


def test_an_interval_of_a_difference_of_accuracies_is_within_100_points(tmp_path: Path) -> None:
    text = "{id: one, says: s, measure: {metric: val_accuracy}, where: {network.init: small},"
    plan = plan_of(tmp_path, f"claims: [{text} expect: {{greater_than: {{network.init: xavier}}}}}}]", seeds=2)
    given = {("small", 0): 0.9, ("small", 1): 0.5, ("xavier", 0): 0.1, ("xavier", 1): 0.4}
    records = {(r.variant, r.seed): record(r, val_accuracy=given[r.variant, r.seed]) for r in plan.runs}
    assert evaluate_claims(plan, records)[0].interval == (-1.0, 1.0)


def test_equal_sides_do_not_support_a_difference(tmp_path: Path) -> None:
    result = judged(tmp_path, "{less_than: {network.init: xavier}}", SCORE, {"val_loss": 0.4}, {"val_loss": 0.4})
    assert result.verdict == "contradicted"
    assert "equal for every seed" in result.reason
