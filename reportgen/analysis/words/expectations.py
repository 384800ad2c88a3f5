"""What a claim expects, in words: the only rounding that analysis does is of the author's own numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from reportgen.analysis.claims.tolerances import USUAL_RTOL
from reportgen.analysis.words.names import amount, margin, setting_name
from reportgen.study.model.claims import Claim
from reportgen.study.planning.plan import Variant


def expected(claim: Claim, noun: str = "variant") -> str:
    """Return the expectation of a claim as a short phrase, such as "below 1e-05, in every variant"."""
    return f"{expectation(claim)}{of_whom(claim, noun)}"


def of_whom(claim: Claim, noun: str = "variant") -> str:
    """Return for which of its variants, or trials, a claim should hold, empty where it is for their mean."""
    return {"all": f", in every {noun}", "any": f", in some {noun}"}.get(claim.holds_for, "")


def noun_of(variants: Sequence[Variant]) -> str:
    """Return what these are: "trial" where all are trials of a search, else "variant"."""
    return "trial" if variants and all(variant.trial is not None for variant in variants) else "variant"


def expectation(claim: Claim) -> str:
    """Return the expectation alone, in the units in which its metric is read."""
    e, kind, metric = claim.expect, claim.expect.kind, _metric(claim)
    if kind in ("below", "above"):
        return f"{kind} {amount(getattr(e, kind), metric)}"
    if e.between is not None:
        return f"between {amount(e.between[0], metric)} and {amount(e.between[1], metric)}"
    if kind == "near":
        return _near(claim, metric)
    if kind == "same_as":
        return f"within {margin(e.within or 0.0, metric)} of {named(e.same_as or {})}"
    if kind == "monotone":
        over = f"along {e.along}" if e.along else "from layer to layer"
        return f"{e.monotone} {over}"
    return _against(claim, metric)


def _metric(claim: Claim) -> str:
    """Return the metric whose units the expectation has, empty for a ratio."""
    return "" if claim.measure.relative_to else claim.measure.metric


def _against(claim: Claim, metric: str) -> str:
    e, other = claim.expect, named(getattr(claim.expect, claim.expect.kind))
    more, less = ("greater", "less") if e.kind == "greater_than" else ("less", "greater")
    if e.factor is not None:
        return f"at least {e.factor:g} times {more} than {other}"
    if e.by is not None and e.by < 0:
        return f"at most {margin(-e.by, metric)} {less} than {other}"
    return f"{more} than {other} by at least {margin(e.by, metric)}" if e.by else f"{more} than {other}"


def _near(claim: Claim, metric: str) -> str:
    e = claim.expect
    rtol = USUAL_RTOL if e.rtol is None and e.atol is None else e.rtol
    parts = [f"{100 * rtol:g}%"] if rtol else []
    parts += [margin(e.atol, metric)] if e.atol else []
    reach = " plus ".join(parts) or "no deviation"
    if e.near == "theory":
        return f"within {reach} of theory"
    if isinstance(e.near, list):
        return f"each layer within {reach} of the printed number"
    return f"within {reach} of {amount(e.near or 0.0, metric)}"


def sides(claim: Claim) -> str:
    """Return what a claimed difference is of, such as "relu minus tanh"; empty where the study names no two sides."""
    e = claim.expect
    other = getattr(e, e.kind) if e.kind in ("greater_than", "less_than", "same_as") else None
    if not other or not claim.where:
        return ""
    shared = [named({path: claim.where[path]}) for path in other if path in claim.where]
    if claim.tune is not None and claim.tune.along in other:
        shared.append(f"best {setting_name(claim.tune.along)}")
    times = f"{e.factor:g} × " if e.factor else ""
    first, second = (times, "") if e.kind == "less_than" else ("", times)
    return f"{first}{', '.join(shared) or named(claim.where)} minus {second}{named(other)}"


def named(where: dict[str, Any]) -> str:
    """Return a `where` in words; a bare number or switch gets its setting's name, as "32" alone would say nothing.

    A name that reads as a formula, such as that of an init, stands in quotes.
    """
    return ", ".join(_named(path, value) for path, value in where.items())


def _named(path: str, value: Any) -> str:
    text = str(value)
    if text.lower() in ("true", "on"):
        return f"with {setting_name(path)}"
    if text.lower() in ("false", "off", "none"):
        return f"no {setting_name(path).removesuffix(' strength').removesuffix(' rate')}"
    if is_number(text) and path != "variant":
        return f"{setting_name(path)} {text}"
    return text if _PLAIN.fullmatch(text) else f"“{text}”"


_PLAIN = re.compile(r"[^\W\d][\w .,:-]*")
"""A name that no one takes for a number or a formula."""


def is_number(text: str) -> bool:
    """Return whether a value's label is a bare number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
