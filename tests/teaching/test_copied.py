"""Comparison of the records of several students."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from reportgen.study.model.student import student_seeds
from reportgen.teaching.copied import with_copies
from reportgen.teaching.grades import Grade


def grade(student: str, *digests: str, seeds_of: str | None = None, count: int = 2) -> Grade:
    plan: Any = SimpleNamespace(study=SimpleNamespace(student=student))
    seeds = frozenset(student_seeds(seeds_of or student, count))
    return Grade(student, Path(student), seeds=seeds, digests=digests, plan=plan)


def names(*grades: Grade) -> list[list[str]]:
    return [[problem.name for problem in found.problems] for found in with_copies(grades)]


def test_students_with_the_same_records_are_named() -> None:
    assert names(grade("ann", "a", "b"), grade("bob", "b", "c"), grade("cyd", "d", "e")) == [
        ["same-records"],
        ["same-records"],
        [],
    ]


def test_the_owner_of_the_seeds_is_not_named() -> None:
    assert names(grade("ann", "a", "b"), grade("bob", "a", "b", seeds_of="ann")) == [[], ["same-records"]]


def test_records_that_do_not_depend_on_the_seed_are_no_copies() -> None:
    assert names(grade("ann", "zero", "zero", "a"), grade("bob", "zero", "zero", "b")) == [[], []]


def test_with_one_seed_all_records_must_be_the_same() -> None:
    assert names(grade("ann", "zero", "a", count=1), grade("bob", "zero", "b", count=1)) == [[], []]
    assert names(grade("ann", "zero", "a", count=1), grade("bob", "zero", "a", count=1)) == [["same-records"]] * 2


def test_the_reports_of_one_student_are_no_copies_of_each_other() -> None:
    assert names(grade("ann", "a", "b"), grade("Ann", "a", "b")) == [[], []]
