"""The questions of a quiz come from the claims of a study and their results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from reportgen.report.quiz.questions import make_quiz
from reportgen.study.loading.loader import load_study
from reportgen.study.planning.plan import Plan
from tests.report.small_analysis import small_analysis
from tests.study.texts import SOUND

CLAIMS = """
vary: {training.lr: [0.01, 0.1]}
claims:
  - {id: a, says: "It\\n is low.", measure: {metric: val_accuracy}, expect: {above: 0.7}}
  - id: b
    says: Better.
    measure: {metric: val_accuracy}
    where: {training.lr: 0.1}
    expect: {greater_than: {training.lr: 0.01}}
"""


def analysis(folder: Path, **study: Any) -> Any:
    (folder / "s.yaml").write_text(SOUND + CLAIMS, encoding="utf-8")
    plan = load_study(folder / "s.yaml")
    first = small_analysis().claims[0]
    variants = tuple(variant.id for variant in plan.variants)
    values = {"metric": "val_accuracy", "variants": variants, "n": 4}
    one = {"id": "a", "says": "It\n is low.", "verdict": "supported", "measured": 0.9, "interval": (0.8, 1.0)}
    two = {"id": "b", "verdict": "inconclusive", "quantity": "difference", "sides": "fast minus slow"}
    claims = (
        replace(first, **values, **one),
        replace(first, **values, **two, measured=0.01, interval=(-0.02, 0.04)),
    )
    plan = Plan(plan.study.model_copy(update=study), plan.variants, plan.runs)
    return small_analysis(plan=plan, claims=claims)


def test_each_claim_is_a_question(tmp_path: Path) -> None:
    quiz = make_quiz(analysis(tmp_path))
    assert quiz is not None
    assert (quiz.id, quiz.title, quiz.about) == ("s", "T", "Q")
    assert [(question.id, question.says, question.answer) for question in quiz.questions] == [
        ("a", "It is low.", "supported"),
        ("b", 'Small, "quoted" = small.', "inconclusive"),
    ]
    assert "above 70%" in quiz.questions[0].test


def test_the_feedback_has_the_measured_value_with_its_interval(tmp_path: Path) -> None:
    quiz = make_quiz(analysis(tmp_path))
    assert quiz is not None
    first, second = quiz.questions
    assert "90" in first.result
    assert "95% interval 80" in first.result
    assert "4 seeds" in first.result
    assert "fast minus slow: +1.0 points (95% interval −2.0 to +4.0 points)" in second.result
    assert first.feedback("supported").startswith("Right.")
    assert "supported" in first.feedback("contradicted")
    assert first.result in first.feedback("contradicted")


def test_without_verdicts_there_is_no_quiz(tmp_path: Path) -> None:
    assert make_quiz(analysis(tmp_path, watermark="A quick look")) is None
    study: Any = SimpleNamespace(has_verdicts=False)
    assert make_quiz(small_analysis(claims=(), plan=Plan(study, (), ()))) is None
