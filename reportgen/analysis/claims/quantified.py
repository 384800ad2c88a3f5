"""Claims about each variant of `where`, or about some: one test per variant, corrected for the number of tests."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

from reportgen.analysis.claims.claim_data import ClaimData
from reportgen.analysis.claims.expectations import Measured
from reportgen.analysis.claims.verdicts import Test, Word
from reportgen.analysis.statistics import ALPHA
from reportgen.analysis.words.expectations import noun_of
from reportgen.languages.translate import N_

Cases = Sequence[tuple[str, Measured]]


def over_variants(data: ClaimData, expectation: Callable[[ClaimData], Measured]) -> Measured:
    """Test whether the claim holds for all of its variants, or for any; the values are of the decisive variant.

    A claim about all variants is supported if every variant supports it, which needs no correction. A claim about any
    variant is supported if one variant supports it at a level corrected for the number of variants (Bonferroni), and
    contradicted if every variant contradicts it.
    """
    cases, nouns = [(label, expectation(case)) for label, case in data.cases()], f"{noun_of(data.variants())}s"
    if data.claim.holds_for == "any":
        return _combined(cases, "supported", "contradicted", nouns)
    return _combined(cases, "contradicted", "supported", nouns)


_IN, _IN_ALL = N_("{verdict} in {count} of {total} {noun}"), N_("{verdict} in all {count} {noun}")
_VALUES, _CLOSEST = N_("the values are for {label}"), N_("the values are for {label}, the closest one")
_SHORT = N_("the values are for {label} and not significant after correction for {count} {noun}")
"""Reasons of claims about each variant or some."""


def _in(verdict: Word, count: int, total: int, noun: str) -> str:
    return _IN.format(verdict=verdict, count=count, total=total, noun=noun)


def _combined(cases: Cases, one: Word, every: Word, nouns: str) -> Measured:
    """Return the verdict `one` if a variant has it after correction, `every` if all have it, else inconclusive."""
    count = len(cases)
    candidates = [case for case in cases if case[1].test.verdict == one]
    significant = [case for case in candidates if _p(case[1].test) * count < ALPHA]
    if significant:
        label, measured = min(significant, key=lambda case: _p(case[1].test))
        p = min(1.0, _p(measured.test) * count)
        return _with_verdict(
            measured, one, f"{_in(one, len(significant), count, nouns)}; {_VALUES.format(label=label)}", p
        )
    if all(measured.test.verdict == every for _, measured in cases):
        label, measured = max(cases, key=lambda case: _p(case[1].test))
        return _with_verdict(
            measured,
            every,
            f"{_IN_ALL.format(verdict=every, count=count, noun=nouns)}; {_CLOSEST.format(label=label)}",
            measured.test.p,
        )
    undecided = [case for case in cases if case[1].test.verdict != every]
    label, measured = min(candidates or undecided, key=lambda case: _p(case[1].test))
    text = (_SHORT if candidates else _VALUES).format(label=label, count=count, noun=nouns)
    corrected = min(1.0, _p(measured.test) * count)
    return _with_verdict(measured, "inconclusive", text, corrected if candidates else measured.test.p)


def _p(test: Test) -> float:
    return 1.0 if test.p is None or math.isnan(test.p) else test.p


def _with_verdict(measured: Measured, verdict: Word, note: str, p: float | None) -> Measured:
    test = dataclasses.replace(measured.test, verdict=verdict, reason=f"{measured.test.reason}; {note}", p=p)
    return dataclasses.replace(measured, test=test)
