"""The quiz in the page of a report, and the page that hides the answer behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.test_report import CLAIMS, Outline, analysed, unpictured_page


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


@pytest.mark.parametrize("changes", [{"watermark": "A quick look"}, {"more": "predict_first: true\n"}])
def test_without_verdicts_there_is_nothing_to_predict(tmp_path: Path, changes: dict[str, str]) -> None:
    text = unpictured_page(analysed(tmp_path, **changes))
    assert 'id="quiz"' not in text
    assert "spoiler" not in text
