"""One style of numbers on the page: 93.3%, 10⁻⁶, −1 and "a to b", in every text that a reader sees."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from reportgen.figures import draw_all
from reportgen.figures.drawing.export import svg_text
from reportgen.shipped import shipped_studies
from reportgen.study.syntax.yaml12 import read
from tests.report.test_report import analysed, unpictured_page

OTHER_STYLES = {
    "an exponent with e": r"(?<![\w.-])\d+(?:\.\d+)?e[-+]?\d+\b",
    "a minus sign that is a hyphen": r"(?<![\w.)-])-\d",
    "a range with a dash": r"(?<![\d-])\d+(?:\.\d+)?%?\u2013\d",
    "a range of layers with a hyphen": r"layers? \d+-\d",
    "an interval in brackets": r"\[−?\d[\d.]*, −?\d",
    "percent in words": r"\d percent\b(?!age)",
    "a space before the percent sign": r"\d %",
}


def seen(text: str) -> str:
    """Return the text of a page without code, style, scripts, formulas and names in quotes; with alternative texts."""
    kept = re.sub(r"<(style|script|code|pre|math)\b.*?</\1>", " ", text, flags=re.DOTALL)
    return re.sub(r"“[^”]*”", " ", html.unescape(re.sub(r"<[^>]*>", " ", kept)))


def found(text: str) -> dict[str, list[str]]:
    """Return the numbers in other styles, with the text around them."""
    hits = {name: list(re.finditer(form, text)) for name, form in OTHER_STYLES.items()}
    return {name: [text[max(0, m.start() - 30) : m.end() + 10] for m in own] for name, own in hits.items() if own}


def test_the_page_writes_numbers_in_one_style(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, figures="")
    text = seen("".join(map(svg_text, draw_all(analysis))) + unpictured_page(analysis))
    assert re.search(r"\d%", text)
    assert re.search("10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]", text)
    assert re.search(r"\d to −?\d", text)
    assert found(text.partition("Provenance and reproduction")[0]) == {}


@pytest.mark.parametrize(
    "text", ["1e-06", "below 3.5e7", "at -1", "0.2\u20130.5", "layers 1-3", "[−0.1, 0.2]", "95 percent", "5 %"]
)
def test_another_style_is_found(text: str) -> None:
    assert len(found(text)) == 1


@pytest.mark.parametrize(
    "text", ["93.3%", "10⁻⁶", "−1 to 1", "layers 1 to 3", "2026-11-29", "he-2", "one percentage point", "x (3)-1"]
)
def test_the_style_of_the_report_and_names_are_not_found(text: str) -> None:
    assert found(text) == {}


@pytest.mark.parametrize("name", sorted(shipped_studies()))
def test_shipped_studies_write_shares_with_a_percent_sign(name: str) -> None:
    text = Path(shipped_studies()[name]).read_text(encoding="utf-8")
    assert re.findall(OTHER_STYLES["percent in words"], text) == []


DANGLING = re.compile(r"(?:It|Its|Their|They|Them|This|These|That|Those|He|The maps|With such) ", re.IGNORECASE)
"""Beginnings that refer to another sentence."""


@pytest.mark.parametrize("name", sorted(shipped_studies()))
def test_claims_of_shipped_studies_make_sense_on_their_own(name: str) -> None:
    path = Path(shipped_studies()[name])
    claims = read(path.read_text(encoding="utf-8"), str(path)).value["claims"]
    assert [claim["id"] for claim in claims if DANGLING.match(claim["says"])] == []
