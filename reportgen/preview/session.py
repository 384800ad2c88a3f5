"""A preview session: the report of a study while the study is edited.

The page is made in memory. Missing runs are trained and stored in the report's folder, whose other files do not change.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import TemplateError, TemplateSyntaxError

from reportgen.analysis.words.formatting import duration
from reportgen.analysis.words.names import sentence
from reportgen.analysis.words.nouns import counted_noun
from reportgen.engine.train import Cancelled
from reportgen.errors import MissingError, ReportgenError, StudyError
from reportgen.languages.translate import _, in_language
from reportgen.preview.server import PreviewPage
from reportgen.report.write import page
from reportgen.runs.executors import Job
from reportgen.runs.record import RunRecord
from reportgen.shipped import templates_folder
from reportgen.study.planning.plan import Plan
from reportgen.workflow.analysing.analyse import analyse_runs
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.outcomes import AnalysedStudy
from reportgen.workflow.request import RunRequest, plan_jobs, unique
from reportgen.workflow.run import train_request
from reportgen.workflow.stored_runs import CollectedRuns, StoredRuns, stored_stages
from reportgen.workflow.writing import refuse_other_report

POLL_SECONDS = 0.25
"""Interval between checks of the files; a change is used when two checks in a row see the same files."""

Signature = dict[Path, tuple[int, int] | None]


class Preview:
    """A study that is shown while it is edited.

    Parameters
    ----------
    study : the study file.
    request : returns the request for the current study; its argument chooses a quick look.
    shown : receives the page and the state.
    quick, full : always show a quick look, or the full report. By default the full report is shown if all its runs are
        stored, otherwise a quick look.
    workers : number of runs to train at a time; by default one per core.
    """

    def __init__(
        self,
        study: Path,
        request: Callable[[bool], RunRequest],
        shown: PreviewPage,
        *,
        quick: bool = False,
        full: bool = False,
        workers: int | None = None,
    ) -> None:
        self.shown = shown
        self._make_request, self._quick, self._full, self._workers = request, quick, full, workers
        self._files = {study}
        self._used: Signature = {}

    def refresh(self, listener: ProgressListener) -> str | None:
        """Make the page of the current study; return the errors, one a line, or None if there is no error.

        Starts again if a watched file changes in the meantime. Internal errors are raised.
        """
        while True:
            self._used = self._signature()
            begin = time.monotonic()
            try:
                page, description = self._page(listener)
            except Cancelled:
                self.wait()
                continue
            except (ReportgenError, TemplateError) as error:
                message = "\n".join(_sentence(one) for one in (error, *getattr(error, "others", ())))
                self.shown.broken(message)
                return message
            with in_language(self.shown.language):
                text = _("{report}, generated in {time}")
                self.shown.ready(page, text.format(report=description, time=duration(time.monotonic() - begin)))
            return None

    def wait(self) -> None:
        """Wait until a watched file has changed and is no longer being written."""
        before, now = self._used, self._signature()
        while now == self._used or now != before:
            time.sleep(POLL_SECONDS)
            before, now = now, self._signature()

    def changed(self) -> bool:
        """Return whether a watched file has changed since the page was started."""
        return self._signature() != self._used

    def refuse_other(self) -> None:
        """Raise UsageError if the report folder, which will hold the runs, contains the report of another study.

        `refresh` reports the other errors of the study.
        """
        with contextlib.suppress(StudyError, MissingError):
            self._checked_request(self._quick)

    def _checked_request(self, quick: bool) -> RunRequest:
        """Return the request for the current study, whose folder contains no other study's report."""
        request = self._make_request(quick)
        self.shown.use(request.plan.study.lang)
        refuse_other_report(request)
        return request

    def _page(self, listener: ProgressListener) -> tuple[str, str]:
        """Return the page and a description of it."""
        cancelling = _CancellingListener(listener, self.shown, self.changed)
        try:
            analysed = self._analyse(cancelling)
            with in_language(self.shown.language):
                description = _description(analysed)
            return page(analysed.analysis), description
        finally:
            cancelling.end()

    def _analyse(self, listener: ProgressListener) -> AnalysedStudy:
        request = self._checked_request(self._quick)
        self._watch(_data_files(request.plan) | _plugin_files(request.plan))
        if not (self._quick or self._full):
            staged, records = stored_stages(request)
            if len(records) == len(unique(plan_jobs(staged.plan))):
                return analyse_runs(CollectedRuns(staged, records), StoredRuns(), listener)
            request = self._checked_request(True)
        return train_request(request, listener, workers=self._workers)

    def _watch(self, files: set[Path]) -> None:
        """Watch further files from now on."""
        self._used |= {path: _stamp(path) for path in files - self._files}
        self._files |= files

    def _signature(self) -> Signature:
        """Return modification time and size of each watched file; None for a missing file."""
        return {path: _stamp(path) for path in (*sorted(self._files), *sorted(templates_folder().iterdir()))}


