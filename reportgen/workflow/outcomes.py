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
    """A study and its analysis.

    Attributes
    ----------
    request : the request, whose plan has all stages of its searches.
    records : the runs by variant and seed.
    analysis : the analysis, with remedies tested.
    trained, stored : number of runs that were trained now, and that were stored before.
    """

    request: RunRequest
    records: Mapping[tuple[str, int], RunRecord]
    analysis: Analysis
    trained: int
    stored: int


@dataclass(frozen=True)
class FailedRun:
    """A run that raised an error: the label of its variant, its seed and the error message."""

    variant: str
    seed: int
    error: str

    @property
    def name(self) -> str:
        """The variant and the seed of the run."""
        return f"{self.variant}, seed {self.seed}"


@dataclass(frozen=True)
class Report:
    """A written report.

    Attributes
    ----------
    folder : the report's folder.
    paths : the written files and folders.
    analysis : the analysis in the report.
    trained, stored : number of runs that were trained now, and that were stored before.
    failed : the runs that failed.
    missing : the reason why a requested PDF or QTI package could not be made.
    left_out : a sentence for each part of the report that is not possible, such as a copy of too large data.
    """

    folder: Path
    paths: tuple[Path, ...]
    analysis: Analysis
    trained: int
    stored: int
    failed: tuple[FailedRun, ...]
    missing: MissingError | None
    left_out: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each failed run."""
        return tuple(f"{run.name}: {run.error}" for run in self.failed)
