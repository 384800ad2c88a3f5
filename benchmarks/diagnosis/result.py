"""Run of the benchmark: cases are trained, verified, and diagnosed by every rule set."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.diagnosis.alarms import Alarm, findings, own_alarms
from benchmarks.diagnosis.build import Measured, measure, prepare, train_all, write_files
from benchmarks.diagnosis.cases import Case
from benchmarks.diagnosis.halves import SCORING, TUNING, halves
from benchmarks.diagnosis.published import PUBLISHED
from benchmarks.diagnosis.verify import Check, verify

OWN = "reportgen"
TITLES = {OWN: "reportgen", **{rule_set.name: rule_set.title for rule_set in PUBLISHED}}
"""Titles of the rule sets by name, ours first."""

HALVES = {TUNING: (TUNING,), SCORING: (SCORING,), "both": (TUNING, SCORING)}


@dataclass(frozen=True)
class Result:
    """Result of the benchmark.

    checks: checks by case. alarms: alarms by rule set and case. measured: records by case. trained: number of trained
    runs. diagnose_seconds: processor time for diagnosing all runs; see `benchmarks.diagnosis.cost`.
    """

    cases: tuple[Case, ...]
    half_of: Mapping[str, str]
    checks: Mapping[str, Sequence[Check]]
    alarms: Mapping[str, Mapping[str, Sequence[Alarm]]]
    measured: Mapping[str, Measured]
    trained: int
    diagnose_seconds: float
    date: str

    @property
    def invalid(self) -> tuple[str, ...]:
        """Names of the cases with a failed check; they are not scored."""
        return tuple(name for name, checks in self.checks.items() if not all(check.holds for check in checks))

    def valid(self, half: str) -> tuple[Case, ...]:
        """Return the valid cases of a half, or of both."""
        return tuple(c for c in self.cases if self.half_of[c.name] in HALVES[half] and c.name not in self.invalid)


def run(
    cases: Sequence[Case],
    folder: Path,
    *,
    half_of: Mapping[str, str] | None = None,
    workers: int = 1,
    rule_sets: Sequence[str] = tuple(TITLES),
    say: Callable[[str], None] = lambda text: None,
) -> Result:
    """Train missing runs, verify and diagnose the cases; records in the folder are reused by later calls."""
    folder.mkdir(parents=True, exist_ok=True)
    write_files(folder)
    prepared = [prepare(case, folder) for case in cases]
    say(f"{len(prepared)} cases, {sum(len(p.plan.runs) + len(p.twin) for p in prepared)} runs")
    trained = train_all(prepared, folder, workers)
    say(f"{trained} runs trained, the others were stored")
    measured = {p.case.name: measure(p, folder) for p in prepared}
    started = time.process_time()
    ours = {name: own_alarms(findings(case)) for name, case in measured.items()}
    seconds = time.process_time() - started
    alarms: dict[str, Mapping[str, Sequence[Alarm]]] = {OWN: ours}
    for rule_set in PUBLISHED:
        alarms[rule_set.name] = {name: rule_set.alarms(case) for name, case in measured.items()}
    return Result(
        cases=tuple(cases),
        half_of=half_of or halves(cases),
        checks={name: verify(case) for name, case in measured.items()},
        alarms={name: alarms[name] for name in rule_sets},
        measured=measured,
        trained=trained,
        diagnose_seconds=seconds,
        date=datetime.now(UTC).date().isoformat(),
    )
