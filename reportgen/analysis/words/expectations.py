"""The expectation of a claim as text, with the numbers of the study file."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.analysis.words.formatting import number
from reportgen.analysis.words.measured import unit
from reportgen.analysis.words.names import setting_name
from reportgen.analysis.words.scores import score
from reportgen.analysis.words.where import named
from reportgen.languages.translate import _, numeral
from reportgen.study.model.claims import Claim, Where
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


def sides(claim: Claim, values: tuple[float, ...] = ()) -> str:
    """Return the two sides of a difference or ratio as text, such as "relu minus tanh"; empty if they have no names.

    values: the two values of a ratio, which are written behind the names; empty for a difference.
    """
    other = claim.expect.other or (claim.measure.relative_to if values else None)
    if not other or not claim.where:
        return ""
    first, second = _names(claim, other)
    if values:
        a, b = (_value(claim, value) for value in values)
        return _("{first} ({a}) divided by {second} ({b})").format(first=first, a=a, second=second, b=b)
    factor = claim.expect.get("factor")
    times = f"{numeral(f'{factor:g}')} × " if factor else ""
    before, behind = (times, "") if claim.expect.row.direction < 0 else ("", times)
    return _("{first} minus {second}").format(first=f"{before}{first}", second=f"{behind}{second}")


def _names(claim: Claim, other: Where) -> tuple[str, str]:
    """Return the names of the two sides, without the settings that they share."""
    shared = [named({path: claim.where[path]}) for path in other if path in claim.where]
    if claim.tune is not None and claim.tune.along in other:
        shared.append(_("best {setting}").format(setting=setting_name(claim.tune.along)))
    return ", ".join(shared) or named(claim.where), named(other)


def _value(claim: Claim, value: float) -> str:
    """Return the value of a side; one of two ratios has no unit."""
    ratio, metric = claim.expect.other and claim.measure.relative_to, claim.measure.metric
    return number(value) if ratio else f"{score(value, metric)}{unit(metric)}"
