"""Diagnosis of training that was recorded or logged by other programs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from reportgen.analysis.diagnosis.bilingual import diagnoses_in_both
from reportgen.analysis.diagnosis.on_scores import diagnose_logs
from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.analysis.diagnosis.partial import diagnose_partial
from reportgen.errors import ReportgenError, StudyError, UsageError
from reportgen.external.logs.binary import begins_with, refuse_other_binary
from reportgen.external.logs.collect import CollectedLogs, collect_logs
from reportgen.external.logs.grouping import grouped, named
from reportgen.external.logs.options import LogOptions
from reportgen.external.logs.records import RECORD
from reportgen.external.reader import ExternalRecord, read_records, record_files
from reportgen.external.settings import settings_file
from reportgen.external.stored import incomplete_runs
from reportgen.languages.translate import ENGLISH
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
    language : language of the report; the texts of the diagnoses are in English and in this language.
    """

    path: Path
    records: Sequence[ExternalRecord]
    diagnoses: Sequence[PartialDiagnosis]
    logs: Mapping[str, Sequence[TrainingLog]] = field(default_factory=dict)
    unreadable: Sequence[ReportgenError] = ()
    others: int = 0
    language: str = ENGLISH

    @property
    def has_alarm(self) -> bool:
        """Whether there is a warning or an error."""
        return any(finding.severity != "info" for diagnosis in self.diagnoses for finding in diagnosis.findings)


@np.errstate(over="ignore", invalid="ignore")  # losses near the largest number have infinite means and variances
def diagnose_path(
    path: Path,
    options: LogOptions = LogOptions(),  # noqa: B008
    language: str = ENGLISH,
) -> DiagnosedTraining:
    """Return the records and logs in a file or folder, and the diagnosis of each variant and of each group of logs.

    language: of the report.

    Raises
    ------
    UsageError : the file or folder does not exist, or contains no record and no log; or the options do not apply.
    StudyError : a record is invalid, or no log can be read.
    """
    return _diagnosed(path, _read(path, options), language)


@np.errstate(over="ignore", invalid="ignore")
def diagnose_paths(
    paths: Sequence[Path],
    options: LogOptions = LogOptions(),  # noqa: B008
    language: str = ENGLISH,
) -> DiagnosedTraining:
    """Return the diagnosis of several files and folders, as of a folder with all of them; at least one.

    Their logs are groups of their own unless they state equal settings, or `options.together` joins them.

    Raises
    ------
    UsageError : a path does not exist or has no log, or several have records of one variant.
    StudyError : no path can be read.
    """
    paths = list(dict.fromkeys(paths))
    if len(paths) == 1:
        return diagnose_path(paths[0], options, language)
    read, errors = list[_Read](), list[StudyError]()
    for path in paths:
        try:
            read.append(_read(path, replace(options, together=False)))
        except StudyError as error:
            errors.append(error)
    if not read:
        raise errors[0]
    folder = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    variants = [variant for part in read for variant in {record.variant for record in part.records}]
    if len(set(variants)) < len(variants):
        hint = "one folder with all records"
        raise UsageError("option-conflict", "several paths have records of one variant", str(paths[0]), hint)
    logs = [log for part in read for group in part.logs.groups.values() for log in group]
    groups = grouped(named(logs, folder), options.together)
    unreadable = (*errors, *(error for part in read for error in part.logs.unreadable))
    others = sum(part.logs.others for part in read)
    records = [record for part in read for record in part.records]
    return _diagnosed(folder, _Read(records, CollectedLogs(groups, unreadable, others)), language)


@dataclass(frozen=True, eq=False)
class _Read:
    """The records and logs of a path, with the errors of both."""

    records: Sequence[ExternalRecord]
    logs: CollectedLogs


def _read(path: Path, options: LogOptions) -> _Read:
    """Return what a path holds; raises StudyError or UsageError if that is nothing."""
    if not path.exists():
        raise UsageError("file-not-found", "no such file or folder", str(path), "a log, a record, or a folder of them")
    refuse_other_binary(path)
    files = _complete_records(path) if options.format is None else []
    damaged = incomplete_runs(path) if options.format is None else []
    records = read_records(path, files, damaged) if files else []
    logs = _logs(path, options, [*files, *map(settings_file, files)])
    if damaged and not records and not logs.groups:
        raise damaged[0]
    if records and not logs.groups and options != LogOptions():
        raise UsageError("option-conflict", "options for logs do not apply to records", str(path), "omit them")
    unreadable = {str(error): error for error in (*damaged, *logs.unreadable)}
    return _Read(records, CollectedLogs(logs.groups, tuple(unreadable.values()), logs.others))


def _diagnosed(path: Path, read: _Read, language: str) -> DiagnosedTraining:
    records, logs = read.records, read.logs
    variants: dict[str, list[RunRecord]] = {}
    unspecified: dict[str, tuple[str, ...]] = {}
    for record in records:
        variants.setdefault(record.variant, []).append(record.record)
        unspecified[record.variant] = (*unspecified.get(record.variant, ()), *record.unspecified)
    groups = {name if name not in variants else f"{name} (log)": runs for name, runs in logs.groups.items()}
    diagnoses = diagnoses_in_both(
        language, lambda: (*diagnose_partial(variants, unspecified=unspecified), *diagnose_logs(groups))
    )
    return DiagnosedTraining(path, records, diagnoses, groups, logs.unreadable, logs.others, language)


def _complete_records(path: Path) -> list[Path]:
    """Return the archives of complete records; archives of scores are logs, and other files are no archives."""
    files = record_files(path)
    if path.is_file() and path.suffix != ".npz" and not begins_with(path, RECORD.magic):
        return []
    return [file for file in files if not RECORD.find(file)]


def _logs(path: Path, options: LogOptions, records: Sequence[Path]) -> CollectedLogs:
    """Return the logs; a record and its settings are no logs, and the tables of a report are none either."""
    if records and (path.is_file() or (path / RUNS).is_dir()):
        return NO_LOGS
    try:
        return collect_logs(path, options, records)
    except (StudyError, UsageError) as error:
        if not records or (isinstance(error, UsageError) and error.code != "no-records"):
            raise
        return NO_LOGS if isinstance(error, UsageError) else CollectedLogs({}, (error,))
