"""From a study file to its report: the stages of reportgen in their order.

`run_study` trains what is missing and writes the report; `render_study` writes it from what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.analysis import analyse
from reportgen.engine.jit.folders import are_compiled
from reportgen.errors import StoreError, UsageError
from reportgen.paths import RUNS
from reportgen.runs.executors import Job, default_workers, run_all
from reportgen.runs.provenance import summarize
from reportgen.runs.record import RunRecord
from reportgen.runs.store import Store
from reportgen.study.planning.plan import Plan, PlannedRun
from reportgen.workflow.command_line import shell_command
from reportgen.workflow.estimate import refuse_beyond_memory
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.outcomes import AnalysedStudy, FailedRun, Report
from reportgen.workflow.ownership import refuse_other_study, source_of
from reportgen.workflow.quick import quick_folder
from reportgen.workflow.remedies import Fetch, try_remedies
from reportgen.workflow.request import RunRequest, make_request, plan_jobs, stored_records, unique
from reportgen.workflow.sanity_checks import Measurements, check_sanity, measured_beside
from reportgen.workflow.search_stages import by_variant, next_stage, stored_stages


def run_study(
    source: str | Path,
    *,
    workers: int | None = None,
    dask: str | None = None,
    fresh: bool = False,
    listener: ProgressListener | None = None,
    **options: Any,
) -> Report:
    """Train what is missing of a study, write its report and return it.

    source: a file, or the name of a shipped study. workers: threads, one a core where none are given; dask: the
    address of a scheduler to train on instead. fresh: stored runs are trained again. options: those of
    `order_study`. Raises ReportgenError, which says what the user can do.
    """
    return run_request(make_request(source, **options), workers=workers, dask=dask, fresh=fresh, listener=listener)


def render_study(source: str | Path, *, listener: ProgressListener | None = None, **options: Any) -> Report:
    """Write the report of a study from its stored runs and return it; raises UsageError where runs are missing."""
    return render_request(make_request(source, **options), listener=listener)


def run_request(
    request: RunRequest,
    *,
    workers: int | None = None,
    dask: str | None = None,
    fresh: bool = False,
    listener: ProgressListener | None = None,
) -> Report:
    """Train the runs that are missing, then write the report and return it."""
    listener = listener or ProgressListener()
    refuse_other_report(request)
    return write_report(train_request(request, listener, workers=workers, dask=dask, fresh=fresh), listener)


def train_request(
    request: RunRequest,
    listener: ProgressListener,
    *,
    workers: int | None = None,
    dask: str | None = None,
    fresh: bool = False,
) -> AnalysedStudy:
    """Train the runs that are missing and return the analysis; of the report nothing is written."""
    disk.make_writable(request.folder)

    def train(request: RunRequest, jobs: Sequence[Job], stored: int) -> None:
        """Train these jobs of the order's plan."""
        if dask is None:
            refuse_beyond_memory(request.plan, jobs, workers or default_workers())
        listener.training(request.plan, jobs, stored)
        if jobs and dask is None and not are_compiled():
            listener.compiling()
        train_runs(request, jobs, workers or default_workers(), dask, listener)

    request, records, trained = train_stages(request, fresh, train)
    made = set(records)  # what a fresh order has trained already

    def fetch(runs: Sequence[PlannedRun]) -> Mapping[int, RunRecord] | None:
        """Return the records of a remedy's runs, trained where they are missing."""
        trials = plan_jobs(request.plan, runs)
        known = made if fresh else {job.key for job in trials if request.store.load(job.run, job.fingerprint)}
        lacking = [job for job in unique(trials) if job.key not in known]
        if lacking:
            train(request, lacking, len(unique(trials)) - len(lacking))
            made.update(job.key for job in lacking)
        return _by_seed(request, trials)

    return _analysed(request, records, trained, listener, fetch)


def train_stages(
    request: RunRequest, fresh: bool, train: Callable[[RunRequest, Sequence[Job], int], None]
) -> tuple[RunRequest, dict[str, RunRecord], int]:
    """Train what is missing, stage by stage of the study's searches; return the full order, records, how many trained.

    A study that searches nothing has one stage.
    """
    records: dict[str, RunRecord] = {}
    trained = 0
    further: Plan | None = request.plan
    while further is not None:
        request = replace(request, plan=further)
        jobs = plan_jobs(request.plan)
        new = [job for job in unique(jobs) if job.key not in records]
        records |= {} if fresh else stored_records(request, new)
        missing = [job for job in new if job.key not in records or records[job.key].status == "failed"]
        train(request, missing, len(unique(jobs)) - len(missing))
        records |= stored_records(request, missing)
        trained, further = trained + len(missing), next_stage(request.plan, jobs, records)
    return request, records, trained


