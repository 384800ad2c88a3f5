"""View of a claim in a report: its result, with the measurement and the variants in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reportgen.analysis.results import Analysis, ClaimResult
from reportgen.analysis.words.expectations import noun_of, sides
from reportgen.analysis.words.formatting import span, whole
from reportgen.analysis.words.names import setting_name
from reportgen.analysis.words.nouns import counted_noun
from reportgen.analysis.words.places import place_of
from reportgen.analysis.words.where import is_number, labelled, named
from reportgen.languages.translate import ENGLISH, _, current_language, ngettext, numeral
from reportgen.study.model.claims import Claim
from reportgen.study.planning.plan import Variant
from reportgen.study.planning.trials import Trial
from reportgen.study.planning.variants import BASELINE

MOST_NAMED = 4
"""Smallest number of variants that are counted instead of named."""

MOST_VALUES = 5
"""Largest number of values of a setting that are listed; otherwise only the first and the last are."""


@dataclass(frozen=True)
class ClaimView:
    """The result of a claim, with its parts in words.

    Attributes
    ----------
    claim : the claim in the study, with labels in place of ids, None if the study is not available.
    place : layers and time of the measurement, empty for a metric without them.
    subjects : the measured variants, empty if the study has only one.
    noun : "variant" or "trial".
    """

    result: ClaimResult
    claim: Claim | None
    place: str
    subjects: str = ""
    noun: str = "variant"


def claim_views(analysis: Analysis) -> tuple[ClaimView, ...]:
    """Return the views of the claims, in the order of the study."""
    claims = {claim.id: claim for claim in analysis.plan.study.claims}
    return tuple(_view(result, claims.get(result.id), analysis.plan.variants) for result in analysis.claims)


def _view(result: ClaimResult, claim: Claim | None, variants: Sequence[Variant]) -> ClaimView:
    claim = labelled(claim, variants) if claim is not None else None
    measured = [variant for variant in variants if variant.id in result.variants]
    subjects = _each_at_best(claim, measured) or _subjects(measured) if len(variants) > 1 else ""
    if claim is not None and result.sides and current_language() != ENGLISH:  # results are English
        result = replace(result, sides=sides(claim, result.side_values))
    return ClaimView(result, claim, place_of(claim.measure) if claim else "", subjects, noun_of(measured))


def _subjects(variants: Sequence[Variant]) -> str:
    """Return the labels of up to three variants, or the number of variants; a search counts as one variant."""
    alone = [variant.label for variant in variants if variant.trial is None]
    searches = _searches(variants)
    if len(alone) + len(searches) < MOST_NAMED:
        trials = [trials_in_words(own) for own in searches.values()]
        named = [f"{name} ({own})" for name, own in zip(searches, trials, strict=True)]
        return _(" and ").join([*alone, *(trials if set(searches) == {BASELINE} else named)])
    return (spread(variants) if not searches else "") or counted(variants)


def _searches(variants: Sequence[Variant]) -> dict[str, list[Trial]]:
    """Return the trials among the variants by the label of their search."""
    searches: dict[str, list[Trial]] = {}
    for trial in (variant.trial for variant in variants if variant.trial is not None):
        searches.setdefault(trial.search, []).append(trial)
    return searches


def trials_in_words(trials: Sequence[Trial]) -> str:
    """Return the number of trials in words, or the number for each seed if each seed has its own search."""
    per_seed = trials_per_seed(trials)
    if per_seed is None:
        return counted_noun(len(trials), "trial")
    seeds = len({trial.owner for trial in trials})
    text = ngettext(
        "{count} trial for each of {seeds}", "{count} trials for each of {seeds}", 1 if per_seed == "1" else 2
    )
    return text.format(count=per_seed, seeds=counted_noun(seeds, "seed"))


def trials_per_seed(trials: Sequence[Trial]) -> str | None:
    """Return the number of trials of each seed, such as "16" or "16 to 28"; None if all seeds share their trials."""
    owned = Counter((trial.search, trial.owner) for trial in trials)
    if any(trial.owner is None for trial in trials) or not owned:
        return None
    return span(whole(min(owned.values())), whole(max(owned.values())))


def _each_at_best(claim: Claim | None, variants: Sequence[Variant]) -> str:
    """Return the sides of a tuned claim, without the tuned setting; empty if the claim is not tuned."""
    if claim is None or claim.tune is None:
        return ""
    other = claim.expect.other
    own, tuned = spread(variants, claim.tune.along) or counted(variants), setting_name(claim.tune.along)
    if other is None:
        return _("{side} at its best {setting}").format(side=own, setting=tuned)
    if claim.tune.along in other:
        text = _("{side} at its best {setting}, and {other}")
        return text.format(side=own, setting=tuned, other=named(other))
    text = _("{side} and {other}, each at its best {setting}")
    return text.format(side=own, other=named(other), setting=tuned)


def spread(variants: Sequence[Variant], tuned: str = "") -> str:
    """Return the values of each varied setting in words, empty unless the variants form a complete grid."""
    paths = list(variants[0].varied)
    if any(list(variant.varied) != paths for variant in variants):
        return ""
    values = {path: list(dict.fromkeys(variant.varied[path] for variant in variants)) for path in paths}
    if math.prod(map(len, values.values())) != len(variants):
        return ""
    return "; ".join(_values(path, labels) for path, labels in values.items() if path != tuned)


def _values(path: str, labels: Sequence[str]) -> str:
    """Return the values of one setting in words; only the first and the last if there are many."""
    if len(labels) == 1:
        return named({path: labels[0]})
    numbers = all(map(is_number, labels))
    labels = list(map(numeral, labels)) if numbers else labels
    many = len(labels) > MOST_VALUES
    if many:
        text = _("{first} to {last} ({count} values)")
        listed = text.format(first=labels[0], last=labels[-1], count=len(labels))
    else:
        listed = _(" and ").join(_commas(labels))
    return f"{setting_name(path)} {listed}" if numbers else listed


def _commas(labels: Sequence[str]) -> tuple[str, str]:
    return ", ".join(labels[:-1]), labels[-1]


def counted(variants: Sequence[Variant]) -> str:
    """Return the numbers of variants, trials and searches in words."""
    searches, trials = _searches(variants), [variant.trial for variant in variants if variant.trial is not None]
    alone = len(variants) - len(trials)
    parts = [counted_noun(alone, "variant")] if alone or not searches else []
    if searches:
        text = ngettext("{trials} of {count} search", "{trials} of {count} searches", len(searches))
        parts.append(text.format(trials=trials_in_words(trials), count=whole(len(searches))))
    return _(" and ").join(parts)
