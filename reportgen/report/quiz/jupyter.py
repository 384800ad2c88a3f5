"""The quiz as JSON for jupyterquiz, which shows it in notebooks."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup, escape

from reportgen.analysis.words.nouns import term
from reportgen.report.media.markdown import inline
from reportgen.report.media.math import typeset_by_others
from reportgen.report.quiz.questions import Question, Quiz
from reportgen.study.model.claims import VERDICTS


def jupyter(quiz: Quiz) -> str:
    """Return the text of the file for `jupyterquiz.display_quiz`."""
    return json.dumps(list(map(_question, quiz.questions)), indent=1, ensure_ascii=False) + "\n"


def _question(question: Question) -> dict[str, Any]:
    """Return a multiple-choice question; jupyterquiz inserts its texts as HTML with $formulas$."""
    answers = [
        {
            "answer": term(verdict),
            "correct": verdict == question.answer,
            "feedback": str(escape(question.feedback(verdict))),
        }
        for verdict in VERDICTS
    ]
    text = f"{inline(question.says, _source)}<br>{escape(question.test)}"
    return {"question": text, "type": "multiple_choice", "answers": answers}


def _source(latex: str, block: bool) -> Markup:
    """Return the source of a formula, which jupyterquiz typesets."""
    return typeset_by_others(latex, "$", "$")
