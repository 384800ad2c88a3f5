"""The report of each student that counts, of all that were handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reportgen.paths import RESULTS
from reportgen.teaching.grades import Grade


def owners_of(grades: Sequence[Grade], folder: Path) -> list[str]:
    """Return whose each report of one submission is, as a text that is the same for all reports of a student.

    It is the student that the study names, in lower case. A report that names nobody, or cannot be read, belongs to
    the student of another report in the folder, else to the folder.
    """
    named = [f"student {grade.student.casefold()}" for grade in grades if grade.named]
    other = named[0] if named else f"folder {folder.resolve()}"
    return [f"student {grade.student.casefold()}" if grade.named else other for grade in grades]


def one_for_each_owner(grades: Sequence[Grade], owners: Sequence[str]) -> list[Grade]:
    """Return the grade that counts for each owner: of the newest report without a problem, else of the newest one.

    The newest report is the one whose training ended last. If several ended at the same time, such as copies with
    other predictions, it is the one whose results were written last.
    """
    by_owner: dict[str, list[Grade]] = {}
    for grade, owner in zip(grades, owners, strict=True):
        by_owner.setdefault(owner, []).append(grade)
    return [_counted(own) for own in by_owner.values()]


def _counted(grades: Sequence[Grade]) -> Grade:
    best = max(grades, key=_rank)
    others = tuple(grade.folder for grade in grades if grade is not best)
    return replace(best, not_counted=others) if others else best


def _rank(grade: Grade) -> tuple[bool, str, float, str]:
    return not grade.problems, grade.trained, _written(grade.folder), str(grade.folder)


def _written(folder: Path) -> float:
    """Return when the results of a report were written, in seconds; 0 if there are none."""
    path = folder / RESULTS
    return path.stat().st_mtime if path.is_file() else 0.0
