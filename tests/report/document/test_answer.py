"""The answer of a report: the study's own sentence, or the verdicts in words."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from reportgen.analysis.analyse import analyse
from reportgen.analysis.claims.answer import Quoted
from reportgen.analysis.results import Analysis, ClaimResult
from reportgen.report.document.answer import AnswerView, answer_of, from_verdicts, quoted
from tests.analysis.studies import plan_of, record
from tests.report.small_analysis import small_analysis

CLAIM = "claims: [{id: low, says: The loss is low., measure: {metric: val_loss}, expect: {below: %s}}]"
ANSWER = 'answer: {says: "The loss is\\n {val_loss(small)}.", claims: [low]}'


def analysed(folder: Path, level: float, answer: str = ANSWER) -> Analysis:
    plan = plan_of(folder, f"{answer}\n{CLAIM % level}")
    return analyse(plan, {(run.variant, run.seed): record(run, val_loss=0.2 + 0.01 * run.seed) for run in plan.runs})


def test_the_sentence_of_the_study_has_its_measured_values(tmp_path: Path) -> None:
    assert answer_of(analysed(tmp_path, 0.5)) == AnswerView("The loss is 0.220.", True, ("low",))


THREE = (
    "claims: [{id: low, says: The loss is low., measure: {metric: val_loss}, expect: {below: %s}}, "
    "{id: high, says: The loss is high., measure: {metric: val_loss}, expect: {above: %s}}, "
    "{id: positive, says: The loss is positive., measure: {metric: val_loss}, expect: {above: 0}}]"
)


@pytest.mark.parametrize(
    ("low", "high", "needs", "seeds", "quotes"),
    [
        (0.5, 0.22, "high", 5, 1),  # inconclusive: the verdicts in words do not quote it
        (0.5, 0.9, "high", 5, 0),  # contradicted: they quote it
        (0.1, 0.9, "low, high", 5, 0),
        (0.5, 0.1, "low", 2, 0),  # too few seeds for any verdict
    ],
)
def test_the_reason_for_an_answer_that_is_not_shown_quotes_no_claim_a_second_time(
    tmp_path: Path, low: float, high: float, needs: str, seeds: int, quotes: int
) -> None:
    text = f'answer: {{says: "It is {{val_loss(small)}}.", claims: [{needs}]}}\n{THREE % (low, high)}'
    plan = plan_of(tmp_path, text, seeds)
    records = {(run.variant, run.seed): record(run, val_loss=0.2 + 0.01 * run.seed) for run in plan.runs}
    view = answer_of(analyse(plan, records))
    assert not view.written
    assert "0.2" not in view.says
    own = [claim.says for claim in plan.study.claims]
    assert [text for text in own if text in view.says and text in view.withheld] == []
    assert sum(text in view.withheld for text in own) == quotes
    assert f"{seeds} seeds" in view.withheld


def test_a_claim_that_should_be_contradicted_is_no_reason_by_being_supported(tmp_path: Path) -> None:
    text = f'answer: {{says: "Not at all.", contradicted: [high]}}\n{THREE % (0.5, 0.1)}'
    plan = plan_of(tmp_path, text)
    records = {(run.variant, run.seed): record(run, val_loss=0.2 + 0.01 * run.seed) for run in plan.runs}
    view = answer_of(analyse(plan, records))
    assert not view.written
    assert "another verdict" in view.withheld
    assert "supported" not in view.withheld


def test_a_quick_look_has_no_answer_of_its_own(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, 0.5)
    plan = dataclasses.replace(analysis.plan, study=analysis.plan.study.model_copy(update={"watermark": "quick"}))
    view = answer_of(dataclasses.replace(analysis, plan=plan))
    assert (view.written, view.withheld) == (False, "")


def result(verdict: Any, says: str = "It holds.", **changes: Any) -> ClaimResult:
    return dataclasses.replace(small_analysis().claims[0], verdict=verdict, says=says, **changes)


S, C, I = "supported", "contradicted", "inconclusive"  # noqa: E741


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ((), "This study makes no claims. It compares 2 variants over 2 seeds."),
        ((S,), "The measurements support the claim: “0”"),
        ((C,), "The measurements contradict the claim: “0”"),
        ((I,), "The measurements do not settle the claim: “0”"),
        ((S, S), "Both claims are supported. “0” “1”"),
        ((S, S, S), "All 3 claims are supported. The first: “0”"),
        ((S, C), "1 of the 2 claims is contradicted and 1 is supported. Contradicted: “1” Supported: “0”"),
        (
            (I, S, C, S),
            "1 of the 4 claims is contradicted, 1 is inconclusive and 2 are supported. "
            "Contradicted: “2” Supported: “1” “3”",
        ),
        (
            (C, C, C, S),
            "3 of the 4 claims are contradicted and 1 is supported. Contradicted: “0” and 2 more. Supported: “3”",
        ),
        ((C, I), "1 of the 2 claims is contradicted and 1 is inconclusive. Contradicted: “0”"),
        ((S, I), "1 of the 2 claims is inconclusive and 1 is supported. Supported: “0”"),
    ],
)
def test_verdicts_in_words_name_contradicted_and_supported_claims(verdicts: tuple[str, ...], sentence: str) -> None:
    claims = tuple(result(verdict, str(number)) for number, verdict in enumerate(verdicts))
    assert from_verdicts(small_analysis(claims=claims)) == sentence


@pytest.mark.parametrize(
    ("changes", "form", "text"),
    [
        ({"measured": 0.9331, "interval": (0.93, 0.936), "metric": "val_accuracy"}, "", "93.3%"),
        (
            {"measured": -0.0312, "interval": (-0.04, -0.02), "metric": "val_accuracy", "quantity": "difference"},
            "",
            "−3.1 points",
        ),
        (
            {"measured": -0.0312, "interval": (-0.04, -0.02), "metric": "val_accuracy", "quantity": "difference"},
            "size",
            "3.1 points",
        ),
        (
            {"measured": 0.0312, "interval": (0.02, 0.04), "metric": "val_accuracy", "quantity": "difference"},
            "size",
            "3.1 points",
        ),
        ({"measured": 0.0770, "interval": (0.0757, 0.0783), "quantity": "ratio"}, "", "0.0770"),
        ({"measured": 0.0770, "interval": (0.0757, 0.0783), "quantity": "ratio"}, "inverse", "13.0"),
        ({"measured": 1.1e-6, "interval": (1e-6, 1.2e-6), "quantity": "ratio"}, "inverse", "909,000"),
        ({"measured": 4.54164e-5, "interval": (4.541e-5, 4.542e-5)}, "", "4.54×10⁻⁵"),
        ({"measured": 2.97e-7, "interval": (2.9e-7, 3.1e-7)}, "", "2.97×10⁻⁷"),
    ],
)
def test_values_are_written_in_the_style_of_the_report(changes: dict[str, Any], form: Any, text: str) -> None:
    assert quoted(Quoted(result(S, per_seed={}, **changes), form)) == text
