"""From a study file to its report: the stages of reportgen in their order.

`run_study` trains what is missing and writes the report; `render_study` writes it from what is stored.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from reportgen import data
from reportgen.analysis import analyse
from reportgen.analysis.model import Analysis
from reportgen.counterfactual import Fetch, try_remedies
from reportgen.errors import MissingError, StoreError, UsageError
from reportgen.quick import WATERMARK, quick_folder, quick_overrides
from reportgen.runs import disk
from reportgen.runs.executors import Job, default_workers, run_all
from reportgen.runs.provenance import summarize
from reportgen.runs.record import RunRecord
from reportgen.runs.store import Store
from reportgen.sanity import Measurements, check_sanity, measured_beside
from reportgen.shipped import study_file
from reportgen.stages import by_variant, next_stage, outlook
from reportgen.study.loader import in_report, load_study
from reportgen.study.plan import Plan, PlannedRun, make_plan
from reportgen.watcher import Watcher

FORMATS = ("html", "pdf", "json", "kit")
"""What `formats` chooses from; results.json, tables/ and study.yaml are written with every choice."""


@dataclass(frozen=True)
class Order:
    """A study as asked for: its plan, the report's folder and formats, and the command that makes it again."""

    plan: Plan
    folder: Path
    formats: Collection[str]
    command: str

    @property
    def store(self) -> Store:
        """The study's runs."""
        return Store(self.folder / "runs")


@dataclass(frozen=True)
class Report:
    """A written report: its folder, the paths in it, the analysis it shows, and what became of the runs.

    failures: one line for every run that failed. missing: why there is no PDF, where one was wanted.
    """

    folder: Path
    paths: tuple[Path, ...]
    analysis: Analysis
    trained: int
    stored: int
    failures: tuple[str, ...]
    missing: MissingError | None


def run_study(
    source: str | Path,
    *,
    workers: int | None = None,
    dask: str | None = None,
    fresh: bool = False,
    watcher: Watcher | None = None,
    **options: Any,
) -> Report:
    """Train what is missing of a study, write its report and return it.

    source: a file, or the name of a shipped study. workers: threads, one a core where none are given; dask: the
    address of a scheduler to train on instead. fresh: stored runs are trained again. options: those of
    `order_study`. Raises ReportgenError, which says what the user can do.
    """
    return run_order(order_study(source, **options), workers=workers, dask=dask, fresh=fresh, watcher=watcher)


def render_study(source: str | Path, *, watcher: Watcher | None = None, **options: Any) -> Report:
    """Write the report of a study from its stored runs and return it; raises UsageError where runs are missing."""
    return render_order(order_study(source, **options), watcher=watcher)


def order_study(
    source: str | Path,
    *,
    output: str | Path | None = None,
    formats: Collection[str] = FORMATS,
    overrides: Mapping[str, Any] | None = None,
    flags: Mapping[str, str] | None = None,
    quick: bool = False,
    command: str | None = None,
) -> Order:
    """Return the order for a study, loaded and checked; nothing is trained or written yet.

    The report goes to the folder `output`/<the study's id>; where no output is given, to reports/, or back to its place
    for the study that a report keeps. overrides: dotted paths to values; flags: what set one, by its path, if not
    --set. quick: small but for what overrides say, watermarked, without verdicts; it goes to <the study's id>-quick
    where a full report stands in its place. command: what the report names as the way to make it again.
    """
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown or not formats:
        found = f"unknown format {', '.join(unknown)}" if unknown else "no format is named"
        raise UsageError(found, hint=f"there are {', '.join(FORMATS)}")
    path, changes = study_file(source), dict(overrides or {})
    plan = make_plan(load_study(path, changes, flags))
    if quick:
        small = quick_overrides(plan, changes)
        typed = {**(flags or {}), **dict.fromkeys(small, "--quick")}
        plan = make_plan(load_study(path, changes | small | {"watermark": WATERMARK}, typed))
    back = output is None and in_report(path)
    folder = path.parent if back else Path(output or "reports") / plan.study.id
    folder = quick_folder(folder) if quick else folder
    return Order(plan, folder, tuple(formats), command or f"reportgen run {source}")


def run_order(
    order: Order,
    *,
    workers: int | None = None,
    dask: str | None = None,
    fresh: bool = False,
    watcher: Watcher | None = None,
) -> Report:
    """Train the runs that are missing, then write the report and return it."""
    watcher = watcher or Watcher()
    disk.make_writable(order.folder)

    def train(order: Order, jobs: Sequence[Job], stored: int) -> None:
        """Train these jobs of the order's plan."""
        watcher.training(order.plan, jobs, stored)
        train_runs(order, jobs, workers or default_workers(), dask, watcher)

    order, records, trained = train_stages(order, fresh, train)
    made = set(records)  # what a fresh order has trained already

    def fetch(runs: Sequence[PlannedRun]) -> Mapping[int, RunRecord] | None:
        """Return the records of a remedy's runs, trained where they are missing."""
        trials = plan_jobs(order.plan, runs)
        known = made if fresh else {job.key for job in trials if order.store.load(job.run, job.fingerprint)}
        lacking = [job for job in unique(trials) if job.key not in known]
        if lacking:
            train(order, lacking, len(unique(trials)) - len(lacking))
            made.update(job.key for job in lacking)
        return _by_seed(order, trials)

    return write_report(order, plan_jobs(order.plan), records, trained, watcher, fetch)


