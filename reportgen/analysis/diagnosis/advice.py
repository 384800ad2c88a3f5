"""Advice that agrees with the study's own runs: every finding passes here before it is reported.

A rule looks at one variant and proposes changes of settings. The study may have tried these settings already, in
variants that differ from the diagnosed one in nothing else: its siblings. They are scored as a remedy is (see
`diagnosis.remedies`), paired by seed. The *best* sibling is the one with the highest mean score among those
that are better than the diagnosed variant and did not diverge with any seed.

- A proposal that equals the best sibling stays, and the advice says that it is the best of the study.
- A proposal that equals any other sibling is replaced by the best sibling, and dropped if there is none.
- The same holds for a proposal that no variant tried and that lies beyond a bad sibling: one with a learning rate that
  is as low or lower and diverged, or one with a number between those of the diagnosed variant and of the proposal and
  a lower score than the diagnosed variant.
- Any other proposal that no variant tried is replaced by the best sibling if the finding's rule raises no alarm there.
  It stays otherwise, since the study contains no cure.

If nothing is trained, the score is whether the finding is seen, and many siblings have the same score. A proposal that
no variant tried then stays, and the best sibling is one in which no rule raises an alarm that it does not raise in the
diagnosed variant; a proposal that equals such a sibling takes precedence.

If a proposal was replaced or dropped, the text of the advice is written from the proposals that are left.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.symptoms import number, percent
from reportgen.analysis.diagnosis.remedies import FINDING_SEEN, scorer
from reportgen.analysis.diagnosis.sweeps import (
    Sibling,
    Values,
    differences,
    read_change,
    settings_of,
    siblings_along,
    written,
)
from reportgen.analysis.finding import Evidence, Finding, Proposal
from reportgen.analysis.words.names import sentence, setting, setting_name, words
from reportgen.engine.spec import DropoutSpec

Alarms = Callable[[str], Collection[str]]
"""From the id of a variant to the ids of the rules that raise an alarm there."""

LEARNING_RATE = "training.lr"
NAMES = {
    "network.batchnorm": "batch normalization",
    "network.init": "initialization",
    "network.output_init": "initialization of the output layer",
    "preprocess": "preprocessing",
    "training.batch_size": "batch size",
    "training.clip_norm": "limit of the gradient's norm",
    "training.epochs": "number of epochs",
}
"""Settings in words, where the names that axes have do not suit a sentence."""


@dataclass(frozen=True)
class Tried:
    """A sibling and by how much its mean score is above that of the diagnosed variant, over the seeds that both have.

    before, after: the metric's means of the diagnosed variant and of the sibling.
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
    """All siblings along the settings of one proposal, and the metric that scores them."""

    metric: str
    tried: Sequence[Tried]


@dataclass(frozen=True)
class Choice:
    """What becomes of a proposal.

    proposal: the same one, another one in its place, or None if it is dropped. settings: what it changes, in a form
    that can be compared. praise: a sentence on a proposal that is the best sibling, empty for others.
    """

    given: Proposal
    proposal: Proposal | None
    settings: Values | None = None
    praise: str = ""


def consistent(finding: Finding, evidence: Evidence, alarms: Alarms) -> Finding:
    """Return the finding with proposals and advice that agree with the runs of the variant's siblings."""
    choices = [_choose(finding, evidence, proposal, alarms) for proposal in finding.proposals]
    left = _unequal([choice for choice in choices if choice.proposal is not None])
    if any(choice.proposal is not choice.given for choice in choices):
        starts = ("", *["otherwise, "] * len(left))
        advice = " ".join(map(_advice, left, starts)) if left else _none(choices)
    elif left and left[0].praise:
        advice = f"{finding.advice} {left[0].praise}"
    else:
        return finding
    proposals = tuple(choice.proposal for choice in left if choice.proposal is not None)
    return dataclasses.replace(finding, proposals=proposals, advice=advice)


def _unequal(choices: Sequence[Choice]) -> list[Choice]:
    """Return the choices without those that propose the same change as an earlier one."""
    known = [choice.settings for choice in choices]
    return [choice for at, choice in enumerate(choices) if not choice.settings or known[at] not in known[:at]]


