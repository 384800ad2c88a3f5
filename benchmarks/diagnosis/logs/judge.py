"""Alarms of the forms on scores for the cases, from logs that are written and read back."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.diagnosis.alarms import OF_SWEEPS, Alarm
from benchmarks.diagnosis.build import Measured
from benchmarks.diagnosis.cases import Case
from benchmarks.diagnosis.logs.courses import course_of
from benchmarks.diagnosis.logs.writers import WRITERS, Writer
from reportgen.analysis.diagnosis.on_scores import diagnose_logs
from reportgen.analysis.finding import Finding
from reportgen.external.logs.collect import read_logs
from reportgen.external.logs.options import LogOptions
from reportgen.runs.record import RunRecord
from reportgen.runs.training_log import TrainingLog

CROSS_ENTROPY = "softmax_cross_entropy"

INVISIBLE: Mapping[str, str] = {
    "underfitting": "the final level of a loss needs the score of another model as a reference",
    "missing_nonlinearity": "the final level of a loss needs the score of another model as a reference",
    "bn_tiny_batch": "noise of the normalization looks like noise of the data",
    "idle_branch": "a branch that does nothing needs its activations",
    "update_ratio_high": "the size of updates needs the weights",
    "update_ratio_low": "the size of updates needs the weights",
}
"""Rules whose faults scores cannot show in principle, with the reason."""

Key = tuple[str, int]
Logs = Mapping[Key, TrainingLog]


@dataclass(frozen=True)
class LoggedCase:
    """A case with its logs by variant and seed, for each writer and with or without the number of classes.

    subject: id of the diagnosed variant. measured: the records behind the logs, None if there are none.
    """

    case: Case
    subject: str
    paths: Mapping[str, Mapping[Key, Path]]
    logs: Mapping[tuple[str, bool], Logs]
    measured: Measured | None = None

    @property
    def writers(self) -> tuple[str, ...]:
        """The names of the kinds of logs."""
        return tuple(self.paths)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the diagnosed variant."""
        if self.measured is not None:
            return tuple(sorted(seed for variant, seed in self.measured.records if variant == self.subject))
        return tuple(sorted({seed for logs in self.logs.values() for _, seed in logs}))


def logged(measured: Measured, folder: Path) -> LoggedCase:
    """Return a case with its logs, written into the folder and read back."""
    paths: dict[str, dict[Key, Path]] = {}
    logs: dict[tuple[str, bool], dict[Key, TrainingLog]] = {}
    for writer in WRITERS:
        paths[writer.name] = {}
        for key, record in sorted(measured.records.items()):
            path = _written(writer, record, folder / measured.case.name / writer.name / _safe(key))
            if path is None:
                continue
            paths[writer.name][key] = path
            for with_classes in (True, False):
                known = with_classes and record.spec.training.loss.name == CROSS_ENTROPY
                classes = int(record.facts["classes"]) if known else None
                logs.setdefault((writer.name, with_classes), {})[key] = read_log(path, classes, record.spec.seed)
    return LoggedCase(measured.case, measured.prepared.subject.id, paths, logs, measured)


def _safe(key: Key) -> str:
    return f"{re.sub('[^A-Za-z0-9.-]', '_', key[0])}-{key[1]}"


def _written(writer: Writer, record: RunRecord, folder: Path) -> Path | None:
    """Return the path of the log of a record, None for a record without an epoch."""
    return writer.write([course_of(record)], folder) if len(record.arrays.get("epoch_val_loss", ())) > 1 else None


def read_log(path: Path, classes: int | None, seed: int) -> TrainingLog:
    """Return the only run of a log, with its seed. classes: number of classes, None if the reader does not know it."""
    [[log]] = read_logs(path, LogOptions(classes=classes)).values()
    return dataclasses.replace(log, seed=seed)


def found(case: LoggedCase, writer: str, with_classes: bool, seeds: Sequence[int]) -> tuple[Finding, ...]:
    """Return the findings on the logs of these seeds of the diagnosed variant, with its siblings as references."""
    groups: dict[str, list[TrainingLog]] = {}
    for (variant, seed), log in sorted(case.logs.get((writer, with_classes), {}).items()):
        if seed in seeds:
            groups.setdefault(variant, []).append(log)
    return tuple(
        finding
        for diagnosis in diagnose_logs(groups)
        for finding in diagnosis.findings
        if finding.variant == case.subject or finding.rule in OF_SWEEPS
    )


def alarms(findings: Sequence[Finding]) -> tuple[Alarm, ...]:
    """Return the alarms among findings; each may stand for its rule and for the causes that it names."""
    return tuple(Alarm(f.rule, frozenset({f.rule, *(f.causes or ())})) for f in findings if f.severity != "info")


def is_visible(case: Case) -> bool:
    """Return whether scores can show the fault of a case in principle; True for healthy networks."""
    return not case.must or not case.must <= INVISIBLE.keys()
