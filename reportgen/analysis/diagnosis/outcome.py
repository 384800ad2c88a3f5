"""The outcome of a diagnosis of incomplete data: findings, rules that found nothing, and rules that could not judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reportgen.analysis.finding import Abstention, Finding

Verdict = Literal["error", "warning", "info", "not judged", "too little logged", "no finding"]

VERDICTS: tuple[Verdict, ...] = ("error", "warning", "info", "not judged", "too little logged", "no finding")
"""The verdicts, the worst first. Training that few rules or none could judge is not known to be healthy."""

SEVERITIES = VERDICTS[:3]

ENOUGH = 0.5
"""Least share of the rules that must have judged before training without a finding counts as free of findings."""

MissingKind = Literal["probes", "facts", "settings", "scores"]

MISSING_KINDS: Mapping[MissingKind, tuple[str, ...]] = {
    "probes": ("probe_", "unit_layer"),
    "facts": ("facts.",),
    "settings": ("network.", "training."),
    "scores": ("",),
}
"""Kinds of measurements that a record may lack, with the beginnings of their names; the first match applies."""


@dataclass(frozen=True)
class PartialDiagnosis:
    """Diagnosis of one variant of records or of one group of logs.

    Attributes
    ----------
    variant : name of the variant or of the group.
    findings : causes before their consequences.
    passed : rules that judged and found nothing.
    not_judged : names of the missing measurements by rule.
    abstained : rules that a log cannot show, or that need more values than it has, with the reason.
    by_scores : rules that judged a record by their form on scores alone, with the measurements that their form on
        complete records lacks.
    """

    variant: str
    findings: tuple[Finding, ...]
    passed: tuple[str, ...]
    not_judged: Mapping[str, tuple[str, ...]]
    abstained: Mapping[str, Abstention] = field(default_factory=dict)
    by_scores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def judged(self) -> int:
        """Number of rules that could judge."""
        return len(self.passed) + len({finding.rule for finding in self.findings})

    @property
    def unjudged(self) -> int:
        """Number of rules that could not judge."""
        return len(self.not_judged) + len(self.abstained)

    @property
    def verdict(self) -> Verdict:
        """The severity of the worst finding; without findings, whether enough rules could judge."""
        severities = {finding.severity for finding in self.findings}
        worst = next((verdict for verdict in SEVERITIES if verdict in severities), None)
        if worst is not None:
            return worst
        if not self.judged:
            return "not judged"
        few = self.judged < ENOUGH * (self.judged + self.unjudged)
        return "too little logged" if few else "no finding"


def missing_kind(name: str) -> MissingKind:
    """Return the kind of a missing measurement, such as "probes" for "probe_gradient_norm"."""
    return next(kind for kind, beginnings in MISSING_KINDS.items() if name.startswith(beginnings))
