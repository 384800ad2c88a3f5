"""The command `reportgen` before it has any verbs."""

from __future__ import annotations

import typer

from reportgen.errors import MissingError

BUG, FAILED, MISSING, NOT_SUPPORTED, INTERRUPTED = 1, 5, MissingError.exit_code, 6, 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich alone would take a third of the time of --help
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Put the claims of a lecture on training neural networks to the test, and report the verdicts.",
)
