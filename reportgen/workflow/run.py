"""The pipeline of reportgen: from a study to its report.

`run_study` trains the missing runs; `render_study` uses stored runs only. Both then analyse the runs and write the
report. `run_study` returns a finished report as it is if nothing has changed since it was written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportgen.paths import MANIFEST
from reportgen.report.publish.manifest import changed_files, read_manifest
from reportgen.report.publish.replacement import recover
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.outcomes import AnalysedStudy, Report
from reportgen.workflow.request import RunRequest, make_request
from reportgen.workflow.stored_runs import StoredRuns
from reportgen.workflow.training import Trainer, cluster_at
from reportgen.workflow.unchanged import origin_of, program_hashes, unchanged_report
from reportgen.workflow.writing import refuse_other_report, write_report

ATTEMPTS = 3
"""How often runs are analysed, if other processes train them again while the report is written."""


class _TrainedAgainError(Exception):
    """Another process has stored runs again since they were analysed."""


def make_report(request: RunRequest, runs: StoredRuns, listener: ProgressListener) -> Report:
    """Return the written report of a request; `runs` trains the missing runs, or only reads stored ones."""
    refuse_other_report(request)
    program_hashes()
    changed = changed_files(request.folder)
    for attempt in range(ATTEMPTS):
        try:
            report = _analyse_and_write(request, runs, listener, is_last=attempt == ATTEMPTS - 1)
            break
        except _TrainedAgainError:
            listener.notice("another process has trained some of these runs again; they are analysed again")
            runs.fresh = False
    for name in changed:
        listener.notice(_replaced(report.folder, name))
    return report


def _analyse_and_write(request: RunRequest, runs: StoredRuns, listener: ProgressListener, is_last: bool) -> Report:
    """Return the written report of a request; raises _TrainedAgainError unless its runs are the stored ones.

    is_last : write it in any case, but not as one that needs no further analysis.
    """
    from reportgen.workflow.analysing.analyse import analyse_runs  # an unchanged report needs no analysis
    from reportgen.workflow.lost_runs import refuse_lost

    store = request.store
    before = store.stamps(store.keys())  # of runs that are read while others are trained
    collected = runs.collect(request)
    analysed = analyse_runs(collected, runs, listener)
    stamps = store.stamps(runs.used) | {key: before[key] for key in before.keys() & (runs.used - runs.trained)}
    refuse_lost(collected.request, runs)
    is_complete = runs.may_train and all(record.status != "failed" for record in analysed.records.values())
    is_current = not is_last or store.stamps(runs.used) == stamps
    origin = origin_of(request, runs.used, len(collected.records)) if is_complete and is_current else None

    def check() -> None:
        if not is_last and store.stamps(runs.used) != stamps:
            raise _TrainedAgainError

    return write_report(analysed, listener, origin, check)


def _replaced(folder: Path, name: str) -> str:
    """Return a sentence about a file of the former report that had changed since it was written."""
    is_written = name == MANIFEST or name in (read_manifest(folder) or {})
    outcome = "it is written again" if is_written else "it is no longer a file of the report"
    return f"{folder / name}: the file had changed since it was written; {outcome}"


def run_study(
    source: str | Path,
    *,
    workers: int | None = None,
    dask: str | None = None,
    dask_wait: float | None = None,
    fresh: bool = False,
    listener: ProgressListener | None = None,
    **options: Any,
) -> Report:
    """Train the missing runs of a study, write its report and return it.

    Parameters
    ----------
    source : a study file, or the name of a shipped study.
    workers : number of runs to train at a time; by default one per core.
    dask : address of a Dask scheduler whose workers train, or "local" for processes on this machine.
    dask_wait : longest time in seconds to wait for that scheduler, and for a first worker; by default 30.
    fresh : train stored runs again.
    listener : receives progress events.
    options : further options of `make_request`.

    Raises
    ------
    ReportgenError : the message says what the user can do.
    """
    request = make_request(source, **options)
    return run_request(request, workers=workers, dask=dask, dask_wait=dask_wait, fresh=fresh, listener=listener)


def render_study(source: str | Path, *, listener: ProgressListener | None = None, **options: Any) -> Report:
    """Write the report of a study from its stored runs and return it.

    Parameters are those of `run_study`. Raises UsageError ("runs-missing") if not all runs are stored,
    among them those of the remedies and sanity checks in the former report.
    """
    return render_request(make_request(source, **options), listener=listener)


def run_request(
    request: RunRequest,
    *,
    workers: int | None = None,
    dask: str | None = None,
    dask_wait: float | None = None,
    fresh: bool = False,
    listener: ProgressListener | None = None,
) -> Report:
    """Train the missing runs of a request, write the report and return it; parameters as in `run_study`.

    A finished report is returned as it is if nothing that it was made from has changed.
    """
    listener = listener or ProgressListener()
    place = cluster_at(dask, workers, dask_wait)
    recover(request.folder)
    refuse_other_report(request)
    if not fresh and (report := unchanged_report(request)) is not None:
        return report
    with place as cluster:
        return make_report(request, Trainer(listener, workers=workers, cluster=cluster, fresh=fresh), listener)


def render_request(request: RunRequest, *, listener: ProgressListener | None = None) -> Report:
    """Write the report of a request from stored runs and return it; trains nothing."""
    recover(request.folder)
    return make_report(request, StoredRuns(), listener or ProgressListener())


def train_request(request: RunRequest, listener: ProgressListener, *, workers: int | None = None) -> AnalysedStudy:
    """Train the missing runs of a request and return their analysis; writes no report."""
    from reportgen.workflow.analysing.analyse import analyse_runs

    trainer = Trainer(listener, workers=workers)
    return analyse_runs(trainer.collect(request), trainer, listener)
