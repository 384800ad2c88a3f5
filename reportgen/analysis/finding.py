"""Data classes of the diagnosis: rules, their evidence and their findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

from reportgen.runs.record import RunRecord
from reportgen.runs.training_log import TrainingLog
from reportgen.study.planning.plan import Variant

Severity = Literal["info", "warning", "error"]
RemedyVerdict = Literal["helped", "too few seeds", "no difference", "hurt"]
REMEDY_VERDICTS: tuple[RemedyVerdict, ...] = get_args(RemedyVerdict)
"""All verdicts, the best first."""


@dataclass(frozen=True)
class Proposal:
    """A proposed change of settings: values by dotted path, and the reason in a few words."""

    change: Mapping[str, Any]
    why: str


@dataclass(frozen=True)
class Guessing:
    """The score of guessing, and the number of runs before and after a change that count as guessing."""

    score: float
    before: int
    after: int


@dataclass(frozen=True)
class Remedy:
    """A proposal tested on the same seeds, with the paired difference of one metric.

    guessing: set if some runs count as guessing; see `diagnosis.remedies`.
    """

    change: Mapping[str, Any]
    metric: str
    before: float
    after: float
    difference: float
    interval: tuple[float, float]
    verdict: RemedyVerdict
    guessing: Guessing | None = None


@dataclass(frozen=True)
class Evidence:
    """The input of a rule: the records of one variant by ascending seed (at least one), and its siblings."""

    variant: Variant
    records: Sequence[RunRecord]
    siblings: Mapping[str, Sequence[RunRecord]] = field(default_factory=dict)  # records by id of the other variants

    @property
    def subject(self) -> str:
        """Id of the diagnosed variant."""
        return self.variant.id


@dataclass(frozen=True)
class ScoreEvidence:
    """The input of a rule's form on scores: the logs of runs of one setting (at least one), and those of the others."""

    subject: str
    logs: Sequence[TrainingLog]
    siblings: Mapping[str, Sequence[TrainingLog]] = field(default_factory=dict)


@dataclass(frozen=True)
class Abstention:
    """Why a rule cannot be judged on a log.

    reason : clause that completes "cannot be judged, because", with the numbers.
    remedy : what to log to have the rule judged, as an imperative clause.
    """

    reason: str
    remedy: str


@dataclass(frozen=True)
class Finding:
    """A diagnosis that fired.

    seeds, layers (counted from 1), step: where the symptom occurs; step is None if no single step applies.
    evidence: the measured numbers and their limits, by name.
    causes: ids of rules that may explain this finding, instead of the causes of its rule; None for the rule's.
    consequence_of: the root cause, None for a root; see `diagnosis.causes`.
    metric: the score that a remedy should improve, None for the default; see `diagnosis.remedies`.
    remedies: every proposal that was tested, in this order.
    """

    rule: str
    severity: Severity
    variant: str
    seeds: tuple[int, ...]
    layers: tuple[int, ...]
    step: int | None
    evidence: Mapping[str, Any]
    message: str
    advice: str
    sources: tuple[str, ...]
    proposals: tuple[Proposal, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    causes: tuple[str, ...] | None = None
    consequence_of: str | None = None
    metric: str | None = None

    @property
    def remedy(self) -> Remedy | None:
        """The first tested remedy with the best verdict, None if none was tested."""
        return min(self.remedies, key=lambda remedy: REMEDY_VERDICTS.index(remedy.verdict), default=None)


@dataclass(frozen=True)
class ScoreForm:
    """The form of a rule that judges scores alone.

    check : returns a finding, an abstention if the log does not hold enough to judge, or None if nothing was found.
    needs : what the form needs, in words for the table of requirements, such as "validation loss, 8 epochs".
    """

    check: Callable[[ScoreEvidence], Finding | Abstention | None]
    needs: str


@dataclass(frozen=True)
class Rule:
    """A rule. Each rule has its own module, whose docstring is its user documentation.

    check: the form on complete records; None for a rule that only logs can show. on_scores: the form on scores alone,
    None if scores cannot show the fault honestly.
    causes: ids of rules that explain this one if both fire. yields_to: ids of rules whose fault may be mistaken for
    this one; if one of them raises an alarm, this finding is dropped. See `reportgen.analysis.diagnosis.causes`.
    kinds: settings of the kinds of layers that the rule tests. If a record from outside does not state whether its
        network has such layers, the rule cannot be tested.
    one_task: whether the rule compares scores over training or with facts about the data, which mean nothing for a
    network that learns several tasks one after another. It is not applied to such networks.
    """

    kind: ClassVar[str] = "rule"
    id: str
    title: str
    check: Callable[[Evidence], Finding | None] | None
    sources: tuple[str, ...]
    stage: Literal["code", "data", "initialization", "optimization", "generalization"]
    causes: tuple[str, ...] = ()
    yields_to: tuple[str, ...] = ()
    on_scores: ScoreForm | None = None
    kinds: tuple[str, ...] = ()
    one_task: bool = False

    @property
    def name(self) -> str:
        """The rule's id."""
        return self.id

    def finding(
        self,
        diagnosed: Evidence | ScoreEvidence,
        *,
        severity: Severity,
        seeds: tuple[int, ...],
        layers: tuple[int, ...] = (),
        step: int | None,
        evidence: Mapping[str, Any],
        message: str,
        advice: str,
        proposals: tuple[Proposal, ...] = (),
        causes: tuple[str, ...] | None = None,
        metric: str | None = None,
    ) -> Finding:
        """Return a finding of this rule for the diagnosed variant, with the attributes of `Finding`."""
        return Finding(
            self.id, severity, diagnosed.subject, seeds, layers, step, evidence, message, advice, self.sources,
            proposals, causes=causes, metric=metric,
        )  # fmt: skip
