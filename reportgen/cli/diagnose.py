"""The verb that diagnoses training recorded by other programs.

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
        bool, typer.Option("--strict", help="End with code 6 if there is a warning or an error.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Diagnose training that was recorded elsewhere."""
    from reportgen.cli.output.diagnosis import alarms, diagnose_files, diagnosis_lines, diagnosis_values
    from reportgen.plugins.loading import load_installed

    load_installed()
    found, judgements = diagnose_files(record)
    if as_json:
        print_json(diagnosis_values(judgements, found))
    else:
        print_lines(diagnosis_lines(judgements, found))
    if strict and alarms(judgements):
        raise typer.Exit(NOT_SUPPORTED)
