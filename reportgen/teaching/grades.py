"""The grade of a submission: its problems, and the points for each part."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reportgen.report.document.claim_view import ClaimView
from reportgen.study.planning.plan import Plan

Part = Literal["report", "predictions", "right", "gaps", "own_claims"]

PARTS: dict[Part, str] = {
    "report": "Report",
    "predictions": "Prediction",
    "right": "Right prediction",
    "gaps": "Chosen setting",
    "own_claims": "Claims of your own",
}
"""The parts of a grade, with their titles."""

PROBLEMS = {
    "no-report": "The folder contains no report.",
    "several-reports": "The folder contains several reports.",
    "not-readable": "The report cannot be read, or its study or data are not valid.",
    "other-engine": "Another version of the engine trained the runs, so that nothing can be recomputed.",
    "quick": "The report is a quick look without verdicts.",
    "other-study": "The report is of another study.",
    "changed": "The study differs from the assignment in a part that is not open to choice.",
    "no-student": "The study names no student.",
    "other-seeds": "The runs do not have the seeds of the student.",
    "no-data": "The report does not contain its data.",
    "not-here": "This machine does not have the published data of the study; grade again where they are.",
    "other-data": "The data are not those of the assignment.",
    "differs": "The report does not agree with the records of its runs, or records are missing or damaged.",
    "not-reproduced": "A run that was trained again has other results.",
    "same-student": "Another folder has the same student.",
    "same-records": "Another student handed in the same records.",
}
"""The problems for which a report gets no points."""


@dataclass(frozen=True)
class Problem:
    """A reason why a report gets no points.

    Attributes
    ----------
    name : a key of `PROBLEMS`.
    text : a sentence for the student, which names no other student.
    detail : further words for the lecturer only.
    """

    name: str
    text: str
    detail: str = ""

    @property
    def full(self) -> str:
        """The sentence for the lecturer."""
        return f"{self.name}: {self.text}{f' ({self.detail})' if self.detail else ''}"


@dataclass(frozen=True)
class Item:
    """Points for one claim, setting or other part: the part of the grade, its name, points, most points and reason."""

    part: Part
    name: str
    points: float
    most: float
    reason: str


@dataclass(frozen=True)
class Grade:
    """The grade of a submission.

    Attributes
    ----------
    student : the id in the study, or the name of the folder if there is none.
    problems : with any, all points are 0.
    claims : the claims with their recomputed results, empty if nothing could be recomputed.
    seeds : the seeds of the runs in the report.
    digests : the checksums of the arrays of all runs.
    plan : the plan of the study, None if it could not be read.
    """

    student: str
    folder: Path
    problems: tuple[Problem, ...] = ()
    items: tuple[Item, ...] = ()
    claims: tuple[ClaimView, ...] = ()
    seeds: frozenset[int] = frozenset()
    digests: tuple[str, ...] = ()
    plan: Plan | None = field(default=None, repr=False)

    @property
    def named(self) -> bool:
        """Whether the study names its student."""
        return self.plan is not None and self.plan.study.student is not None

    @property
    def points(self) -> float:
        """The points, 0 with any problem."""
        return 0.0 if self.problems else sum(item.points for item in self.items)

    @property
    def most(self) -> float:
        """The largest number of points."""
        return sum(item.most for item in self.items)

    def part(self, part: Part) -> float:
        """Return the points of one part, 0 with any problem."""
        return 0.0 if self.problems else sum(item.points for item in self.items if item.part == part)
