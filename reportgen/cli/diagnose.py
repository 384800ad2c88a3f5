"""The verb diagnose, for training recorded or logged by other programs.

Modules that take time to load are imported inside the verb.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.app import NOT_SUPPORTED
from reportgen.cli.options import Json
from reportgen.cli.terminal import print_json, print_lines, say


def _column(option: str, what: str) -> typer.models.OptionInfo:
    info = typer.Option(option, metavar="COLUMN", help=f"Column of a log that holds the {what}.")
    assert isinstance(info, typer.models.OptionInfo)
    return info


def diagnose(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A log, a record, or a folder of them.")],
    format_: Annotated[
        str | None, typer.Option("--as", metavar="FORMAT", help="Format of the log; by default it is recognized.")
    ] = None,
    loss: Annotated[str | None, _column("--loss", "training loss")] = None,
    val_loss: Annotated[str | None, _column("--val-loss", "validation loss")] = None,
    accuracy: Annotated[str | None, _column("--accuracy", "training accuracy")] = None,
    val_accuracy: Annotated[str | None, _column("--val-accuracy", "validation accuracy")] = None,
    lr: Annotated[str | None, _column("--lr", "learning rate")] = None,
    gradient_norm: Annotated[str | None, _column("--gradient-norm", "gradient norm")] = None,
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
    as_json: Json = False,
) -> None:
    """Diagnose training that another program logged or recorded."""
    from reportgen.cli.output.diagnosis import diagnosis_lines, diagnosis_values
    from reportgen.external.logs.options import LogOptions
    from reportgen.plugins.loading import load_installed
    from reportgen.workflow.diagnose import diagnose_path

    columns = {
        "train_loss": loss,
        "val_loss": val_loss,
        "train_accuracy": accuracy,
        "val_accuracy": val_accuracy,
        "lr": lr,
        "gradient_norm": gradient_norm,
    }
    told = {role: column for role, column in columns.items() if column is not None}
    options = LogOptions(format_, told, task, classes, together)
    load_installed()
    diagnosed = diagnose_path(path, options)
    for error in diagnosed.unreadable:
        say(f"reportgen: skipped: {error}")
    if as_json:
        print_json(diagnosis_values(diagnosed))
    else:
        print_lines(diagnosis_lines(diagnosed))
    if strict and diagnosed.has_alarm:
        raise typer.Exit(NOT_SUPPORTED)
