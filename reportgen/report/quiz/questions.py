"""The questions of a quiz, one for each claim of a study."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.analysis.results import Analysis
from reportgen.analysis.words.measured import is_interval, measured_interval
from reportgen.analysis.words.nouns import counted_noun
from reportgen.languages.translate import _
from reportgen.report.document.claim_view import ClaimView, claim_views
from reportgen.report.document.claim_words import expected, stated, what
from reportgen.study.model.claims import VERDICTS, Verdict


@dataclass(frozen=True)
class Question:
    """A question about the verdict on a claim.

    Attributes
    ----------
    id : the id of the claim.
    says : the claim as Markdown on one line.
    test : what was measured and expected, as plain text.
    answer : the verdict.
    result : the measured value with its interval, as plain text.
    """

    id: str
    says: str
    test: str
    answer: Verdict
    result: str

    def feedback(self, choice: Verdict) -> str:
        """Return the feedback for a choice."""
        differs = _("The verdict is {verdict}.").format(verdict=_(self.answer))
        right = _("Right.")
        return f"{right if choice == self.answer else differs} {self.result}"


@dataclass(frozen=True)
class Quiz:
    """A quiz: id, title and question of the study, its questions, and the answers to each of them."""

    id: str
    title: str
    about: str
    questions: tuple[Question, ...]
    verdicts: tuple[Verdict, ...] = VERDICTS


def make_quiz(analysis: Analysis) -> Quiz | None:
    """Return the quiz of a study, None if it has no claims with verdicts."""
    study = analysis.plan.study
    if not study.has_verdicts:
        return None
    questions = tuple(map(_question, claim_views(analysis)))
    return Quiz(study.id, " ".join(study.title.split()), " ".join(study.question.split()), questions)


def _question(view: ClaimView) -> Question:
    result = view.result
    measured_as = f"{what(view)}{f'; {view.subjects}' if view.subjects else ''}"
    tested = _("{measured}; expected: {expected}").format(measured=measured_as, expected=expected(view))
    return Question(result.id, " ".join(result.says.split()), _sentence(tested), result.verdict, _result(view))


def _result(view: ClaimView) -> str:
    """Return the measured value with its interval and the number of seeds, as sentences."""
    result = view.result
    range_ = measured_interval(result)
    spread = "" if range_ == "–" else f" ({range_})"
    if spread and is_interval(result):
        spread = _(" (95% interval {interval})").format(interval=range_)
    text = _("Measured over {seeds}: {value}{spread}.")
    return text.format(seeds=counted_noun(result.n, "seed"), value=stated(result), spread=spread)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
