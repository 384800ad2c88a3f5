"""Claims on each variant of `where`, or on some: one test a variant, put together with their number in mind."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

from reportgen.analysis.claims.claim_data import ClaimData
from reportgen.analysis.claims.expectations import Measured
from reportgen.analysis.claims.verdicts import Test, Word
from reportgen.analysis.statistics import ALPHA
from reportgen.analysis.words.expectations import noun_of

Cases = Sequence[tuple[str, Measured]]


def over_variants(asked: ClaimData, expectation: Callable[[ClaimData], Measured]) -> Measured:
    """Return whether the claim holds for all of its variants, or for any; the values are those of the telling one.

    All: supported where every variant supports it, which needs no correction. Any: supported where one does at a
    level corrected for their number (Bonferroni), and contradicted where every one contradicts it.
    """
    cases, nouns = [(label, expectation(case)) for label, case in asked.cases()], f"{noun_of(asked.variants())}s"
    if asked.claim.holds_for == "any":
        return _put_together(cases, "supported", "contradicted", nouns)
    return _put_together(cases, "contradicted", "supported", nouns)


def _put_together(cases: Cases, one: Word, every: Word, nouns: str) -> Measured:
    """Return the verdict `one` where a single variant has it surely, `every` where all have it, else neither."""
    count = len(cases)
    found = [case for case in cases if case[1].test.verdict == one]
    sure = [case for case in found if _p(case[1].test) * count < ALPHA]
    if sure:
        label, measured = min(sure, key=lambda case: _p(case[1].test))
        p = min(1.0, _p(measured.test) * count)
        return _told(measured, one, f"{one} in {len(sure)} of {count} {nouns}; the values are for {label}", p)
    if all(measured.test.verdict == every for _, measured in cases):
        label, measured = max(cases, key=lambda case: _p(case[1].test))
        return _told(
            measured,
            every,
            f"{every} in all {count} {nouns}; the values are for {label}, the closest one",
            measured.test.p,
        )
    open_ = [case for case in cases if case[1].test.verdict != every]
    label, measured = min(found or open_, key=lambda case: _p(case[1].test))
    short = f" and not significant after correction for {count} {nouns}" if found else ""
    corrected = min(1.0, _p(measured.test) * count)
    return _told(
        measured, "inconclusive", f"the values are for {label}{short}", corrected if found else measured.test.p
    )


def _p(test: Test) -> float:
    return 1.0 if test.p is None or math.isnan(test.p) else test.p


def _told(measured: Measured, verdict: Word, words: str, p: float | None) -> Measured:
    test = dataclasses.replace(measured.test, verdict=verdict, reason=f"{measured.test.reason}; {words}", p=p)
    return dataclasses.replace(measured, test=test)