def _by_seed(request: RunRequest, jobs: Sequence[Job]) -> Mapping[int, RunRecord] | None:
    """Return stored records by seed, None where one is missing."""
    records = stored_records(request, jobs)
    return {job.run.seed: records[job.key] for job in jobs} if all(job.key in records for job in jobs) else None


def render_request(request: RunRequest, *, listener: ProgressListener | None = None) -> Report:
    """Write the report from stored runs and return it; never trains."""
    listener = listener or ProgressListener()
    refuse_other_report(request)
    request, records = stored_stages(request)
    count = len(unique(plan_jobs(request.plan)))
    if len(records) < count:
        message = f"{count - len(records)} of the {count} runs of {request.plan.study.id} are not stored"
        there = "" if request.folder.parent == Path("reports") else f" {shell_command('-o', request.folder.parent)}"
        hint = f"train them first: {request.command}{there}"
        raise UsageError("runs-missing", message, where=str(request.store.folder), hint=hint)
    disk.make_writable(request.folder)
    return write_report(analyse_stored(request, records, listener), listener)


def refuse_other_report(request: RunRequest) -> None:
    """Raise UsageError if the report folder contains the report of another study."""
    if request.file is not None:
        refuse_other_study(request.plan.study, request.file, request.folder)


def analyse_stored(request: RunRequest, records: Mapping[str, RunRecord], listener: ProgressListener) -> AnalysedStudy:
    """Return the analysis of all records of an order, by key.

    A remedy that has never been tried stays untried, and what was not measured unmeasured: nothing is trained.
    """

    def fetch(runs: Sequence[PlannedRun]) -> Mapping[int, RunRecord] | None:
        return _by_seed(request, plan_jobs(request.plan, runs))

    return _analysed(request, records, 0, listener, fetch, may_measure=False)


def train_runs(
    request: RunRequest, jobs: Sequence[Job], workers: int, dask: str | None, listener: ProgressListener
) -> None:
    """Train these jobs and store each as it is done, so that an interrupted study loses no finished run."""
    store, folder = request.store, request.plan.study.folder
    store.sweep()

    def keep(job: Job, record: RunRecord) -> None:
        store.save(record)
        listener.finished(job, record)

    if jobs:
        run_all(jobs, keep=keep, folder=folder, workers=workers, dask=dask, progress=listener.progress)


def _analysed(
    request: RunRequest,
    records: Mapping[str, RunRecord],
    trained: int,
    listener: ProgressListener,
    fetch: Fetch,
    may_measure: bool = True,
) -> AnalysedStudy:
    """Analyse the records and try the remedies of findings."""
    jobs = plan_jobs(request.plan)
    lost = [job.key for job in jobs if job.key not in records]
    if lost:
        where = str(request.store.folder / lost[0])
        raise StoreError("run-unreadable", "cannot read a run that was just stored", where=where)
    listener.stage("analysing")
    found = by_variant(jobs, records)
    measurements = Measurements(request.folder / "sanity", may_measure)
    beside = measured_beside(request.plan, measurements)
    provenance = summarize(records.values(), request.command)
    provenance["source"] = None if request.file is None else source_of(request.file, request.folder)
    analysis = analyse(request.plan, found, provenance, beside)
    if not request.plan.study.watermark:
        listener.stage("trying remedies")
        analysis = try_remedies(analysis, fetch)
    if request.plan.study.sanity:
        listener.stage("checking sanity")
        analysis = check_sanity(analysis, fetch, measurements)
    return AnalysedStudy(request, found, analysis, trained, len(records) - trained)


def write_report(made: AnalysedStudy, listener: ProgressListener) -> Report:
    """Draw and write what was ordered of an analysis."""
    from reportgen.report.publish.publisher import (
        publish,  # matplotlib takes a second to load, and `check` draws nothing
    )

    request, analysis = made.request, made.analysis

    def place(folder: Path) -> Path:
        """Return where the report goes, now that it is written: another may have come to stand there meanwhile."""
        final = quick_folder(folder) if request.plan.study.watermark else folder
        refuse_other_report(replace(request, folder=final))
        return final

    published = publish(analysis, request.folder, request.formats, listener.stage, place)
    if published.folder != request.folder:
        _bring_runs(made, Store(published.folder / RUNS))
    labels = {variant.id: variant.label for variant in request.plan.variants}
    failed = tuple(
        FailedRun(labels[variant], seed, record.error or "")
        for (variant, seed), record in made.records.items()
        if record.status == "failed"
    )
    return Report(published.folder, published.paths, analysis, made.trained, made.stored, failed, published.missing)


def _bring_runs(made: AnalysedStudy, store: Store) -> None:
    """Store the runs of an analysis beside a report that went elsewhere."""
    for record in made.records.values():
        store.save(record)
