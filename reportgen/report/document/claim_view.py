"""View of a claim in a report: its result, with the measurement and the variants in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reportgen.analysis.results import Analysis, ClaimResult
from reportgen.analysis.words.expectations import noun_of, sides
from reportgen.analysis.words.formatting import span, whole
from reportgen.analysis.words.names import setting_name, words
from reportgen.analysis.words.nouns import counted_noun
from reportgen.analysis.words.where import is_number, named
from reportgen.languages.translate import ENGLISH, N_, _, current_language, ngettext, numeral
from reportgen.study.model.claims import Claim, Measure
from reportgen.study.planning.plan import Variant
from reportgen.study.planning.trials import Trial
from reportgen.study.planning.variants import BASELINE

_LAYERS = {
    "first": N_("the first hidden layer"),
    "last": N_("the last hidden layer"),
    "output": N_("the output layer"),
    "hidden": N_("the hidden layers"),
}
_REDUCED = {
    "mean": N_("(mean over {layers})"),
    "mean_abs": N_("(mean absolute value over {layers})"),
    "min": N_("(smallest of {layers})"),
    "max": N_("(largest of {layers})"),
    "last_over_first": N_("(ratio of the last to the first of {layers})"),
}
MOST_NAMED = 4
"""Smallest number of variants that are counted instead of named."""

MOST_VALUES = 5
"""Largest number of values of a setting that are listed; otherwise only the first and the last are."""

_AT_STEP, _AFTER_EPOCH = N_("at step {number}"), N_("after epoch {number}")
_AFTER_ROUND = N_("after round {number} of pruning")
_STEPS = {"first": N_("at initialization"), "0": N_("at initialization"), "last": N_("at the end of training")}
_EPOCHS = {
    "best": N_("at the epoch with the lowest validation loss"),
    "last": N_("after the last epoch"),
    "0": N_("before training"),
}
_ROUNDS = {
    "first": N_("before pruning"),
    "0": N_("before pruning"),
    "last": N_("after the last round of pruning"),
}


@dataclass(frozen=True)
class ClaimView:
    """The result of a claim, with its parts in words.

    Attributes
    ----------
    claim : the claim in the study, None if the study is not available.
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
    measured = [variant for variant in variants if variant.id in result.variants]
    subjects = _each_at_best(claim, measured) or _subjects(measured) if len(variants) > 1 else ""
    if claim is not None and result.sides and current_language() != ENGLISH:  # results are English
        result = replace(result, sides=sides(claim))
    return ClaimView(result, claim, _place(claim) if claim else "", subjects, noun_of(measured))


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


def _place(claim: Claim) -> str:
    """Return the layers, the time and the reference of a measurement in words."""
    other = claim.measure.relative_to
    named_other = ", ".join(str(value) for value in other.values()) if other else ""
    against = _("relative to {other}").format(other=named_other) if other else ""
    return ", ".join(part for part in (place(claim.measure), against) if part)


def place(measure: Measure) -> str:
    """Return the layers and the time of a measurement, such as "in the last hidden layer, at initialization"."""
    searched = _("of {setting}").format(setting=measure.setting) if measure.setting else ""
    parts = [searched, _level(measure), _layers(measure.layer, measure.reduce), _time(measure)]
    return ", ".join(part for part in parts if part)


def _level(measure: Measure) -> str:
    if measure.score is None:
        return ""
    first = _("a {score} of {level} times its initial value")
    text = first if measure.of_first else _("a {score} of {level}")
    return text.format(score=words(measure.score), level=numeral(f"{measure.level:g}"))


def _layers(layer: int | str | Sequence[int] | None, reduce: str | None) -> str:
    if layer is None:
        return ""
    if isinstance(layer, str):
        layers = _(_LAYERS[layer])
    else:
        numbers = [layer] if isinstance(layer, int) else list(layer)
        layers = ngettext("layer {numbers}", "layers {numbers}", len(numbers)).format(
            numbers=", ".join(map(str, numbers))
        )
    return (_(_REDUCED[reduce]) if reduce else _("in {layers}")).format(layers=layers)


def _time(measure: Measure) -> str:
    if measure.step is not None:
        return _(_STEPS.get(str(measure.step), _AT_STEP)).format(number=measure.step)
    if measure.epoch is not None:
        return _(_EPOCHS.get(str(measure.epoch), _AFTER_EPOCH)).format(number=measure.epoch)
    if measure.round is not None:
        return _(_ROUNDS.get(str(measure.round), _AFTER_ROUND)).format(number=measure.round)
    return ""
