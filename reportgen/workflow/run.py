"""The pipeline of reportgen: from a study to its report.

`run_study` trains the missing runs; `render_study` uses stored runs only. Both then analyse the runs and write the
report.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from reportgen.analysis.analyse import analyse
from reportgen.plugins.loading import use_files
from reportgen.runs.provenance import summarize
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.outcomes import AnalysedStudy, Report
from reportgen.workflow.ownership import source_of
from reportgen.workflow.remedies import try_remedies
from reportgen.workflow.request import RunRequest, make_request
from reportgen.workflow.sanity_checks import Measurements, check_sanity, measure_extras
from reportgen.workflow.stored_runs import CollectedRuns, StoredRuns
from reportgen.workflow.training import Trainer
from reportgen.workflow.writing import refuse_other_report, write_report


def make_report(request: RunRequest, runs: StoredRuns, listener: ProgressListener) -> Report:
    """Return the written report of a request; `runs` trains the missing runs, or only reads stored ones."""
    refuse_other_report(request)
    collected = runs.collect(request)
    analysed = analyse_runs(collected, runs, listener)
    return write_report(analysed, listener)


def analyse_runs(collected: CollectedRuns, runs: StoredRuns, listener: ProgressListener) -> AnalysedStudy:
    """Return the analysis of all runs of a study.

    Remedies of findings are tried and sanity checks are made as far as `runs` can provide their runs.
    """
    request, records = collected.request, collected.by_variant()
    use_files(request.plan.study.plugin_files)
    fetch = partial(runs.fetch, request)
    listener.stage("analysing")
    measurements = Measurements(request.folder / "sanity", runs.may_train)
    extras = measure_extras(request.plan, measurements)
    analysis = analyse(request.plan, records, _provenance(collected), extras)
    if not request.plan.study.watermark:
        listener.stage("trying remedies")
        analysis = try_remedies(analysis, fetch)
    if request.plan.study.sanity:
        listener.stage("checking sanity")
        analysis = check_sanity(analysis, fetch, measurements)
    return AnalysedStudy(request, records, analysis, collected.trained, len(collected.records) - collected.trained)


def run_study(
    source: str | Path,
    *,
    workers: int | None = None,
    dask: str | None = None,
    fresh: bool = False,
    listener: ProgressListener | None = None,
    **options: Any,
) -> Report:
    """Train the missing runs of a study, write its report and return it.

    Parameters
    ----------
    source : a study file, or the name of a shipped study.
    workers : number of runs to train at a time; by default one per core.
    dask : address of a Dask scheduler to train on instead of this machine.
    fresh : train stored runs again.
    listener : receives progress events.
    options : further options of `make_request`.

    Raises
    ------
    ReportgenError : the message says what the user can do.
    """
    return run_request(make_request(source, **options), workers=workers, dask=dask, fresh=fresh, listener=listener)


def render_study(source: str | Path, *, listener: ProgressListener | None = None, **options: Any) -> Report:
    """Write the report of a study from its stored runs and return it.

    Parameters are those of `run_study`. Raises UsageError ("runs-missing") if not all runs are stored.
    """
    return render_request(make_request(source, **options), listener=listener)


def run_request(
    request: RunRequest,
    *,
    workers: int | None = None,
    dask: str | None = None,
    fresh: bool = False,
    listener: ProgressListener | None = None,
) -> Report:
    """Train the missing runs of a request, write the report and return it; parameters as in `run_study`."""
    listener = listener or ProgressListener()
    return make_report(request, Trainer(listener, workers=workers, dask=dask, fresh=fresh), listener)


def render_request(request: RunRequest, *, listener: ProgressListener | None = None) -> Report:
    """Write the report of a request from stored runs and return it; trains nothing."""
    return make_report(request, StoredRuns(), listener or ProgressListener())


def train_request(request: RunRequest, listener: ProgressListener, *, workers: int | None = None) -> AnalysedStudy:
    """Train the missing runs of a request and return their analysis; writes no report."""
    trainer = Trainer(listener, workers=workers)
    return analyse_runs(trainer.collect(request), trainer, listener)


def _provenance(collected: CollectedRuns) -> dict[str, Any]:
    request = collected.request
    source = None if request.file is None else source_of(request.file, request.folder)
    return summarize(collected.records.values(), request.command) | {"source": source}
