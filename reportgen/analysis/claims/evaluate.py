"""Tests the claims of a study, with Holm's correction for the number of pairwise comparisons."""

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
from reportgen.analysis.words.where import labelled
from reportgen.languages.translate import N_
from reportgen.study.model.claims import Claim
from reportgen.study.planning.plan import Plan

REVOKED = N_("not significant after Holm's correction for all comparisons of the study")
"""The reason for which a correction makes a claim inconclusive."""


def evaluate_claims(plan: Plan, records: Records, extras: ExtraMeasurements | None = None) -> tuple[ClaimResult, ...]:
    """Return the results of the claims of a study, in their order; a watermarked study has no verdicts.

    extras: measurements in addition to the runs, for claims that use them.
    """
    results = [evaluate_claim(ClaimData(plan, records, claim, extras or {})) for claim in plan.study.claims]
    results = holm_corrected(results, plan.study.claims)
    if plan.study.watermark:
        return tuple(_without_verdict(result) for result in results)
    return tuple(results)


def _interval(data: ClaimData, measured: Measured) -> tuple[float, float]:
    """Return the interval of a test, clipped to the possible range of a value or a difference of the metric."""
    metric, test = data.claim.measure.metric, measured.test
    clip = {"value": possible, "difference": possible_difference}.get(measured.quantity)
    if clip is None or data.claim.measure.relative_to:
        return test.interval
    in_range = clip(metric, test.measured, test.measured)[0] == test.measured
    return clip(metric, *test.interval) if in_range else test.interval


def evaluate_claim(data: ClaimData) -> ClaimResult:
    """Return the result of a claim, before the correction for other claims."""
    claim = data.claim
    test_of = claim.expect.row.test
    measured: Measured = test_of(data) if claim.holds_for == "mean" else over_variants(data, test_of)
    test, words = measured.test, labelled(claim, data.plan.variants)
    return ClaimResult(
        id=claim.id,
        says=claim.says,
        sources=(claim.source,) if isinstance(claim.source, str) else tuple(claim.source or ()),
        lecture=claim.lecture,
        required=claim.required,
        verdict=test.verdict,
        measured=test.measured,
        interval=_interval(data, measured),
        n=test.n,
        expected=expected(words, noun_of(data.variants())),
        metric=claim.measure.metric,
        variants=tuple(variant.id for variant in data.variants()),
        per_seed=measured.per_seed,
        by_layer=measured.by_layer,
        quantity=measured.quantity,
        reference=measured.reference,
        at_layer=measured.at_layer,
        tolerances=measured.tolerances,
        sides=sides(words, measured.side_values) if measured.side_values or measured.quantity == "difference" else "",
        side_values=measured.side_values,
        note=claim.note,
        method=test.method,
        p_value=test.p,
        effect_size=test.effect,
        seeds_needed=test.seeds_needed,
        reason="; ".join([test.reason, *_choices(data), *_outcomes(data, test.n)]),
    )


def _choices(data: ClaimData) -> list[str]:
    """Return the best settings of each side, with their numbers of seeds if they differ between seeds."""
    if data.claim.tune is None or data.claim.expect.get("along") is not None:
        return []
    counts = [Counter(data.chosen(where)) for where in data.sides()]
    texts = [N_("tuned to {settings}"), *[N_("the other side is tuned to {settings}")] * (len(counts) - 1)]
    return [text.format(settings=_chosen(count)) for text, count in zip(texts, counts, strict=True) if count]


def _chosen(count: Counter[str]) -> str:
    """Return the chosen settings, the most frequent first, such as "lr 0.1 for 9 seeds, lr 0.3 for one seed"."""
    if len(count) == 1:
        return next(iter(count))
    one, many = N_("{label} for one seed"), N_("{label} for {count} seeds")
    return ", ".join((one if n == 1 else many).format(label=label, count=n) for label, n in count.most_common())


def _outcomes(data: ClaimData, n: int) -> list[str]:
    """Return phrases that count seeds without a value, diverged runs and failed runs."""
    missing = N_("{count} of {total} seeds have no value").format(count=len(data.seeds) - n, total=len(data.seeds))
    phrases = [missing] if n < len(data.seeds) else []
    if not data.is_share:
        texts = {"diverged": N_("{count} of {total} runs diverged"), "failed": N_("{count} of {total} runs failed")}
        counts = [(text, data.outcomes(word)) for word, text in texts.items()]
        phrases += [text.format(count=count, total=runs) for text, (count, runs) in counts if count]
    return phrases


def holm_corrected(results: Sequence[ClaimResult], claims: Sequence[Claim]) -> list[ClaimResult]:
    """Return the results after Holm's correction; pairwise claims that are no longer significant are inconclusive."""
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
    """Return the result with its corrected p value and the number of seeds needed after the correction."""
    changes: dict[str, Any] = {"p_adjusted": adjusted}
    revoked = result.verdict != "inconclusive" and adjusted >= ALPHA
    if revoked:
        reason = f"{result.reason}; {REVOKED}"
        changes |= {"verdict": "inconclusive", "reason": reason}
    if revoked or result.seeds_needed is not None:
        changes["seeds_needed"] = _seeds_after(result, ALPHA / factor)
    return dataclasses.replace(result, **changes)


def _seeds_after(result: ClaimResult, alpha: float) -> int | None:
    """Return the approximate number of seeds for a verdict at level alpha, by a sign test if there is no interval."""
    if math.isnan(result.interval[0]):
        return sign_seeds_for(alpha)
    return None if result.p_value is None else seeds_for(result.p_value, result.n, alpha)


def _without_verdict(result: ClaimResult) -> ClaimResult:
    reason = N_("a quick look gives no verdict")
    return dataclasses.replace(result, verdict="inconclusive", reason=reason, seeds_needed=None)
