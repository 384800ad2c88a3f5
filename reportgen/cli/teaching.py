"""The verbs for assignments: assignment and grade.

Modules that take time to load are imported inside the verbs that need them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.app import MISSING
from reportgen.cli.options import Json, report_language
from reportgen.cli.terminal import print_json, print_lines, say
from reportgen.errors import ResultsError

EXIT_CODES = {"no-report": ResultsError.exit_code, "not-here": MISSING}
"""Exit codes of `grade` for problems that prevent grading, the one that takes precedence first."""


def assignment(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study file, or the name of a shipped study.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Folder for students; by default assignment-<study>."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="File for the key; by default <DIR>.key.yaml.")
    ] = None,
    gaps: Annotated[
        list[str] | None,
        typer.Option(
            "--gap",
            metavar="PATH[:CLAIMS]",
            help="Setting to leave blank, such as training.lr, and the claims it has to support; can be repeated.",
        ),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option("--lang", metavar="CODE", help="Language: en, de or es; by default the one of the study."),
    ] = None,
) -> None:
    """Write an assignment for students and its key.

    The folder contains the study with predictions to fill in, copies of its data, and instructions.
    """
    from reportgen.teaching.assignment import write_assignment

    written = write_assignment(study, output, key, gaps or (), lang and report_language(lang))
    print_lines([("", str(path)) for path in (written.study, written.readme, *written.data)])
    print_lines([("", f"key: {written.key}")])


def grade(
    folders: Annotated[list[str], typer.Argument(metavar="FOLDER...", help="Folders that students handed in.")],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The key of the assignment.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the grades.")] = Path(
        "grades"
    ),
    retrain: Annotated[
        int,
        typer.Option("--retrain", min=0, metavar="N", help="Train N runs of each report again, to find forged ones."),
    ] = 0,
    as_json: Json = False,
) -> None:
    """Grade the reports of an assignment.

    Recomputes each report from its records. Writes grades.csv, and for each student a page of feedback and the
    results.json of Gradescope. Exits with code 3 if a folder contains no report, and with code 4 if this machine
    lacks the data of one.
    """
    from reportgen.cli.output.grades import grade_lines, grade_values
    from reportgen.teaching.grade import grade_folders
    from reportgen.teaching.key import read_key
    from reportgen.teaching.write import write_grades

    answers = read_key(key)
    grades = grade_folders(folders, answers, say, retrain)
    table = write_grades(grades, answers, output)
    if as_json:
        print_json([grade_values(grade) for grade in grades])
    else:
        print_lines([*grade_lines(grades), ("", f"grades: {table}")])
    problems = {problem.name for grade in grades for problem in grade.problems}
    code = next((code for name, code in EXIT_CODES.items() if name in problems), 0)
    if code:
        raise typer.Exit(code)
