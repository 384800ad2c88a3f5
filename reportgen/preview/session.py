"""`reportgen preview`: the report of a study while it is being edited.

The page is made in memory from the study as it stands; runs that it needs are trained and stored where `run` stores
them. What a report's folder shows is left alone.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import TemplateError, TemplateSyntaxError

from reportgen import report
from reportgen.engine.train import Cancelled
from reportgen.errors import MissingError, ReportgenError, StudyError
from reportgen.preview.server import Shown
from reportgen.runs.executors import Job
from reportgen.runs.record import RunRecord
from reportgen.shipped import templates_folder
from reportgen.study.planning.plan import Plan
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.outcomes import AnalysedStudy
from reportgen.workflow.request import RunRequest, plan_jobs, unique
from reportgen.workflow.run import analyse_stored, refuse_other_report, train_request
from reportgen.workflow.search_stages import stored_stages

LOOK_SECONDS = 0.25
"""How often files are looked at; what has changed is taken up when it has been the same for two looks."""

Signature = dict[Path, tuple[int, int] | None]


class Preview:
    """A study that is shown while it is edited.

    order: returns the order of the study as it stands, quick or in full. quick, full: always so; where neither is
    asked for, the full report is shown as long as all its runs are stored, and otherwise a quick look.
    """

    def __init__(
        self,
        study: Path,
        request: Callable[[bool], RunRequest],
        shown: Shown,
        *,
        quick: bool = False,
        full: bool = False,
        workers: int | None = None,
    ) -> None:
        self.shown = shown
        self._order, self._quick, self._full, self._workers = request, quick, full, workers
        self._files = {study}
        self._seen: Signature = {}

    def refresh(self, listener: ProgressListener) -> str | None:
        """Make the page from the study as it stands; return what is wrong with it in words, None where nothing is.

        Where something that is watched changes meanwhile, it begins again. Raises what is a bug of ours.
        """
        while True:
            self._seen = self._signature()
            begin = time.monotonic()
            try:
                page, told = self._page(listener)
            except Cancelled:
                self.wait()
                continue
            except (ReportgenError, TemplateError) as error:
                self.shown.broken(_sentence(error))
                return _sentence(error)
            self.shown.ready(page, f"{told}, made in {time.monotonic() - begin:.1f} s")
            return None

    def wait(self) -> None:
        """Return when something has changed and is settled."""
        before, now = self._seen, self._signature()
        while now == self._seen or now != before:
            time.sleep(LOOK_SECONDS)
            before, now = now, self._signature()

    def changed(self) -> bool:
        """Return whether something is not as it was when the page was begun."""
        return self._signature() != self._seen

    def refuse_other(self) -> None:
        """Raise UsageError where the report of another study stands in the folder, to which runs would be added.

        What else is wrong with the study is for `refresh` to tell.
        """
        with contextlib.suppress(StudyError, MissingError):
            self._ordered(self._quick)

    def _ordered(self, quick: bool) -> RunRequest:
        """Return the order of the study as it stands, whose runs go to a folder of its own."""
        request = self._order(quick)
        refuse_other_report(request)
        return request

    def _page(self, listener: ProgressListener) -> tuple[str, str]:
        """Return the page, and what it shows in words."""
        following = _Following(listener, self.shown, self.changed)
        try:
            made = self._make(following)
            return report.page(made.analysis), _told(made)
        finally:
            following.end()

    def _make(self, listener: ProgressListener) -> AnalysedStudy:
        request = self._ordered(self._quick)
        self._watch(_data_files(request.plan))
        if not (self._quick or self._full):
            staged, records = stored_stages(request)
            if len(records) == len(unique(plan_jobs(staged.plan))):
                return analyse_stored(staged, records, listener)
            request = self._ordered(True)
        return train_request(request, listener, workers=self._workers)

    def _watch(self, files: set[Path]) -> None:
        """Look at further files from now on."""
        self._seen |= {path: _stamp(path) for path in files - self._files}
        self._files |= files

    def _signature(self) -> Signature:
        """Return when each watched file was written last, and its size; None for one that is not there."""
        return {path: _stamp(path) for path in (*sorted(self._files), *sorted(templates_folder().iterdir()))}


class _Following(ProgressListener):
    """Hands on what it hears, shows it in the page, and stops work on what has been edited meanwhile.

    A run that does not notice in time goes on in its thread; what it says after the end is not heard, and ends it.
    """

    def __init__(self, listener: ProgressListener, shown: Shown, changed: Callable[[], bool]) -> None:
        self._watcher, self._shown, self._changed = listener, shown, changed
        self._looked = time.monotonic()
        self._done = self._count = 0
        self._lock = threading.Lock()
        self._ended = False

    def end(self) -> None:
        """Hear nothing from now on: what is shown next is of another try."""
        with self._lock:
            self._ended = True

    def training(self, plan: Plan, missing: Sequence[Job], stored: int) -> None:
        """Say how many runs are to be trained."""
        self._watcher.training(plan, missing, stored)
        self._done, self._count = 0, len(missing)
        self._tell()

    def compiling(self) -> None:
        """Hand on."""
        self._watcher.compiling()

    def progress(self, job: Job, done: int, total: int) -> None:
        """Hand on; from a training thread."""
        with self._lock:
            if self._ended:
                raise Cancelled
            self._watcher.progress(job, done, total)
        self._heed()

    def finished(self, job: Job, record: RunRecord) -> None:
        """Count the run; from a training thread."""
        with self._lock:
            if self._ended:
                return
            self._watcher.finished(job, record)
            self._done += 1
            self._tell()

    def stage(self, name: str) -> None:
        """Say what is being done."""
        self._watcher.stage(name)
        self._shown.working(f"{name[:1].upper()}{name[1:]} ...")
        self._heed()

    def _tell(self) -> None:
        if self._count:
            self._shown.working(f"Training: {self._done} of {self._count} runs are done.")

    def _heed(self) -> None:
        """Give up where the study has changed, which is not asked more often than files are looked at."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            if self._changed():
                raise Cancelled


def _data_files(plan: Plan) -> set[Path]:
    """Return the users' own files that the study's variants read."""
    paths = {run.spec.data.source.get("path") for run in plan.runs} - {None}
    return {plan.study.folder / Path(str(path)).expanduser() for path in paths}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _told(made: AnalysedStudy) -> str:
    runs = len(made.records)
    kind = "A quick look" if made.request.plan.study.watermark else "The full report"
    return f"{kind} of {runs} run{'' if runs == 1 else 's'}"


def _sentence(error: Exception) -> str:
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name}:{error.lineno}: {error.message}"
    return f"templates: {error}" if isinstance(error, TemplateError) else str(error)
