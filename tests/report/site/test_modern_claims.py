"""The list of claims of papers: complete, in order, with known papers and existing tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.report.document.sources import papers
from reportgen.report.site.modern_claims import modern_claims
from reportgen.report.site.pages import write_site
from reportgen.shipped import pack_studies
from reportgen.study.syntax.yaml12 import read
from tests.report.finished_reports import claim, report


def ids(path: Path) -> list[str]:
    """Return the ids of the claims of a study file."""
    return [each["id"] for each in read(path.read_text(encoding="utf-8"), path.name).value["claims"]]


def test_there_are_ten_claims_numbered_from_1() -> None:
    assert [one.number for one in modern_claims()] == list(range(1, 11))


def test_every_claim_is_short_and_names_a_known_paper_and_its_result() -> None:
    for one in modern_claims():
        assert one.says.endswith(".")
        assert len(one.says) < 200
        assert one.paper in papers()
        assert 0 < len(one.printed) < 150


def test_every_study_of_the_pack_tests_one_claim() -> None:
    assert sorted(study for one in modern_claims() for study in one.tests) == sorted(pack_studies("modern"))


@pytest.mark.parametrize("study", sorted(pack_studies("modern")))
def test_every_test_is_a_claim_of_its_study(study: str) -> None:
    listed = [test for one in modern_claims() for test in one.tests.get(study, ())]
    assert listed
    assert set(listed) <= set(ids(pack_studies("modern")[study]))
    assert len(set(listed)) == len(listed)


def test_the_page_of_papers_lists_each_claim_with_its_tests(tmp_path: Path) -> None:
    tests = [claim("fewer-steps-than-sgd", lecture=None), claim("fewer-steps-than-adamw", "contradicted", None)]
    report(tmp_path / "muon", [*tests, claim("a-condition", lecture=None)])
    report(tmp_path / "init", [claim("fewer-steps-than-sgd")])
    written = write_site([tmp_path / "muon", tmp_path / "init"], tmp_path / "out")
    assert tmp_path / "out" / "modern.html" in written
    text = (tmp_path / "out" / "modern.html").read_text(encoding="utf-8")
    assert 'id="claim-10"' in text
    assert 'id="claim-9"' not in text
    assert "2.6 instead of 3.3 seconds" in text
    assert 'class="badge mixed"' in text
    assert 'href="muon/index.html#claim-fewer-steps-than-adamw"' in text
    assert "a-condition" not in text
    assert "init/index.html" not in text
    assert "kellerjordan.github.io" in text
    for name in ("index.html", "lectures.html", "modern.html"):
        assert 'href="modern.html"' in (tmp_path / "out" / name).read_text(encoding="utf-8")


def test_a_site_without_tests_of_papers_has_no_page_of_papers(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_site([report(tmp_path / "muon", [claim("fewer-steps-than-sgd", lecture=None)])], out)
    write_site([report(tmp_path / "a", [claim("fewer-steps-than-sgd")])], out)
    assert not (out / "modern.html").exists()
    assert "modern.html" not in (out / "index.html").read_text(encoding="utf-8")
