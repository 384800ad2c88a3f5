"""Progress events of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.runs.executors import Job
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan


@dataclass(frozen=True)
class BatchPosition:
    """The position of a study among several.

    Attributes
    ----------
    number, count : position, from 1, and number of studies.
    before, own, total : expected seconds for the studies before this one, for this one, and for all.
    """

    number: int
    count: int
    before: float
    own: float
    total: float


class ProgressListener:
    """Base class of progress listeners; does nothing.

    `progress` and `finished` are called from several threads. See cli/progress.py for the listeners that print.
    """

    def __enter__(self) -> ProgressListener:
        return self

    def __exit__(self, *error: object) -> None:
        """End the display, whether the work succeeded or not."""

    def training(self, plan: Plan, missing: Sequence[Job], stored: int) -> None:
        """Handle the start of training: `missing` will be trained, and `stored` runs of the plan are stored."""

    def compiling(self) -> None:
        """Handle the start of compilation, which precedes the first run."""

    def progress(self, job: Job, done: int, total: int) -> None:
        """Handle the progress of a run: `done` of its `total` steps."""

    def finished(self, job: Job, record: RunRecord) -> None:
        """Handle the end of a run, which is stored."""

    def notice(self, text: str) -> None:
        """Handle a sentence about something that the user should know, such as a damaged run that is trained again."""

    def stage(self, name: str) -> None:
        """Handle the start of a stage of the report, such as "analysing"."""
