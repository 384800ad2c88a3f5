"""Ownership of report folders: a study or a diagnosis may replace its own report, but nothing else."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reportgen.disk import read_json
from reportgen.errors import UsageError
from reportgen.paths import DIAGNOSIS, DIAGNOSIS_FORMAT, MANIFEST, PAGE, RESULTS
from reportgen.shipped import shipped_studies
from reportgen.study.loading.loader import in_report
from reportgen.study.model.study import Study

SHIPPED = "shipped:"


def source_of(file: Path, folder: Path) -> str | None:
    """Return the source of a study for the report in a folder: "shipped:<name>", or the file's path relative to it.

    For the study file inside a report, this is the source in that report, or None if unknown.
    """
    if _is_inside(file, folder):
        return _written_source(_provenance(read_json(folder / RESULTS)))
    shipped = shipped_studies().get(file.stem)
    if shipped is not None and shipped.resolve() == file.resolve():
        return f"{SHIPPED}{file.stem}"
    return relative_source(file, folder)


def relative_source(path: Path, folder: Path) -> str:
    """Return the path of a file or folder relative to the folder of its report."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive on Windows
        return path.resolve().as_posix()


def refuse_other_diagnosis(path: Path, folder: Path) -> None:
    """Raise UsageError if the report of a diagnosis must not go into a folder.

    The folder may contain the former report of the same file or folder, and files that do not have the names of files
    of the report. It must not be the diagnosed folder itself.
    """
    if path.resolve() == folder.resolve():
        message = "the report would go into the diagnosed folder"
        raise UsageError("output-conflict", message, where=str(folder), hint="choose another folder with -o")
    if read_json(folder / RESULTS).get("study"):
        raise _taken(folder, "a study")
    _refuse_diagnosis(folder, relative_source(path, folder))
    if (folder / DIAGNOSIS).is_file() and (folder / MANIFEST).is_file():
        return
    for name in (DIAGNOSIS, PAGE, f"{folder.name}.pdf", "tables", "figures", "embed"):
        if (folder / name).exists():
            message, hint = "the report would replace something that is not a report", "choose another folder with -o"
            raise UsageError("path-occupied", message, where=str(folder / name), hint=hint)


def _refuse_diagnosis(folder: Path, source: str | None) -> None:
    """Raise UsageError if the folder contains the report of a diagnosis of another source."""
    former = read_json(folder / DIAGNOSIS)
    if former.get("format") == DIAGNOSIS_FORMAT and _provenance(former).get("source") != source:
        raise _taken(folder, f"a diagnosis of {former.get('title')!r}")


def _taken(folder: Path, whose: str) -> UsageError:
    message = f"the folder already contains the report of {whose}"
    hint = "choose another folder with -o, or remove this one"
    return UsageError("report-of-another-study", message, where=str(folder), hint=hint)


def refuse_other_study(study: Study, file: Path, folder: Path) -> None:
    """Raise UsageError if the folder contains the report of another study."""
    _refuse_diagnosis(folder, None)
    results = read_json(folder / RESULTS)
    former_study = results.get("study")
    if not isinstance(former_study, dict) or _is_inside(file, folder):
        return
    if former_study.get("sha256") == study.sha256:
        return
    former, new = _former_source(_provenance(results)), source_of(file, folder)
    if former is None or former == new:
        return
    if former.startswith(SHIPPED) or (folder / former).is_file() or former_study.get("title") != study.title:
        message = f"the folder already contains the report of another study, {_describe(former, folder)}"
        hint = f"choose another folder for {_describe(new or '', folder)} with -o, or remove this one"
        raise UsageError("report-of-another-study", message, where=str(folder), hint=hint)


def _is_inside(file: Path, folder: Path) -> bool:
    return in_report(file) and file.resolve().parent == folder.resolve()


def _provenance(results: Mapping[str, Any]) -> Mapping[str, Any]:
    provenance = results.get("provenance")
    return provenance if isinstance(provenance, dict) else {}


def _written_source(provenance: Mapping[str, Any]) -> str | None:
    source = provenance.get("source")
    return source if isinstance(source, str) and source and "\0" not in source else None


def _former_source(provenance: Mapping[str, Any]) -> str | None:
    """Return the source in a report; for reports without one, a shipped study named in their command."""
    if source := _written_source(provenance):
        return source
    try:
        words = shlex.split(str(provenance.get("command") or ""))[2:3]
    except ValueError:
        return None
    return next((f"{SHIPPED}{word}" for word in words if word in shipped_studies()), None)


def _describe(source: str, folder: Path) -> str:
    """Return a source for messages; a file as a path from the current folder."""
    if source.startswith(SHIPPED):
        return f"the shipped study {source.removeprefix(SHIPPED)}"
    return os.path.normpath(folder / source)
