"""Who is told how a study gets on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.runs.executors import Job
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan


@dataclass(frozen=True)
class BatchPosition:
    """A study's place among several: number of count, and the seconds expected before it, for it and for all."""

    number: int
    count: int
    before: float
    own: float
    total: float


class ProgressListener:
    """Hears of everything and says nothing; progress.py holds those that speak.

    `progress` and `finished` are called from several threads.
    """

    def __enter__(self) -> ProgressListener:
        return self

    def __exit__(self, *error: object) -> None:
        """Take leave, whether the work succeeded or not."""

    def training(self, plan: Plan, missing: Sequence[Job], stored: int) -> None:
        """Hear that training begins: of the plan's runs these are missing, and so many are stored."""

    def compiling(self) -> None:
        """Hear that kernels have to be compiled before the first run can begin."""

    def progress(self, job: Job, done: int, total: int) -> None:
        """Hear that a run has done so many of its steps."""

    def finished(self, job: Job, record: RunRecord) -> None:
        """Hear that a run is stored."""

    def stage(self, name: str) -> None:
        """Hear that a stage of making the report begins."""
