"""Checks of the answer: its measured values must exist, and its claims must be claims of the study."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from reportgen.errors import StudyError
from reportgen.study.checks.claims import PlaceOf, check_measure
from reportgen.study.loading.messages import study_error
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.components import suggest
from reportgen.study.model.study import Answer
from reportgen.study.planning.answer import Quotation, parts_of
from reportgen.study.planning.plan import Plan
from reportgen.study.planning.where import matching_variants

SAYS = ("answer", "says")


def check_answer(plan: Plan, where: PlaceOf) -> None:
    """Raise a StudyError if the answer of the study quotes or names what the study does not have."""
    answer = plan.study.answer
    if answer is None:
        return
    place = where(SAYS, False)
    try:
        parts = parts_of(answer, plan)
    except StudyError as error:
        raise error.named_at(place) from None
    except ValidationError as error:
        raise study_error(error, {}, lambda path, key: place) from None
    quotations = [part for part in parts if isinstance(part, Quotation)]
    for quotation in quotations:
        if not quotation.of_study:
            _check_quotation(plan, quotation, lambda *path, key=False: place)
    _check_claims(plan, answer, quotations, where)


def _check_quotation(plan: Plan, quotation: Quotation, at: Callable[..., str]) -> None:
    claim = quotation.claim
    if METRICS[claim.measure.metric].place.extra:
        message = f"an answer cannot quote {claim.measure.metric}"
        raise StudyError("inapplicable-key", message, at(), "quote a claim that measures it, as {claim-id}")
    check_measure(plan, claim, matching_variants(plan.variants, claim.where), at)


def _check_claims(plan: Plan, answer: Answer, quotations: list[Quotation], where: PlaceOf) -> None:
    known = [claim.id for claim in plan.study.claims]
    named: dict[str, Any] = {}
    listed = {"claims": answer.claims, "contradicted": answer.contradicted, "inconclusive": answer.inconclusive}
    for key, names in listed.items():
        path = ("answer", key)
        for index, name in enumerate(names):
            if name not in known:
                raise StudyError(
                    "unknown-name", f"unknown claim {name!r}", where((*path, index), False), suggest(name, known)
                )
            if name in named:
                message = f"duplicate claim {name!r}"
                raise StudyError("duplicate-value", message, where((*path, index), False), "list each claim once")
            named[name] = path
    if known and not named and not any(quotation.of_study for quotation in quotations):
        raise StudyError("missing-key", "the answer names no claim", where(("answer",), False), "add claims: [...]")
