"""The quiz as a QTI 1.2 package, for example for Canvas; made by text2qti."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from reportgen.analysis.words.nouns import term
from reportgen.errors import MissingError
from reportgen.report.quiz.archive import without_times
from reportgen.report.quiz.questions import Question, Quiz
from reportgen.study.model.claims import VERDICTS

_FORMULA = re.compile(r"(\$[^$]+\$)")


def package(quiz: Quiz) -> bytes:
    """Return the content of the ZIP archive; raises MissingError if text2qti is not installed."""
    try:
        from text2qti.config import Config
        from text2qti.qti import QTI
        from text2qti.quiz import Quiz as Text
    except ImportError:
        message = "no QTI 1.2 package, because text2qti is not installed"
        raise MissingError("missing-library", message, hint="pip install text2qti") from None
    content: bytes = QTI(Text("\n".join(_lines(quiz)) + "\n", config=Config(), source_name=quiz.id)).zip_bytes()
    return without_times(content)


def _lines(quiz: Quiz) -> Iterator[str]:
    """Yield the lines of the quiz in the format of text2qti: Markdown with $formulas$."""
    yield f"Quiz title: {quiz.title}"  # not Markdown, unlike all other texts
    yield f"Quiz description: {_plain(quiz.about)}"
    counts = Counter((question.says, question.test) for question in quiz.questions)
    for number, question in enumerate(quiz.questions, 1):
        yield ""
        yield f"Title: {question.id}"
        # text2qti refuses two questions with equal texts
        yield from _question(number, question, question.id if counts[question.says, question.test] > 1 else "")


def _question(number: int, question: Question, name: str) -> Iterator[str]:
    yield f"{number}. {_markdown(question.says)}"
    yield ""
    yield f"    {_plain(question.test)}{f' ({name})' if name else ''}"
    for letter, verdict in zip("abc", VERDICTS, strict=True):
        yield f"{'*' if verdict == question.answer else ''}{letter}) {term(verdict)}"
        yield f"... {_plain(question.feedback(verdict))}"


def _markdown(text: str) -> str:
    """Return the author's Markdown without HTML and images; formulas stay."""
    parts = _FORMULA.split(text)
    return "".join(part if _FORMULA.fullmatch(part) else _harmless(part) for part in parts)


def _harmless(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("![", "!\\[").replace("$", "\\$")


def _plain(text: str) -> str:
    """Return plain text as Markdown."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]$" else letter for letter in text.replace("&", "&amp;")).replace(
        "<", "&lt;"
    )
