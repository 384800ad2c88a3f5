"""A remedy is judged by the score that its finding names."""

from __future__ import annotations

import numpy as np

from reportgen.analysis.finding import Finding, Proposal
from reportgen.analysis.remedies import judge_remedy
from reportgen.runs.record import RunRecord
from reportgen.study.plan import Variant
from tests.analysis.held_out_runs import runs

VARIANT = Variant("v", "v", {}, {})


def finding(metric: str | None) -> Finding:
    return Finding("overfitting", "warning", "v", (0, 1, 2), (), None, {}, "", "", (), metric=metric)


def judged(metric: str | None, before: list[RunRecord], after: list[RunRecord]) -> tuple[str, str]:
    remedy = judge_remedy(finding(metric), Proposal({"training.l2": 0.1}, ""), VARIANT, before, after)
    assert remedy is not None
    return remedy.metric, remedy.verdict


def confusion(right: list[int]) -> dict[str, np.ndarray]:
    counts = np.diag(right)
    counts[3, 0] = 10 - right[3]
    return {"val_confusion": counts}


def test_a_rise_of_the_validation_loss_is_mended_in_that_loss() -> None:
    before, after = runs(curves={"val_loss": 1.2}), runs(curves={"val_loss": 0.5})
    assert judged("val_loss", before, after) == ("val_loss", "helped")
    assert judged("val_loss", after, before) == ("val_loss", "hurt")
    assert judged(None, before, after) == ("val_accuracy", "no difference")


def test_a_hidden_class_is_mended_in_the_mean_over_classes() -> None:
    before, after = runs(arrays=confusion([90, 90, 90, 0])), runs(arrays=confusion([80, 80, 80, 9]))
    assert judged("val_balanced_accuracy", before, after) == ("val_balanced_accuracy", "helped")


def test_a_score_that_no_run_has_gives_way_to_the_usual_one() -> None:
    assert judged("val_balanced_accuracy", runs(), runs())[0] == "val_accuracy"
