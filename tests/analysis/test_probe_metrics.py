"""Claims on metrics of a probe that concern the whole network or are measured only on request."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from reportgen.analysis.claims.evaluate import evaluate_claims
from reportgen.errors import StudyError
from reportgen.study.loading.loader import dump_study, load_study
from tests.analysis.studies import HEAD, plan_of, record

CLAIM = """
claims:
  - id: sharp
    says: It is sharp.
    measure: {metric: METRIC}
    expect: {above: 2}
"""
ASKED = HEAD + "probes: {singular_values: true, curvature: true}\n"


def claim(measure: str) -> str:
    return CLAIM.replace("METRIC", measure)


@pytest.mark.parametrize(("step", "expected"), [("first", 1.0), ("last", 4.0), ("10", 4.0)])
def test_curvature_is_read_at_the_step_of_the_claim(tmp_path: Path, step: str, expected: float) -> None:
    plan = plan_of(tmp_path, claim(f"curvature, step: {step}"), head=ASKED.replace("epochs: 2", "epochs: 5"))
    records = {}
    for run in plan.runs:
        made = record(run)
        arrays = {**made.arrays, "probe_curvature": np.array([1.0, 4.0])}
        records[run.variant, run.seed] = dataclasses.replace(made, arrays=arrays)
    (result,) = evaluate_claims(plan, records)
    assert result.measured == expected
    assert result.verdict == ("supported" if expected > 2 else "contradicted")


@pytest.mark.parametrize("metric", ["curvature", "weight_effective_rank", "activation_singular_max"])
def test_a_metric_without_its_setting_is_an_error_with_a_hint(tmp_path: Path, metric: str) -> None:
    with pytest.raises(StudyError) as caught:
        plan_of(tmp_path, claim(metric))
    assert caught.value.code == "not-measured"
    assert "probes." in str(caught.value.hint)
    plan_of(tmp_path, claim(metric), head=ASKED)


@pytest.mark.parametrize("measure", ["curvature, layer: last", "curvature, epoch: last", "val_loss, step: last"])
def test_curvature_has_steps_and_no_layers(tmp_path: Path, measure: str) -> None:
    with pytest.raises(StudyError) as caught:
        plan_of(tmp_path, claim(measure), head=ASKED)
    assert caught.value.code == "inapplicable-key"
    assert str(caught.value.where).endswith(f"claims[0].measure.{measure.split()[1].removesuffix(':')}")


def test_sign_agreement_is_measured_by_default(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, claim("sign_agreement_example, layer: last, step: first"))
    assert all(not run.spec.probes.singular_values for run in plan.runs)


AVERAGES = HEAD + "evaluation: {mc_dropout: 5, polyak: {start: 1}}\n"


def test_scores_on_request_are_final_scores_of_the_runs(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, claim("polyak_val_accuracy").replace("above: 2", "above: 0.5"), head=AVERAGES)
    names = plan.runs[0].spec.evaluation.scores
    assert {name.split("_")[0] for name in names} == {"mc", "polyak"}
    records = {}
    for run in plan.runs:
        made = record(run)
        records[run.variant, run.seed] = dataclasses.replace(made, final={**made.final, **dict.fromkeys(names, 0.9)})
    (result,) = evaluate_claims(plan, records)
    assert (result.measured, result.verdict) == (0.9, "supported")
    lo, hi = result.interval
    assert 0.8 < lo < 0.9 < hi < 1  # at least the binomial error of 50 examples per run


@pytest.mark.parametrize("metric", ["mc_val_loss", "snapshots", "polyak_val_accuracy_difference"])
def test_a_score_without_its_setting_is_an_error_with_a_hint(tmp_path: Path, metric: str) -> None:
    with pytest.raises(StudyError) as unasked:
        plan_of(tmp_path, claim(metric))
    assert unasked.value.code == "not-measured"
    assert "evaluation: " in str(unasked.value.hint)
    with pytest.raises(StudyError) as by_epoch:
        plan_of(tmp_path, claim(f"{metric}, epoch: last"), head=AVERAGES)
    asked = metric != "snapshots"
    assert by_epoch.value.code == ("inapplicable-key" if asked else "not-measured")


def test_requested_metrics_are_read_back_from_a_written_study(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, head=AVERAGES)
    again = tmp_path / "again.yaml"
    again.write_text(dump_study(plan.study), encoding="utf-8")
    assert [run.spec for run in load_study(again).runs] == [run.spec for run in plan.runs]
