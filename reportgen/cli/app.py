"""The Typer application without its verbs, and the exit codes of the command line."""

from __future__ import annotations

import typer

from reportgen.errors import MissingError, ReportgenError

BUG, FAILED, MISSING, NOT_SUPPORTED, INTERRUPTED = ReportgenError.exit_code, 5, MissingError.exit_code, 6, 130
TERMINATED = 143

interruptions: list[int] = []
"""Numbers of the signals that have interrupted this process, such as SIGINT for Ctrl-C.

A library, or a destructor, may drop the KeyboardInterrupt of a signal, or raise another error in its place.
"""


def raise_interruption() -> None:
    """Raise KeyboardInterrupt if a signal has interrupted this process."""
    if interruptions:
        raise KeyboardInterrupt


app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing rich takes a third of the time of --help
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Test the claims of a lecture on training neural networks and report the results.",
)
