"""Read finished reports of diagnoses from their folders, for the index of a site."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from reportgen import disk
from reportgen.analysis.diagnosis.outcome import VERDICTS, Verdict
from reportgen.errors import ResultsError
from reportgen.languages.translate import ENGLISH, N_
from reportgen.paths import DIAGNOSIS, DIAGNOSIS_FORMAT, PAGE
from reportgen.report.publish.manifest import checksums
from reportgen.report.publish.replacement import refuse_unfinished
from reportgen.report.site.finished import (
    Finished,
    FinishedFigure,
    Language,
    Name,
    opening_of,
    refuse_changed,
)
from reportgen.report.training.results import VERSION

QUESTION = N_("Diagnosis of training by another program.")
AGAIN = "write the report again with reportgen diagnose"


class _Part(BaseModel):
    """A part of diagnosis.json; unknown keys are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Group(_Part):
    verdict: Verdict
    runs: list[str]


class _Diagnosis(_Part):
    format: Literal["reportgen-diagnosis"]
    version: Literal[1]
    id: Name
    title: str
    groups: list[_Group]
    figures: list[FinishedFigure] = []
    unreadable: list[Any] = []
    lang: Language = ENGLISH


def read_diagnosis(folder: Path) -> Finished:
    """Return the report of a diagnosis in a folder.

    Raises ResultsError if diagnosis.json is invalid or any file of the report has changed.
    """
    path = folder / DIAGNOSIS
    refuse_unfinished(folder)
    digests = checksums(folder, [DIAGNOSIS])
    found = _checked(disk.read_json(path), path)
    refuse_changed(folder, AGAIN)
    counts = Counter(group.verdict for group in found.groups)
    return Finished(
        folder=folder,
        id=found.id,
        title=N_("Diagnosis of {name}").format(name=found.title),
        question=QUESTION,
        watermark=None,
        claims=(),
        seeds=0,
        statuses={"ok": sum(len(group.runs) for group in found.groups)},
        train_seconds=0.0,
        figure=opening_of(found.figures, folder),
        pages=tuple(name for name in (PAGE, f"{found.id}.pdf") if disk.is_own_file(folder / name)),
        lang=found.lang,
        verdicts={verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]},
        unread=len(found.unreadable),
        digests=digests,
    )


def _checked(values: dict[str, Any], path: Path) -> _Diagnosis:
    if values.get("format") == DIAGNOSIS_FORMAT and values.get("version") != VERSION:
        message = f"the results have version {str(values.get('version'))[:20]}; this reportgen reads version {VERSION}"
        raise ResultsError("results-version", message, where=str(path), hint=AGAIN)
    try:
        return _Diagnosis.model_validate(values)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
        message = f"not the results of a diagnosis ({place})"
        raise ResultsError("invalid-results", message, where=str(path), hint=AGAIN) from error
