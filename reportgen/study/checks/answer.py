"""Checks of the answer: its measured values must exist, and its claims must be claims of the study."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError

from reportgen.errors import StudyError
from reportgen.study.checks.claims import PlaceOf, check_measure
from reportgen.study.errors import StudyErrors
from reportgen.study.loading.messages import study_error
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.components import suggest
from reportgen.study.model.study import Answer
from reportgen.study.planning.answer import Quotation, part_of, pieces_of
from reportgen.study.planning.plan import Plan
from reportgen.study.planning.where import matching_variants

SAYS = ("answer", "says")


def check_answer(plan: Plan, where: PlaceOf, errors: StudyErrors) -> None:
    """Add an error for each part of the answer that quotes or names what the study does not have."""
    answer = plan.study.answer
    if answer is None:
        return
    place = where(SAYS, False)
    before, quotations = len(errors.found), list[Quotation]()
    for piece in pieces_of(answer):
        with errors.collect():
            part = _part(piece, plan, place)
            if isinstance(part, Quotation):
                quotations.append(part)
                _check_quotation(plan, part, lambda *path, key=False: place)
    _check_claims(plan, answer, where, errors)
    names = (*answer.claims, *answer.contradicted, *answer.inconclusive)
    quotes = any(quotation.of_study for quotation in quotations)
    if plan.study.claims and not names and not quotes and len(errors.found) == before:
        hint = "add claims: [...]"
        errors.add(StudyError("missing-key", "the answer names no claim", where(("answer",), False), hint))


def _part(piece: str, plan: Plan, place: str) -> str | Quotation:
    try:
        return part_of(piece, plan)
    except StudyError as error:
        raise error.named_at(place) from None
    except ValidationError as error:
        raise study_error(error, {}, lambda path, key: place) from None


def _check_quotation(plan: Plan, quotation: Quotation, at: Callable[..., str]) -> None:
    if quotation.of_study:
        return
    claim = quotation.claim
    if METRICS[claim.measure.metric].place.extra:
        message = f"an answer cannot quote {claim.measure.metric}"
        raise StudyError("inapplicable-key", message, at(), "quote a claim that measures it, as {claim-id}")
    check_measure(plan, claim, matching_variants(plan.variants, claim.where), at)


def _check_claims(plan: Plan, answer: Answer, where: PlaceOf, errors: StudyErrors) -> None:
    known, named = [claim.id for claim in plan.study.claims], set[str]()
    listed = {"claims": answer.claims, "contradicted": answer.contradicted, "inconclusive": answer.inconclusive}
    for key, names in listed.items():
        for index, name in enumerate(names):
            place = where(("answer", key, index), False)
            if name not in known:
                errors.add(StudyError("unknown-name", f"unknown claim {name!r}", place, suggest(name, known)))
            elif name in named:
                errors.add(StudyError("duplicate-value", f"duplicate claim {name!r}", place, "list each claim once"))
            named.add(name)
