"""What a claim expects, in words: the only rounding that analysis does is of the author's own numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportgen.analysis.expectations import USUAL_RTOL
from reportgen.analysis.naming import setting_name
from reportgen.study.claims import Claim
from reportgen.study.plan import Variant


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
    """Return the expectation alone."""
    e = claim.expect
    kind = e.kind
    if kind in ("below", "above"):
        return f"{kind} {getattr(e, kind):g}"
    if e.between is not None:
        return f"between {e.between[0]:g} and {e.between[1]:g}"
    if kind == "near":
        return _near(claim)
    if kind == "same_as":
        return f"within {e.within:g} of {named(e.same_as or {})}"
    if kind == "monotone":
        over = f"along {e.along}" if e.along else "from layer to layer"
        return f"{e.monotone} {over}"
    other = named(getattr(e, kind))
    more = "greater" if kind == "greater_than" else "less"
    if e.factor is not None:
        return f"at least {e.factor:g} times {more} than {other}"
    if e.by is not None and e.by < 0:
        return f"at most {-e.by:g} {'less' if kind == 'greater_than' else 'greater'} than {other}"
    return f"{more} than {other} by at least {e.by:g}" if e.by else f"{more} than {other}"


def _near(claim: Claim) -> str:
    e = claim.expect
    rtol = USUAL_RTOL if e.rtol is None and e.atol is None else e.rtol
    parts = [f"{100 * rtol:g}%"] if rtol else []
    parts += [f"{e.atol:g}"] if e.atol else []
    reach = " plus ".join(parts) or "no deviation"
    if e.near == "theory":
        return f"within {reach} of theory"
    if isinstance(e.near, list):
        return f"each layer within {reach} of the printed number"
    return f"within {reach} of {e.near:g}"


def named(where: dict[str, Any]) -> str:
    """Return a `where` in words; a bare number or switch gets its setting's name, as "32" alone would say nothing."""
    return ", ".join(_named(path, value) for path, value in where.items())


def _named(path: str, value: Any) -> str:
    text = str(value)
    if text.lower() in ("true", "on"):
        return f"with {setting_name(path)}"
    if text.lower() in ("false", "off", "none"):
        return f"no {setting_name(path).removesuffix(' strength').removesuffix(' rate')}"
    return f"{setting_name(path)} {text}" if is_number(text) else text


def is_number(text: str) -> bool:
    """Return whether a value's label is a bare number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
