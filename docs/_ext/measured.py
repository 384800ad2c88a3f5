"""The claims of the lectures and of papers with measured values.

They come from docs/claims.csv and docs/modern.csv, copies of the file of a site of reports.
"""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from reportgen.analysis.results import ClaimResult
from reportgen.report.document.claim_words import measured_interval, stated
from reportgen.report.document.sources import papers
from reportgen.report.site.lecture_claims import lecture_claims
from reportgen.report.site.modern_claims import modern_claims
from reportgen.shipped import shipped_studies
from reportgen.study.syntax.yaml12 import read as read_yaml

FILE = Path(__file__).parents[1] / "claims.csv"
MODERN_FILE = Path(__file__).parents[1] / "modern.csv"


def claim_lines(file: Path = FILE) -> Iterator[str]:
    """Yield a Markdown table with one row for each test of a claim, and one row for each claim without a test."""
    tests = read(file)
    yield from ("| claim | study | verdict | measured | 95% interval | n |", "|---|---|---|---|---|---|")
    for claim in lecture_claims():
        words = f"**{claim.number}** {_cell(claim.says)}"
        own_tests = [(study, result) for study, result in tests if result.lecture == claim.number]
        for study, result in own_tests:
            yield f"| {words} | {_test(study, result)} |"
            words = ""
        if not own_tests:
            yield f"| {words} | | not tested | | | |"


def modern_lines(file: Path = MODERN_FILE) -> Iterator[str]:
    """Yield a Markdown table of the claims of papers, with one row for each test, measured or not."""
    tests = {(study, result.id): result for study, result in read(file)}
    yield from ("| claim | study | verdict | measured | 95% interval | n |", "|---|---|---|---|---|---|")
    for claim in modern_claims():
        paper = papers()[claim.paper]
        cited = f"[{claim.paper}]({paper.address})" if paper.link else claim.paper
        words = f"**{claim.number}** {_cell(claim.says)} *{cited} print: {_cell(claim.printed)}*"
        for study, ids in claim.tests.items():
            for each in ids:
                result = tests.get((study, each))
                test = _test(study, result) if result else f"`{study}`: {each} | not tested | | | "
                yield f"| {words} | {test} |"
                words = ""


def unsupported_lines(file: Path = MODERN_FILE) -> Iterator[str]:
    """Yield a Markdown list of the tests of claims of papers without support, with their notes in the study files."""
    verdicts = {(study, result.id): result.verdict for study, result in read(file)}
    listed = [(study, each) for claim in modern_claims() for study, ids in claim.tests.items() for each in ids]
    for study, each in listed:
        verdict = verdicts.get((study, each), "supported")
        if verdict != "supported":
            text = shipped_studies()[study].read_text(encoding="utf-8")
            claim = next(claim for claim in read_yaml(text, study).value["claims"] if claim["id"] == each)
            says, note = (" ".join(str(claim.get(key, "")).split()) for key in ("says", "note"))
            yield from (f"- `{study}`, {verdict}: {says}", "", f"  {note}", "")


def _test(study: str, result: ClaimResult) -> str:
    return " | ".join(
        (f"`{study}`: {result.id}", result.verdict, stated(result), measured_interval(result), str(result.n))
    )


def read(file: Path) -> list[tuple[str, ClaimResult]]:
    """Return the study and the result of each row."""
    with open(file, encoding="utf-8", newline="") as rows:
        return [(row["study"], _result(row)) for row in csv.DictReader(rows)]


def _result(row: dict[str, str]) -> ClaimResult:
    return ClaimResult(
        id=row["claim"],
        says="",
        sources=(),
        lecture=int(row["lecture"]) if row["lecture"] else None,
        required=False,
        verdict=row["verdict"],  # type: ignore[arg-type]
        measured=_number(row["measured"]),
        interval=(_number(row["lo"]), _number(row["hi"])),
        n=int(row["n"]),
        expected="",
        metric=row["metric"],
        variants=(),
        per_seed={},
        quantity=row["quantity"],  # type: ignore[arg-type]
    )


def _number(text: str) -> float:
    return float(text) if text else math.nan


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
