"""What is asked for of a study: its plan, where its report goes, and which of its runs are stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reportgen import data
from reportgen.data.spec import DataSpec
from reportgen.errors import StudyError, UsageError, data_named_at
from reportgen.paths import RUNS
from reportgen.runs.executors import Job
from reportgen.runs.record import RunRecord
from reportgen.runs.store import Store
from reportgen.shipped import study_file
from reportgen.study.loading.loader import WATERMARK, in_report, load_study
from reportgen.study.planning.plan import Plan, PlannedRun, make_plan
from reportgen.workflow.quick import quick_folder, quick_overrides

FORMATS = ("html", "pdf", "json", "kit")
"""What `formats` chooses from; results.json, tables/ and study.yaml are written with every choice."""


@dataclass(frozen=True)
class Order:
    """A study as asked for: its plan, the report's folder and formats, and the command that makes it again.

    file: the study's, None where the report alone is known.
    """

    plan: Plan
    folder: Path
    formats: Collection[str]
    command: str
    file: Path | None = None

    @property
    def store(self) -> Store:
        """The study's runs."""
        return Store(self.folder / RUNS)


def order_study(
    source: str | Path,
    *,
    output: str | Path | None = None,
    formats: Collection[str] = FORMATS,
    overrides: Mapping[str, Any] | None = None,
    flags: Mapping[str, str] | None = None,
    quick: bool = False,
    command: str | None = None,
    allow_code: bool = False,
) -> Order:
    """Return the order for a study, loaded and checked; nothing is trained or written yet.

    The report goes to the folder `output`/<the study's id>; where no output is given, to reports/, or back to its place
    for the study that a report keeps. overrides: dotted paths to values; flags: what set one, by its path, if not
    --set. quick: small but for what overrides say, watermarked, without verdicts; it goes to <the study's id>-quick
    where a full report stands in its place. command: what the report names as the way to make it again.
    allow_code: load the plug-ins that the study names.
    """
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown or not formats:
        found = f"unknown format {', '.join(unknown)}" if unknown else "no format is named"
        raise UsageError("?", found, hint=f"there are {', '.join(FORMATS)}")
    path, changes = study_file(source), dict(overrides or {})
    if WATERMARK in changes:  # which quick looks alone have
        raise StudyError("?", f"there is no setting {WATERMARK!r}", f"--set {WATERMARK}", "a dotted path of the study")
    plan = make_plan(load_study(path, changes, flags, allow_code))
    if quick:
        small = quick_overrides(plan, changes)
        typed = {**(flags or {}), **dict.fromkeys(small, "--quick")}
        plan = make_plan(load_study(path, changes | small, typed, allow_code))
    back = output is None and in_report(path)
    folder = path.parent if back else Path(output or "reports") / plan.study.id
    folder = quick_folder(folder) if quick else folder
    return Order(plan, folder, tuple(formats), command or f"reportgen run {source}", path)


def plan_jobs(plan: Plan, runs: Sequence[PlannedRun] | None = None) -> list[Job]:
    """Return a plan's runs, or other runs on its data, with their keys; runs of equal numbers share one."""
    study = plan.study

    @cache
    def identified(spec: DataSpec) -> tuple[str, str]:
        """Return the fingerprint of the data, and where the study names them."""
        place = study.place_of(spec)
        with data_named_at(place):
            return data.fingerprint(spec, study.folder), place

    return [Job.of(run, *identified(run.spec.data)) for run in (plan.runs if runs is None else runs)]


def unique(jobs: Sequence[Job]) -> list[Job]:
    """Return one job a key: two variants of equal settings are trained once."""
    first: dict[str, Job] = {}
    for job in jobs:
        first.setdefault(job.key, job)
    return list(first.values())


def stored_records(order: Order, jobs: Sequence[Job]) -> dict[str, RunRecord]:
    """Return those of the jobs' records that are stored, by key."""
    found = ((job.key, order.store.load(job.run, job.fingerprint)) for job in unique(jobs))
    return {key: record for key, record in found if record is not None}
