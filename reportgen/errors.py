"""Errors that a user can cause, each with a stable code, a place, and the exit code of the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Self

CODES: dict[str, str] = {
    # study file: syntax, keys, values
    "empty-value": "A text or a list that needs contents is empty.",
    "file-not-found": "A file does not exist.",
    "no-study": "A folder contains no study file.",
    "unknown-key": "A mapping has a key that does not exist.",
    "unknown-name": "There is no component, metric, figure, check or study of this name.",
    "unreadable-file": "A file exists but cannot be read.",
    # study file: variants, searches, claims
    # data and preprocessing
    # command line and workflow
    "ambiguous-argument": "An argument matches several studies or reports where the command takes one.",
    "engine-mismatch": "Another version of the engine trained the runs, so their numbers cannot be recomputed.",
    "file-exists": "The file exists already, and reportgen does not overwrite it.",
    "internal-error": "A bug in reportgen.",
    "invalid-file-name": "A name is empty, too long, or otherwise no name of a file.",
    "invalid-option": "The value of an option is not valid.",
    "invalid-usage": "The command line has an unknown verb or option, or lacks an argument.",
    "not-writable": "A file or folder cannot be written.",
    "option-conflict": "Two options exclude each other, or set the same thing.",
    "output-conflict": "Two outputs would share a folder, or the output would go into one of its own inputs.",
    "port-unavailable": "The port of the preview is in use or not permitted.",
    "report-of-another-study": "The folder contains the report of another study, which the new report would replace.",
    "run-unreadable": "A run that was just stored cannot be read back.",
    "runs-missing": "The report needs runs that are not stored; `reportgen run` trains them.",
    # reports and sites
    "invalid-results": "A results.json is damaged or was not written by reportgen.",
    "path-occupied": "A file or folder that reportgen did not write is where the output should go.",
    "report-not-found": "The folder contains no report.",
    "results-version": "A results.json has another version of the format than this reportgen reads.",
    # runs and their store
    # records of other programs
    # this machine
    "missing-library": "A library that the command needs is not installed.",
    "out-of-memory": "Training needs much more memory than this machine has.",
}
"""What each error code means. A code never changes its meaning, so that scripts and tests can rely on it."""


class ReportgenError(Exception):
    """An error that a user can cause.

    Attributes
    ----------
    code : a key of `CODES`, such as "unknown-name".
    message : what is wrong, in one sentence.
    where : the file, line, column and path inside the study, or None.
    hint : what would be right, or None.
    """

    exit_code = 1

    def __init__(self, code: str, message: str, where: str | None = None, hint: str | None = None) -> None:
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    @property
    def values(self) -> dict[str, str | int | None]:
        """The error as plain values, as `--json` prints it."""
        names = ("code", "message", "where", "hint", "exit_code")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.hint})" if self.hint else text

    def named_at(self, place: str) -> Self:
        """Return the same error at another place; its own place becomes part of the message."""
        message = f"{self.where}: {self.message}" if self.where else self.message
        return type(self)(self.code, message, place, self.hint)


class Interruption(BaseException):
    """The user has interrupted the program: words that say how things stand.

    Like KeyboardInterrupt it is no Exception, so that nothing on its way takes it for an accident.
    """


class UsageError(ReportgenError):
    """The command line cannot be carried out as given."""

    exit_code = 2


class StudyError(ReportgenError):
    """The study file, or a file that it names, is not valid.

    setting: the key of `data` that is to be mended, None where the error does not know.
    """

    exit_code = 3

    def __init__(
        self, code: str, message: str, where: str | None = None, hint: str | None = None, setting: str | None = None
    ) -> None:
        super().__init__(code, message, where, hint)
        self.setting = setting


class MissingError(ReportgenError):
    """Something is missing on this machine, such as Pango or a data set's files."""

    exit_code = 4


class StoreError(ReportgenError):
    """A run or a report cannot be stored."""

    exit_code = 5


class ResultsError(ReportgenError):
    """The results of a report that a user names are damaged, or none of reportgen's."""

    exit_code = 3


@contextlib.contextmanager
def data_named_at(place: str) -> Iterator[None]:
    """Let what is wrong with data be told at the place where the study names them; an empty place changes nothing."""
    try:
        yield
    except (StudyError, MissingError) as error:
        if not place:
            raise
        raise error.named_at(place) from error
