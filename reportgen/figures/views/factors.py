"""The factors of a study, its baseline, and which factors the claims compare.

A factor is a varied path, or the name of a variant from `variants`. The baseline value of a factor is the first of
these that exists:

1. the value that the study itself gives outside `vary` and `variants`;
2. the value that switches something off: none, off, false or 0;
3. the value that most claims compare others against;
4. the first value in the study.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.analysis.claims.claim_data import ClaimData
from reportgen.study.model.claims import Claim, Where
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.variants import Choice, axis_of, choices_of
from reportgen.study.planning.where import matching_variants

NAME = ""
"""The path of the factor whose values are the names in `variants`."""


@dataclass(frozen=True)
class Factor:
    """One factor of the study's design.

    path: the varied path, NAME for the names in `variants`. chosen: whether rule 1, 2 or 3 determines the baseline.
    compared: the number of claims whose two sides differ in this factor.
    """

    path: str
    values: Mapping[str, str]
    baseline: str
    chosen: bool
    compared: int

    @property
    def size(self) -> int:
        """The number of different values."""
        return len(set(self.values.values()))

    def of(self, variant: Variant) -> str:
        """Return the factor's value in a variant."""
        return self.values[variant.id]


def factors_of(plan: Plan, variants: Sequence[Variant]) -> list[Factor]:
    """Return the factors that take more than one value in these variants, in the order of the study."""
    study = plan.study
    named = {path for changes in study.variants.values() for path in changes}
    searched = {path for variant in variants if variant.trial for path in ("search", *variant.trial.words)}
    varied = dict.fromkeys(path for variant in variants for path in variant.varied if path not in named | searched)
    found = [_of_path(plan, variants, path) for path in varied]
    if study.variants:
        found.insert(0, _named(plan, variants))
    return [factor for factor in found if len(set(factor.values.values())) > 1]


def _named(plan: Plan, variants: Sequence[Variant]) -> Factor:
    values = {variant.id: _name(variant, plan.study.vary) for variant in variants}
    choices = {name: choices_of(name, changes) for name, changes in plan.study.variants.items()}
    return _factor(plan, variants, NAME, values, choices)


def _of_path(plan: Plan, variants: Sequence[Variant], path: str) -> Factor:
    values = {variant.id: variant.varied.get(path, "") for variant in variants}
    listed = plan.study.vary.get(path)
    labels = dict.fromkeys(values.values())
    axis = axis_of(path, listed) if listed else [Choice(path, label, label, ()) for label in labels]
    choices = {choice.label: (choice,) for choice in axis}
    return _factor(plan, variants, path, values, choices)


def _name(variant: Variant, vary: Mapping[str, Any]) -> str:
    """Return the variant's name in `variants`: its label without the labels of the varied paths."""
    label = variant.trial.search if variant.trial else variant.label
    suffix = ", ".join(variant.varied[path] for path in vary if path in variant.varied)
    return label.removesuffix(f", {suffix}") if suffix else label


def _factor(
    plan: Plan,
    variants: Sequence[Variant],
    path: str,
    values: Mapping[str, str],
    choices: Mapping[str, Sequence[Choice]],
) -> Factor:
    against = _against(plan.study.claims, plan, variants, values, path)
    present = {value: choices.get(value, ()) for value in dict.fromkeys(values.values())}
    own = [value for value, changes in present.items() if value in choices and _is_base(plan.study.written, changes)]
    off = [value for value, changes in present.items() if any(_is_off(choice.value) for choice in changes)]
    most = [value for value, _ in against.most_common(1) if value]
    found = [*own[:1], *off[:1], *most]
    return Factor(path, values, (found or list(present))[0], bool(found), against.total())


def _is_base(written: Mapping[str, Any], changes: Sequence[Choice]) -> bool:
    """Return whether the study itself sets all these values; a variant that changes nothing is the study itself."""
    return all(_setting(written, choice.path) == (True, choice.value) for choice in changes)


def _setting(written: Mapping[str, Any], path: str) -> tuple[bool, Any]:
    """Return whether the study sets a path, and its value."""
    at: Any = written
    for part in path.split("."):
        if not isinstance(at, Mapping) or part not in at:
            return False, None
        at = at[part]
    return True, at


def _is_off(value: Any) -> bool:
    return value is None or value == [] or value == 0 or str(value).lower() in ("none", "off", "false")


def _against(
    claims: Sequence[Claim], plan: Plan, variants: Sequence[Variant], values: Mapping[str, str], path: str
) -> Counter[str]:
    """Count the claims that compare values of a factor, by the value of the other side, "" for several values."""
    counts: Counter[str] = Counter()
    for claim in claims:
        own, *others = [
            {values[variant.id] for variant in matching_variants(variants, side)} for side in sides_of(plan, claim)
        ]
        different = next((other for other in others if other and other != own), None)
        if different is not None:
            counts[min(different) if len(different) == 1 else ""] += 1
        elif claim.expect.get("along") == path:
            counts[""] += 1
    return counts


def sides_of(plan: Plan, claim: Claim) -> list[Where]:
    """Return the settings that select a claim's own variants, then those of the variants that it compares them with."""
    return ClaimData(plan, {}, claim).sides()
