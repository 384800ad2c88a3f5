"""The verb diagnose, for training recorded or logged by other programs.

Modules that take time to load are imported inside the verb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reportgen.cli.app import MISSING, NOT_SUPPORTED
from reportgen.cli.options import DiagnosisFormats, Json, Language, Open, listed, report_language
from reportgen.cli.terminal import print_json, print_lines, say, show_page

if TYPE_CHECKING:
    from reportgen.report.publish.publisher import Published
    from reportgen.workflow.diagnose import DiagnosedTraining


def _column(option: str, what: str) -> typer.models.OptionInfo:
    info = typer.Option(option, metavar="COLUMN", help=f"Column of a log that holds the {what}.")
    assert isinstance(info, typer.models.OptionInfo)
    return info


def diagnose(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Logs, records, or folders of them.")],
    format_: Annotated[
        str | None, typer.Option("--as", metavar="FORMAT", help="Format of the log; by default it is recognized.")
    ] = None,
    loss: Annotated[str | None, _column("--loss", "training loss")] = None,
    val_loss: Annotated[str | None, _column("--val-loss", "validation loss")] = None,
    accuracy: Annotated[str | None, _column("--accuracy", "training accuracy")] = None,
    val_accuracy: Annotated[str | None, _column("--val-accuracy", "validation accuracy")] = None,
    lr: Annotated[str | None, _column("--lr", "learning rate")] = None,
    gradient_norm: Annotated[str | None, _column("--gradient-norm", "gradient norm")] = None,
    step: Annotated[
        str | None, typer.Option("--step", metavar="COLUMN", help="Column of a log that counts steps.")
    ] = None,
    epoch: Annotated[
        str | None, typer.Option("--epoch", metavar="COLUMN", help="Column of a log that counts epochs.")
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", metavar="TASK", help="classification, regression or likelihood.")
    ] = None,
    classes: Annotated[int | None, typer.Option("--classes", metavar="N", help="Number of classes.")] = None,
    together: Annotated[
        bool, typer.Option("--together", help="Judge all logs as runs of the same settings, such as seeds.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 6 if there is a warning or an error.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write a report to DIR/<name of PATH>.")
    ] = None,
    formats: DiagnosisFormats = None,
    lang: Language = None,
    open_: Open = False,
    as_json: Json = False,
) -> None:
    """Diagnose training that another program logged or recorded.

    -o, -f and --open also write a report, by default to reports/<name of PATH>. Exits with code 3 if a record or log
    cannot be read; the others are diagnosed.
    """
    from reportgen.cli.output.diagnosis import diagnosis_lines, diagnosis_values
    from reportgen.cli.output.diagnosis_report import command_of, main_file, written_lines, written_values
    from reportgen.external.logs.options import LogOptions
    from reportgen.plugins.loading import load_installed
    from reportgen.workflow.diagnose import diagnose_paths

    columns = {
        "train_loss": loss,
        "val_loss": val_loss,
        "train_accuracy": accuracy,
        "val_accuracy": val_accuracy,
        "lr": lr,
        "gradient_norm": gradient_norm,
    }
    named = {role: column for role, column in columns.items() if column is not None}
    options = LogOptions(format_, named, task, classes, together, step, epoch)
    language = report_language(lang)
    load_installed()
    diagnosed = diagnose_paths(paths, options, language)
    for error in diagnosed.unreadable:
        say(f"reportgen: skipped: {error}")
    if diagnosed.others:
        say(f"reportgen: {diagnosed.others} other file{'s' * (diagnosed.others != 1)} in the folder: no logs")
    values, report = diagnosis_values(diagnosed), None
    if output is not None or formats is not None or open_:
        report = _write(diagnosed, values, output, formats, command_of(paths, options, strict, language))
    if as_json:
        print_json(values | (written_values(report) if report else {}))
    else:
        print_lines([*diagnosis_lines(diagnosed), *(written_lines(report) if report else ())])
    if report and open_:
        show_page(main_file(report))
    if report and report.missing:
        say(f"reportgen: {report.missing}")
    codes = [error.exit_code for error in diagnosed.unreadable[:1]]
    codes += [MISSING] if report and report.missing and "pdf" in listed(formats) else []
    codes += [NOT_SUPPORTED] if strict and diagnosed.has_alarm else []
    if codes:
        raise typer.Exit(codes[0])


def _write(
    diagnosed: DiagnosedTraining,
    values: Mapping[str, Any],
    output: Path | None,
    formats: Sequence[str] | None,
    command: str,
) -> Published:
    """Write the report of a diagnosis, by default in all formats and into the folder of all reports."""
    from reportgen.workflow.request import DEFAULT_FORMATS
    from reportgen.workflow.training_report.write import write_diagnosis_report

    chosen = DEFAULT_FORMATS if formats is None else listed(formats)
    return write_diagnosis_report(diagnosed, values, output or Path("reports"), chosen, command)
