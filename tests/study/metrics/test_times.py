"""Times until a score reaches a level, with censored runs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from reportgen.analysis.claims.evaluate import evaluate_claims
from reportgen.analysis.metrics.measures import bounds
from reportgen.analysis.results import ClaimResult
from reportgen.study.model.claims import Measure
from tests.analysis.studies import HEAD, plan_of, record

LONG = HEAD.replace("epochs: 2", "epochs: 10")
NEVER = [2.0] * 11


def falling(half_time: float) -> list[float]:
    """Return a loss that decreases linearly from 2 to 1 over the given number of epochs."""
    return [2.0 - k / half_time for k in range(11)]


def measure(metric: str = "epochs_to", score: str = "train_loss", level: float = 1.0, **more: bool) -> Measure:
    return Measure(metric=metric, score=score, level=level, **more)


def one(folder: Path, status: str = "ok", **values: object):  # type: ignore[no-untyped-def]
    return record(plan_of(folder, head=LONG).runs[0], status, **values)


def test_the_level_is_crossed_between_two_epochs(tmp_path: Path) -> None:
    run = one(tmp_path, train_loss=falling(2.5), step=10 * np.arange(11.0))
    assert bounds(run, measure()) == pytest.approx((2.5, 2.5))
    assert bounds(run, measure("steps_to")) == pytest.approx((25.0, 25.0))
    assert bounds(run, measure(level=0.75, of_first=True)) == pytest.approx((1.25, 1.25))
    rising = one(tmp_path, val_accuracy=[0.0, 0.4, 0.8] + [0.9] * 8)
    assert bounds(rising, measure(score="val_accuracy", level=0.6)) == pytest.approx((1.5, 1.5))


def test_a_level_that_is_met_before_training_takes_no_time(tmp_path: Path) -> None:
    assert bounds(one(tmp_path, train_loss=falling(2.0)), measure(level=3.0)) == (0.0, 0.0)


def test_a_run_that_does_not_reach_the_level_is_censored(tmp_path: Path) -> None:
    assert bounds(one(tmp_path, train_loss=NEVER), measure()) == (10.0, math.inf)
    lost = one(tmp_path, "diverged", train_loss=[2.0, *[math.nan] * 10])
    assert bounds(lost, measure()) == (10.0, math.inf)


def judged(folder: Path, expect: str, small: list[list[float]], xavier: list[list[float]]) -> ClaimResult:
    text = f"""
claims: [{{id: one, says: s, measure: {{metric: epochs_to, score: train_loss, level: 1}},
  where: {{network.init: small}}, expect: {expect}}}]
"""
    plan = plan_of(folder, text, head=LONG)
    curves = {"small": small, "xavier": xavier}
    records = {(r.variant, r.seed): record(r, train_loss=curves[r.variant][r.seed]) for r in plan.runs}
    return evaluate_claims(plan, records)[0]


FAST = [falling(x) for x in (1.9, 2.0, 2.1, 2.0, 1.95)]
SLOW = [falling(x) for x in (7.8, 8.0, 8.2, 8.1, 7.9)]
SOONER = "{less_than: {network.init: xavier}, factor: 3}"


def test_a_claim_about_a_factor_of_times(tmp_path: Path) -> None:
    found = judged(tmp_path, SOONER, FAST, SLOW)
    assert (found.verdict, found.quantity) == ("supported", "ratio")
    assert found.measured == pytest.approx(0.25, rel=0.03)
    assert judged(tmp_path, SOONER, SLOW, FAST).verdict == "contradicted"
    assert judged(tmp_path, "{less_than: {network.init: xavier}, factor: 5}", FAST, SLOW).verdict == "contradicted"


def test_censored_times_are_taken_at_the_least_favorable_bound(tmp_path: Path) -> None:
    """At least five times slower: supported for a factor of 3, inconclusive for a factor of 8."""
    found = judged(tmp_path, SOONER, FAST, [NEVER] * 5)
    assert found.verdict == "supported"
    assert "only a bound is known for the value of 5 of 5 seeds" in found.reason
    eight = judged(tmp_path, "{less_than: {network.init: xavier}, factor: 8}", FAST, [NEVER] * 5)
    assert eight.verdict == "inconclusive"
    assert judged(tmp_path, SOONER, [NEVER] * 5, FAST).verdict == "contradicted"


def test_two_censored_sides_are_inconclusive(tmp_path: Path) -> None:
    found = judged(tmp_path, "{less_than: {network.init: xavier}}", [NEVER] * 5, [NEVER] * 5)
    assert found.verdict == "inconclusive"
    assert found.n == 5


def test_a_censored_run_is_not_dropped(tmp_path: Path) -> None:
    mixed = [*FAST[:4], NEVER]
    assert judged(tmp_path, "{below: 4}", FAST, SLOW).verdict == "supported"
    assert judged(tmp_path, "{below: 4}", mixed, SLOW).verdict == "inconclusive"
    assert judged(tmp_path, SOONER, mixed, SLOW).verdict == "inconclusive"
    assert judged(tmp_path, "{above: 5}", [*SLOW[:4], NEVER], FAST).verdict == "supported"
    assert judged(tmp_path, "{above: 5}", mixed, FAST).verdict == "inconclusive"
