"""Tests for the variants that a claim selects, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.analysis.claims.evaluate import evaluate_claims
from reportgen.analysis.results import Analysis, ClaimResult
from reportgen.analysis.words.places import reference
from reportgen.analysis.words.where import labelled
from reportgen.report.document.claim_view import claim_views
from reportgen.report.document.claim_words import expected
from reportgen.study.planning.plan import Plan
from tests.analysis.studies import plan_of, record

NAMED = """
title: A small study
question: Does it hold?
data: {name: gaussian, samples: 200, features: 20, classes: 4, validation: 0.25}
network: {hidden: [16, 16, 16], activation: tanh, init: xavier}
training: {epochs: 2, lr: 0.1}
variants:
  residual blocks: {id: res, network.init: he}
  plain network: {id: plain, training.lr: 0.1}
"""
VARIED = NAMED[: NAMED.index("variants")] + (
    "vary: {network.init: [{name: he, label: residual blocks, id: res}, "
    "{name: xavier, label: plain network, id: plain}]}\n"
)
CLAIM = "claims: [{id: one, says: S, measure: {metric: val_loss%s}, where: {variant: res}, expect: %s}]"


def judged(folder: Path, expect: str, measure: str = "", head: str = NAMED) -> tuple[Plan, ClaimResult]:
    plan = plan_of(folder, CLAIM % (measure, expect), head=head)
    records = {(run.variant, run.seed): record(run, val_loss=1.0 + 0.1 * run.seed) for run in plan.runs}
    return plan, evaluate_claims(plan, records)[0]


@pytest.mark.parametrize("head", [NAMED, VARIED])
@pytest.mark.parametrize("other", ["plain", "plain network"])
def test_a_variant_selected_by_id_is_shown_by_its_label(tmp_path: Path, head: str, other: str) -> None:
    plan, result = judged(tmp_path, f"{{greater_than: {{variant: {other}}}}}", head=head)
    assert result.sides == "residual blocks minus plain network"
    assert result.expected == "greater than plain network"
    (view,) = claim_views(Analysis(plan, (), (result,), (), (), {}, {}))
    assert expected(view) == "greater than plain network"


def test_other_sides_are_shown_by_their_labels(tmp_path: Path) -> None:
    _, result = judged(tmp_path, "{same_as: {variant: plain}, within: 0.1}")
    assert "plain network" in result.expected
    plan, _ = judged(tmp_path, "{below: 2}", ", relative_to: {variant: plain}")
    assert reference(labelled(plan.study.claims[0], plan.variants).measure) == "relative to plain network"


def test_the_claim_of_the_study_keeps_the_ids_that_it_was_given(tmp_path: Path) -> None:
    plan, _ = judged(tmp_path, "{greater_than: {variant: plain}}")
    claim = plan.study.claims[0]
    labelled(claim, plan.variants)
    assert (claim.where, claim.expect.other) == ({"variant": "res"}, {"variant": "plain"})
