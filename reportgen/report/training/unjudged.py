"""What could not be judged, and what to log to have it judged: grouped over all runs by what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reportgen.analysis.diagnosis.outcome import MissingKind, missing_kind
from reportgen.analysis.training_groups import TrainingGroup, title_of
from reportgen.analysis.words.listing import listing
from reportgen.languages.translate import N_, _, translated

REMEDIES: Mapping[MissingKind, str] = {
    "probes": N_("statistics of the layers"),
    "facts": N_("facts of the data"),
    "settings": N_("the settings of the network"),
    "scores": N_("scores after each epoch"),
}
"""What to record if measurements of a kind are missing."""

MOST_REASONS = 3
"""Largest number of reasons that are listed; tables/not_judged.csv has all of them."""


@dataclass(frozen=True)
class Unjudged:
    """Rules that the same remedy would let judge.

    Attributes
    ----------
    remedy : what to log, as an imperative clause
    rules : pairs of the id and the title of a rule
    reasons : why they cannot judge now, each once; `more` is the number of further reasons
    missing : the names of missing arrays and settings of records
    groups : the number of groups that this concerns
    """

    remedy: str
    rules: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]
    more: int
    missing: tuple[str, ...]
    groups: int


@dataclass(frozen=True)
class Case:
    """A rule that could not judge a group."""

    group: str
    rule: str
    remedy: str
    reason: str
    missing: tuple[str, ...]


def cases_of(group: TrainingGroup) -> Iterator[Case]:
    """Yield the rules that could not judge a group, in the current language."""
    for rule, abstention in group.diagnosis.abstained.items():
        yield Case(group.name, rule, translated(abstention.remedy), translated(abstention.reason), ())
    for rule, names in group.diagnosis.not_judged.items():
        kinds = {missing_kind(name) for name in names}
        remedy = listing([_(words) for kind, words in REMEDIES.items() if kind in kinds])
        yield Case(group.name, rule, _("record {what}").format(what=remedy), "", tuple(names))


def unjudged_of(groups: Sequence[TrainingGroup]) -> tuple[Unjudged, ...]:
    """Return what to log, first what would let the most rules judge."""
    by_remedy: dict[str, list[Case]] = {}
    for group in groups:
        for case in cases_of(group):
            by_remedy.setdefault(case.remedy, []).append(case)
    found = [_merged(remedy, cases) for remedy, cases in by_remedy.items()]
    return tuple(sorted(found, key=lambda one: (-one.groups * len(one.rules), one.remedy)))


def _merged(remedy: str, cases: Sequence[Case]) -> Unjudged:
    rules = sorted({case.rule for case in cases})
    reasons = list(dict.fromkeys(case.reason for case in cases if case.reason))
    return Unjudged(
        remedy=remedy,
        rules=tuple((rule, title_of(rule)) for rule in rules),
        reasons=tuple(reasons[:MOST_REASONS]),
        more=max(0, len(reasons) - MOST_REASONS),
        missing=tuple(dict.fromkeys(name for case in cases for name in case.missing)),
        groups=len({case.group for case in cases}),
    )
