"""Puts every claim of a study to the test, and corrects its pairwise comparisons for their number (Holm)."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from reportgen.analysis.claims.claim_data import ClaimData, ExtraMeasurements, Records
from reportgen.analysis.claims.expectations import Measured
from reportgen.analysis.claims.quantified import over_variants
from reportgen.analysis.results import ClaimResult
from reportgen.analysis.statistics import (
    ALPHA,
    holm,
    holm_factors,
    possible,
    possible_difference,
    seeds_for,
    sign_seeds_for,
)
from reportgen.analysis.words.expectations import expected, noun_of, sides
from reportgen.study.model.claims import Claim
from reportgen.study.planning.plan import Plan


def evaluate_claims(plan: Plan, records: Records, beside: ExtraMeasurements | None = None) -> tuple[ClaimResult, ...]:
    """Return the results of a study's claims, in their order; a watermarked study has no verdicts.

    beside: what was measured beside the runs, for claims on it.
    """
    results = [evaluate_claim(ClaimData(plan, records, claim, beside or {})) for claim in plan.study.claims]
    results = holm_corrected(results, plan.study.claims)
    if plan.study.watermark:
        return tuple(_without_verdict(result) for result in results)
    return tuple(results)


def _interval(asked: ClaimData, measured: Measured) -> tuple[float, float]:
    """Return the interval; that of a value or a difference without what the metric cannot be."""
    metric, test = asked.claim.measure.metric, measured.test
    cut = {"value": possible, "difference": possible_difference}.get(measured.quantity)
    if cut is None or asked.claim.measure.relative_to:
        return test.interval
    return (
        cut(metric, *test.interval) if cut(metric, test.measured, test.measured)[0] == test.measured else test.interval
    )


def evaluate_claim(asked: ClaimData) -> ClaimResult:
    """Return one claim's result, before any correction for other claims."""
    claim = asked.claim
    test_of = claim.expect.row.test
    measured: Measured = test_of(asked) if claim.holds_for == "mean" else over_variants(asked, test_of)
    test = measured.test
    return ClaimResult(
        id=claim.id,
        says=claim.says,
        sources=(claim.source,) if isinstance(claim.source, str) else tuple(claim.source or ()),
        lecture=claim.lecture,
        required=claim.required,
        verdict=test.verdict,
        measured=test.measured,
        interval=_interval(asked, measured),
        n=test.n,
        expected=expected(claim, noun_of(asked.variants())),
        metric=claim.measure.metric,
        variants=tuple(variant.id for variant in asked.variants()),
        per_seed=measured.per_seed,
        by_layer=measured.by_layer,
        quantity=measured.quantity,
        reference=measured.reference,
        at_layer=measured.at_layer,
        tolerances=measured.tolerances,
        sides=sides(claim) if measured.quantity == "difference" else "",
        note=claim.note,
        method=test.method,
        p_value=test.p,
        effect_size=test.effect,
        seeds_needed=test.seeds_needed,
        reason="; ".join([test.reason, *_choices(asked), *_outcomes(asked, test.n)]),
    )


def _choices(asked: ClaimData) -> list[str]:
    """Return what each side was tuned to, and on how many seeds where that differs between them."""
    if asked.claim.tune is None or asked.claim.expect.get("along") is not None:
        return []
    counted = [Counter(asked.chosen(where)) for where in asked.sides()]
    words = ["tuned to", *["the other side is tuned to"] * (len(counted) - 1)]
    return [f"{word} {_chosen(count)}" for word, count in zip(words, counted, strict=True) if count]


def _chosen(count: Counter[str]) -> str:
    """Return the choices, the most frequent first, as in "lr 0.1 for 9 seeds and lr 0.3 for 1"."""
    if len(count) == 1:
        return next(iter(count))
    (first, most), *others = count.most_common()
    return " and ".join(
        [f"{first} for {most} {'seed' if most == 1 else 'seeds'}", *(f"{x} for {n}" for x, n in others)]
    )


def _outcomes(asked: ClaimData, n: int) -> list[str]:
    """Return what became of runs that left no value, or that did not end well and count as they are."""
    lost = [f"{len(asked.seeds) - n} of {len(asked.seeds)} seeds have no value"] if n < len(asked.seeds) else []
    if not asked.is_share:
        counts = {word: asked.outcomes(word) for word in ("diverged", "failed")}
        lost += [f"{count} of {runs} runs {word}" for word, (count, runs) in counts.items() if count]
    return lost


def holm_corrected(results: Sequence[ClaimResult], claims: Sequence[Claim]) -> list[ClaimResult]:
    """Return the results with Holm's correction over the pairwise claims: what it takes back is inconclusive."""
    p_values = [
        result.p_value if _is_pairwise(claim) and result.p_value is not None else math.nan
        for result, claim in zip(results, claims, strict=True)
    ]
    factors, adjusted = holm_factors(p_values), holm(p_values)
    return [
        _with_p(result, adjusted[index], factors[index]) if index in factors else result
        for index, result in enumerate(results)
    ]


def _is_pairwise(claim: Claim) -> bool:
    return claim.expect.row.compares or claim.measure.relative_to is not None


def _with_p(result: ClaimResult, adjusted: float, factor: int) -> ClaimResult:
    """Return the result with its corrected p, and the seeds that would settle it after the correction."""
    changes: dict[str, Any] = {"p_adjusted": adjusted}
    taken_back = result.verdict != "inconclusive" and adjusted >= ALPHA
    if taken_back:
        reason = f"{result.reason}; not significant after Holm's correction for all comparisons of the study"
        changes |= {"verdict": "inconclusive", "reason": reason}
    if taken_back or result.seeds_needed is not None:
        changes["seeds_needed"] = _seeds_after(result, ALPHA / factor)
    return dataclasses.replace(result, **changes)


def _seeds_after(result: ClaimResult, alpha: float) -> int | None:
    """Return about how many seeds would settle a result at a level; one without an interval goes by its signs."""
    if math.isnan(result.interval[0]):
        return sign_seeds_for(alpha)
    return None if result.p_value is None else seeds_for(result.p_value, result.n, alpha)


def _without_verdict(result: ClaimResult) -> ClaimResult:
    reason = "a quick look gives no verdict"
    return dataclasses.replace(result, verdict="inconclusive", reason=reason, seeds_needed=None)
