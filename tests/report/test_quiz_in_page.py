"""The quiz in the page of a report, and the page that hides the answer behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.report.document.document import make_document
from reportgen.report.media.render import fill, fill_slides
from reportgen.report.slides.beamer import beamer
from reportgen.report.slides.deck import make_deck
from reportgen.report.slides.quarto import quarto
from tests.report.outline import Outline
from tests.report.test_report import CLAIMS, analysed, unpictured_page


def test_the_page_has_a_closed_quiz_below_the_claims(written_page: str) -> None:
    text = written_page
    assert text.index('id="claims"') < text.index('id="quiz"') < text.index('id="methods"')
    assert text.count('type="radio"') == 3 * 3
    ids = Outline(text).ids
    assert len(set(ids)) == len(ids)
    assert {"quiz-dies", "in-quiz"} <= set(ids)
    assert 'href="#in-quiz"' in text
    assert "<details open" not in text.partition('id="quiz"')[2].partition("</section>")[0]


def test_the_page_can_hide_everything_but_the_question_until_it_is_opened(tmp_path: Path) -> None:
    text = unpictured_page(analysed(tmp_path, more=f"{CLAIMS}predict_first: true\n"))
    body = text.partition("<main")[2]
    before, _, hidden = body.partition('<details class="part spoiler">')
    assert 'id="quiz"' in before
    assert 'class="part" open' in before.partition('id="quiz"')[2]
    for part in ('id="answer"', 'id="claims"', 'id="figures"'):
        assert part not in before
        assert part in hidden
    assert len(set(Outline(text).ids)) == len(Outline(text).ids)


def test_the_pdf_asks_all_questions_before_the_page_with_the_answers(tmp_path: Path) -> None:
    document = make_document(analysed(tmp_path, more=f"{CLAIMS}predict_first: true\n"), [])
    before, _, behind = fill(document, {}, "print").partition('<div class="answers">')
    questions = before.partition('id="quiz"')[2]
    assert questions.count("<li>") == questions.count("supported") == 3
    assert not any(result in questions for result in ("badge", *(one.result for one in document.quiz.questions)))
    assert 'id="answer"' in behind
    assert 'id="answer"' not in before


def test_slides_ask_all_questions_before_they_answer_any(tmp_path: Path) -> None:
    made = analysed(tmp_path, more=f"{CLAIMS}predict_first: true\n")
    deck = make_deck(made, make_document(made, []), ())
    for text in (fill_slides(deck, {}), beamer(deck), quarto(deck)):
        answer, asked = text.rindex("The answer"), text.index("What do you predict?")
        assert text.count("The answer") == 1
        assert asked < answer < text.index("What the study found")
        assert text[asked:answer].count("supported, contradicted or inconclusive?") == 3


@pytest.mark.parametrize("changes", [{"watermark": "A quick look"}, {"more": "predict_first: true\n"}])
def test_without_verdicts_there_is_nothing_to_predict(tmp_path: Path, changes: dict[str, str]) -> None:
    text = unpictured_page(analysed(tmp_path, **changes))
    assert 'id="quiz"' not in text
    assert "spoiler" not in text
