"""Training by other programs as its report shows it: the runs of one setting, with their curves and their diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.analysis.diagnosis.outcome import VERDICTS, PartialDiagnosis, Verdict
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Finding, Severity
from reportgen.runs.record import RunRecord
from reportgen.runs.training_log import TrainingLog


@dataclass(frozen=True, eq=False)
class TrainingGroup:
    """The runs of one setting.

    Attributes
    ----------
    name : name of the group, unique in a report.
    id : the name in lower-case letters, digits and hyphens, unique in a report.
    runs : the curves of each run, at least one; those of records are made from their arrays.
    records : the complete records of these runs, empty for logs.
    """

    name: str
    id: str
    diagnosis: PartialDiagnosis
    runs: tuple[TrainingLog, ...]
    records: tuple[RunRecord, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, causes before their consequences."""
        return self.diagnosis.findings

    def roots(self, *severities: Severity) -> tuple[str, ...]:
        """Return the titles of the rules whose findings have one of these severities and are not consequences."""
        rules = {finding.rule for finding in self.findings}
        found = [f for f in self.findings if f.severity in severities and f.consequence_of not in rules]
        return tuple(dict.fromkeys(title_of(f.rule) for f in found))

    @property
    def problems(self) -> tuple[str, ...]:
        """The titles of warnings and errors without their consequences; without warnings and errors, of notes."""
        return self.roots("error", "warning") or self.roots("info")

    @property
    def verdict(self) -> Verdict:
        """The verdict of the diagnosis."""
        return self.diagnosis.verdict

    @property
    def rank(self) -> tuple[int, int, int]:
        """Sorts groups, the worst first: by verdict, then by the numbers of errors and of warnings."""
        severities = [finding.severity for finding in self.findings]
        return VERDICTS.index(self.verdict), -severities.count("error"), -severities.count("warning")


def title_of(rule: str) -> str:
    """Return the title of a rule, its id if it is unknown."""
    return RULES[rule].title if rule in RULES else rule


def worst_first(groups: Sequence[TrainingGroup]) -> tuple[TrainingGroup, ...]:
    """Return the groups by verdict, in their order otherwise."""
    return tuple(sorted(groups, key=lambda group: group.rank))
