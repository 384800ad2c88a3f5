"""The shape of a diagnosis: a rule, what it sees, and the finding it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Variant

Severity = Literal["info", "warning", "error"]
RemedyVerdict = Literal["helped", "no difference", "hurt", "too few seeds"]


@dataclass(frozen=True)
class Proposal:
    """A change of settings that could mend what was found: dotted paths to values, and why in a few words."""

    change: Mapping[str, Any]
    why: str


@dataclass(frozen=True)
class Guessing:
    """The score of guessing, and how many runs before and after a change count with it, since theirs was no better."""

    score: float
    before: int
    after: int


@dataclass(frozen=True)
class Remedy:
    """A proposal that was tested on the same seeds, with the paired difference of one metric.

    guessing: set where some runs count as guessing; see `diagnosis.remedies`.
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
    """All that a rule may look at: one variant's records, by ascending seed; never empty."""

    variant: Variant
    records: Sequence[RunRecord]
    siblings: Mapping[str, Sequence[RunRecord]] = field(default_factory=dict)  # other variants' ids to records


@dataclass(frozen=True)
class Finding:
    """A diagnosis that fired.

    seeds, layers (counted from 1), step: where it was seen; step None when it has no one step.
    evidence: the measured numbers and what they were compared with, by name.
    causes: ids of rules that explain this very finding, in place of its rule's; None for the rule's own.
    consequence_of: the rule at the root of what explains it, None for a root; see `diagnosis.causes`.
    metric: the score that a remedy of it has to better, None for the usual one; see `diagnosis.remedies`.
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
    remedy: Remedy | None = None
    causes: tuple[str, ...] | None = None
    consequence_of: str | None = None
    metric: str | None = None


@dataclass(frozen=True)
class Rule:
    """One row of the diagnoses; each lives in its own file, whose docstring is the user's documentation.

    causes: ids of rules that explain this one where both fire. yields_to: ids of rules whose fault looks like this one
    and is not; where one of them raises an alarm, this finding is dropped. See `reportgen.analysis.diagnosis.causes`.
    """

    kind: ClassVar[str] = "rule"
    id: str
    title: str
    check: Callable[[Evidence], Finding | None]
    sources: tuple[str, ...]
    stage: Literal["data", "initialization", "optimization", "generalization"]
    causes: tuple[str, ...] = ()
    yields_to: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The rule's id."""
        return self.id
