"""The claims of the lectures with measured values, from docs/claims.csv, a copy of the file of a site of reports."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from reportgen.analysis.results import ClaimResult
from reportgen.report.document.claim_words import measured, measured_interval, quantity
from reportgen.report.site.lecture_claims import lecture_claims

FILE = Path(__file__).parents[1] / "claims.csv"


def claim_lines(file: Path = FILE) -> Iterator[str]:
    """Yield a Markdown table with one row for each test of a claim, and one row for each claim without a test."""
    tests = read(file)
    yield from ("| claim | study | verdict | measured | 95% interval | n |", "|---|---|---|---|---|---|")
    for claim in lecture_claims():
        words = f"**{claim.number}** {_cell(claim.says)}"
        own_tests = [(study, result) for study, result in tests if result.lecture == claim.number]
        for study, result in own_tests:
            number = " ".join(part for part in (measured(result), quantity(result)) if part)
            cells = (words, f"`{study}`: {result.id}", result.verdict, number, measured_interval(result), str(result.n))
            yield f"| {' | '.join(cells)} |"
            words = ""
        if not own_tests:
            yield f"| {words} | | not tested | | | |"


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
