"""Errors that a user can cause, each with a stable code, a place, and the exit code of the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Self

CODES: dict[str, str] = {
    # study file: syntax, keys, values
    # study file: variants, searches, claims
    # data and preprocessing
    # command line and workflow
    # reports and sites
    # runs and their store
    # records of other programs
    # plug-ins
    "wrong-row": "a plug-in registers something that is not a row of the table",
    "name-taken": "a plug-in registers a name that the table already has",
    "code-not-allowed": "a study names plug-in files, and --allow-code is not given",
    "plugin-failed": "a plug-in cannot be loaded",
    "plugin-changed": "the file of a plug-in has changed since this process loaded it",
    "plugin-not-on-worker": "a worker of a cluster does not have a plug-in that a run needs",
    # this machine
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

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.hint})" if self.hint else text

    def __reduce__(self) -> tuple[Any, ...]:
        """Let errors travel between processes with all that they hold."""
        return _restored, (type(self), self.args, self.__dict__)

    def named_at(self, place: str) -> Self:
        """Return the same error at another place; its own place becomes part of the message."""
        message = f"{self.where}: {self.message}" if self.where else self.message
        return type(self)(self.code, message, place, self.hint)


def _restored(kind: type[ReportgenError], args: tuple[Any, ...], values: dict[str, Any]) -> ReportgenError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(values)
    return error


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


class PluginError(ReportgenError):
    """A plug-in cannot be loaded, or is not where it is needed."""

    exit_code = 3


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
