"""Adjusts the advice of each finding to the results of the study's own runs.

A rule considers one variant and proposes changes of settings. The study may already contain these settings, in variants
that differ from the diagnosed one in nothing else (siblings). Siblings are scored like remedies (see
`diagnosis.remedies`), paired by seed. The *best* sibling has the highest mean score among the siblings that are better
than the diagnosed variant and did not diverge with any seed.

- A proposal equal to the best sibling is kept, and the advice adds that it is the best of the study.
- A proposal equal to another sibling is replaced by the best sibling, or dropped if there is none.
- The same applies to an untested proposal beyond a bad sibling. A sibling is bad if its learning rate is equal or lower
  and it diverged, or if its value is between the diagnosed variant and the proposal and its score is lower than the
  diagnosed variant's.
- Any other untested proposal is replaced by the best sibling if the rule raises no alarm there. Otherwise it is kept,
  because the study contains no remedy.

Without training, the score is whether the finding occurs, and many siblings have the same score. An untested proposal
is then kept, and the best sibling is one without alarms that the diagnosed variant does not have. A proposal equal to
such a sibling takes precedence.

If a proposal was replaced or dropped, the advice is written anew from the remaining proposals.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.symptoms import number, percent
from reportgen.analysis.diagnosis.remedies import FINDING_SEEN, scorer
from reportgen.analysis.diagnosis.sweeps import (
    Sibling,
    Values,
    changed_paths,
    differences,
    is_beyond,
    read_change,
    settings_of,
    siblings_along,
    study_values,
)
from reportgen.analysis.finding import Evidence, Finding, Proposal
from reportgen.analysis.words.listing import alternatives
from reportgen.analysis.words.names import sentence, setting, setting_name, words
from reportgen.engine.spec import RunSpec
from reportgen.languages.translate import N_, _, ngettext
from reportgen.study.metrics.table import metric_of

Alarms = Callable[[str], Collection[str]]
"""Maps the id of a variant to the ids of the rules that raise an alarm there."""

HIDDEN, LAYERS = "network.hidden", "network.layers"
NAMES = {
    "network.batchnorm": N_("batch normalization"),
    HIDDEN: N_("widths of the hidden layers"),
    "data.keep": N_("shares of training examples kept by class"),
    "network.init": N_("initialization"),
    "network.output_init": N_("initialization of the output layer"),
    "preprocess": N_("preprocessing"),
    "training.batch_size": N_("batch size"),
    "training.clip_norm": N_("limit of the gradient norm"),
    "training.epochs": N_("number of epochs"),
}
"""Names of settings in sentences, if they differ from the names on axes."""

WITHOUT = {
    "data.train": N_("use all training examples"),
    "training.clip_norm": N_("turn off gradient clipping"),
    "training.early_stopping": N_("turn off early stopping"),
    "training.pruning": N_("turn off pruning"),
}
"""Changes to settings without a value."""


@dataclass(frozen=True)
class ScoredSibling:
    """A sibling and the difference of its mean score to the diagnosed variant, over the common seeds.

    before, after: means of the metric for the diagnosed variant and for the sibling.
    """

    sibling: Sibling
    gain: float
    before: float
    after: float

    @property
    def better(self) -> bool:
        """Whether the sibling is better than the diagnosed variant and did not diverge."""
        return self.gain > 0 and not self.sibling.diverged


@dataclass(frozen=True)
class Sweep:
    """All siblings that differ only in the settings of one proposal, and the metric of their scores."""

    metric: str
    tried: Sequence[ScoredSibling]


@dataclass(frozen=True)
class Choice:
    """The result for one proposal.

    proposal: the original, a replacement, or None if it is dropped. settings: its changes in a form that can be
    compared. comment: a sentence on a proposal equal to the best sibling, empty for others.
    """

    original: Proposal
    proposal: Proposal | None
    settings: Values | None = None
    comment: str = ""


def consistent(finding: Finding, evidence: Evidence, alarms: Alarms) -> Finding:
    """Return the finding with proposals and advice that agree with the runs of the siblings."""
    finding = _with_changes(_without_widths(finding, evidence), evidence.records[0].spec)
    choices = [_choose(finding, evidence, proposal, alarms) for proposal in finding.proposals]
    remaining = _distinct([choice for choice in choices if choice.proposal is not None])
    if any(choice.proposal is not choice.original for choice in choices):
        pairs = [(choice.proposal, choice.comment) for choice in remaining if choice.proposal is not None]
        advice = in_words(pairs) if remaining else _none(choices)
    elif remaining and remaining[0].comment:
        advice = f"{finding.advice} {remaining[0].comment}"
    else:
        return finding
    proposals = tuple(choice.proposal for choice in remaining if choice.proposal is not None)
    return dataclasses.replace(finding, proposals=proposals, advice=advice)


def _with_changes(finding: Finding, spec: RunSpec) -> Finding:
    """Return the finding with proposals that change settings, without values that are set already."""
    proposals = [_with_change(proposal, spec) for proposal in finding.proposals]
    if tuple(proposals) == finding.proposals:
        return finding
    kept = [proposal for at, proposal in enumerate(proposals) if proposal.change and proposal not in proposals[:at]]
    if kept:
        advice = in_words([(proposal, "") for proposal in kept])
    else:
        names = settings_in_words(finding.proposals)
        paths = {path for proposal in finding.proposals for path in proposal.change}
        text = ngettext(
            "Change another setting: {names} already has the recommended value.",
            "Change another setting: {names} already have the recommended value.",
            len(paths),
        )
        advice = text.format(names=names)
    return dataclasses.replace(finding, proposals=tuple(kept), advice=advice)


def _with_change(proposal: Proposal, spec: RunSpec) -> Proposal:
    """Return the proposal with only those values that differ from the present ones."""
    paths = changed_paths(spec, proposal.change)
    change = {path: value for path, value in proposal.change.items() if path in paths}
    return proposal if change == proposal.change else dataclasses.replace(proposal, change=change)


def _without_widths(finding: Finding, evidence: Evidence) -> Finding:
    """Return the finding without proposals of `network.hidden` if the study lists layers of any kind."""
    if LAYERS not in evidence.variant.settings and evidence.records[0].spec.network.is_plain:
        return finding
    kept = tuple(proposal for proposal in finding.proposals if HIDDEN not in proposal.change)
    return dataclasses.replace(finding, proposals=kept)


def _distinct(choices: Sequence[Choice]) -> list[Choice]:
    """Return the choices without repeated changes."""
    known = [choice.settings for choice in choices]
    return [choice for at, choice in enumerate(choices) if not choice.settings or known[at] not in known[:at]]


def _choose(finding: Finding, evidence: Evidence, proposal: Proposal, alarms: Alarms) -> Choice:
    spec = evidence.records[0].spec
    wanted = read_change(spec, proposal.change)
    sweep = _sweep(finding, evidence, siblings_along(evidence, wanted)) if wanted else None
    if not wanted or sweep is None:
        return Choice(proposal, proposal, wanted)
    same = next((scored for scored in sweep.tried if not differences(wanted, scored.sibling.changed)), None)
    best = _best(sweep, same, evidence, alarms)
    if best is not None and best is same:
        return Choice(proposal, proposal, wanted, _comment(best, sweep))
    if same is None:
        refuted = is_beyond(settings_of(evidence.records[0]), wanted, *_refuted(sweep))
    else:
        refuted = best is not None or not same.better
    solved = best is not None and sweep.metric != FINDING_SEEN and finding.rule not in alarms(best.sibling.id)
    if best is not None and (refuted or solved) and _is_writable(evidence, best.sibling.changed):
        better = Proposal(study_values(spec, best.sibling.changed), "")
        return Choice(proposal, better, best.sibling.changed, _comment(best, sweep))
    return Choice(proposal, None if refuted else proposal, wanted)


def _is_writable(evidence: Evidence, changed: Values) -> bool:
    """Return whether a study can set compared settings: lists by layer need `network.hidden`."""
    has_layers = LAYERS in evidence.variant.settings
    lists = any(path.startswith("network.") and isinstance(value, tuple) for path, value in changed.items())
    return LAYERS not in changed and not (has_layers and lists)


def _sweep(finding: Finding, evidence: Evidence, siblings: Sequence[Sibling]) -> Sweep | None:
    """Return the scored siblings, None if there are none."""
    if not siblings:
        return None
    records = [*evidence.records, *(record for sibling in siblings for record in sibling.records)]
    metric, measure, score = scorer(finding, evidence.variant, records)
    own = {record.spec.seed: record for record in evidence.records}
    tried = []
    for sibling in siblings:
        pairs = [(own[r.spec.seed], r) for r in sibling.records if r.spec.seed in own]
        if pairs:
            gain = mean([score(after) - score(before) for before, after in pairs])
            before, after = (mean([measure(pair[side]) for pair in pairs]) for side in (0, 1))
            tried.append(ScoredSibling(sibling, gain, before, after))
    return Sweep(metric, tried) if tried else None


def _best(sweep: Sweep, same: ScoredSibling | None, evidence: Evidence, alarms: Alarms) -> ScoredSibling | None:
    better = [scored for scored in sweep.tried if scored.better]
    if sweep.metric == FINDING_SEEN:
        known = set(alarms(evidence.variant.id))
        better = [scored for scored in better if set(alarms(scored.sibling.id)) <= known]
    return max(better, key=lambda scored: (scored.gain, scored is same), default=None)


def _refuted(sweep: Sweep) -> tuple[list[Values], list[Values]]:
    """Return the changes of siblings with a lower score than the diagnosed variant, and of diverged ones."""
    worse = [scored.sibling.changed for scored in sweep.tried if scored.gain < 0]
    return worse, [scored.sibling.changed for scored in sweep.tried if scored.sibling.diverged]


def in_words(proposals: Sequence[tuple[Proposal, str]]) -> str:
    """Return proposals as sentences, each with its reason and a comment."""
    return " ".join(_advice(*pair, number > 0) for number, pair in enumerate(proposals))


def _advice(proposal: Proposal, comment: str, otherwise: bool) -> str:
    changes = _(" and ").join(_change(path, value) for path, value in proposal.change.items())
    reason = f" ({proposal.why})" if proposal.why else ""
    start = _("otherwise, {changes}") if otherwise else "{changes}"
    return sentence(f"{start.format(changes=changes)}{reason}. {comment}".rstrip())


def _change(path: str, value: Any) -> str:
    if value is None and path in WITHOUT:
        return _(WITHOUT[path])
    if isinstance(value, bool):
        return (_("turn on {name}") if value else _("turn off {name}")).format(name=_name(path))
    return _("set the {name} to {value}").format(name=_name(path), value=setting(value))


def _name(path: str) -> str:
    return _(NAMES[path]) if path in NAMES else setting_name(path)


def _comment(best: ScoredSibling, sweep: Sweep) -> str:
    """Return a sentence on the best sibling."""
    single = len(best.sibling.changed) == 1
    if sweep.metric == FINDING_SEEN:
        if single:
            return _("In this study, the problem does not occur with this value.")
        return _("In this study, the problem does not occur with these values.")
    shown = percent if metric_of(sweep.metric).is_accuracy else number
    count = len(sweep.tried) + 1
    which = _("This is the best of the {count} {kind} in this study: {scores}.")
    if count <= 2:
        which = _("This is the better of the {count} {kind} in this study: {scores}.")
    scores = _("the mean {metric} is {after}, compared with {before} here").format(
        metric=words(sweep.metric), after=shown(best.after), before=shown(best.before)
    )
    return which.format(count=count, kind=_("values") if single else _("combinations"), scores=scores)


def _none(choices: Sequence[Choice]) -> str:
    """Return the advice if all proposals were dropped."""
    names = settings_in_words([choice.original for choice in choices])
    return _("Change another setting: in this study, no other value of {names} gives a better result.").format(
        names=names
    )


def settings_in_words(proposals: Sequence[Proposal]) -> str:
    """Return the settings that proposals change: "the learning rate or the batch size"."""
    paths = dict.fromkeys(path for proposal in proposals for path in proposal.change)
    return alternatives([_("the {name}").format(name=_name(path)) for path in paths])
