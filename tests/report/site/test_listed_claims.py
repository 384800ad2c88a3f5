"""The listed claims of lectures and papers in other languages: complete, short and with the same numbers."""

from __future__ import annotations

import re

import pytest

from reportgen.languages.translate import ENGLISH, in_language, known_languages
from reportgen.report.site.lecture_claims import lecture_claims
from reportgen.report.site.modern_claims import modern_claims

LANGUAGES = [code for code in known_languages() if code != ENGLISH]


def numbers_of(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_listed_claim_is_translated(code: str) -> None:
    claims = [*lecture_claims(), *modern_claims()]
    with in_language(code):
        pairs = [(claim.says, claim.shown) for claim in claims]
        printed = [(claim.printed, claim.shown_print) for claim in modern_claims()]
    assert [says for says, shown in pairs if shown == says or not shown.endswith(".") or len(shown) > 240] == []
    assert [text for text, shown in printed if shown == text] == []
    assert [says for says, shown in (*pairs, *printed) if not numbers_of(says) <= numbers_of(shown)] == []


def test_english_is_as_listed() -> None:
    assert all(claim.shown == claim.says for claim in (*lecture_claims(), *modern_claims()))
