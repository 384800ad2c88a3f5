"""The command `reportgen`: entry point, verbs and error handling.

Each group of verbs has a module of its own, which imports heavy modules inside its verbs, so that `--help` is fast.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reportgen.cli import explain, reports, run
from reportgen.cli.app import BUG, INTERRUPTED, SIGNALS, app, interruptions
from reportgen.cli.diagnose import diagnose
from reportgen.cli.doctor import doctor
from reportgen.cli.new import new
from reportgen.cli.preview import preview
from reportgen.cli.shards import merge
from reportgen.cli.teaching import assignment, grade
from reportgen.cli.terminal import as_user_error, flush_output, print_json, print_lines, report_error, say
from reportgen.errors import Interruption, ReportgenError, UsageError
from reportgen.shipped import package_version

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

PARSE_ERROR: Any = typer.BadParameter.__base__
"""The base class of Typer's errors about the command line, which Typer does not export."""

AFTER_DESTRUCTOR = 0.05
"""Seconds between the repetitions of an interruption that a destructor dropped."""

dropped_one = threading.Event()
"""Whether a destructor has dropped an interruption that is not repeated yet."""

app.command()(run.run)
app.command()(run.render)
app.command()(run.check)
app.command()(merge)
app.command()(new)
app.command()(preview)
app.command()(reports.index)
app.command()(reports.compare)
app.command()(reports.verify)
app.command()(assignment)
app.command()(grade)
app.command()(diagnose)
app.command("list")(explain.list_)
app.command()(explain.describe)
app.command()(explain.schema)
app.command()(doctor)


@app.callback(invoke_without_command=True)
def about(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Test the claims of a lecture on training neural networks and report the results."""
    if version:
        print_lines([("", f"reportgen {package_version('reportgen')}")])
        raise typer.Exit


def main() -> None:
    """Run the command line and exit with its code; SIGTERM and SIGHUP end it as Ctrl-C does."""
    try:
        for number in SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):  # a shell, or nohup, may have it ignored
                signal.signal(number, _interrupt)
        sys.unraisablehook = functools.partial(_unraisable, sys.unraisablehook)
        code = invoke(sys.argv[1:])
        flush_output()
        if interruptions and code != INTERRUPTED:
            say("Interrupted, but all work is done." if code == 0 else "Interrupted.")
        code = _final(code)
    except KeyboardInterrupt:  # a second one, or in the moments around the verb
        code = _final(INTERRUPTED)
        say("Interrupted.")
    if interruptions or code == INTERRUPTED:
        if processes := sys.modules.get("multiprocessing.util"):
            processes._run_finalizers()  # removes the semaphores of a local cluster from the system
        os._exit(code)  # without waiting for a thread that compiles, which cannot be stopped
    sys.exit(code)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Interrupt the command; while `_unraisable` runs, it would drop the exception, and `_repeat` tries again."""
    interruptions.append(number)
    if not _is_within(_unraisable.__code__, frame):
        dropped_one.clear()
        raise KeyboardInterrupt


def _is_within(code: CodeType, frame: FrameType | None) -> bool:
    """Return whether a frame, or one of its callers, executes the code of a function."""
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


def _unraisable(former: Callable[[UnraisableHookArgs], Any], dropped: UnraisableHookArgs) -> None:
    """Repeat an interruption that came during a destructor, which Python would report and forget."""
    if interruptions and isinstance(dropped.exc_value, KeyboardInterrupt):
        dropped_one.set()
        threading.Thread(target=_repeat, args=[interruptions[-1]], daemon=True).start()
    else:
        former(dropped)


def _repeat(number: int) -> None:
    """Send the signal of a dropped interruption until it interrupts the command, or the command has ended."""
    while True:
        time.sleep(AFTER_DESTRUCTOR)
        if not dropped_one.is_set() or signal.getsignal(number) != _interrupt:
            return
        if os.name == "nt":
            signal.raise_signal(number)
        else:
            signal.pthread_kill(threading.main_thread().ident or 0, number)  # also ends a wait of the main thread


def _final(code: int) -> int:
    """Return the exit code of a command that has ended; further signals end the process at once with the same code."""
    if interruptions:
        code = next(code for number, code in SIGNALS.items() if number in interruptions)
    for number in SIGNALS:
        if signal.getsignal(number) == _interrupt:
            signal.signal(number, lambda number, frame: os._exit(code))
    return code


def invoke(arguments: list[str]) -> int:
    """Run a command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for consoles that cannot encode every letter
    try:
        code = app(arguments, prog_name="reportgen", standalone_mode=False) or 0
    except Interruption as end:
        say(str(end))
        return INTERRUPTED
    except SystemExit as end:  # Typer exits this way when a pipe is closed
        return end.code if isinstance(end.code, int) else 0
    except Exception as error:
        if not (interruptions and as_user_error(error).exit_code == BUG):
            return _end(error, as_json="--json" in arguments)
        code = INTERRUPTED  # a library raised another error in place of KeyboardInterrupt
    if code == INTERRUPTED:  # Ctrl-C outside the part of a verb that has a message of its own
        say("Interrupted.")
    return int(code)


def _usage_error(error: Any) -> UsageError:
    """Return one of Typer's errors about the command line as one of ours, with the help to read."""
    command = error.ctx.command_path if error.ctx else "reportgen"
    message = error.format_message().rstrip(".")
    return UsageError("invalid-usage", f"{message[:1].lower()}{message[1:]}", hint=f"see `{command} --help`")


def _end(error: Exception, as_json: bool) -> int:
    """Print the error that ended a verb and return the exit code."""
    ended = report_error(_usage_error(error) if isinstance(error, PARSE_ERROR) else error)
    if as_json:
        with contextlib.suppress(ReportgenError):  # stdout is full
            print_json({"error": ended.values})
    return ended.exit_code
