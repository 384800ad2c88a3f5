"""The answer of a study with its measured values, and whether the verdicts of its claims allow it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from reportgen.analysis.claims.claim_data import ClaimData
from reportgen.analysis.claims.evaluate import evaluate_claim
from reportgen.analysis.results import Analysis, ClaimResult
from reportgen.study.planning.answer import Form, Quotation, parts_of


@dataclass(frozen=True)
class Quoted:
    """A measured value in an answer, and how it is written."""

    result: ClaimResult
    form: Form


@dataclass(frozen=True)
class Condition:
    """A claim that must have a verdict for the answer to apply."""

    result: ClaimResult
    verdict: Literal["supported", "contradicted", "inconclusive"]

    @property
    def met(self) -> bool:
        return self.result.verdict == self.verdict


@dataclass(frozen=True)
class MeasuredAnswer:
    """The answer of a study.

    Attributes
    ----------
    parts : its text and its measured values, in order.
    conditions : the claims that the answer needs.
    """

    parts: tuple[str | Quoted, ...]
    conditions: tuple[Condition, ...]

    @property
    def unmet(self) -> tuple[Condition, ...]:
        return tuple(condition for condition in self.conditions if not condition.met)

    @property
    def unmeasured(self) -> bool:
        """Whether a value of the answer is not a finite number."""
        return any(isinstance(part, Quoted) and not math.isfinite(part.result.measured) for part in self.parts)


def measured_answer(analysis: Analysis) -> MeasuredAnswer | None:
    """Return the answer of a study with its measured values, None if the study has none."""
    answer = analysis.plan.study.answer
    if answer is None:
        return None
    parts = parts_of(answer, analysis.plan)
    cited = [part.claim.id for part in parts if isinstance(part, Quotation) and part.of_study]
    results = {result.id: result for result in analysis.claims}
    others = (*answer.contradicted, *answer.inconclusive)
    needed = dict.fromkeys((*answer.claims, *(id_ for id_ in cited if id_ not in others)))
    return MeasuredAnswer(
        tuple(part if isinstance(part, str) else _quoted(part, analysis, results) for part in parts),
        (
            *(Condition(results[id_], "supported") for id_ in needed),
            *(Condition(results[id_], "contradicted") for id_ in answer.contradicted),
            *(Condition(results[id_], "inconclusive") for id_ in answer.inconclusive),
        ),
    )


def _quoted(quotation: Quotation, analysis: Analysis, results: dict[str, ClaimResult]) -> Quoted:
    if quotation.of_study:
        return Quoted(results[quotation.claim.id], quotation.form)
    records = {(v.variant.id, record.spec.seed): record for v in analysis.variants for record in v.records}
    return Quoted(evaluate_claim(ClaimData(analysis.plan, records, quotation.claim)), quotation.form)
