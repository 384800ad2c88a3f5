"""The outcome of a study: its analysis, its written report, and the runs that failed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import MissingError
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan
from reportgen.workflow.request import RunRequest

if TYPE_CHECKING:  # the analysis takes half a second to load, and an unchanged report does not need it
    from reportgen.analysis.results import Analysis


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
    plan : the plan of the study.
    folder : the report's folder.
    paths : the written files and folders.
    results : the content of results.json.
    trained, stored : number of runs that were trained now, and that were stored before.
    failed : the runs that failed.
    missing : the reason why a requested PDF could not be made.
    unchanged : whether the report is a former one, because nothing that it was made from has changed.
    """

    plan: Plan
    folder: Path
    paths: tuple[Path, ...]
    results: Mapping[str, Any]
    trained: int
    stored: int
    failed: tuple[FailedRun, ...] = ()
    missing: MissingError | None = None
    unchanged: bool = False
    analyse: Callable[[], Analysis] | None = field(default=None, repr=False, compare=False)
    """Returns the analysis; used once, because the analysis of an unchanged report takes time."""

    @functools.cached_property
    def analysis(self) -> Analysis:
        """The analysis in the report."""
        if self.analyse is None:
            raise ValueError("the report has no analysis")
        return self.analyse()

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each failed run."""
        return tuple(f"{run.name}: {run.error}" for run in self.failed)
