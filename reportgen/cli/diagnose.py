"""The verb diagnose, for training recorded by other programs.

Modules that take time to load are imported inside the verb.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.app import NOT_SUPPORTED
from reportgen.cli.options import Json
from reportgen.cli.terminal import print_json, print_lines


def diagnose(
    record: Annotated[Path, typer.Argument(metavar="RECORD.npz|FOLDER", help="A record, or a folder of records.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 6 if there is a warning or an error.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Diagnose training recorded by another program."""
    from reportgen.cli.output.diagnosis import diagnosis_lines, diagnosis_values
    from reportgen.plugins.loading import load_installed
    from reportgen.workflow.diagnose import diagnose_path

    load_installed()
    diagnosed = diagnose_path(record)
    if as_json:
        print_json(diagnosis_values(diagnosed))
    else:
        print_lines(diagnosis_lines(diagnosed))
    if strict and diagnosed.has_alarm:
        raise typer.Exit(NOT_SUPPORTED)
