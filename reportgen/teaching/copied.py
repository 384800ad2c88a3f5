"""Find records that were copied from another student."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from reportgen.languages.translate import N_
from reportgen.study.model.student import student_seeds
from reportgen.teaching.grades import Grade, Problem


def with_copies(grades: Sequence[Grade]) -> list[Grade]:
    """Return the grades with the problems that only a comparison of all of them shows.

    The records of two students differ, because their seeds differ, except for runs that do not depend on the seed.
    """
    return [_compared(grade, [other for other in grades if other is not grade]) for grade in grades]


def _compared(grade: Grade, others: Sequence[Grade]) -> Grade:
    problems = tuple(_with_owner(problem, grade, others) for problem in grade.problems)
    return replace(grade, problems=(*problems, *_found(grade, others)))


def _with_owner(problem: Problem, grade: Grade, others: Sequence[Grade]) -> Problem:
    """Return the problem of foreign seeds with the student to whom they belong."""
    if problem.name != "other-seeds":
        return problem
    names = [name for name in _students(others) if grade.seeds <= set(student_seeds(name, len(grade.seeds)))]
    return replace(problem, detail=f"they are the seeds of {', '.join(names)}") if names else problem


def _students(grades: Sequence[Grade]) -> list[str]:
    return list(dict.fromkeys(grade.student for grade in grades if grade.named))


def _found(grade: Grade, others: Sequence[Grade]) -> Iterator[Problem]:
    if not grade.named:
        return
    name = grade.student.casefold()
    strangers = [other for other in others if other.student.casefold() != name]
    copied = [other for other in strangers if _share_records(grade, other) and _owns(other) >= _owns(grade)]
    if copied:
        owners = ", ".join(f"{other.student} in {other.folder}" for other in copied)
        yield Problem("same-records", N_("another student handed in the same records"), owners)


def _owns(grade: Grade) -> bool:
    """Return whether the seeds of the runs belong to the student; if not, the student copied them."""
    return grade.named and grade.seeds <= set(student_seeds(grade.student, len(grade.seeds)))


def _share_records(grade: Grade, other: Grade) -> bool:
    """Return whether two reports share records that depend on the seed.

    Records that a report has for several seeds do not depend on it. With one seed for each variant this cannot be seen,
    so that all records must be the same.
    """
    own, theirs = _telling(grade), _telling(other)
    shared = own & theirs
    return shared == own == theirs and bool(shared) if len(grade.seeds) == 1 else bool(shared)


def _telling(grade: Grade) -> set[str]:
    return {digest for digest, count in Counter(grade.digests).items() if count == 1}
