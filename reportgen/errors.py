"""Errors that a user can cause, each with a stable code, a place, and the exit code of the command line."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any, Self


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

    def __reduce__(self) -> tuple[Any, ...]:
        """Preserve all attributes when an error is pickled, for transfer between processes."""
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
    """An interruption by the user, with a message for the terminal.

    Like KeyboardInterrupt, it is not an Exception, so that error handlers do not catch it.
    """


class UsageError(ReportgenError):
    """The arguments of a command or function are not valid."""

    exit_code = 2


class StudyError(ReportgenError):
    """The study file, or a file that it names, is not valid.

    setting: the key of `data` to correct, or None if it is unknown. others: further errors of the same study.
    """

    exit_code = 3
    others: tuple[StudyError, ...] = ()

    def __init__(
        self, code: str, message: str, where: str | None = None, hint: str | None = None, setting: str | None = None
    ) -> None:
        super().__init__(code, message, where, hint)
        self.setting = setting


class StudyErrors:
    """The errors of one study, collected so that a user sees all of them at once."""

    def __init__(self) -> None:
        self.found: list[StudyError] = []

    def add(self, error: StudyError) -> None:
        """Add an error and its `others`, without those that are known at the same line and column."""
        known = set(map(_identity, self.found))
        self.found += [one for one in (error, *error.others) if _identity(one) not in known]

    @contextlib.contextmanager
    def collect(self) -> Iterator[None]:
        """Add a StudyError that is raised in the block."""
        try:
            yield
        except StudyError as error:
            self.add(error)

    def first(self) -> StudyError:
        """Return the first error in the order of the file, with all others; there must be one."""
        first, *others = sorted(self.found, key=_line_and_column)
        first.others = tuple(others)
        return first

    def raise_all(self) -> None:
        """Raise the first error in the order of the file, with all others, if there is any."""
        if self.found:
            raise self.first()


def _identity(error: StudyError) -> tuple[str, str, tuple[int, ...]]:
    """Return what two errors of several variants share if they have the same cause."""
    return error.code, error.message, _line_and_column(error)


def _line_and_column(error: ReportgenError) -> tuple[int, ...]:
    """Return the line and column of an error; those of options come first."""
    found = re.search(r":(\d+):(\d+)(?=:|$)", error.where or "")
    return tuple(map(int, found.groups())) if found else ()


class MissingError(ReportgenError):
    """Something is missing on this machine, such as Pango or files of data; others: further errors of one report."""

    exit_code = 4
    others: tuple[MissingError, ...] = ()


class StoreError(ReportgenError):
    """A run or a report cannot be stored."""

    exit_code = 5


class PluginError(ReportgenError):
    """A plug-in cannot be loaded, or a worker does not have it."""

    exit_code = 3


class ResultsError(ReportgenError):
    """The results of a report are damaged, or reportgen did not write them."""

    exit_code = 3


@contextlib.contextmanager
def data_errors_at(place: str) -> Iterator[None]:
    """Report errors of the data at a place in the study; an empty place changes nothing."""
    try:
        yield
    except (StudyError, MissingError) as error:
        if not place:
            raise
        raise error.named_at(place) from error
