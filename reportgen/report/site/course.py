"""A course: several reports, and their results for each claim of the lectures and of newer papers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from reportgen.analysis.results import ClaimResult
from reportgen.languages.translate import N_, _, translated
from reportgen.paths import PAGE
from reportgen.report.document.sources import Reference, references
from reportgen.report.site.finished import Finished
from reportgen.report.site.lecture_claims import LectureClaim, lecture_claims
from reportgen.report.site.modern_claims import ModernClaim, modern_claims
from reportgen.study.model.claims import VERDICTS

C = TypeVar("C", LectureClaim, ModernClaim)

MIXED, UNTESTED = "mixed", "not tested"

LECTURES = N_("Training neural networks: the claims of the lectures, tested")
STUDIES = N_("Studies of training neural networks")
"""Default titles of a site, with and without claims of the lectures."""

COLUMNS = ("lecture", "study", "claim", "verdict", "measured", "lo", "hi", "n", "metric", "quantity", "student")
"""The columns of claims.csv."""


@dataclass(frozen=True)
class CourseStudy:
    """A report of the site.

    Attributes
    ----------
    url : the URL of its folder relative to the pages of the site
    counts : the number of claims by verdict
    name : the title, with the student, and with the folder if that is still the name of another report
    """

    report: Finished
    url: str
    counts: Mapping[str, int]
    name: str

    @property
    def page(self) -> str | None:
        """The URL of the page of the report, or None."""
        return f"{self.url}/{PAGE}" if PAGE in self.report.pages else None

    @property
    def pdf(self) -> str | None:
        """The URL of the PDF of the report, or None."""
        return next((f"{self.url}/{quote(name)}" for name in self.report.pages if name.endswith(".pdf")), None)

    @property
    def picture(self) -> str | None:
        """The URL of the figure that opens the report, or None."""
        return f"{self.url}/figures/{quote(self.report.figure.id)}.svg" if self.report.figure else None

    @property
    def dark_picture(self) -> str | None:
        """The URL of the same figure for a dark ground, None if there is none."""
        figure = self.report.figure
        return f"{self.url}/figures/{quote(figure.id)}-dark.svg" if figure and figure.dark else None


@dataclass(frozen=True)
class CourseTest:
    """A claim of a study that tests a listed claim; link: the URL of the claim in the report, or None."""

    study: CourseStudy
    result: ClaimResult
    link: str | None


@dataclass(frozen=True)
class CourseClaim(Generic[C]):
    """A listed claim with its tests; verdict: the common one, "mixed" or "not tested"."""

    claim: C
    tests: tuple[CourseTest, ...]
    verdict: str


@dataclass(frozen=True)
class Course:
    """The content of a site.

    Attributes
    ----------
    claims : the claims of the lectures, tested or not
    modern : the tested claims of the papers of the last ten years
    own : the claims of the studies that no lecture makes
    counts : the number of tested claims of the lectures by verdict
    own_counts : the number of the other claims by verdict
    references, papers : the sources of the claims of the lectures and of the papers
    """

    title: str
    studies: tuple[CourseStudy, ...]
    claims: tuple[CourseClaim[LectureClaim], ...]
    modern: tuple[CourseClaim[ModernClaim], ...]
    own: tuple[CourseTest, ...]
    counts: Mapping[str, int]
    own_counts: Mapping[str, int]
    references: tuple[Reference, ...]
    papers: tuple[Reference, ...]

    @property
    def tested(self) -> tuple[CourseClaim[LectureClaim], ...]:
        """The claims of the lectures with at least one test."""
        return tuple(claim for claim in self.claims if claim.tests)

    @property
    def untested(self) -> tuple[CourseClaim[LectureClaim], ...]:
        """The claims of the lectures without a test."""
        return tuple(claim for claim in self.claims if not claim.tests)

    @property
    def students(self) -> int:
        """The number of students whose reports the site has."""
        return len({study.report.student for study in self.studies if study.report.student})

    @property
    def overview(self) -> str:
        """The file name of the page of all claims."""
        return "lectures.html" if self.tested else "claims.html"


def make_course(reports: Iterable[tuple[Finished, str]], title: str | None = None) -> Course:
    """Return a course of pairs of a report and the path of its folder in the site, in the current language.

    Studies are sorted by the number of their first claim of the lectures; studies without one come last.
    """
    pairs = list(reports)
    common = Counter((report.title, report.student) for report, _path in pairs)
    named = [(report, path, common[report.title, report.student] > 1) for report, path in pairs]
    studies = sorted((_study(*one) for one in named), key=_place)
    tests = [test for study in studies for test in _tests(study)]
    claims = tuple(
        _claim(claim, [test for test in tests if test.result.lecture == claim.number]) for claim in lecture_claims()
    )
    known = {claim.number for claim in lecture_claims()}
    modern = tuple(claim for claim in (_claim(each, _listed(each, tests)) for each in modern_claims()) if claim.tests)
    own = tuple(test for test in tests if test.result.lecture not in known)
    tested = [claim for claim in claims if claim.tests]
    return Course(
        title=_(LECTURES if tested else STUDIES) if title is None else title,
        studies=tuple(studies),
        claims=claims,
        modern=modern,
        own=own,
        counts=_in_order(Counter(claim.verdict for claim in tested)),
        own_counts=_in_order(Counter(test.result.verdict for test in own)),
        references=tuple(references(source for claim in tested for source in claim.claim.sources)),
        papers=tuple(references(claim.claim.paper for claim in modern)),
    )


def claim_rows(course: Course) -> list[tuple[Any, ...]]:
    """Return one row per test with the columns COLUMNS, the claims of the lectures first."""
    tests = [*(test for claim in course.claims for test in claim.tests), *course.own]
    return [
        (r.lecture, own.id, r.id, r.verdict, r.measured, *r.interval, r.n, r.metric, r.quantity, own.student)
        for test in tests
        for r, own in ((test.result, test.study.report),)
    ]


def overall(verdicts: Sequence[str]) -> str:
    """Return the common verdict of the tests of a claim, "mixed" if they differ, or "not tested" without any."""
    return UNTESTED if not verdicts else verdicts[0] if len(set(verdicts)) == 1 else MIXED


def _study(report: Finished, path: str, with_path: bool) -> CourseStudy:
    counts = _in_order(Counter(claim.verdict for claim in _claims_with_verdicts(report)))
    added = ", ".join(filter(None, [report.student, path if with_path else ""]))
    title = translated(report.title) if report.verdicts else report.title
    return CourseStudy(report, quote(path), counts, f"{title} ({added})" if added else title)


def _claims_with_verdicts(report: Finished) -> tuple[ClaimResult, ...]:
    """Return the claims of a report that have verdicts; a quick look has none."""
    return () if report.watermark else report.claims


def _place(study: CourseStudy) -> tuple[bool, float, str, str, str]:
    """Return a key that sorts studies by their claims of the lectures, then by student; diagnoses come last."""
    numbers = [claim.lecture for claim in study.report.claims if claim.lecture is not None]
    return bool(study.report.verdicts), min(numbers, default=math.inf), study.report.id, study.report.student, study.url


def _tests(study: CourseStudy) -> list[CourseTest]:
    page = study.page
    return [
        CourseTest(study, claim, f"{page}#claim-{claim.id}" if page else None)
        for claim in _claims_with_verdicts(study.report)
    ]


def _listed(claim: ModernClaim, tests: Sequence[CourseTest]) -> list[CourseTest]:
    return [test for test in tests if test.result.id in claim.tests.get(test.study.report.id, ())]


def _claim(claim: C, tests: Sequence[CourseTest]) -> CourseClaim[C]:
    return CourseClaim(claim, tuple(tests), overall([test.result.verdict for test in tests]))


def _in_order(counts: Counter[Any]) -> dict[str, int]:
    return {verdict: counts[verdict] for verdict in (*VERDICTS, MIXED, UNTESTED) if counts[verdict]}
