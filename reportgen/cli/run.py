"""The verbs that work on studies: run, render and check.

Modules that take time to load are imported inside the verbs that need them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.app import FAILED, MISSING, NOT_SUPPORTED, raise_interruption
from reportgen.cli.options import (
    AllowCode,
    Dask,
    DaskWait,
    Formats,
    Jobs,
    Json,
    NoScript,
    Open,
    Output,
    Quick,
    Quiet,
    RunOptions,
    Seeds,
    Set,
    ShardText,
    Strict,
    Studies,
    Verbose,
)
from reportgen.cli.shards import train_shards
from reportgen.cli.terminal import Answers, Show, as_user_error, print_lines
from reportgen.errors import Interruption, UsageError

if TYPE_CHECKING:
    from reportgen.cli.batch import Maker, StudyOutcome
    from reportgen.workflow.events import ProgressListener
    from reportgen.workflow.outcomes import Report
    from reportgen.workflow.request import RunRequest

NEED_LIBRARIES = {"pdf", "quiz", "slides"}
"""Formats that need libraries which may be missing."""


def run(
    studies: Studies,
    output: Output = None,
    formats: Formats = None,
    changes: Set = None,
    seeds: Seeds = None,
    jobs: Jobs = None,
    dask: Dask = None,
    dask_wait: DaskWait = None,
    shard: ShardText = None,
    quick: Quick = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Train stored runs again.")] = False,
    strict: Strict = False,
    allow_code: AllowCode = False,
    no_script: NoScript = False,
    open_: Open = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Train the missing runs of studies and write their reports."""
    options = RunOptions(studies, output, formats, changes, seeds, quick, strict, allow_code, not no_script)
    if dask_wait is not None and dask is None:
        raise UsageError("option-conflict", "--dask-wait has no effect without --dask", hint="add --dask ADDRESS")
    if shard is not None:
        unused = {"-f": formats, "--open": open_, "--strict": strict, "--dask": dask}
        train_shards(
            options,
            shard,
            [name for name, value in unused.items() if value],
            Show(quiet, verbose, as_json, open_),
            jobs,
            fresh,
        )
        return
    from reportgen.workflow.run import run_request

    def make(request: RunRequest, listener: ProgressListener) -> Report:
        return run_request(request, workers=jobs, dask=dask, dask_wait=dask_wait, fresh=fresh, listener=listener)

    _make_reports(options, make, Show(quiet, verbose, as_json, open_), fresh)


def render(
    studies: Studies,
    output: Output = None,
    formats: Formats = None,
    changes: Set = None,
    seeds: Seeds = None,
    quick: Quick = False,
    strict: Strict = False,
    allow_code: AllowCode = False,
    no_script: NoScript = False,
    open_: Open = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Write reports from stored runs; train nothing."""
    options = RunOptions(studies, output, formats, changes, seeds, quick, strict, allow_code, not no_script)
    from reportgen.workflow.run import render_request

    def make(request: RunRequest, listener: ProgressListener) -> Report:
        return render_request(request, listener=listener)

    _make_reports(options, make, Show(quiet, verbose, as_json, open_))


def check(
    studies: Studies,
    output: Output = None,
    formats: Formats = None,
    changes: Set = None,
    seeds: Seeds = None,
    jobs: Jobs = None,
    quick: Quick = False,
    allow_code: AllowCode = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Validate studies and show the cost of running them.

    Shows runs, parameters, memory and time, and whether the data are available. The time is measured by a few steps of
    training, of which nothing is kept.
    """
    options = RunOptions(studies, output, formats, changes, seeds, quick, allow_code=allow_code)
    from reportgen.cli.output.reports import check_lines, check_values
    from reportgen.runs.executors import default_workers

    requests = options.requests(as_json)
    answers = Answers(len(requests), as_json)
    for request in requests:
        with answers.about(study=request.plan.study.id):
            plan = check_values(request, jobs or default_workers())
            answers.values.append(plan)
            if not (as_json or quiet):
                print_lines(check_lines(plan))
    answers.finish()


def _make_reports(options: RunOptions, make: Maker, show: Show, fresh: bool = False) -> None:
    """Make and show each report; the first error determines the exit code."""
    if options.strict and options.quick:
        raise UsageError("option-conflict", "--strict needs verdicts, and --quick gives none", hint="use one of them")
    from reportgen.cli.batch import positions, run_one

    requests = options.requests(show.as_json)
    answers = Answers(len(requests), show.as_json)
    ended: list[StudyOutcome] = []
    try:
        for request, position in zip(requests, positions(requests), strict=True):
            raise_interruption()
            ended.append(run_one(request, make, show.listener(position)))
            answers.values.append(show.ended(ended[-1]))
            answers.codes += _codes(ended[-1], options.strict, bool(NEED_LIBRARIES & {*options.chosen_formats}))
    except KeyboardInterrupt:
        show.summary(ended)
        same = "the same command without --fresh" if fresh else "the same command"
        raise Interruption(f"Interrupted. Finished runs are kept; {same} continues with the rest.") from None
    show.summary(ended)
    answers.finish()


def _codes(ended: StudyOutcome, strict: bool, needs_libraries: bool) -> list[int]:
    """Return the nonzero exit codes for the outcome of a study; `needs_libraries`: of a format that was asked for."""
    from reportgen.cli.output.reports import has_unsupported_claim

    report = ended.report
    if report is None:
        return [as_user_error(error).exit_code for error in [ended.error] if error]
    conditions = {FAILED: bool(report.failures), MISSING: bool(report.missing and needs_libraries)}
    conditions[NOT_SUPPORTED] = strict and has_unsupported_claim(report)
    return [code for code, met in conditions.items() if met]
