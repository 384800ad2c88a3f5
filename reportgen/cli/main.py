"""The command `reportgen`: its verbs, what it prints, and the codes it ends with.

Modules that take time to load are imported inside the verbs that need them, so that `--help` answers at once.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reportgen.cli import explain as explaining
from reportgen.cli import preview as previewing
from reportgen.cli import reports as reading
from reportgen.cli.app import BUG, FAILED, INTERRUPTED, MISSING, NOT_SUPPORTED, app
from reportgen.cli.options import (
    AllowCode,
    Formats,
    Jobs,
    Json,
    Open,
    Output,
    Quick,
    Quiet,
    Seeds,
    Set,
    Strict,
    Studies,
    Verbose,
    Wish,
)
from reportgen.cli.terminal import Show, print_json, print_lines, say, tell_bug, told
from reportgen.errors import Interruption, ReportgenError, UsageError

if TYPE_CHECKING:
    from reportgen.cli.batch import Ended, Maker
    from reportgen.workflow.events import Watcher
    from reportgen.workflow.request import Order
    from reportgen.workflow.run import Report


@app.command()
def run(
    studies: Studies,
    output: Output = None,
    formats: Formats = None,
    changes: Set = None,
    seeds: Seeds = None,
    jobs: Jobs = None,
    dask: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Train on the workers of a Dask cluster.")] = None,
    quick: Quick = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Train stored runs again.")] = False,
    strict: Strict = False,
    allow_code: AllowCode = False,
    open_: Open = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Train what is missing of studies and write their reports."""
    wish = Wish(studies, output, formats, changes, seeds, quick, strict, allow_code)
    from reportgen.workflow.run import run_order

    def make(order: Order, watcher: Watcher) -> Report:
        return run_order(order, workers=jobs, dask=dask, fresh=fresh, watcher=watcher)

    _make_reports(wish, make, Show(quiet, verbose, as_json, open_))


@app.command()
def render(
    studies: Studies,
    output: Output = None,
    formats: Formats = None,
    changes: Set = None,
    seeds: Seeds = None,
    quick: Quick = False,
    strict: Strict = False,
    allow_code: AllowCode = False,
    open_: Open = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Write reports from stored runs; trains nothing."""
    wish = Wish(studies, output, formats, changes, seeds, quick, strict, allow_code)
    from reportgen.workflow.run import render_order

    def make(order: Order, watcher: Watcher) -> Report:
        return render_order(order, watcher=watcher)

    _make_reports(wish, make, Show(quiet, verbose, as_json, open_))


@app.command()
def check(
    studies: Studies,
    output: Output = None,
    changes: Set = None,
    seeds: Seeds = None,
    jobs: Jobs = None,
    quick: Quick = False,
    allow_code: AllowCode = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Validate studies and show what a run would do.

    Shows runs, parameters, memory and time, and whether the data are at hand; trains and writes nothing.
    """
    wish = Wish(studies, output, None, changes, seeds, quick, allow_code=allow_code)
    from reportgen.cli.output.reports import check_lines, check_values
    from reportgen.runs.executors import default_workers

    codes: list[int] = []
    plans: list[dict[str, Any]] = []
    for order in wish.orders():
        with told(codes):
            plans.append(check_values(order, jobs or default_workers()))
    if as_json:
        print_json(plans)
    elif not quiet:
        print_lines(line for plan in plans for line in check_lines(plan))
    if codes:
        raise typer.Exit(codes[0])


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The file's name; .yaml is added.")] = "study",
) -> None:
    """Write a commented study to begin with; it runs as it is."""
    from reportgen.cli.starter import write_starter
    from reportgen.workflow.command_line import typed

    path = write_starter(name)
    print_lines([("", str(path))])
    say(f"next: {typed('reportgen', 'check', path)}, and {typed('reportgen', 'run', path)}")


app.command()(previewing.preview)
app.command()(reading.index)
app.command()(reading.compare)
app.command()(reading.verify)
app.command()(reading.diagnose)
app.command("list")(explaining.list_)
app.command()(explaining.describe)
app.command()(explaining.schema)
app.command()(explaining.doctor)


@app.callback(invoke_without_command=True)
def about(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Put the claims of a lecture on training neural networks to the test, and report the verdicts."""
    if version:
        from reportgen.runs.provenance import package_version

        print_lines([("", f"reportgen {package_version('reportgen')}")])
        raise typer.Exit


def main() -> None:
    """Carry out the command line and end with its code."""
    code = invoke(sys.argv[1:])
    if code == INTERRUPTED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # a thread that compiles cannot be stopped, and nobody is to wait for it
    sys.exit(code)


def invoke(arguments: list[str]) -> int:
    """Carry out a command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an old console may lack a letter; that is no error
    codes: list[int] = []
    try:
        with told(codes):
            app(arguments, prog_name="reportgen")
    except SystemExit as end:
        codes.append(end.code if isinstance(end.code, int) else 0)
        if codes == [INTERRUPTED]:  # before or after the work that a verb speaks of
            say("Interrupted.")
    except Interruption as end:
        say(str(end))
        return INTERRUPTED
    except Exception as error:
        tell_bug(error)
        return BUG
    return codes[0] if codes else 0


def _make_reports(wish: Wish, make: Maker, show: Show) -> None:
    """Make each report and show it; the first thing that went wrong decides the exit code."""
    if wish.strict and wish.quick:
        raise UsageError("?", "--quick gives no verdicts, so --strict has nothing to go by")
    from reportgen.cli.batch import attempt, parts

    codes: list[int] = []
    answers: list[dict[str, Any]] = []
    ended: list[Ended] = []
    orders = wish.orders()
    try:
        for order, part in zip(orders, parts(orders), strict=True):
            ended.append(attempt(order, make, show.watcher(part)))
            answers.append(show.ended(ended[-1]))
            codes += _codes(ended[-1], wish.strict, "pdf" in wish.chosen_formats)
    except KeyboardInterrupt:
        show.summary(ended)
        raise Interruption("Interrupted. Finished runs are kept; the same command takes up the rest.") from None
    show.summary(ended)
    if show.as_json:
        print_json(answers)
    if codes:
        raise typer.Exit(codes[0])


def _codes(ended: Ended, strict: bool, pdf: bool) -> list[int]:
    from reportgen.cli.output.reports import falls_short

    report = ended.report
    if report is None:
        return [ended.error.exit_code if isinstance(ended.error, ReportgenError) else BUG]
    found = {FAILED: bool(report.failures), MISSING: bool(report.missing and pdf)}
    found[NOT_SUPPORTED] = strict and falls_short(report)
    return [code for code, true in found.items() if true]
