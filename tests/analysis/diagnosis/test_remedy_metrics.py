"""A remedy is compared by the metric of its finding."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reportgen.analysis.diagnosis.evidence.outcome import guess_loss
from reportgen.analysis.diagnosis.remedies import compare_remedy
from reportgen.analysis.finding import Finding, Guessing, Proposal
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Variant
from tests.analysis.diagnosis.held_out_runs import SEEDS, run, runs

VARIANT = Variant("v", "v", {}, {})


def finding(metric: str | None) -> Finding:
    return Finding("overfitting", "warning", "v", (0, 1, 2), (), None, {}, "", "", (), metric=metric)


def judged(metric: str | None, before: list[RunRecord], after: list[RunRecord]) -> tuple[str, str]:
    remedy = compare_remedy(finding(metric), Proposal({"training.l2": 0.1}, ""), VARIANT, before, after)
    assert remedy is not None
    return remedy.metric, remedy.verdict


def confusion(right: list[int]) -> dict[str, np.ndarray]:
    counts = np.diag(right)
    counts[3, 0] = 10 - right[3]
    return {"val_confusion": counts}


def test_a_rise_of_validation_loss_is_scored_by_that_loss() -> None:
    before, after = runs(curves={"val_loss": 1.2}), runs(curves={"val_loss": 0.5})
    assert judged("val_loss", before, after) == ("val_loss", "helped")
    assert judged("val_loss", after, before) == ("val_loss", "hurt")
    assert judged(None, before, after) == ("val_loss", "helped")
    assert judged("val_accuracy", before, after) == ("val_accuracy", "no difference")


@pytest.mark.parametrize("metric", [None, "val_loss"])
def test_a_change_of_the_loss_is_scored_by_accuracy(metric: str | None) -> None:
    """The least smoothed loss is far above that of a plain one, so that the ratio of losses says nothing."""
    smoothed = [
        dataclasses.replace(one, spec=dataclasses.replace(one.spec, training=dataclasses.replace(
            one.spec.training, loss=Component.of("softmax_cross_entropy", smoothing=0.9))))
        for one in runs(curves={"val_loss": 2.3, "val_accuracy": 0.9})
    ]  # fmt: skip
    plain = runs(curves={"val_loss": 0.3, "val_accuracy": 0.9})
    assert judged(metric, smoothed, plain) == ("val_accuracy", "no difference")


def test_a_final_score_needs_no_array_of_a_run() -> None:
    class Unread(dict[str, np.ndarray]):
        def get(self, name: str, default: object = None) -> object:
            raise AssertionError(f"{name} was read, which may be on the disk")

    before, after = runs(curves={"val_loss": 1.2}), runs(curves={"val_loss": 0.5})
    sides = [[dataclasses.replace(one, arrays=Unread(one.arrays)) for one in side] for side in (before, after)]
    assert judged("val_loss", *sides) == ("val_loss", "helped")


def test_losses_above_guessing_are_equal() -> None:
    wild = [
        run(seed, curves={"val_loss": loss, "train_loss": loss}) for seed, loss in zip(SEEDS, (1.5, 9, 80), strict=True)
    ]
    guessing, better = runs(curves={"val_loss": 1.4, "train_loss": 1.4}), runs(curves={"val_loss": 0.9})
    assert judged(None, wild, guessing) == ("val_loss", "no difference")
    assert judged(None, wild, better) == ("val_loss", "helped")


def test_runs_that_count_as_guessing_are_counted() -> None:
    wild, fair = runs(curves={"val_loss": 9.0, "train_loss": 9.0}), runs(curves={"val_loss": 0.9})
    found = compare_remedy(finding(None), Proposal({}, ""), VARIANT, [wild[0], *fair[1:]], fair)
    assert found is not None
    assert found.guessing == Guessing(guess_loss(wild[0]), 1, 0)
    assert found.before == pytest.approx((guess_loss(wild[0]) + 2 * 0.9) / 3, rel=1e-3)
    found = compare_remedy(finding(None), Proposal({}, ""), VARIANT, fair, fair)
    assert found is not None
    assert found.guessing is None


def test_tiny_losses_are_equal() -> None:
    assert judged(None, runs(curves={"val_loss": 1e-4}), runs(curves={"val_loss": 1e-7}))[1] == "no difference"


def test_accuracy_replaces_a_loss_of_few_confident_mistakes() -> None:
    stuck = runs(curves={"val_loss": 1.39, "train_loss": 1.39, "val_accuracy": 0.25})
    sure = runs(curves={"val_loss": 3.0, "train_loss": 0.01, "val_accuracy": 0.7})
    assert judged(None, stuck, sure) == ("val_accuracy", "helped")


def test_two_seeds_are_too_few() -> None:
    before, after = runs(curves={"val_loss": 1.2})[:2], runs(curves={"val_loss": 0.1})[:2]
    assert judged(None, before, after) == ("val_loss", "too few seeds")


def test_a_change_without_effect_rarely_helps_or_hurts() -> None:
    rng, shown = np.random.default_rng(0), 0
    for _ in range(400):
        losses = 0.6 * np.exp(0.3 * rng.standard_normal(6))
        sides = [
            [run(seed, {"val_loss": x}) for seed, x in zip(SEEDS, part, strict=True)]
            for part in (losses[:3], losses[3:])
        ]
        shown += judged(None, *sides)[1] != "no difference"
    assert shown <= 30  # 20 expected at 5%; 30 is beyond two standard deviations


def test_a_missed_class_is_scored_by_balanced_accuracy() -> None:
    before, after = runs(arrays=confusion([90, 90, 90, 0])), runs(arrays=confusion([80, 80, 80, 9]))
    assert judged("val_balanced_accuracy", before, after) == ("val_balanced_accuracy", "helped")


def test_an_unavailable_metric_falls_back_to_the_default() -> None:
    assert judged("val_balanced_accuracy", runs(), runs())[0] == "val_loss"
