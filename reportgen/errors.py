"""Every error that a user can cause, with the exit code it ends in."""

from __future__ import annotations


class ReportgenError(Exception):
    """A sentence for the user: what happened, where, and what would be right.

    Attributes
    ----------
    message : what was found, in one sentence.
    where : the file, line, column and path inside the study, or None.
    hint : what would be right, or None.
    """

    exit_code = 1

    def __init__(self, message: str, where: str | None = None, hint: str | None = None) -> None:
        self.message = message
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.hint})" if self.hint else text


class Interruption(BaseException):
    """The user has interrupted the program: words that say how things stand.

    Like KeyboardInterrupt it is no Exception, so that nothing on its way takes it for an accident.
    """


class UsageError(ReportgenError):
    """The command line cannot be carried out as given."""

    exit_code = 2


class StudyError(ReportgenError):
    """The study file, or a file that it names, is not valid."""

    exit_code = 3


class MissingError(ReportgenError):
    """Something is missing on this machine, such as Pango or a data set's files."""

    exit_code = 4


class StoreError(ReportgenError):
    """A run or a report cannot be stored."""

    exit_code = 5


class ResultsError(ReportgenError):
    """The results of a report that a user names are damaged, or none of reportgen's."""

    exit_code = 3
