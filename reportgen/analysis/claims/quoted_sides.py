"""The values behind the answer of a study: of each claim that it quotes or needs, the values of both sides."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analysis.claims.claim_data import ClaimData, other_where
from reportgen.analysis.claims.evaluate import evaluate_claim
from reportgen.analysis.results import Analysis, Estimate
from reportgen.analysis.summary import estimate
from reportgen.analysis.words.where import is_number, labelled
from reportgen.study.model.claims import Claim, Measure
from reportgen.study.planning.answer import Quotation, parts_of
from reportgen.study.planning.plan import Variant


@dataclass(frozen=True)
class Side:
    """The values of one side of a claim.

    Attributes
    ----------
    variants : the ids of its variants.
    parts : the parts that their labels share.
    tuned : the path of the setting of which the best value is taken, empty without one.
    values : by seed; the least possible value of a run that did not reach a level.
    censored : the number of seeds of which only a bound is known.
    quoted : whether the answer quotes the claim; otherwise it only needs it.
    """

    measure: Measure
    variants: tuple[str, ...]
    parts: tuple[str, ...]
    tuned: str
    values: Mapping[int, float]
    censored: int = 0
    quoted: bool = False

    @property
    def estimate(self) -> Estimate:
        """The mean over seeds with its 95% interval; the geometric mean of positive ratios, as in tests of claims."""
        values = np.array([*self.values.values()], np.float64)
        if not self.is_geometric:
            return estimate(values, self.measure.metric if not self.measure.relative_to else "")
        found = estimate(np.log(values))
        value, low, high = np.exp([found.value, found.lo, found.hi]).tolist()
        return Estimate(value, low, high, found.n)

    @property
    def is_geometric(self) -> bool:
        """Whether the values are positive ratios, whose mean is geometric."""
        known = [value for value in self.values.values() if math.isfinite(value)]
        return bool(self.measure.relative_to) and min(known, default=0.0) > 0


def quoted_claims(analysis: Analysis) -> list[Claim]:
    """Return the claims whose values the answer of a study quotes, each once and in its order; none without answer."""
    answer = analysis.plan.study.answer
    parts = parts_of(answer, analysis.plan) if answer is not None else ()
    return _each_once(part.claim for part in parts if isinstance(part, Quotation))


def cited_claims(analysis: Analysis) -> list[Claim]:
    """Return the claims whose values the answer quotes, then those that it needs."""
    answer, claims = analysis.plan.study.answer, {claim.id: claim for claim in analysis.plan.study.claims}
    needed = (*answer.contradicted, *answer.claims, *answer.inconclusive) if answer is not None else ()
    return _each_once((*quoted_claims(analysis), *(claims[id_] for id_ in needed)))


def _each_once(claims: Iterable[Claim]) -> list[Claim]:
    found: list[Claim] = []
    found += (claim for claim in claims if claim not in found)
    return found


def quoted_sides(analysis: Analysis) -> list[Side]:
    """Return the sides of the claims behind the answer, each once; claims about several layers have none."""
    records = {(row.variant.id, record.spec.seed): record for row in analysis.variants for record in row.records}
    quoted, found = quoted_claims(analysis), dict[str, Side]()
    for claim in cited_claims(analysis):
        for side in _sides(ClaimData(analysis.plan, records, claim), claim in quoted):
            if any(map(math.isfinite, side.values.values())):
                found.setdefault(repr((side.measure, side.variants, side.tuned)), side)
    return list(found.values())


def _sides(data: ClaimData, quoted: bool) -> Iterator[Side]:
    claim = data.claim
    by_layer = claim.expect.row.by_layer(claim.expect) or claim.expect.row.theory(claim.expect)
    layered = by_layer and claim.measure.layer is not None and claim.measure.reduce is None
    if data.metric.place.extra or (layered and len(data.layer_numbers()) > 1) or claim.expect.get("along") is not None:
        return
    if claim.holds_for != "mean":
        data = _decisive(data)
    measure, other = labelled(claim, data.plan.variants).measure, claim.expect.other
    for where in (data.claim.where, *([other_where(data, other)] if other else [])):
        tuned = claim.tune.along if claim.tune and len(data.variants(where)) > 1 else ""
        bounds, variants = data.bounds(where), data.variants(where)
        ids, parts = tuple(variant.id for variant in variants), _shared_parts(variants)
        yield Side(measure, ids, parts, tuned, data.by_seed(bounds.shown), bounds.censored, quoted)


def _shared_parts(variants: Sequence[Variant]) -> tuple[str, ...]:
    """Return the parts that the labels of variants share; a label that is a number is replaced by its settings."""
    labels = [
        [*variant.varied.values()] if is_number(variant.label) and variant.varied else variant.label.split(", ")
        for variant in variants
    ]
    return tuple(part for part in labels[0] if all(part in label for label in labels)) if labels else ()


def _decisive(data: ClaimData) -> ClaimData:
    """Return the claim about the one variant that decides a claim about each variant or some.

    Variants along a tuned setting are one.
    """
    decided = np.array([*evaluate_claim(data).per_seed.values()], np.float64)
    for _label, case in data.cases():
        alone = replace(case, claim=case.claim.model_copy(update={"holds_for": "mean"}))
        if np.array_equal([*evaluate_claim(alone).per_seed.values()], decided, equal_nan=True):
            return alone
    return data
