"""Diagnosis of training that was recorded or logged by other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.analysis.diagnosis.on_scores import diagnose_logs
from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.analysis.diagnosis.partial import diagnose_partial
from reportgen.errors import ReportgenError, StudyError, UsageError
from reportgen.external.logs.binary import begins_with, refuse_other_binary
from reportgen.external.logs.collect import CollectedLogs, collect_logs
from reportgen.external.logs.options import LogOptions
from reportgen.external.logs.records import RECORD
from reportgen.external.reader import ExternalRecord, read_records, record_files
from reportgen.paths import RUNS
from reportgen.runs.record import RunRecord
from reportgen.runs.training_log import TrainingLog

NO_LOGS = CollectedLogs({})


@dataclass(frozen=True, eq=False)
class DiagnosedTraining:
    """The diagnosis of a file or folder.

    Attributes
    ----------
    path : the file or folder.
    records : complete or partial records, of the variants that `diagnoses` name.
    logs : logs of scores by name of the group, of runs with equal settings; also named in `diagnoses`.
    diagnoses : one for each variant and each group of logs.
    unreadable : errors of records and logs of the folder that could not be read.
    others : number of files of the folder that are no logs and no records.
    """

    path: Path
    records: Sequence[ExternalRecord]
    diagnoses: Sequence[PartialDiagnosis]
    logs: Mapping[str, Sequence[TrainingLog]] = field(default_factory=dict)
    unreadable: Sequence[ReportgenError] = ()
    others: int = 0

    @property
    def has_alarm(self) -> bool:
        """Whether there is a warning or an error."""
        return any(finding.severity != "info" for diagnosis in self.diagnoses for finding in diagnosis.findings)


def diagnose_path(path: Path, options: LogOptions = LogOptions()) -> DiagnosedTraining:  # noqa: B008
    """Return the records and logs in a file or folder, and the diagnosis of each variant and of each group of logs.

    Raises
    ------
    UsageError : the file or folder does not exist, or contains no record and no log; or the options do not apply.
    StudyError : a record is invalid, or no log can be read.
    """
    if not path.exists():
        raise UsageError("file-not-found", "no such file or folder", str(path), "a log, a record, or a folder of them")
    refuse_other_binary(path)
    files = _complete_records(path) if options.format is None else []
    damaged: list[StudyError] = []
    records = read_records(path, files, damaged) if files else []
    try:
        logs = _logs(path, options, files if records else ())
    except UsageError as error:
        if damaged and error.code == "no-records":
            raise damaged[0] from None
        raise
    if records and not logs.groups and options != LogOptions():
        raise UsageError("option-conflict", "options for logs do not apply to records", str(path), "omit them")
    variants: dict[str, list[RunRecord]] = {}
    unspecified: dict[str, tuple[str, ...]] = {}
    for record in records:
        variants.setdefault(record.variant, []).append(record.record)
        unspecified[record.variant] = (*unspecified.get(record.variant, ()), *record.unspecified)
    groups = {name if name not in variants else f"{name} (log)": runs for name, runs in logs.groups.items()}
    diagnoses = (*diagnose_partial(variants, unspecified=unspecified), *diagnose_logs(groups))
    unreadable = {str(error): error for error in (*damaged, *logs.unreadable)}
    return DiagnosedTraining(path, records, diagnoses, groups, tuple(unreadable.values()), logs.others)


def _complete_records(path: Path) -> list[Path]:
    """Return the archives of complete records; archives of scores are logs, and other files are no archives."""
    files = record_files(path)
    if path.is_file() and path.suffix != ".npz" and not begins_with(path, RECORD.magic):
        return []
    return [file for file in files if not RECORD.find(file)]


def _logs(path: Path, options: LogOptions, records: Sequence[Path]) -> CollectedLogs:
    """Return the logs; a record is no log, and the tables of a report are none either."""
    if records and (path.is_file() or (path / RUNS).is_dir()):
        return NO_LOGS
    try:
        return collect_logs(path, options, records)
    except (StudyError, UsageError) as error:
        if not records or (isinstance(error, UsageError) and error.code != "no-records"):
            raise
        return NO_LOGS if isinstance(error, UsageError) else CollectedLogs({}, (error,))
