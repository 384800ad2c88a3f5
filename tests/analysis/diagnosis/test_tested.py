"""Proposals change at least one run of the diagnosed variant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.analysis.diagnosis.tested import SET_BY_LAYERS, effective
from reportgen.analysis.finding import Finding, Proposal
from reportgen.study.planning.plan import Plan
from tests.analysis.studies import plan_of

LAYERED = """
title: Layers with their own settings
question: Which settings apply?
data: {name: gaussian, samples: 40, features: 5, classes: 4}
network:
  layers:
    - dense: {units: 8, activation: relu, init: xavier, bias: 0.5}
    - dense: {units: 8, activation: relu, init: xavier, bias: 0.5}
  output_init: xavier
training: {epochs: 2}
"""
NO_EFFECT: tuple[dict[str, Any], ...] = (
    {"network.init": "he_normal"},
    {"network.bias": 0.0},
    {"network.activation": "tanh"},
)
INVALID: tuple[dict[str, Any], ...] = ({"network.nothing": 1}, {"training.lr": -1})


def finding(plan: Plan, *changes: dict[str, Any]) -> Finding:
    proposals = tuple(Proposal(change, "why") for change in changes)
    return Finding("dead_relu", "error", plan.variants[0].id, (0,), (), None, {}, "", "Do it.", (), proposals)


@pytest.mark.parametrize("change", [*NO_EFFECT, *INVALID])
def test_a_change_without_effect_is_not_proposed(tmp_path: Path, change: dict[str, Any]) -> None:
    plan = plan_of(tmp_path, head=LAYERED, seeds=2)
    found = effective(finding(plan, change), plan)
    assert (found.proposals, found.advice) == ((), f"Do it. {SET_BY_LAYERS}")


@pytest.mark.parametrize("change", NO_EFFECT)
def test_the_advice_follows_from_the_remaining_proposals(tmp_path: Path, change: dict[str, Any]) -> None:
    plan = plan_of(tmp_path, head=LAYERED, seeds=2)
    found = effective(finding(plan, change, {"training.lr": 0.25}), plan)
    assert [proposal.change for proposal in found.proposals] == [{"training.lr": 0.25}]
    assert found.advice == "Set the learning rate to 0.25 (why)."


@pytest.mark.parametrize("change", NO_EFFECT)
def test_changes_with_an_effect_stay(tmp_path: Path, change: dict[str, Any]) -> None:
    own = "dense: {units: 8, activation: relu, init: xavier, bias: 0.5}"
    head = LAYERED.replace(own, "dense: 8", 1).replace("layers:", "bias: 0.25\n  init: xavier\n  layers:")
    plan = plan_of(tmp_path, head=head, seeds=2)
    given = finding(plan, change)
    assert effective(given, plan) is given
