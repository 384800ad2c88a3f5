"""The quiz as JSON for jupyterquiz."""

from __future__ import annotations

import json

from reportgen.report.quiz.jupyter import jupyter
from tests.report.quiz.quizzes import QUIZ


def test_each_question_has_one_right_answer_of_three() -> None:
    low, high = json.loads(jupyter(QUIZ))
    assert low["type"] == "multiple_choice"
    assert [(answer["answer"], answer["correct"]) for answer in low["answers"]] == [
        ("supported", True),
        ("contradicted", False),
        ("inconclusive", False),
    ]
    assert [answer["correct"] for answer in high["answers"]] == [False, True, False]
    assert all("*2*." in answer["feedback"] for answer in high["answers"])


def test_texts_are_escaped_and_formulas_stay() -> None:
    question = json.loads(jupyter(QUIZ))[0]["question"]
    assert "<i>" not in question
    assert "$a &lt; b_c$" in question