def _choose(finding: Finding, evidence: Evidence, proposal: Proposal, alarms: Alarms) -> Choice:
    spec = evidence.records[0].spec
    wanted = read_change(spec, proposal.change)
    sweep = _sweep(finding, evidence, siblings_along(evidence, wanted)) if wanted else None
    if not wanted or sweep is None:
        return Choice(proposal, proposal, wanted)
    same = next((one for one in sweep.tried if not differences(wanted, one.sibling.changed)), None)
    best = _best(sweep, same, evidence, alarms)
    if best is not None and best is same:
        return Choice(proposal, proposal, wanted, _praise(best, sweep))
    if same is None:
        refuted = _is_beyond(settings_of(evidence.records[0]), wanted, sweep)
    else:
        refuted = best is not None or not same.better
    cured = best is not None and sweep.metric != FINDING_SEEN and finding.rule not in alarms(best.sibling.id)
    if best is not None and (refuted or cured):
        better = Proposal(written(spec, best.sibling.changed), "")
        return Choice(proposal, better, best.sibling.changed, _praise(best, sweep))
    return Choice(proposal, None if refuted else proposal, wanted)


def _sweep(finding: Finding, evidence: Evidence, siblings: Sequence[Sibling]) -> Sweep | None:
    """Return the siblings with their scores, None if there are none."""
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
            tried.append(Tried(sibling, gain, before, after))
    return Sweep(metric, tried) if tried else None


def _best(sweep: Sweep, same: Tried | None, evidence: Evidence, alarms: Alarms) -> Tried | None:
    better = [one for one in sweep.tried if one.better]
    if sweep.metric == FINDING_SEEN:
        known = set(alarms(evidence.variant.id))
        better = [one for one in better if set(alarms(one.sibling.id)) <= known]
    return max(better, key=lambda one: (one.gain, one is same), default=None)


def _is_beyond(own: Values, wanted: Values, sweep: Sweep) -> bool:
    """Return whether a sibling with a single number speaks against a proposal that no variant tried."""
    if len(wanted) > 1:
        return False
    ((path, value),) = wanted.items()
    start, end = _number(path, own.get(path)), _number(path, value)
    if start is None or end is None:
        return False
    for one in sweep.tried:
        tried = _number(path, one.sibling.changed[path])
        if tried is None:
            continue
        if one.gain < 0 and (start < tried <= end or start > tried >= end):
            return True
        if path == LEARNING_RATE and one.sibling.diverged and tried <= end:
            return True
    return False


def _number(path: str, value: Any) -> float | None:
    """Return a setting as a number without rounding errors, None if it is not a number.

    No dropout has the rate 0, and a full batch is larger than all others.
    """
    if path == "network.dropout":
        return 0.0 if value is None else value.rate if isinstance(value, DropoutSpec) else None
    if path == "training.batch_size" and value == 0:
        return math.inf
    return float(f"{value:.9g}") if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _advice(choice: Choice, start: str) -> str:
    """Return a proposal in words, with the reason for it and what the study says of it."""
    assert choice.proposal is not None
    said = " and ".join(_change(path, value) for path, value in choice.proposal.change.items())
    reason = f": {choice.proposal.why}" if choice.proposal.why else ""
    return sentence(f"{start}{said}{reason}. {choice.praise}".rstrip())


def _change(path: str, value: Any) -> str:
    name = NAMES.get(path) or setting_name(path)
    if isinstance(value, bool):
        return f"turn {'on' if value else 'off'} {name}"
    return f"set the {name} to {setting(value)}"


def _praise(best: Tried, sweep: Sweep) -> str:
    """Return what the study says of its best sibling."""
    single = len(best.sibling.changed) == 1
    if sweep.metric == FINDING_SEEN:
        return f"In this study, the problem does not occur with {'this value' if single else 'these values'}."
    shown = percent if sweep.metric.endswith("accuracy") else number
    count, kind = len(sweep.tried) + 1, "values" if single else "combinations"
    return (
        f"This is the {'best' if count > 2 else 'better'} of the {count} {kind} in this study: the mean "
        f"{words(sweep.metric)} is {shown(best.after)}, compared with {shown(best.before)} here."
    )


def _none(choices: Sequence[Choice]) -> str:
    """Return the advice if all proposals were dropped: what the study has tried without success."""
    paths = dict.fromkeys(path for choice in choices for path in choice.given.change)
    names = " or ".join(f"the {NAMES.get(path) or setting_name(path)}" for path in paths)
    return f"Change another setting: in this study, no other value of {names} gives a better result."
