"""The outcome of a study: its analysis, its written report, and the runs that failed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen import disk
from reportgen.errors import MissingError
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan
from reportgen.workflow.request import RunRequest

if TYPE_CHECKING:  # the analysis takes half a second to load, and an unchanged report does not need it
    from reportgen.analysis.results import Analysis
    from reportgen.report.notebook.figure import ShownFigure
    from reportgen.report.notebook.view import ReportView


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


@dataclass(frozen=True, repr=False)
class Report:
    """A written report, which a notebook shows with its answer, its claims and its picture.

    Attributes
    ----------
    plan : the plan of the study.
    folder : the report's folder.
    paths : the written files and folders.
    results : the content of results.json.
    trained, stored : number of runs that were trained now, and that were stored before.
    failed : the runs that failed.
    missing : the reason why a requested PDF or QTI package could not be made.
    left_out : a sentence for each part of the report that is not possible, such as a copy of too large data.
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
    left_out: tuple[str, ...] = ()
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
    def claims(self) -> Any:
        """The claims as a pandas DataFrame, or as a list of dicts without pandas; the columns of tables/claims.csv."""
        return self._table("claims")

    @property
    def runs(self) -> Any:
        """The runs as a table like `claims`."""
        return self._table("runs")

    @property
    def layers(self) -> Any:
        """The statistics of the layers as a table like `claims`."""
        return self._table("layers")

    def _table(self, name: str) -> Any:
        from reportgen.report.notebook.rows import read_table

        return read_table(self.folder / "tables" / f"{name}.csv")

    def figure(self, id_: str) -> ShownFigure:
        """Return a figure, such as "loss_curves"; `reportgen list figures` lists them.

        Raises
        ------
        StudyError : there is no figure with this id.
        UsageError : the study has no data for the figure.
        """
        from reportgen.report.notebook.figure import shown_figure

        return shown_figure(self.analysis, id_)

    @functools.cached_property
    def _view(self) -> ReportView:
        from reportgen.report.notebook.view import view_of

        return view_of(self.results, self.folder)

    def __repr__(self) -> str:
        return self._view.line

    def _repr_html_(self) -> str:
        from reportgen.report.notebook.view import html

        return html(self._view, self._svg)

    def _repr_markdown_(self) -> str:
        from reportgen.report.notebook.view import markdown

        return markdown(self._view)

    def _svg(self, id_: str) -> str:
        """Return a figure as SVG, from its file if it was written."""
        path = self.folder / "figures" / f"{id_}.svg"
        return disk.read_text(path) if path.is_file() else self.figure(id_).svg

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each failed run."""
        return tuple(f"{run.name}: {run.error}" for run in self.failed)
