"""Claims about all or any variants, with tuning, with ratios and with theory."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from reportgen.analysis.claims.evaluate import evaluate_claims
from reportgen.analysis.results import ClaimResult
from tests.analysis.studies import HEAD, plan_of, record

BLUR = 0.01 * np.array([-2, -1, 0, 1, 2])
RATES = HEAD + "  training.lr: [0.1, 0.2, 0.3]\n"
RATES = HEAD.replace("xavier]}", "xavier], training.lr: [0.1, 0.2, 0.3]}")
INITS, LRS = ("small", "xavier"), ("lr 0.1", "lr 0.2", "lr 0.3")


def judged(folder: Path, claim: str, loss: dict[tuple[str, str], float], **more: float) -> ClaimResult:
    """Return the result of a claim for validation losses by init and learning rate, with noise between seeds."""
    plan = plan_of(folder, f"claims: [{{id: one, says: s, {claim}}}]", head=RATES)
    by_id = {v.id: loss[v.varied["network.init"], v.varied["training.lr"]] for v in plan.variants}
    records = {
        (r.variant, r.seed): record(r, val_loss=by_id[r.variant] * (1 + BLUR[r.seed]), **more) for r in plan.runs
    }
    return evaluate_claims(plan, records)[0]


def table(small: list[float], xavier: list[float]) -> dict[tuple[str, str], float]:
    return {(i, lr): x for i, row in zip(INITS, (small, xavier), strict=True) for lr, x in zip(LRS, row, strict=True)}


SMALL = "measure: {metric: val_loss}, where: {network.init: small}"


@pytest.mark.parametrize(
    ("losses", "any_", "all_"),
    [
        ([0.2, 0.9, 0.9], "supported", "contradicted"),
        ([0.2, 0.3, 0.1], "supported", "supported"),
        ([0.8, 0.9, 0.7], "contradicted", "contradicted"),
        ([0.5, 0.5, 0.2], "supported", "inconclusive"),
        ([0.5, 0.9, 0.9], "inconclusive", "contradicted"),
    ],
)
def test_any_and_all(tmp_path: Path, losses: list[float], any_: str, all_: str) -> None:
    values = table(losses, [1.0] * 3)
    some = judged(tmp_path, f"{SMALL}, holds_for: any, expect: {{below: 0.5}}", values)
    every = judged(tmp_path, f"{SMALL}, holds_for: all, expect: {{below: 0.5}}", values)
    assert (some.verdict, every.verdict) == (any_, all_), (some.reason, every.reason)
    assert some.expected == "below 0.5, in some variant"


def test_each_variant_is_set_against_its_own_counterpart(tmp_path: Path) -> None:
    """Small weights are better at every learning rate, although their worst loss exceeds the others' best loss."""
    values = table([0.2, 0.5, 0.8], [0.3, 0.6, 0.9])
    expect = "expect: {less_than: {network.init: xavier}, by: 0.05}"
    assert judged(tmp_path, f"{SMALL}, holds_for: all, {expect}", values).verdict == "supported"
    crossed = table([0.2, 0.5, 0.95], [0.3, 0.6, 0.7])
    assert judged(tmp_path, f"{SMALL}, holds_for: all, {expect}", crossed).verdict == "contradicted"
    found = judged(tmp_path, f"{SMALL}, holds_for: any, {expect}", crossed)
    assert found.verdict == "supported"
    assert "of 3 variants" in found.reason


def test_any_is_corrected_for_the_number_of_variants(tmp_path: Path) -> None:
    """A difference with p of about 0.04 supports a claim about one variant, but not about any of three."""
    text = "claims: [{id: one, says: s, %s, expect: {below: 0.5}}]"
    spread = -np.array([0.2, 0.1, 0.02, 0.3, 0.1])
    verdicts = []
    for claim in (
        f"{SMALL}, holds_for: any",
        "measure: {metric: val_loss}, where: {network.init: small, training.lr: 0.1}",
    ):
        plan = plan_of(tmp_path, text % claim, head=RATES)
        records = {
            (r.variant, r.seed): record(r, val_loss=0.5 + (spread[r.seed] if "0p1" in r.variant else 0.3))
            for r in plan.runs
        }
        verdicts.append(evaluate_claims(plan, records)[0].verdict)
    assert verdicts == ["inconclusive", "supported"]


def test_each_side_is_tuned(tmp_path: Path) -> None:
    values = table([0.9, 0.2, 0.9], [0.3, 0.9, 0.9])
    claim = f"{SMALL}, tune: {{along: training.lr}}, expect: {{less_than: {{network.init: xavier}}}}"
    found = judged(tmp_path, claim, values)
    assert found.verdict == "supported"
    assert found.measured == pytest.approx(-0.1)
    assert "tuned to lr 0.2" in found.reason
    assert "the other side is tuned to lr 0.1" in found.reason


def test_tuning_by_another_score(tmp_path: Path) -> None:
    values = table([0.9, 0.2, 0.8], [1.0] * 3)
    claim = "measure: {metric: weight_norm, layer: first}, where: {network.init: small}"
    found = judged(
        tmp_path, f"{claim}, tune: {{along: training.lr, by: val_loss}}, expect: {{above: 3}}", values, weight_norm=4.0
    )
    assert (found.verdict, found.measured) == ("supported", 4.0)
    assert "lr 0.2" in found.reason


