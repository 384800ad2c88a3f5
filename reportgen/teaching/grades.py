"""The grade of a submission: its problems, and the points for each part."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from reportgen.languages.translate import N_
from reportgen.report.document.claim_view import ClaimView
from reportgen.study.planning.plan import Plan

Part = Literal["report", "predictions", "right", "gaps", "own_claims"]

PARTS: dict[Part, str] = {
    "report": N_("Report"),
    "predictions": N_("Prediction"),
    "right": N_("Right prediction"),
    "gaps": N_("Chosen setting"),
    "own_claims": N_("Claims of your own"),
}
"""The parts of a grade, with their titles."""

ProblemName = Literal[
    "no-report",
    "not-readable",
    "other-engine",
    "quick",
    "other-study",
    "changed",
    "no-student",
    "other-seeds",
    "no-data",
    "not-here",
    "other-data",
    "differs",
    "not-reproduced",
    "same-records",
]
PROBLEMS: tuple[ProblemName, ...] = get_args(ProblemName)
"""The problems for which a report gets no points; docs/assignments.md explains them."""


RULE = N_("the newest report without a problem")
"""Which of several reports of one student counts."""


@dataclass(frozen=True)
class Problem:
    """A reason why a report gets no points.

    Attributes
    ----------
    name : one of `PROBLEMS`.
    text : a sentence for the student, which names no other student.
    detail : further words for the lecturer only.
    """

    name: ProblemName
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
    trained : the time in UTC at which the last run of the report ended, as text; empty if it is unknown.
    not_counted : the folders of other reports of the same student, which get no grade.
    """

    student: str
    folder: Path
    problems: tuple[Problem, ...] = ()
    items: tuple[Item, ...] = ()
    claims: tuple[ClaimView, ...] = ()
    seeds: frozenset[int] = frozenset()
    digests: tuple[str, ...] = ()
    plan: Plan | None = field(default=None, repr=False)
    trained: str = ""
    not_counted: tuple[Path, ...] = ()

    @property
    def note(self) -> str:
        """A sentence for the student about further reports, which names no folder; empty without any."""
        if not self.not_counted:
            return ""
        text = (
            N_("{count} reports are of this student, and this one, whose training ended at {time}, counts: {rule}")
            if self.trained
            else N_("{count} reports are of this student, and this one counts: {rule}")
        )
        return text.format(count=len(self.not_counted) + 1, time=self.trained, rule=RULE)

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