def train_stages(
    order: Order, fresh: bool, train: Callable[[Order, Sequence[Job], int], None]
) -> tuple[Order, dict[str, RunRecord], int]:
    """Train what is missing, stage by stage of the study's searches; return the full order, records, how many trained.

    A study that searches nothing has one stage.
    """
    records: dict[str, RunRecord] = {}
    trained = 0
    further: Plan | None = order.plan
    while further is not None:
        order = replace(order, plan=further)
        jobs = plan_jobs(order.plan)
        new = [job for job in unique(jobs) if job.key not in records]
        records |= {} if fresh else stored_records(order, new)
        missing = [job for job in new if job.key not in records or records[job.key].status == "failed"]
        train(order, missing, len(unique(jobs)) - len(missing))
        records |= stored_records(order, missing)
        trained, further = trained + len(missing), next_stage(order.plan, jobs, records)
    return order, records, trained


def _by_seed(order: Order, jobs: Sequence[Job]) -> Mapping[int, RunRecord] | None:
    """Return stored records by seed, None where one is missing."""
    records = stored_records(order, jobs)
    return {job.run.seed: records[job.key] for job in jobs} if all(job.key in records for job in jobs) else None


def render_order(order: Order, *, watcher: Watcher | None = None) -> Report:
    """Write the report from stored runs and return it; never trains."""
    order, records = stored_stages(order)
    jobs = plan_jobs(order.plan)
    count = len(unique(jobs))
    if len(records) < count:
        lack = f"{count - len(records)} of the {count} runs of {order.plan.study.id} are not stored"
        there = "" if order.folder.parent == Path("reports") else f" -o {shlex.quote(str(order.folder.parent))}"
        raise UsageError(lack, where=str(order.store.folder), hint=f"train them first: {order.command}{there}")
    disk.make_writable(order.folder)
    # A remedy that has never been tried stays untried: rendering does not train.
    return write_report(
        order,
        jobs,
        records,
        0,
        watcher or Watcher(),
        lambda runs: _by_seed(order, plan_jobs(order.plan, runs)),
        may_measure=False,
    )


def stored_stages(order: Order) -> tuple[Order, dict[str, RunRecord]]:
    """Return the order as far as stored runs decide the stages of its searches, and their records by key."""
    further: Plan | None = order.plan
    records: dict[str, RunRecord] = {}
    while further is not None:
        order = replace(order, plan=further)
        jobs = plan_jobs(order.plan)
        records |= stored_records(order, [job for job in jobs if job.key not in records])
        further = next_stage(order.plan, jobs, records)
    return order, records


def foreseen(order: Order) -> Plan:
    """Return the plan with all stages of its searches: those that stored runs decide, and a guess at the others."""
    order, records = stored_stages(order)
    return outlook(order.plan, plan_jobs(order.plan), records)


def plan_jobs(plan: Plan, runs: Sequence[PlannedRun] | None = None) -> list[Job]:
    """Return a plan's runs, or other runs on its data, with their keys; runs of equal numbers share one."""
    fingerprint = cache(lambda spec: data.fingerprint(spec, plan.study.folder))
    return [Job.of(run, fingerprint(run.spec.data)) for run in (plan.runs if runs is None else runs)]


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


def train_runs(order: Order, jobs: Sequence[Job], workers: int, dask: str | None, watcher: Watcher) -> None:
    """Train these jobs and store each as it is done, so that an interrupted study loses no finished run."""
    store, folder = order.store, order.plan.study.folder
    store.sweep()

    def keep(job: Job, record: RunRecord) -> None:
        store.save(record)
        watcher.finished(job, record)

    if jobs:
        run_all(jobs, keep=keep, folder=folder, workers=workers, dask=dask, progress=watcher.progress)


def write_report(
    order: Order,
    jobs: Sequence[Job],
    records: Mapping[str, RunRecord],
    trained: int,
    watcher: Watcher,
    fetch: Fetch,
    may_measure: bool = True,
) -> Report:
    """Analyse the records, try the remedies of findings, draw and write what was ordered."""
    lost = [job.key for job in jobs if job.key not in records]
    if lost:
        raise StoreError("a run cannot be read back after it was stored", where=str(order.store.folder / lost[0]))
    from reportgen.report.publish import publish  # matplotlib takes a second to load, and `check` draws nothing

    watcher.stage("analysing")
    found = by_variant(jobs, records)
    measurements = Measurements(order.folder / "sanity", may_measure)
    beside = measured_beside(order.plan, measurements)
    analysis = analyse(order.plan, found, summarize(records.values(), order.command), beside)
    if not order.plan.study.watermark:
        watcher.stage("trying remedies")
        analysis = try_remedies(analysis, fetch)
    if order.plan.study.sanity:
        watcher.stage("checking sanity")
        analysis = check_sanity(analysis, fetch, measurements)
    published = publish(analysis, order.folder, order.formats, watcher.stage)
    labels = {variant.id: variant.label for variant in order.plan.variants}
    failures = tuple(
        f"{labels[variant]}, seed {seed}: {record.error}"
        for (variant, seed), record in found.items()
        if record.status == "failed"
    )
    stored = len(records) - trained
    return Report(order.folder, published.paths, analysis, trained, stored, failures, published.missing)
