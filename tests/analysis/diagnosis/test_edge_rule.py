"""The rule on sweeps with the best learning rate at an end of the range."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from reportgen.analysis.diagnosis.rules.optimization.lr_best_at_edge import RULE
from reportgen.analysis.finding import Evidence, Finding
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan
from tests.analysis.studies import plan_of, record

HEAD = """
title: A sweep
question: Which rate?
data: {name: gaussian, samples: 200, features: 4, classes: 4, validation: 0.25}
network: {hidden: [4]}
training: {epochs: 2}
"""
RATES = (1e-4, 1e-3, 1e-2, 1e-1)
NOISE = (0.0, 0.02, -0.02, 0.01, -0.01)


def sweep(folder: Path, rates: Sequence[float], more: str = "", seeds: int = 5) -> Plan:
    return plan_of(folder, f"vary: {{training.lr: {list(rates)}{more}}}", seeds, HEAD)


def records_of(plan: Plan, means: Mapping[float, float], lost: Sequence[float] = ()) -> dict[str, list[RunRecord]]:
    """Return records by variant, whose accuracy is the mean of their learning rate plus common and individual noise."""
    found: dict[str, list[RunRecord]] = {}
    for run in plan.runs:
        lr, k = run.spec.training.lr, run.seed % len(NOISE)
        own = 0.004 * ((k * 7 + round(-np.log10(lr) * 3)) % 5 - 2)
        made = record(run, "diverged" if lr in lost else "ok", val_accuracy=means[lr] + NOISE[k] + own)
        made = dataclasses.replace(made, facts={**made.facts, "val_n": 500})
        found.setdefault(run.variant, []).append(made)
    return found


def findings(plan: Plan, records: Mapping[str, Sequence[RunRecord]]) -> list[Finding]:
    made = []
    for variant in plan.variants:
        others = {name: runs for name, runs in records.items() if name != variant.id}
        made.append(RULE.check(Evidence(variant, records[variant.id], others)))
    return [finding for finding in made if finding is not None]


def fired(
    folder: Path, means: Sequence[float], lost: Sequence[float] = (), rates: Sequence[float] = RATES
) -> list[Finding]:
    plan = sweep(folder, rates)
    return findings(plan, records_of(plan, dict(zip(rates, means, strict=True)), lost))


def test_it_fires_only_for_the_best_variant_at_the_high_end(tmp_path: Path) -> None:
    (finding,) = fired(tmp_path, [0.3, 0.5, 0.7, 0.9])
    assert finding.evidence["lr"] == 0.1
    assert [proposal.change for proposal in finding.proposals] == [
        {"training.lr": pytest.approx(1.0)},
        {"training.lr": pytest.approx(10.0)},
    ]
    assert finding.seeds == (0, 1, 2, 3, 4)
    assert finding.evidence["score"] == pytest.approx(0.9, abs=0.01)
    assert finding.evidence["score_beside"] == pytest.approx(0.7, abs=0.01)
    assert finding.severity == "warning"


def test_it_fires_at_the_low_end_and_proposes_lower_learning_rates(tmp_path: Path) -> None:
    (finding,) = fired(tmp_path, [0.9, 0.7, 0.5, 0.3])
    assert finding.evidence["lr"] == 1e-4
    assert finding.proposals[0].change["training.lr"] == pytest.approx(1e-5)


@pytest.mark.parametrize(("highest", "path"), [(0.05, "training.schedule"), (1.0, "training.lr")])
def test_a_warm_up_that_did_not_end_is_shortened_before_the_range_is_extended(
    tmp_path: Path, highest: float, path: str
) -> None:
    schedule = Component.of("warmup", epochs=4, then=Component("constant"))
    records = records_of(plan := sweep(tmp_path, RATES), dict(zip(RATES, [0.3, 0.5, 0.7, 0.9], strict=True)))
    warm = {
        name: [
            dataclasses.replace(
                r,
                spec=dataclasses.replace(r.spec, training=dataclasses.replace(r.spec.training, schedule=schedule)),
                steps=4,
                facts={**r.facts, "train_n": 2 * r.spec.training.batch_size},
                arrays={**r.arrays, "epoch_lr": np.array([0.0, highest])},
            )
            for r in own
        ]
        for name, own in records.items()
    }
    (finding,) = findings(plan, warm)
    assert path in finding.proposals[0].change


@pytest.mark.parametrize(
    ("means", "what"),
    [
        ([0.3, 0.9, 0.7, 0.5], "the best lies inside"),
        ([0.3, 0.5, 0.9, 0.9], "a flat optimum reaches the end"),
        ([0.9, 0.9, 0.9, 0.9], "nothing matters"),
        ([0.3, 0.5, 0.9, 0.9005], "within one standard error"),
        ([0.9, 0.3, 0.3, 0.9005], "a rate far from the end is as good"),
    ],
)
def test_it_does_not_fire_without_evidence_for_values_beyond_the_end(
    means: list[float], what: str, tmp_path: Path
) -> None:
    assert not fired(tmp_path, means), what


def test_diverged_learning_rates_beyond_the_best_prevent_the_finding(tmp_path: Path) -> None:
    assert not fired(tmp_path, [0.3, 0.5, 0.9, 0.2], lost=[0.1], rates=RATES)
    (finding,) = fired(tmp_path, [0.9, 0.7, 0.5, 0.2], lost=[0.1])
    assert finding.evidence["lr"] == 1e-4, "the other end is open all the same"


def test_few_learning_rates_or_seeds_are_not_tested(tmp_path: Path) -> None:
    assert not fired(tmp_path, [0.3, 0.9], rates=RATES[:2])
    for seeds, expected in ((2, 0), (3, 1)):
        plan = sweep(tmp_path, RATES, seeds=seeds)
        assert len(findings(plan, records_of(plan, dict(zip(RATES, [0.3, 0.5, 0.7, 0.9], strict=True))))) == expected


def test_three_learning_rates_require_a_larger_difference_than_four(tmp_path: Path) -> None:
    (finding,) = fired(tmp_path, [0.3, 0.6, 0.9], rates=RATES[:3])
    assert finding.evidence["standard_errors"] == 3
    assert fired(tmp_path, [0.1, 0.3, 0.6, 0.612])
    assert not fired(tmp_path, [0.3, 0.6, 0.612], rates=RATES[1:])


def test_other_settings_form_separate_sweeps(tmp_path: Path) -> None:
    plan = sweep(tmp_path, RATES, ", network.activation: [tanh, relu]")
    rising, falling = (
        dict(zip(RATES, [0.3, 0.5, 0.7, 0.9], strict=True)),
        dict(zip(RATES, [0.5, 0.9, 0.6, 0.2], strict=True)),
    )
    records = {}
    for variant in plan.variants:
        means = rising if variant.settings["network.activation"] == "tanh" else falling
        records[variant.id] = records_of(plan, means)[variant.id]
    (finding,) = findings(plan, records)
    assert "tanh" in finding.variant


def test_a_dense_sweep_is_grouped_by_eighths_of_its_range(tmp_path: Path) -> None:
    rates = [10 ** (-4 + k * 3 / 23) for k in range(24)]
    (finding,) = fired(tmp_path, [0.3 + 0.025 * k for k in range(24)], rates=rates)
    assert finding.evidence["lr"] == pytest.approx(0.1)
    assert not fired(tmp_path, [0.9 - 0.005 * abs(k - 18) for k in range(24)], rates=rates)


def test_a_shorter_stage_with_a_wider_range_prevents_the_finding(tmp_path: Path) -> None:
    plan = sweep(tmp_path, RATES)
    records = records_of(plan, dict(zip(RATES, [0.3, 0.5, 0.7, 0.9], strict=True)))
    last = records[plan.variants[-1].id]
    training = dataclasses.replace(last[0].spec.training, lr=1.0, epochs=1)
    short = [dataclasses.replace(r, spec=dataclasses.replace(r.spec, training=training)) for r in last]
    assert len(findings(plan, records)) == 1
    assert not findings(plan, {**records, "short": short})


def test_training_loss_is_used_if_nothing_is_held_out(tmp_path: Path) -> None:
    plan = sweep(tmp_path, RATES)
    found: dict[str, list[RunRecord]] = {}
    losses = dict(zip(RATES, [1.3, 1.0, 0.6, 0.2], strict=True))
    for run in plan.runs:
        loss = losses[run.spec.training.lr] + NOISE[run.seed]
        made = record(run, train_loss=loss, val_accuracy=float("nan"))
        found.setdefault(run.variant, []).append(made)
    (finding,) = findings(plan, found)
    assert finding.evidence["metric"] == "train_loss"
    assert finding.evidence["score"] == pytest.approx(0.2)


def test_false_alarms_on_flat_sweeps_are_below_five_percent(tmp_path: Path) -> None:
    rng, plan = np.random.default_rng(0), sweep(tmp_path, RATES)
    base = records_of(plan, dict.fromkeys(RATES, 0.9))
    count = 0
    for _ in range(300):
        common = rng.normal(0, 0.02, 5)
        drawn = {
            name: [
                dataclasses.replace(r, final={**r.final, "val_accuracy": 0.9 + common[k] + rng.normal(0, 0.02)})
                for k, r in enumerate(runs)
            ]
            for name, runs in base.items()
        }
        count += len(findings(plan, drawn))
    assert count <= 0.05 * 300 + 2 * (0.05 * 300) ** 0.5
