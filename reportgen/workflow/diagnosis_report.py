"""Writes the report of a diagnosis, and protects the reports and files of others.

Names from logs and records are foreign text: they are made printable here, before anything draws or writes them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.analysis.diagnosis.partial import PartialDiagnosis
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Abstention
from reportgen.analysis.training_groups import TrainingGroup, log_of_record
from reportgen.analysis.words.foreign import printable
from reportgen.report.publish.publisher import Published
from reportgen.report.training.inputs import TrainingReport
from reportgen.runs.provenance import versions
from reportgen.runs.training_log import TrainingLog
from reportgen.study.planning.variants import slug
from reportgen.workflow.diagnose import DiagnosedTraining
from reportgen.workflow.logged_files import files_of
from reportgen.workflow.ownership import refuse_other_diagnosis, relative_source
from reportgen.workflow.request import check_formats

UNNAMED = "training"
"""Name of the report of a path without letters and digits."""


def write_diagnosis_report(
    diagnosed: DiagnosedTraining,
    values: Mapping[str, Any],
    output: Path,
    formats: Collection[str],
    command: str,
) -> Published:
    """Write the report of a diagnosis into a folder of `output`, and return what was written.

    Parameters
    ----------
    values : the values of `diagnose --json`, which diagnosis.json contains.
    output : the report goes to `output`/<name of the file or folder>.
    formats : some of "html", "pdf", "json" and "kit".
    command : the command in the report that reproduces it.

    Raises
    ------
    UsageError : a format is unknown, or the folder contains something that the report must not replace.
    StoreError : a file cannot be written.
    """
    from reportgen.report.training.write import publish_training  # loads matplotlib

    check_formats(formats)
    folder = report_folder(diagnosed.path, output)

    def place(final: Path) -> Path:
        """Return the folder; another process may have written into it since the start."""
        refuse_other_diagnosis(diagnosed.path, final)
        return final

    place(folder)
    disk.make_writable(folder)
    return publish_training(training_report(diagnosed, values, folder, command), folder, formats, place)


def report_folder(path: Path, output: Path) -> Path:
    """Return the folder of the report of a file or folder: its name without ending, in lower-case letters."""
    resolved = path.resolve()
    name = resolved.stem if path.is_file() else resolved.name
    return output / (slug(name) if re.search("[A-Za-z0-9]", name) else UNNAMED)


def training_report(
    diagnosed: DiagnosedTraining, values: Mapping[str, Any], folder: Path, command: str
) -> TrainingReport:
    """Return the input of the report; folder: where the report will be."""
    provenance = {
        **versions(),
        "command": printable(command, None),
        "written": _now(),
        "source": relative_source(diagnosed.path, folder),
    }
    return TrainingReport(
        id=folder.name,
        name=printable(diagnosed.path.resolve().name),
        groups=groups_of(diagnosed),
        files=files_of(diagnosed),
        values=values,
        provenance=provenance,
        rules=len(RULES),
        unreadable=tuple(printable(str(error), None) for error in diagnosed.unreadable),
    )


def _now() -> str:
    """Return the time in UTC; SOURCE_DATE_EPOCH sets it for reproducible builds."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    time = datetime.now(UTC) if epoch is None else datetime.fromtimestamp(int(epoch), UTC)
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def groups_of(diagnosed: DiagnosedTraining) -> tuple[TrainingGroup, ...]:
    """Return the variants of records and the groups of logs, with printable names that differ."""
    groups: list[TrainingGroup] = []
    taken: set[str] = set()
    for diagnosis in diagnosed.diagnoses:
        name = _unique(printable(diagnosis.variant), taken, " ")
        id_ = _unique(slug(name), taken, "-")
        records = tuple(external for external in diagnosed.records if external.variant == diagnosis.variant)
        runs = [log_of_record(each.record, each.path, f"seed {each.record.spec.seed}") for each in records]
        runs += [] if records else [_printable_log(log) for log in diagnosed.logs[diagnosis.variant]]
        own = _printable_diagnosis(diagnosis, name)
        groups.append(TrainingGroup(name, id_, own, tuple(runs), tuple(each.record for each in records)))
    return tuple(groups)


def _unique(wanted: str, taken: set[str], gap: str) -> str:
    """Return a name that is not taken, and take it; also different in lower case, since file names may be equal."""
    number, name = 1, wanted
    while f"{gap}{name.lower()}" in taken:
        number += 1
        name = f"{wanted}{gap}{number}"
    taken.add(f"{gap}{name.lower()}")
    return name


def _printable_log(log: TrainingLog) -> TrainingLog:
    return replace(
        log,
        name=printable(log.name),
        curves=tuple(replace(curve, column=printable(curve.column)) for curve in log.curves),
        layers={printable(layer): {printable(k): v for k, v in own.items()} for layer, own in log.layers.items()},
        settings={printable(str(name)): printable(str(value)) for name, value in log.settings.items()},
        ignored={printable(name): printable(reason, None) for name, reason in log.ignored.items()},
        notes=tuple(replace(note, text=printable(note.text, None)) for note in log.notes),
    )


def _printable_diagnosis(diagnosis: PartialDiagnosis, name: str) -> PartialDiagnosis:
    """Return a diagnosis whose texts, which may quote names of columns, are printable."""
    findings = tuple(
        replace(f, variant=name, message=printable(f.message, None), advice=printable(f.advice, None))
        for f in diagnosis.findings
    )
    abstained = {
        rule: Abstention(printable(one.reason, None), printable(one.remedy, None))
        for rule, one in diagnosis.abstained.items()
    }
    return replace(diagnosis, variant=name, findings=findings, abstained=abstained)
