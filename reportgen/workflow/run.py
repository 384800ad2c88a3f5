"""From a study file to its report: the stages of reportgen in their order.

`run_study` trains what is missing and writes the report; `render_study` writes it from what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.analysis import analyse
from reportgen.analysis.results import Analysis
from reportgen.engine.jit.folders import are_compiled
from reportgen.errors import MissingError, StoreError, UsageError
from reportgen.paths import RUNS
from reportgen.runs.executors import Job, default_workers, run_all
from reportgen.runs.provenance import summarize
from reportgen.runs.record import RunRecord
from reportgen.runs.store import Store
from reportgen.study.planning.plan import Plan, PlannedRun
from reportgen.workflow.command_line import typed
from reportgen.workflow.estimate import refuse_beyond_memory
from reportgen.workflow.events import Watcher
from reportgen.workflow.ownership import refuse_other, source_of
from reportgen.workflow.quick import quick_folder
from reportgen.workflow.remedies import Fetch, try_remedies
from reportgen.workflow.request import Order, order_study, plan_jobs, stored_records, unique
from reportgen.workflow.sanity_checks import Measurements, check_sanity, measured_beside
from reportgen.workflow.search_stages import by_variant, next_stage, outlook


@dataclass(frozen=True)
class Analysed:
    """A study's analysis with its remedies tried, from records by variant and seed; trained, stored: how many runs."""

    order: Order
    records: Mapping[tuple[str, int], RunRecord]
    analysis: Analysis
    trained: int
    stored: int


@dataclass(frozen=True)
class FailedRun:
    """A run that raised an error: its variant's label, its seed and the error in words."""

    variant: str
    seed: int
    error: str

    @property
    def name(self) -> str:
        """The run in words."""
        return f"{self.variant}, seed {self.seed}"


@dataclass(frozen=True)
class Report:
    """A written report: its folder, the paths in it, the analysis it shows, and what became of the runs.

    missing: why there is no PDF, where one was wanted.
    """

    folder: Path
    paths: tuple[Path, ...]
    analysis: Analysis
    trained: int
    stored: int
    failed: tuple[FailedRun, ...]
    missing: MissingError | None

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for every run that failed."""
        return tuple(f"{run.name}: {run.error}" for run in self.failed)


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
    refuse_other_report(order)
    return write_report(train_order(order, watcher, workers=workers, dask=dask, fresh=fresh), watcher)


def train_order(
    order: Order, watcher: Watcher, *, workers: int | None = None, dask: str | None = None, fresh: bool = False
) -> Analysed:
    """Train the runs that are missing and return the analysis; of the report nothing is written."""
    disk.make_writable(order.folder)

    def train(order: Order, jobs: Sequence[Job], stored: int) -> None:
        """Train these jobs of the order's plan."""
        if dask is None:
            refuse_beyond_memory(order.plan, jobs, workers or default_workers())
        watcher.training(order.plan, jobs, stored)
        if jobs and dask is None and not are_compiled():
            watcher.compiling()
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

    return _analysed(order, records, trained, watcher, fetch)


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
    watcher = watcher or Watcher()
    refuse_other_report(order)
    order, records = stored_stages(order)
    count = len(unique(plan_jobs(order.plan)))
    if len(records) < count:
        message = f"{count - len(records)} of the {count} runs of {order.plan.study.id} are not stored"
        there = "" if order.folder.parent == Path("reports") else f" {typed('-o', order.folder.parent)}"
        hint = f"train them first: {order.command}{there}"
        raise UsageError("runs-missing", message, where=str(order.store.folder), hint=hint)
    disk.make_writable(order.folder)
    return write_report(analyse_stored(order, records, watcher), watcher)


def refuse_other_report(order: Order) -> None:
    """Raise UsageError if the report folder contains the report of another study."""
    if order.file is not None:
        refuse_other(order.plan.study, order.file, order.folder)


def analyse_stored(order: Order, records: Mapping[str, RunRecord], watcher: Watcher) -> Analysed:
    """Return the analysis of all records of an order, by key.

    A remedy that has never been tried stays untried, and what was not measured unmeasured: nothing is trained.
    """

    def fetch(runs: Sequence[PlannedRun]) -> Mapping[int, RunRecord] | None:
        return _by_seed(order, plan_jobs(order.plan, runs))

    return _analysed(order, records, 0, watcher, fetch, may_measure=False)


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


def train_runs(order: Order, jobs: Sequence[Job], workers: int, dask: str | None, watcher: Watcher) -> None:
    """Train these jobs and store each as it is done, so that an interrupted study loses no finished run."""
    store, folder = order.store, order.plan.study.folder
    store.sweep()

    def keep(job: Job, record: RunRecord) -> None:
        store.save(record)
        watcher.finished(job, record)

    if jobs:
        run_all(jobs, keep=keep, folder=folder, workers=workers, dask=dask, progress=watcher.progress)


def _analysed(
    order: Order,
    records: Mapping[str, RunRecord],
    trained: int,
    watcher: Watcher,
    fetch: Fetch,
    may_measure: bool = True,
) -> Analysed:
    """Analyse the records and try the remedies of findings."""
    jobs = plan_jobs(order.plan)
    lost = [job.key for job in jobs if job.key not in records]
    if lost:
        where = str(order.store.folder / lost[0])
        raise StoreError("run-unreadable", "cannot read a run that was just stored", where=where)
    watcher.stage("analysing")
    found = by_variant(jobs, records)
    measurements = Measurements(order.folder / "sanity", may_measure)
    beside = measured_beside(order.plan, measurements)
    provenance = summarize(records.values(), order.command)
    provenance["source"] = None if order.file is None else source_of(order.file, order.folder)
    analysis = analyse(order.plan, found, provenance, beside)
    if not order.plan.study.watermark:
        watcher.stage("trying remedies")
        analysis = try_remedies(analysis, fetch)
    if order.plan.study.sanity:
        watcher.stage("checking sanity")
        analysis = check_sanity(analysis, fetch, measurements)
    return Analysed(order, found, analysis, trained, len(records) - trained)


def write_report(made: Analysed, watcher: Watcher) -> Report:
    """Draw and write what was ordered of an analysis."""
    from reportgen.report.publish.publisher import (
        publish,  # matplotlib takes a second to load, and `check` draws nothing
    )

    order, analysis = made.order, made.analysis

    def place(folder: Path) -> Path:
        """Return where the report goes, now that it is written: another may have come to stand there meanwhile."""
        final = quick_folder(folder) if order.plan.study.watermark else folder
        refuse_other_report(replace(order, folder=final))
        return final

    published = publish(analysis, order.folder, order.formats, watcher.stage, place)
    if published.folder != order.folder:
        _bring_runs(made, Store(published.folder / RUNS))
    labels = {variant.id: variant.label for variant in order.plan.variants}
    failed = tuple(
        FailedRun(labels[variant], seed, record.error or "")
        for (variant, seed), record in made.records.items()
        if record.status == "failed"
    )
    return Report(published.folder, published.paths, analysis, made.trained, made.stored, failed, published.missing)


def _bring_runs(made: Analysed, store: Store) -> None:
    """Store the runs of an analysis beside a report that went elsewhere."""
    for record in made.records.values():
        store.save(record)
