"""The verbs that read what is finished: reports, and records of other programs.

Modules that take time to load are imported inside the verbs that need them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from reportgen.cli.app import NOT_SUPPORTED
from reportgen.cli.options import AllowCode, Json
from reportgen.cli.terminal import print_json, print_lines, show_page, told
from reportgen.errors import ResultsError


def index(
    reports: Annotated[
        list[str] | None, typer.Argument(metavar="[REPORT...]", help="Reports' folders, or folders of them: reports/.")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The site goes to DIR.")] = Path("site"),
    title: Annotated[str | None, typer.Option("--title", help="What the site is called.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the site in a browser.")] = False,
) -> None:
    """Make a site of finished reports.

    Writes an index of the studies and a page with every claim, those of the lectures first, each with its verdicts.
    """
    from reportgen.report.site.pages import write_site

    pages = write_site(reports or ["reports"], output, title)
    print_lines([("", str(pages[0]))])
    if open_:
        show_page(pages[0])


def compare(
    before: Annotated[str, typer.Argument(metavar="REPORT", help="A report's folder, or its results.json.")],
    after: Annotated[str, typer.Argument(metavar="REPORT", help="The report that is compared with it.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="End with code 6 where a claim is not supported any more.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell what changed from one report to another.

    Compares verdicts, settings, scores by paired seeds, findings and versions.
    """
    from reportgen.audit.compare import compare_reports
    from reportgen.cli.output.comparison import change_lines, change_values

    changes = compare_reports(before, after)
    if as_json:
        print_json(change_values(changes))
    else:
        print_lines(change_lines(changes))
    if strict and changes.lost:
        raise typer.Exit(NOT_SUPPORTED)


def verify(
    reports: Annotated[
        list[str], typer.Argument(metavar="REPORT...", help="Reports' folders, folders of them, or files results.json.")
    ],
    allow_code: AllowCode = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing of reports that agree.")] = False,
    as_json: Json = False,
) -> None:
    """Hold reports against the records of their runs.

    Computes anew what results.json and tables/ say and lists every difference; ends with code 3 where there is one.
    """
    from reportgen.audit.verify import verify_report
    from reportgen.cli.output.verification import verification_lines, verification_values
    from reportgen.report.site.finished import find_reports

    codes: list[int] = []
    answers: list[dict[str, Any]] = []
    for folder in find_reports(reports):
        with told(codes):
            found = verify_report(folder, allow_code)
            answers.append(verification_values(found))
            codes += [ResultsError.exit_code] if found.differences else []
            if not as_json and (found.differences or not quiet):
                print_lines(verification_lines(found))
    if as_json:
        print_json(answers)
    if codes:
        raise typer.Exit(codes[0])


def diagnose(
    record: Annotated[Path, typer.Argument(metavar="RECORD.npz|FOLDER", help="A record, or a folder of records.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="End with code 6 where there is a warning or error.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Diagnose training that was recorded elsewhere."""
    from reportgen.cli.output.diagnosis import alarms, diagnose_files, judgement_lines, judgement_values
    from reportgen.plugins.loading import load_installed

    load_installed()

    found, judgements = diagnose_files(record)
    if as_json:
        print_json(judgement_values(judgements, found))
    else:
        print_lines(judgement_lines(judgements, found))
    if strict and alarms(judgements):
        raise typer.Exit(NOT_SUPPORTED)
