"""Terminal output: results go to stdout, everything else to stderr.

No other module prints; progress displays use the console or the function that `Show.listener` passes to them.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import sys
import traceback
import webbrowser
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from reportgen.analysis.words.foreign import without_controls
from reportgen.cli.app import BUG
from reportgen.errors import MissingError, ReportgenError, StoreError, UsageError

if TYPE_CHECKING:
    from reportgen.cli.batch import StudyOutcome
    from reportgen.cli.output.reports import Line
    from reportgen.workflow.events import BatchPosition, ProgressListener
    from reportgen.workflow.outcomes import Report


MACHINE_ERRORS = ("ENOSPC", "EDQUOT", "EROFS", "EIO", "EACCES", "EPERM", "EMFILE", "ENFILE", "ESTALE", "EFBIG")
OF_MACHINE = {getattr(errno, name) for name in MACHINE_ERRORS if hasattr(errno, name)}
"""Numbers of errors that come from a disk or from its permissions, and from no bug."""


def as_user_error(error: Exception) -> ReportgenError:
    """Return an error as a ReportgenError; unknown errors become "internal-error"."""
    if isinstance(error, ReportgenError):
        return error
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return UsageError("invalid-file-name", str(error.strerror), where=str(error.filename))
    if isinstance(error, FileNotFoundError) and not _has_folder():
        hint = "change to another folder"
        return UsageError("file-not-found", "the current folder has been deleted", hint=hint)
    if isinstance(error, OSError) and error.errno in OF_MACHINE:
        where = str(error.filename2 or error.filename or "") or None
        return StoreError("not-writable", f"cannot read or write: {error.strerror}", where)
    if isinstance(error, MemoryError):
        hint = "close other programs, raise the limit `ulimit -v`, or train fewer runs at a time with -j"
        return MissingError("out-of-memory", "there is not enough memory for this command", hint=hint)
    return ReportgenError("internal-error", f"{type(error).__name__}: {error}", hint="please report it")


def _has_folder() -> bool:
    """Return whether the current folder exists; POSIX lets others delete it."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def report_error(error: Exception) -> ReportgenError:
    """Print an error to stderr, with the traceback of an internal error, and return it as a ReportgenError."""
    known = as_user_error(error)
    if known.exit_code == BUG:
        say("reportgen: internal error; please report these lines together with the study:")
        say("".join(traceback.format_exception(error)).rstrip())
    else:
        for one in (known, *getattr(known, "others", ())):
            say(f"reportgen: {one}")
    return known


def error_values(error: ReportgenError) -> dict[str, Any]:
    others = [one.values for one in getattr(error, "others", ())]
    return {"error": str(error), "error_details": error.values, **({"other_errors": others} if others else {})}


class Answers:
    """The results of a verb for several studies or reports, and its exit code.

    An error in one of several does not stop the others. If there is only one, its error ends the verb.
    """

    def __init__(self, count: int, as_json: bool) -> None:
        self.values: list[dict[str, Any]] = []
        self.codes: list[int] = []
        self._single = count == 1
        self._as_json = as_json

    @contextlib.contextmanager
    def about(self, **names: str) -> Iterator[None]:
        """Report an error in the block and add it to the results, together with `names`."""
        try:
            yield
        except Exception as error:
            if self._single or as_user_error(error).exit_code == BUG:
                raise
            known = report_error(error)
            self.values.append({**names, **error_values(known)})
            self.codes.append(known.exit_code)

    def finish(self) -> None:
        """Print the results if JSON was requested; exit with the first nonzero code."""
        if self._as_json:
            print_json(self.values)
        if self.codes:
            raise typer.Exit(self.codes[0])


@dataclass(frozen=True)
class Show:
    """Settings of the terminal output: its amount and its format."""

    quiet: bool
    verbose: bool
    as_json: bool
    open: bool

    def __post_init__(self) -> None:
        """Raise UsageError for -q together with -v."""
        if self.quiet and self.verbose:
            raise UsageError("option-conflict", "-q and -v exclude each other", hint="use one of them")

    def listener(self, position: BatchPosition | None = None) -> ProgressListener:
        """Return the progress display: a bar on a terminal, lines elsewhere, none with -q."""
        from rich.console import Console

        from reportgen.cli.progress import BarProgress, LineProgress
        from reportgen.workflow.events import ProgressListener

        if self.quiet:
            return ProgressListener()
        console = Console(stderr=True)
        return (
            BarProgress(console, position) if console.is_terminal and not self.verbose else LineProgress(say, position)
        )

    def ended(self, ended: StudyOutcome) -> dict[str, Any]:
        """Print the result or the error of a study, and return it as JSON values."""
        if ended.report is not None:
            return self._report(ended.report) | {"seconds": ended.seconds}
        assert ended.error is not None
        error = report_error(ended.error)
        return {"study": ended.name, "folder": str(ended.request.folder), **error_values(error)}

    def _report(self, report: Report) -> dict[str, Any]:
        from reportgen.cli.output.reports import main_file, report_lines, report_values

        if not self.as_json:
            print_lines([("", str(main_file(report)))] if self.quiet else report_lines(report))
        for sentence in report.left_out:
            say(f"reportgen: {sentence}")
        for missing in (report.missing, *report.missing.others) if report.missing else ():
            say(f"reportgen: {missing}")
        if self.open:
            show_page(main_file(report))
        return report_values(report)

    def summary(self, ended: Sequence[StudyOutcome]) -> None:
        """Print a line for each of several studies."""
        from reportgen.cli.batch import summary_lines

        if len(ended) > 1 and not (self.quiet or self.as_json):
            print_lines([("", ""), *summary_lines(ended)])


def show_page(path: Path) -> None:
    """Open a file in the user's browser."""
    webbrowser.open(path.resolve().as_uri())


def say(text: str) -> None:
    """Print to stderr."""
    with contextlib.suppress(OSError):
        print(without_controls(text), file=sys.stderr, flush=True)


def print_lines(lines: Iterable[Line]) -> None:
    """Print to stdout, in colour on a terminal; a closed pipe is not an error."""
    try:
        for style, text in ((style, without_controls(text)) for style, text in lines):
            _styled(style, text) if sys.stdout.isatty() else print(text)
        sys.stdout.flush()
    except OSError as error:
        _silence(sys.stdout)
        if error.errno not in (errno.EPIPE, errno.EINVAL):  # Windows raises EINVAL for a closed pipe
            message = f"cannot write to the standard output: {error.strerror or error}"
            raise StoreError("not-writable", message) from error


def flush_output() -> None:
    """Flush stdout and stderr; drop what cannot be written, which Python would report at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _silence(stream)


def _silence(stream: TextIO) -> None:
    """Send the rest of a stream nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_json(values: Any) -> None:
    text = json.dumps(values, indent=1, ensure_ascii=False)
    escaped = re.sub(r"[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", text)  # control characters, as in C0
    print_lines([("", escaped)])


def _styled(style: str, text: str) -> None:
    from rich.console import Console
    from rich.text import Text

    Console().print(Text(text, style), soft_wrap=True)
