"""The one file that prints: results go to stdout, everything else to stderr."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import traceback
import webbrowser
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import ReportgenError, UsageError

if TYPE_CHECKING:
    from reportgen.cli.batch import Ended
    from reportgen.cli.output.reports import Line
    from reportgen.workflow.events import Part, Watcher
    from reportgen.workflow.run import Report


@contextlib.contextmanager
def told(codes: list[int]) -> Iterator[None]:
    """Tell the user of an error that is theirs to mend, and note its exit code."""
    try:
        yield
    except ReportgenError as error:
        say(f"reportgen: {error}")
        codes.append(error.exit_code)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:  # which is the user's, wherever it is noticed
            raise
        say(f"reportgen: {error.filename}: {error.strerror}")
        codes.append(UsageError.exit_code)


@dataclass(frozen=True)
class Show:
    """How much a command says, and in what form."""

    quiet: bool
    verbose: bool
    as_json: bool
    open: bool

    def __post_init__(self) -> None:
        """Refuse to be quiet and verbose at once."""
        if self.quiet and self.verbose:
            raise UsageError("?", "-q and -v exclude each other", hint="give one of them")

    def watcher(self, part: Part | None = None) -> Watcher:
        """Return who follows the training: a bar on a terminal, lines elsewhere, nobody where quiet is asked for."""
        from rich.console import Console

        from reportgen.cli.progress import BarWatcher, LineWatcher
        from reportgen.workflow.events import Watcher

        if self.quiet:
            return Watcher()
        console = Console(stderr=True)
        return BarWatcher(console, part) if console.is_terminal and not self.verbose else LineWatcher(say, part)

    def ended(self, ended: Ended) -> dict[str, Any]:
        """Print what became of a study, and return it as plain values."""
        if ended.report is not None:
            return self._report(ended.report) | {"seconds": ended.seconds}
        if isinstance(ended.error, ReportgenError):
            say(f"reportgen: {ended.error}")
        elif ended.error is not None:
            tell_bug(ended.error)
        return {"study": ended.name, "folder": str(ended.order.folder), "error": str(ended.error)}

    def _report(self, report: Report) -> dict[str, Any]:
        from reportgen.cli.output.reports import main_file, report_lines, report_values

        if not self.as_json:
            print_lines([("", str(main_file(report)))] if self.quiet else report_lines(report))
        if report.missing:
            say(f"reportgen: {report.missing}")
        if self.open:
            show_page(main_file(report))
        return report_values(report)

    def summary(self, ended: Sequence[Ended]) -> None:
        """Print a line for each of several studies."""
        from reportgen.cli.batch import summary_lines

        if len(ended) > 1 and not (self.quiet or self.as_json):
            print_lines([("", ""), *summary_lines(ended)])


def tell_bug(error: Exception) -> None:
    """Tell the user of an error that is ours to mend."""
    say("reportgen: this should not happen; please report it, with these lines and the study:")
    say("".join(traceback.format_exception(error)).rstrip())


def show_page(path: Path) -> None:
    """Open a file in the user's browser."""
    webbrowser.open(path.resolve().as_uri())


def say(text: str) -> None:
    """Print to stderr."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def print_lines(lines: Iterable[Line]) -> None:
    """Print to stdout, in colour on a terminal; a reader that has gone away is no error."""
    try:
        for style, text in lines:
            _styled(style, text) if sys.stdout.isatty() else print(text)
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EINVAL):  # Windows says EINVAL of a closed pipe
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_json(values: Any) -> None:
    """Print values to stdout as JSON."""
    print_lines([("", json.dumps(values, indent=1, ensure_ascii=False))])


def _styled(style: str, text: str) -> None:
    from rich.console import Console
    from rich.text import Text

    Console().print(Text(text, style), soft_wrap=True)
