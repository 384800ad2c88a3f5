"""A request for a report: the plan of a study, the report's folder and formats, and the stored runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reportgen import data
from reportgen.analysis.words.foreign import refuse_undecodable
from reportgen.data.spec import DataSpec
from reportgen.errors import StudyError, UsageError, data_errors_at
from reportgen.paths import RUNS
from reportgen.plugins.loading import use_files
from reportgen.runs.executors import Job
from reportgen.runs.record import RunRecord
from reportgen.runs.store import Store
from reportgen.shipped import study_file
from reportgen.study.loading.loader import WATERMARK, in_report, load_study
from reportgen.study.planning.plan import Plan, PlannedRun
from reportgen.workflow.ownership import source_of
from reportgen.workflow.quick import quick_folder, quick_overrides

FORMATS = ("html", "pdf", "json", "kit", "slides", "quiz")
"""The formats of a report; results.json, tables/ and study.yaml are always written."""

DEFAULT_FORMATS = ("html", "pdf", "json", "kit")
"""The formats that are written if none is chosen, and those of a diagnosis."""


@dataclass(frozen=True)
class RunRequest:
    """A request for the report of a study.

    Attributes
    ----------
    plan : the plan of the study.
    folder : the report's folder.
    formats : some of `FORMATS`.
    command : the command that reproduces the report.
    file : the study file, None if only the report is known.
    script : whether the page has the explorer, which needs a script.
    """

    plan: Plan
    folder: Path
    formats: Collection[str]
    command: str
    file: Path | None = None
    script: bool = True

    @property
    def store(self) -> Store:
        """The stored runs of the report."""
        return Store(self.folder / RUNS)


def make_request(
    source: str | Path,
    *,
    output: str | Path | None = None,
    formats: Collection[str] = DEFAULT_FORMATS,
    overrides: Mapping[str, Any] | None = None,
    flags: Mapping[str, str] | None = None,
    quick: bool = False,
    command: str | None = None,
    allow_code: bool = False,
    script: bool = True,
) -> RunRequest:
    """Return the request for a study, which is loaded and checked; nothing is trained or written yet.

    Parameters
    ----------
    source : a study file, or the name of a shipped study.
    output : the report goes to `output`/<id of the study>. By default `output` is reports/; the report of a study file
        inside a report goes back to its folder.
    overrides : setting paths, such as "training.lr", and their values.
    flags : the option that set an override, by setting path, if it was not --set; error messages name it.
    quick : make the study small, except for the overrides, with a watermark and without verdicts. The report goes to
        <id of the study>-quick if a full report exists.
    command : the command in the report that reproduces it.
    allow_code : load the plug-ins that the study names.
    script : add the explorer to the page, which is complete without it.
    """
    check_formats(formats)
    path, changes = study_file(source), dict(overrides or {})
    refuse_undecodable(str(source), str(output or ""), command or "")
    refuse_undecodable(json.dumps(changes, ensure_ascii=False, default=str))
    if WATERMARK in changes:  # only --quick sets it
        raise StudyError(
            "unknown-key", f"unknown setting {WATERMARK!r}", f"--set {WATERMARK}", "name a setting of the study"
        )
    reduce = (lambda plan: quick_overrides(plan, changes)) if quick else None
    plan = load_study(path, changes, flags, allow_code, reduce)
    back = output is None and in_report(path)
    folder = path.parent if back else Path(output or "reports") / plan.study.id
    folder = quick_folder(folder) if quick else folder
    refuse_undecodable(source_of(path, folder) or "")
    return RunRequest(plan, folder, tuple(formats), command or f"reportgen run {source}", path, script)


def check_formats(formats: Collection[str], known: Collection[str] = FORMATS) -> None:
    """Raise UsageError if there is no format, or one that is not known."""
    hint = f"one or more of {', '.join(known)}"
    if not formats:
        raise UsageError("empty-value", "no format is given", hint=hint)
    for name in sorted(set(formats) - set(known)):
        raise UsageError("unknown-name", f"unknown format {name!r}", hint=hint)


def plan_jobs(plan: Plan, runs: Sequence[PlannedRun] | None = None) -> list[Job]:
    """Return the jobs of a plan's runs, or of other runs on its data; runs with equal settings share a key.

    The keys depend on the study's plug-ins, which become the current ones.
    """
    study = plan.study
    use_files(study.plugin_files)

    @cache
    def identified(spec: DataSpec) -> tuple[str, str]:
        """Return the fingerprint of the data and their place in the study file."""
        place = study.place_of(spec)
        with data_errors_at(place):
            return data.fingerprint(spec, study.folder), place

    return [Job.of(run, *identified(run.spec.data)) for run in (plan.runs if runs is None else runs)]


def unique(jobs: Sequence[Job]) -> list[Job]:
    """Return one job per key: variants with equal settings are trained once."""
    first: dict[str, Job] = {}
    for job in jobs:
        first.setdefault(job.key, job)
    return list(first.values())


def stored_records(request: RunRequest, jobs: Sequence[Job]) -> dict[str, RunRecord]:
    """Return the stored records of jobs by key."""
    keys = request.store.keys()
    records = ((job.key, request.store.load(job.run, job.fingerprint)) for job in unique(jobs) if job.key in keys)
    return {key: record for key, record in records if record is not None}
