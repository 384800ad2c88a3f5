"""A quiz of two questions, for tests."""

from __future__ import annotations

from reportgen.report.quiz.questions import Question, Quiz

QUIZ = Quiz(
    "act",
    "A & B: <b>1</b>",
    "Which?",
    (
        Question(
            "low", "The loss is *low*: $a < b_c$ & <i>small</i>.", "Loss < 1; 10%.", "supported", "Measured: 0.6_x."
        ),
        Question(
            "1-high", "The loss is `high` [link](https://x.org/?a=1&b=2) ~~not~~.", "Loss > 1.", "contradicted", "*2*."
        ),
    ),
)
"""Its texts contain what Markdown, HTML, XML and LaTeX treat specially."""
