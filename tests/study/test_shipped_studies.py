"""Shipped studies have claims with sources, enough seeds for verdicts, and valid exercises."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import pytest

from reportgen.cli.options import parse_seeds
from reportgen.report.document.sources import papers
from reportgen.shipped import shipped_studies
from reportgen.study.loading.loader import load_study
from reportgen.study.loading.overrides import parse_set
from reportgen.study.planning.answer import Quotation, parts_of
from reportgen.workflow.costs.estimate import run_costs
from reportgen.workflow.request import plan_jobs, unique
from tests.study.plans import NAMES, planned

SOURCES = {"stanford-scribe", "lecture-review", "nn1-notes", "chicago-14", "csci-497p"}


def commands(name: str) -> list[str]:
    """Return the commands in the closing text of a study, without the slow check of the whole study."""
    text = shipped_studies()[name].read_text(encoding="utf-8")
    closing = re.search(r"^closing:.*?(?=^\w|\Z)", text, re.MULTILINE | re.DOTALL)  # parsing all studies takes a second
    return re.findall(r"`(reportgen [^`]+)`", " ".join(closing[0].split()) if closing else "")


EXERCISES = [(name, command) for name in NAMES for command in commands(name)]


NEEDS_A_NOUN = {
    *("all", "averaged", "balanced", "calibrated", "clean", "constant", "crop", "cyclic", "double", "everywhere"),
    *("five", "flip", "half", "heavy-tailed", "he", "inverted", "large", "last", "none", "on", "plain", "published"),
    *("quarter", "random", "raw", "saturating", "shift", "sixty", "small", "smoothed", "standard", "teacher"),
    *("twenty", "uniform", "unit", "unscaled", "unchanged", "white", "winning", "zero", "as", "first"),
}
"""Words that name nothing by themselves, as in "white on all"."""


@pytest.mark.parametrize("name", NAMES)
def test_a_label_stands_alone(name: str) -> None:
    labels = {label for point in planned(name).study.points for label in (choice.label for choice in point.choices)}
    parts = {part for point in planned(name).study.points for part in point.label.split(", ")}
    assert [one for one in labels | parts if set(one.lower().split()) <= NEEDS_A_NOUN] == []


def test_the_main_studies_are_shipped() -> None:
    assert {"init", "digits", "batchnorm"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_study_has_an_introduction_claims_and_enough_seeds(name: str) -> None:
    study = planned(name).study
    assert "$" in study.introduction
    assert len(study.seeds) >= 5
    assert study.claims
    assert commands(name)


@pytest.mark.parametrize("name", NAMES)
def test_claims_name_a_lecture_with_a_number_or_a_paper(name: str) -> None:
    for claim in planned(name).study.claims:
        given = [claim.source] if isinstance(claim.source, str) else claim.source or []
        assert set(given) <= (SOURCES if claim.lecture is not None else set(papers()))
        assert given or claim.lecture is None
        assert claim.lecture is None or 1 <= claim.lecture <= 50


@pytest.mark.parametrize(("name", "command"), EXERCISES, ids=[command for _, command in EXERCISES])
def test_an_exercise_is_a_valid_study(name: str, command: str) -> None:
    program, verb, named, *rest = shlex.split(command)
    assert (program, verb, named) == ("reportgen", "run", name)
    given = dict(zip(rest[::2], rest[1::2], strict=True)) if "--seeds" in rest else {}
    changes = [parse_set(text) for flag, text in zip(rest[::2], rest[1::2], strict=True) if flag == "--set"]
    assert {flag for flag in rest[::2]} <= {"--set", "--seeds", "-o"}
    assert "-o" in rest  # without it, the new report would replace the one in which the command stands
    assert changes or given
    overrides = dict(changes) | ({"seeds": parse_seeds(given["--seeds"])} if given else {})
    assert load_study(shipped_studies()[name], overrides).runs != planned(name).runs


def test_digits_must_reach_95_percent() -> None:
    claims = [c for c in planned("digits").study.claims if c.required]
    assert claims
    for claim in claims:
        assert (claim.measure.metric, claim.expect.above) == ("val_accuracy", 0.95)


@pytest.mark.parametrize("name", NAMES)
def test_a_study_takes_at_most_two_minutes_on_two_cores(name: str) -> None:
    plan = planned(name)
    costs = run_costs(plan, unique(plan_jobs(plan)))
    assert sum(cost.seconds for cost in costs.values()) / 2 < 120
    assert max(cost.run_bytes + cost.data_bytes for cost in costs.values()) < 5e8


def test_the_lectures_claims_on_functions_data_weights_batches_and_monitoring_are_tested() -> None:
    asked = {claim.lecture for name in NAMES for claim in planned(name).study.claims}
    assert {*range(1, 27), 28, 29, 30, 35, *range(38, 44), 45, 46, 47, 49} <= asked


def test_the_lectures_claims_on_learning_rates_steps_and_schedules_are_tested() -> None:
    asked = {name: {claim.lecture for claim in planned(name).study.claims} for name in NAMES}
    assert {27, 30} <= asked["lr_range"]
    assert {33, 50} <= asked["optimizers"]
    assert 34 in asked["schedules"]


def test_the_lectures_claims_on_dropout_and_ensembles_are_tested() -> None:
    asked = {name: {claim.lecture for claim in planned(name).study.claims} for name in NAMES}
    assert {36, 38, 48} <= asked["dropout"]
    assert 37 in asked["ensembles"] & asked["snapshots"]


def test_the_lectures_claims_on_convolutional_networks_are_tested_on_such_networks() -> None:
    asked = {name: {claim.lecture for claim in planned(name).study.claims} for name in NAMES}
    assert 4 in asked["relu_against_tanh_conv"]
    assert {18, 44} <= asked["batchnorm_conv"]
    for name in ("relu_against_tanh_conv", "batchnorm_conv"):
        assert all(run.spec.network.needs_images for run in planned(name).runs)


@pytest.mark.parametrize("name", ["fixup", "data_dependent_conv", "lottery_ticket"])
def test_the_papers_of_the_reading_list_have_their_own_claims(name: str) -> None:
    claims = planned(name).study.claims
    assert all(run.spec.network.needs_images for run in planned(name).runs)
    assert any(re.search(r"20\d\d", claim.note or "") or "paper" in (claim.note or "") for claim in claims)


DOCS = Path(__file__).parents[2] / "docs"
MEASURED = (DOCS / "claims.csv", DOCS / "modern.csv")


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_of_a_study_rests_on_claims_with_the_published_verdicts(name: str) -> None:
    verdicts = {}
    for path in MEASURED:
        with path.open(encoding="utf-8", newline="") as file:
            verdicts |= {row["claim"]: row["verdict"] for row in csv.DictReader(file) if row["study"] == name}
    plan = planned(name)
    answer = plan.study.answer
    assert answer is not None
    quoted = [part.claim.id for part in parts_of(answer, plan) if isinstance(part, Quotation) and part.of_study]
    needed = {*answer.claims, *quoted} - {*answer.contradicted}
    assert {verdicts[claim] for claim in needed} <= {"supported"}
    assert {verdicts[claim] for claim in answer.contradicted} <= {"contradicted"}
    assert needed or answer.contradicted
