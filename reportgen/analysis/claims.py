"""Puts every claim of a study to the test, and corrects its pairwise comparisons for their number (Holm)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from reportgen.analysis.asked import Asked, Records
from reportgen.analysis.expectations import EXPECTATIONS
from reportgen.analysis.model import ClaimResult
from reportgen.analysis.statistics import ALPHA, holm
from reportgen.analysis.wording import expected
from reportgen.study.claims import Claim
from reportgen.study.plan import Plan

PAIRED = ("greater_than", "less_than", "same_as")


def judge_claims(plan: Plan, records: Records) -> tuple[ClaimResult, ...]:
    """Return the results of a study's claims, in their order; a watermarked study has no verdicts."""
    results = [judge(Asked(plan, records, claim)) for claim in plan.study.claims]
    results = corrected(results, plan.study.claims)
    if plan.study.watermark:
        return tuple(_without_verdict(result) for result in results)
    return tuple(results)


def judge(asked: Asked) -> ClaimResult:
    """Return one claim's result, before any correction for other claims."""
    claim = asked.claim
    measured = EXPECTATIONS[claim.expect.kind](asked)
    test = measured.test
    return ClaimResult(
        id=claim.id,
        says=claim.says,
        sources=(claim.source,) if isinstance(claim.source, str) else tuple(claim.source or ()),
        lecture=claim.lecture,
        required=claim.required,
        verdict=test.verdict,
        measured=test.measured,
        interval=test.interval,
        n=test.n,
        expected=expected(claim),
        metric=claim.measure.metric,
        variants=tuple(variant.id for variant in asked.variants()),
        per_seed=measured.per_seed,
        by_layer=measured.by_layer,
        quantity=measured.quantity,
        note=claim.note,
        method=test.method,
        p_value=test.p,
        effect_size=test.effect,
        seeds_needed=test.seeds_needed,
        reason="; ".join([test.reason, *_outcomes(asked, test.n)]),
    )


def _outcomes(asked: Asked, n: int) -> list[str]:
    """Return what became of runs that left no value, or that did not end well and count as they are."""
    lost = [f"{len(asked.seeds) - n} of {len(asked.seeds)} seeds have no value"] if n < len(asked.seeds) else []
    if not asked.is_share:
        counts = {word: asked.outcomes(word) for word in ("diverged", "failed")}
        lost += [f"{count} of {runs} runs {word}" for word, (count, runs) in counts.items() if count]
    return lost


def corrected(results: Sequence[ClaimResult], claims: Sequence[Claim]) -> list[ClaimResult]:
    """Return the results with Holm's correction over the pairwise claims: what it takes back is inconclusive."""
    p_values = [
        result.p_value if claim.expect.kind in PAIRED and result.p_value is not None else math.nan
        for result, claim in zip(results, claims, strict=True)
    ]
    return [
        result if math.isnan(adjusted) else _with_p(result, adjusted)
        for result, adjusted in zip(results, holm(p_values), strict=True)
    ]


def _with_p(result: ClaimResult, adjusted: float) -> ClaimResult:
    changes: dict[str, Any] = {"p_adjusted": adjusted}
    if result.verdict != "inconclusive" and adjusted >= ALPHA:
        reason = f"{result.reason}; not so after Holm's correction over the study's comparisons"
        changes |= {"verdict": "inconclusive", "reason": reason}
    return dataclasses.replace(result, **changes)


def _without_verdict(result: ClaimResult) -> ClaimResult:
    reason = "a quick look gives no verdict"
    return dataclasses.replace(result, verdict="inconclusive", reason=reason, seeds_needed=None)
