"""The expectation of a claim as text, with the numbers of the study file."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.analysis.words.names import setting_name
from reportgen.analysis.words.where import named
from reportgen.languages.translate import _, numeral
from reportgen.study.model.claims import Claim
from reportgen.study.planning.plan import Variant


def expected(claim: Claim, noun: str = "variant") -> str:
    """Return the expectation of a claim as a short phrase, such as "below 1e-05, in every variant"."""
    return f"{expectation(claim)}{of_whom(claim, noun)}"


def of_whom(claim: Claim, noun: str = "variant") -> str:
    """Return the variants or trials for which a claim should hold as text, empty for a claim about their mean."""
    trial = noun == "trial"
    words = {
        "all": _(", in every trial") if trial else _(", in every variant"),
        "any": _(", in some trial") if trial else _(", in some variant"),
    }
    return words.get(claim.holds_for, "")


def noun_of(variants: Sequence[Variant]) -> str:
    """Return "trial" if all variants are trials of a search, else "variant"."""
    return "trial" if variants and all(variant.trial is not None for variant in variants) else "variant"


def expectation(claim: Claim) -> str:
    """Return the expectation as text, in the units of its metric."""
    return claim.expect.row.words(claim)


def sides(claim: Claim) -> str:
    """Return a claimed difference as text, such as "relu minus tanh"; empty if the claim does not name two sides."""
    other, factor = claim.expect.other, claim.expect.get("factor")
    if not other or not claim.where:
        return ""
    shared = [named({path: claim.where[path]}) for path in other if path in claim.where]
    if claim.tune is not None and claim.tune.along in other:
        shared.append(_("best {setting}").format(setting=setting_name(claim.tune.along)))
    times = f"{numeral(f'{factor:g}')} × " if factor else ""
    first, second = (times, "") if claim.expect.row.direction < 0 else ("", times)
    own = ", ".join(shared) or named(claim.where)
    return _("{first} minus {second}").format(first=f"{first}{own}", second=f"{second}{named(other)}")
