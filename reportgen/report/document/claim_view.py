"""View of a claim in a report: its result, with the measurement and the variants in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.analysis.results import Analysis, ClaimResult
from reportgen.analysis.words.expectations import noun_of
from reportgen.analysis.words.formatting import span, whole
from reportgen.analysis.words.names import setting_name, words
from reportgen.analysis.words.where import is_number, named
from reportgen.study.model.claims import Claim, Measure
from reportgen.study.planning.plan import Variant
from reportgen.study.planning.trials import Trial
from reportgen.study.planning.variants import BASELINE

_LAYERS = {
    "first": "the first hidden layer",
    "last": "the last hidden layer",
    "output": "the output layer",
    "hidden": "the hidden layers",
}
_REDUCED = {
    "mean": "mean over",
    "mean_abs": "mean absolute value over",
    "min": "smallest of",
    "max": "largest of",
    "last_over_first": "ratio of the last to the first of",
}
MOST_NAMED = 4
"""Smallest number of variants that are counted instead of named."""

MOST_VALUES = 5
"""Largest number of values of a setting that are listed; otherwise only the first and the last are."""

_STEPS = {"first": "at initialization", "0": "at initialization", "last": "at the end of training"}
_EPOCHS = {
    "best": "at the epoch with the lowest validation loss",
    "last": "after the last epoch",
    "0": "before training",
}
_ROUNDS = {"first": "before pruning", "0": "before pruning", "last": "after the last round of pruning"}


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
    return ClaimView(result, claim, _place(claim) if claim else "", subjects, noun_of(measured))


def _subjects(variants: Sequence[Variant]) -> str:
    """Return the labels of up to three variants, or the number of variants; a search counts as one variant."""
    alone = [variant.label for variant in variants if variant.trial is None]
    searches = _searches(variants)
    if len(alone) + len(searches) < MOST_NAMED:
        trials = [trials_in_words(own) for own in searches.values()]
        named = [f"{name} ({own})" for name, own in zip(searches, trials, strict=True)]
        return " and ".join([*alone, *(trials if set(searches) == {BASELINE} else named)])
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
        return _counted(len(trials), "trial")
    seeds = len({trial.owner for trial in trials})
    return f"{per_seed} trial{'' if per_seed == '1' else 's'} for each of {_counted(seeds, 'seed')}"


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
        return f"{own} at its best {tuned}"
    if claim.tune.along in other:
        return f"{own} at its best {tuned}, and {named(other)}"
    return f"{own} and {named(other)}, each at its best {tuned}"


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
    many = len(labels) > MOST_VALUES
    listed = f"{labels[0]} to {labels[-1]} ({len(labels)} values)" if many else " and ".join(_commas(labels))
    return f"{setting_name(path)} {listed}" if all(map(is_number, labels)) else listed


def _commas(labels: Sequence[str]) -> tuple[str, str]:
    return ", ".join(labels[:-1]), labels[-1]


def counted(variants: Sequence[Variant]) -> str:
    """Return the numbers of variants, trials and searches in words."""
    searches, trials = _searches(variants), [variant.trial for variant in variants if variant.trial is not None]
    alone = len(variants) - len(trials)
    parts = [_counted(alone, "variant")] if alone or not searches else []
    if searches:
        parts.append(f"{trials_in_words(trials)} of {_counted(len(searches), 'search', 'searches')}")
    return " and ".join(parts)


def _counted(count: int, noun: str, plural: str | None = None) -> str:
    return f"{whole(count)} {noun if count == 1 else plural or noun + 's'}"


def _place(claim: Claim) -> str:
    """Return the layers, the time and the reference of a measurement in words."""
    other = claim.measure.relative_to
    against = f"relative to {', '.join(str(value) for value in other.values())}" if other else ""
    return ", ".join(part for part in (place(claim.measure), against) if part)


def place(measure: Measure) -> str:
    """Return the layers and the time of a measurement, such as "in the last hidden layer, at initialization"."""
    searched = f"of {measure.setting}" if measure.setting else ""
    parts = [searched, _level(measure), _layers(measure.layer, measure.reduce), _time(measure)]
    return ", ".join(part for part in parts if part)


def _level(measure: Measure) -> str:
    if measure.score is None:
        return ""
    first = " times its initial value" if measure.of_first else ""
    return f"a {words(measure.score)} of {measure.level:g}{first}"


def _layers(layer: int | str | Sequence[int] | None, reduce: str | None) -> str:
    if layer is None:
        return ""
    if isinstance(layer, str):
        words = _LAYERS[layer]
    else:
        numbers = [layer] if isinstance(layer, int) else list(layer)
        words = f"layer{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
    return f"({_REDUCED[reduce]} {words})" if reduce else f"in {words}"


def _time(measure: Measure) -> str:
    if measure.step is not None:
        return _STEPS.get(str(measure.step), f"at step {measure.step}")
    if measure.epoch is not None:
        return _EPOCHS.get(str(measure.epoch), f"after epoch {measure.epoch}")
    if measure.round is not None:
        return _ROUNDS.get(str(measure.round), f"after round {measure.round} of pruning")
    return ""
