"""The outcome of a study: its analysis, its written report, and the runs that failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reportgen.analysis.results import Analysis
from reportgen.errors import MissingError
from reportgen.runs.record import RunRecord
from reportgen.workflow.request import RunRequest


@dataclass(frozen=True)
class AnalysedStudy:
    """A study's analysis with its remedies tried, from records by variant and seed; trained, stored: how many runs."""

    request: RunRequest
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