def test_a_seed_does_not_choose_its_own_setting(tmp_path: Path) -> None:
    """A seed with an unusually good score at one learning rate does not choose this learning rate for itself."""
    plan = plan_of(
        tmp_path,
        f"claims: [{{id: one, says: s, {SMALL}, tune: {{along: training.lr}}, expect: {{below: 1}}}}]",
        head=RATES,
    )
    records = {
        (r.variant, r.seed): record(
            r, val_loss=0.0 if r.seed == 0 and "0p3" in r.variant else 0.5 if "0p1" in r.variant else 0.6
        )
        for r in plan.runs
    }
    assert evaluate_claims(plan, records)[0].per_seed[0] == 0.5


def test_a_ratio_to_other_settings(tmp_path: Path) -> None:
    values = table([0.6] * 3, [0.2] * 3)
    measure = "measure: {metric: val_loss, relative_to: {network.init: xavier}}, where: {network.init: small}"
    found = judged(tmp_path, f"{measure}, expect: {{near: 3, rtol: 0.01}}", values)
    assert (found.verdict, found.quantity) == ("supported", "ratio")
    assert found.measured == pytest.approx(3)
    assert found.sides == "small (0.600) divided by xavier (0.200)"
    assert found.p_adjusted is not None
    assert judged(tmp_path, f"{measure}, expect: {{below: 2}}", values).verdict == "contradicted"
    zero = judged(tmp_path, f"{measure}, expect: {{below: 2}}", table([0.0] * 3, [0.2] * 3))
    assert (zero.verdict, zero.measured) == ("supported", 0.0)


def test_the_initial_loss_against_theory(tmp_path: Path) -> None:
    text = "claims: [{id: one, says: s, measure: {metric: train_loss, epoch: 0}, expect: {near: theory, rtol: 0.02}}]"
    plan = plan_of(tmp_path, text)
    for level, verdict in ((math.log(4), "supported"), (1.6, "contradicted")):
        found = evaluate_claims(plan, {(r.variant, r.seed): record(r, train_loss=level) for r in plan.runs})[0]
        assert (found.verdict, found.reference) == (verdict, pytest.approx(math.log(4)))


def test_layers_against_mean_field_theory(tmp_path: Path) -> None:
    """With Xavier weights and inputs of unit second moment, the first pre-activations have standard deviation 1."""
    text = """
claims:
  - {id: first, says: s, measure: {metric: preactivation_std, layer: first, step: 0}, where: {network.init: xavier},
     expect: {near: theory}}
  - {id: hidden, says: s, measure: {metric: preactivation_std, layer: hidden, step: 0}, where: {network.init: xavier},
     expect: {near: theory}}
"""
    plan = plan_of(tmp_path, text)
    stds = [[1.0, 0.6279, 0.4907, 0.4]] * 2
    records = {(r.variant, r.seed): record(r, preactivation_std=stds) for r in plan.runs}
    first, hidden = evaluate_claims(plan, records)
    assert (first.verdict, first.reference) == ("supported", pytest.approx(1.0))
    assert hidden.verdict == "supported", hidden.by_layer
    off = {(r.variant, r.seed): record(r, preactivation_std=[[1.0, 0.9, 0.5, 0.4]] * 2) for r in plan.runs}
    assert evaluate_claims(plan, off)[1].verdict == "contradicted"


def test_a_claim_about_the_cost_of_activations(tmp_path: Path) -> None:
    text = "claims: [{id: one, says: s, measure: {metric: activation_ns}, expect: {near: 2}}]"
    plan = plan_of(tmp_path, text)
    records = {(r.variant, r.seed): record(r) for r in plan.runs}
    extras = {place: {"activation_ns": [2.0 + 0.01 * place[1]], "other": [1.0]} for place in records}
    assert evaluate_claims(plan, records, extras)[0].verdict == "supported"
    assert evaluate_claims(plan, records)[0].n == 0


def test_needed_seeds_include_the_correction(tmp_path: Path) -> None:
    claims = "".join(
        f"\n  - {{id: c{k}, says: s, measure: {{metric: val_loss}}, where: {{network.init: small}}, "
        "expect: {less_than: {network.init: xavier}}}"
        for k in range(6)
    )
    difference = [0.2, 0.1, 0.02, 0.3, 0.1]
    needed = []
    for text in (f"claims:{claims}", f"claims:{claims.split('id: c1')[0].rsplit('  - ', 1)[0]}"):
        plan = plan_of(tmp_path, text)
        records = {
            (r.variant, r.seed): record(r, val_loss=0.5 + (difference[r.seed] if r.variant == "xavier" else 0.0))
            for r in plan.runs
        }
        needed.append(evaluate_claims(plan, records)[0].seeds_needed)
    assert needed[1] is None
    assert needed[0] is not None
    assert needed[0] > 5


def test_any_and_all_with_tuning(tmp_path: Path) -> None:
    """With tuning of the learning rate, the two inits are the cases."""
    values = table([0.9, 0.2, 0.9], [0.3, 0.9, 0.9])
    claim = "measure: {metric: val_loss}, tune: {along: training.lr}"
    every = judged(tmp_path, f"{claim}, holds_for: all, expect: {{below: 0.4}}", values)
    assert every.verdict == "supported"
    assert "supported in all 2 variants" in every.reason
    some = judged(tmp_path, f"{claim}, holds_for: any, expect: {{below: 0.25}}", values)
    assert some.verdict == "supported"
    assert "in 1 of 2 variants; the values are for small" in some.reason
