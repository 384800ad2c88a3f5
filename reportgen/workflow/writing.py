"""Writes the report of an analysed study, and protects the reports of other studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from reportgen.disk import read_json
from reportgen.paths import RESULTS, RUNS
from reportgen.report.publish.manifest import MadeFrom
from reportgen.runs.store import Store
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.outcomes import AnalysedStudy, FailedRun, Report
from reportgen.workflow.ownership import refuse_other_study
from reportgen.workflow.quick import quick_folder
from reportgen.workflow.request import RunRequest


def refuse_other_report(request: RunRequest) -> None:
    """Raise UsageError ("report-of-another-study") if the report folder contains the report of another study."""
    if request.file is not None:
        refuse_other_study(request.plan.study, request.file, request.folder)


def write_report(
    analysed: AnalysedStudy, listener: ProgressListener, origin: MadeFrom | None, check: Callable[[], None]
) -> Report:
    """Draw and write the report in the formats of its request.

    Parameters
    ----------
    origin : what the report is made from, None if a later run must write it again.
    check : is called when everything is written and nothing is replaced; an error that it raises ends the writing.
    """
    from reportgen.report.publish.publisher import publish  # `check` draws nothing, and matplotlib loads slowly

    request, analysis = analysed.request, analysed.analysis

    def place(folder: Path) -> Path:
        """Return the folder of the finished report; another process may have written a report since the start."""
        final = quick_folder(folder) if request.plan.study.watermark else folder
        refuse_other_report(replace(request, folder=final))
        check()
        return final

    published = publish(analysis, request.folder, request.formats, listener.stage, place, origin, script=request.script)
    if published.folder != request.folder:
        _copy_runs(analysed, Store(published.folder / RUNS))
    return Report(
        request.plan,
        published.folder,
        published.paths,
        read_json(published.folder / RESULTS),
        analysed.trained,
        analysed.stored,
        _failed(analysed),
        published.missing,
        left_out=published.left_out,
        analyse=lambda: analysis,
    )


def _failed(analysed: AnalysedStudy) -> tuple[FailedRun, ...]:
    labels = {variant.id: variant.label for variant in analysed.request.plan.variants}
    return tuple(
        FailedRun(labels[variant], seed, record.error or "")
        for (variant, seed), record in analysed.records.items()
        if record.status == "failed"
    )


def _copy_runs(analysed: AnalysedStudy, store: Store) -> None:
    """Store the runs of an analysis in the folder of a report that was not written to the planned folder."""
    for record in analysed.records.values():
        store.save(record)