class _CancellingListener(ProgressListener):
    """Forwards events to a listener, shows them in the page, and cancels the work if the study was edited.

    A run that is not cancelled in time continues in its thread. Its first event after `end` is ignored and cancels it.
    """

    def __init__(self, listener: ProgressListener, shown: PreviewPage, changed: Callable[[], bool]) -> None:
        self._listener, self._shown, self._changed = listener, shown, changed
        self._checked = time.monotonic()
        self._done = self._count = 0
        self._lock = threading.Lock()
        self._ended = False

    def end(self) -> None:
        """Ignore all further events, which belong to an outdated page."""
        with self._lock:
            self._ended = True

    def training(self, plan: Plan, missing: Sequence[Job], stored: int) -> None:
        """Show how many runs will be trained."""
        self._listener.training(plan, missing, stored)
        self._done, self._count = 0, len(missing)
        self._show_count()

    def compiling(self) -> None:
        self._listener.compiling()

    def progress(self, job: Job, done: int, total: int) -> None:
        """Forward the event; called from a training thread."""
        with self._lock:
            if self._ended:
                raise Cancelled
            self._listener.progress(job, done, total)
        self._check_cancelled()

    def finished(self, job: Job, record: RunRecord) -> None:
        """Count the run; called from a training thread."""
        with self._lock:
            if self._ended:
                return
            self._listener.finished(job, record)
            self._done += 1
            self._show_count()

    def stage(self, name: str) -> None:
        self._listener.stage(name)
        with in_language(self._shown.language):
            self._shown.working(f"{sentence(_(name))} ...")
        self._check_cancelled()

    def _show_count(self) -> None:
        if self._count:
            with in_language(self._shown.language):
                text = _("Training: {count} of {total} runs are done.")
                self._shown.working(text.format(count=self._done, total=self._count))

    def _check_cancelled(self) -> None:
        """Raise Cancelled if the study has changed; reads the files at most once per polling interval."""
        if time.monotonic() - self._checked > POLL_SECONDS:
            self._checked = time.monotonic()
            if self._changed():
                raise Cancelled


def _data_files(plan: Plan) -> set[Path]:
    """Return the user's data files that the variants read."""
    paths = {run.spec.data.source.get("path") for run in plan.runs} - {None}
    return {plan.study.folder / Path(str(path)).expanduser() for path in paths}


def _plugin_files(plan: Plan) -> set[Path]:
    return {Path(plugin.path) for plugin in plan.study.plugin_files}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _description(analysed: AnalysedStudy) -> str:
    runs = len(analysed.records)
    is_quick = bool(analysed.request.plan.study.watermark)
    text = _("A quick look of {runs}") if is_quick else _("The full report of {runs}")
    return text.format(runs=counted_noun(runs, "run"))


def _sentence(error: Exception) -> str:
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name}:{error.lineno}: {error.message}"
    return f"templates: {error}" if isinstance(error, TemplateError) else str(error)
