"""The verbs that read finished reports: index, compare and verify.

Modules that take time to load are imported inside the verbs that need them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.app import NOT_SUPPORTED
from reportgen.cli.options import AllowCode, Json, report_language
from reportgen.cli.terminal import Answers, print_json, print_lines, show_page
from reportgen.errors import ResultsError


def index(
    reports: Annotated[
        list[str] | None,
        typer.Argument(metavar="[REPORT...]", help="Report folders, or folders of them; by default reports."),
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the site.")] = Path("site"),
    title: Annotated[str | None, typer.Option("--title", help="Title of the site.")] = None,
    lang: Annotated[
        str | None,
        typer.Option("--lang", metavar="CODE", help="Language: en, de or es; by default the one of all reports."),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the site in a browser.")] = False,
) -> None:
    """Make a site of finished reports.

    Writes an index of the studies and a page of all claims with their verdicts; claims of the lectures come first.
    """
    from reportgen.report.site.pages import write_site

    pages = write_site(reports or ["reports"], output, title, lang and report_language(lang))
    print_lines([("", str(pages[0]))])
    if open_:
        show_page(pages[0])


def compare(
    before: Annotated[str, typer.Argument(metavar="REPORT", help="A report folder, or its results.json.")],
    after: Annotated[str, typer.Argument(metavar="REPORT", help="The report to compare with the first one.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 6 if a claim is no longer supported.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the changes from one report to another.

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
        list[str], typer.Argument(metavar="REPORT...", help="Report folders, folders of them, or results.json files.")
    ],
    allow_code: AllowCode = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing for reports that agree.")] = False,
    as_json: Json = False,
) -> None:
    """Check reports against the records of their runs.

    Recomputes results.json and tables/ and lists all differences; exits with code 3 if there are any.
    """
    from reportgen.audit.verify import verify_report
    from reportgen.cli.output.verification import verification_lines, verification_values
    from reportgen.report.site.folders import find_reports

    folders = find_reports(reports)
    answers = Answers(len(folders), as_json)
    for folder in folders:
        with answers.about(report=str(folder)):
            result = verify_report(folder, allow_code)
            answers.values.append(verification_values(result))
            answers.codes += [ResultsError.exit_code] if result.differences else []
            if not as_json and (result.differences or not quiet):
                print_lines(verification_lines(result))
    answers.finish()
