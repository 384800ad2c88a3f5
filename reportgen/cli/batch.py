"""Several studies in one command: an error in one does not stop the others, and each has a summary line."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from reportgen.cli.app import raise_interruption
from reportgen.cli.output.reports import STYLES, Line, counted, main_file, several, shown_duration, verdict_counts
from reportgen.cli.progress import weights
from reportgen.errors import ReportgenError
from reportgen.workflow.events import BatchPosition, ProgressListener
from reportgen.workflow.outcomes import Report
from reportgen.workflow.request import RunRequest, plan_jobs, unique

Maker = Callable[[RunRequest, ProgressListener], Report]


@dataclass(frozen=True)
class StudyOutcome:
    """The outcome of a study: its report or its error, and the time it took in seconds."""

    request: RunRequest
    seconds: float
    report: Report | None = None
    error: Exception | None = None

    @property
    def name(self) -> str:
        return self.request.plan.study.id


def positions(requests: Sequence[RunRequest]) -> list[BatchPosition | None]:
    """Return the position of each study with the expected times; None for a single study."""
    if len(requests) < 2:
        return [None for _ in requests]
    costs = [_expected_seconds(request) for request in requests]
    return [BatchPosition(k + 1, len(requests), sum(costs[:k]), cost, sum(costs)) for k, cost in enumerate(costs)]


def _expected_seconds(request: RunRequest) -> float:
    try:
        return sum(weights(request.plan, unique(plan_jobs(request.plan))).values())
    except ReportgenError:  # such as missing data, which the study reports itself
        return 1.0


def run_one(request: RunRequest, make: Maker, listener: ProgressListener) -> StudyOutcome:
    """Make the report of a study and return the outcome; only KeyboardInterrupt is raised."""
    begin = time.monotonic()
    try:
        with listener:
            report = make(request, listener)
    except Exception as error:
        if not isinstance(error, ReportgenError):
            raise_interruption()  # which a library may have turned into this error
        return StudyOutcome(request, time.monotonic() - begin, error=error)
    return StudyOutcome(request, time.monotonic() - begin, report)


def summary_lines(outcomes: Sequence[StudyOutcome]) -> Iterator[Line]:
    """Yield a heading, a line for each study with verdicts, time and report, and a line with the totals."""
    width = max(len(outcome.name) for outcome in outcomes)
    yield "bold", f"{len(outcomes)} studies in {shown_duration(sum(outcome.seconds for outcome in outcomes))}"
    for outcome in outcomes:
        yield "red" if outcome.error else "", f"  {outcome.name:<{width}}  {_outcome(outcome)}"
    total: Counter[str] = Counter()
    for outcome in outcomes:
        total.update(_verdicts(outcome.report) if outcome.report else {})
    without = sum(outcome.report is None for outcome in outcomes)
    yield (
        "",
        f"  claims: {counted({verdict: total[verdict] for verdict in STYLES})}"
        + (f"; {without} without a report" if without else ""),
    )


def _outcome(outcome: StudyOutcome) -> str:
    if outcome.report is None:
        return f"{shown_duration(outcome.seconds):>7}  no report: {_first_line(outcome.error)}"
    failed = f", {several(len(outcome.report.failures), 'run')} failed" if outcome.report.failures else ""
    quick = outcome.report.plan.study.watermark
    verdicts = "no verdicts" if quick else counted(_verdicts(outcome.report)).replace("none", "no claims")
    return f"{shown_duration(outcome.seconds):>7}  {verdicts}{failed}  {main_file(outcome.report)}"


def _verdicts(report: Report) -> dict[str, int]:
    return {} if report.plan.study.watermark else verdict_counts(report)


def _first_line(error: Exception | None) -> str:
    text = str(error) if isinstance(error, ReportgenError) else f"{type(error).__name__}, a bug in reportgen"
    return text.partition("\n")[0]
