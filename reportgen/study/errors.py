"""The errors of a study, collected so that a user sees all of them at once."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from reportgen.errors import ReportgenError, StudyError


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
