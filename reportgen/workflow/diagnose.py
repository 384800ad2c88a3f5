"""Diagnosis of training that was recorded or logged by other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.analysis.diagnosis.partial import PartialDiagnosis, diagnose_partial
from reportgen.external.reader import ExternalRecord, read_records
from reportgen.runs.record import RunRecord
from reportgen.runs.training_log import TrainingLog


@dataclass(frozen=True, eq=False)
class DiagnosedTraining:
    """The diagnosis of a file or folder.

    Attributes
    ----------
    path : the file or folder.
    records : complete or partial records, of the variants that `diagnoses` name.
    logs : logs of scores by name of the group, of runs with equal settings; also named in `diagnoses`.
    diagnoses : one for each variant and each group of logs.
    """

    path: Path
    records: Sequence[ExternalRecord]
    diagnoses: Sequence[PartialDiagnosis]
    logs: Mapping[str, Sequence[TrainingLog]] = field(default_factory=dict)

    @property
    def has_alarm(self) -> bool:
        """Whether there is a warning or an error."""
        return any(finding.severity != "info" for diagnosis in self.diagnoses for finding in diagnosis.findings)


def diagnose_path(path: Path) -> DiagnosedTraining:
    """Return the records in a file or folder, and the diagnosis of each variant.

    Raises
    ------
    UsageError : the file or folder does not exist, or contains no record.
    StudyError : a record cannot be read or is invalid.
    """
    records = read_records(path)
    variants: dict[str, list[RunRecord]] = {}
    unspecified: dict[str, tuple[str, ...]] = {}
    for record in records:
        variants.setdefault(record.variant, []).append(record.record)
        unspecified[record.variant] = (*unspecified.get(record.variant, ()), *record.unspecified)
    return DiagnosedTraining(path, records, diagnose_partial(variants, unspecified=unspecified))
