"""The Typer application without its verbs, and the exit codes of the command line."""

from __future__ import annotations

import signal

import typer

from reportgen.errors import MissingError, ReportgenError

BUG, FAILED, MISSING, NOT_SUPPORTED, INTERRUPTED = ReportgenError.exit_code, 5, MissingError.exit_code, 6, 130
HUNG_UP, TERMINATED = 129, 143

SIGNALS = {
    getattr(signal, name): code
    for name, code in {"SIGTERM": TERMINATED, "SIGHUP": HUNG_UP, "SIGINT": INTERRUPTED}.items()
    if hasattr(signal, name)
}
"""The signals that interrupt a command, and its exit codes; if several came, the first of this list decides.

Batch systems send SIGTERM, and a terminal that closes sends SIGHUP, which Windows does not have.
"""

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
