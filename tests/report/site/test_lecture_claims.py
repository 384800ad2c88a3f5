"""The list of the lectures' claims: complete, in order, with known sources."""

from __future__ import annotations

from reportgen.report.document.sources import LECTURES
from reportgen.report.site.lecture_claims import lecture_claims
from reportgen.study.model.claims import LECTURE_CLAIMS


def test_there_are_fifty_claims_numbered_from_1() -> None:
    assert [one.number for one in lecture_claims()] == list(range(1, LECTURE_CLAIMS + 1))
    assert LECTURE_CLAIMS == 50


def test_every_claim_is_short_and_has_known_sources() -> None:
    for one in lecture_claims():
        assert one.says.endswith(".")
        assert len(one.says) < 200
        assert one.sources
        assert set(one.sources) <= set(LECTURES)
        assert len(set(one.sources)) == len(one.sources)
    assert len({one.says for one in lecture_claims()}) == 50
