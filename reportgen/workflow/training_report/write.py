"""Writes the report of a diagnosis, and protects the reports and files of others."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.words.foreign import printable
from reportgen.report.publish.publisher import Published
from reportgen.report.training.inputs import TrainingReport
from reportgen.runs.provenance import versions
from reportgen.study.planning.variants import slug
from reportgen.workflow.diagnose import DiagnosedTraining
from reportgen.workflow.ownership import refuse_other_diagnosis, relative_source
from reportgen.workflow.request import DEFAULT_FORMATS, check_formats
from reportgen.workflow.training_report.files import files_of
from reportgen.workflow.training_report.groups import groups_of

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

    check_formats(formats, DEFAULT_FORMATS)
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
        language=diagnosed.language,
        unreadable=tuple(printable(str(error), None) for error in diagnosed.unreadable),
    )


def _now() -> str:
    """Return the time in UTC; SOURCE_DATE_EPOCH sets it for reproducible builds."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    time = datetime.now(UTC) if epoch is None else datetime.fromtimestamp(int(epoch), UTC)
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
