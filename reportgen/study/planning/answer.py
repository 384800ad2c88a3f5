"""The answer of a study as text with quotations: places for measured values, such as `{val_accuracy(he)}`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from reportgen.errors import StudyError
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.claims import Claim, Measure, Where
from reportgen.study.model.components import suggest
from reportgen.study.model.study import Answer
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.where import matching_variants
from reportgen.study.syntax.yaml12 import read

Form = Literal["", "size", "inverse"]
"""How the value of a claim is written: as measured, without its sign, or as 1 divided by the value."""

FORMS: tuple[Form, ...] = tuple(form for form in get_args(Form) if form)

_PIECES = re.compile(r"(\{\{|\}\}|\{[^{}]*\})")
_QUOTED = re.compile(r"\{\s*([\w-]+)\s*(?:\((.*)\))?\s*(?:;\s*(\w+)\s*)?\}", re.DOTALL)
_LITERAL = {"{{": "{", "}}": "}"}


@dataclass(frozen=True)
class Quotation:
    """A place for a measured value.

    Attributes
    ----------
    text : the place as in the study, with its braces.
    claim : the claim whose value is quoted; of a metric, a claim without a verdict that measures it.
    of_study : whether it is a claim of the study.
    form : how the value is written.
    """

    text: str
    claim: Claim
    of_study: bool
    form: Form = ""


def parts_of(answer: Answer, plan: Plan) -> tuple[str | Quotation, ...]:
    """Return the text of an answer with its quotations.

    Raises
    ------
    StudyError : a quotation is not one, or names an unknown claim, metric or variant. The error has no place.
    """
    return tuple(part_of(piece, plan) for piece in pieces_of(answer))


def pieces_of(answer: Answer) -> list[str]:
    """Return the text of an answer in pieces, each a quotation with its braces, a doubled brace or other text."""
    return list(filter(None, _PIECES.split(answer.says)))


def part_of(piece: str, plan: Plan) -> str | Quotation:
    """Return a piece as text or as a quotation; raises as `parts_of`."""
    if piece in _LITERAL:
        return _LITERAL[piece]
    if piece.startswith("{"):
        return _quotation(piece, plan)
    if "{" in piece or "}" in piece:
        message = "a brace of the answer has no counterpart"
        raise StudyError("invalid-value", message, "", "write {{ or }} for a brace in the text")
    return piece


def _quotation(text: str, plan: Plan) -> Quotation:
    match = _QUOTED.fullmatch(text)
    if match is None:
        hint = "write {metric(variant)} or {claim-id}"
        raise StudyError("invalid-value", f"{text} is not a measured value", "", hint)
    name, subject, form = match.groups()
    claims = {claim.id: claim for claim in plan.study.claims}
    if subject is None and name in claims:
        return Quotation(text, claims[name], True, _form(text, form))
    if name not in METRICS:
        known = list(METRICS) if subject is not None else [*claims, *METRICS]
        what = "metric" if subject is not None else "claim or metric"
        near = suggest(name, known, "see `reportgen list metrics`")
        raise StudyError("unknown-name", f"unknown {what} {name!r} in {text}", "", near)
    return Quotation(text, _measuring(text, name, subject or "", plan), False, _form(text, form))


def _form(text: str, name: str | None) -> Form:
    form: Form | None = next((form for form in FORMS if form == name), None)
    if name is not None and form is None:
        raise StudyError("unknown-value", f"unknown form {name!r} in {text}", "", f"one of {', '.join(FORMS)}")
    return form or ""


def _measuring(text: str, metric: str, inside: str, plan: Plan) -> Claim:
    """Return a claim that measures a metric; inside: the variants, and after a semicolon the keys of `measure`."""
    subject, _, keys = (part.strip() for part in inside.partition(";"))
    measure = {"metric": metric, **_mapping(text, keys)}
    unknown = next((key for key in measure if key not in Measure.model_fields), None)
    if unknown is not None:
        near = suggest(unknown, list(Measure.model_fields))
        raise StudyError("unknown-key", f"unknown key {unknown!r} in {text}", "", near)
    where = _where(text, subject, plan)
    return Claim.model_validate({"id": "answer", "says": text, "measure": measure, "where": where} | _ANY)


_ANY: dict[str, Any] = {"expect": {"above": 0}}
"""An expectation, which every claim has; an answer does not use its verdict."""


def _mapping(text: str, keys: str) -> dict[str, Any]:
    """Return keys and values, written as in a flow mapping of YAML without its braces."""
    try:
        value = read(f"{{{keys}}}", "").value
    except StudyError:
        value = None
    if not isinstance(value, dict) or None in value.values():
        raise StudyError("invalid-value", f"cannot read {keys!r} in {text}", "", "write key: value, key: value")
    return value


def _where(text: str, subject: str, plan: Plan) -> Where:
    """Return the `where` of a variant's label or id, of labels of varied values, or of paths with values."""
    if not subject:
        return {}
    if any(subject in (variant.label, variant.id) for variant in plan.variants):
        return {"variant": subject}
    where = _mapping(text, subject) if ": " in subject else labelled(subject, plan.variants)
    if where is None or not matching_variants(plan.variants, where):
        known = dict.fromkeys(label for v in plan.variants for label in (v.label, *v.varied.values()))
        near = suggest(subject, list(known), "use labels as `reportgen check` lists them")
        raise StudyError("unknown-variant", f"no variant is {subject!r} in {text}", "", near)
    return where


def labelled(subject: str, variants: Sequence[Variant]) -> Where | None:
    """Return the varied settings whose labels are listed, separated by commas; None if a label is not unique."""
    paths: dict[str, set[str]] = {}
    for variant in variants:
        for path, label in variant.varied.items():
            paths.setdefault(label, set()).add(path)
    where: Where = {}
    while subject:
        # A label may contain commas, so that the longest one is tried first.
        starts = [label for label in paths if subject == label or subject.startswith(f"{label}, ")]
        label = max(starts, key=len, default="")
        if len(paths.get(label, ())) != 1:
            return None
        where[next(iter(paths[label]))] = label
        subject = subject[len(label) :].removeprefix(",").strip()
    return where
