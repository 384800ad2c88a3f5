"""Output of `reportgen grade`: lines of text, and values for `--json`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from reportgen.analysis.words.foreign import printable
from reportgen.cli.output.reports import Line
from reportgen.teaching.grades import RULE, Grade


def grade_lines(grades: Sequence[Grade]) -> Iterator[Line]:
    """Yield a line with the points of each student, and a line for each problem."""
    for grade in grades:
        yield (
            "red" if grade.problems else "green",
            f"{printable(grade.student)}: {grade.points:g} of {grade.most:g} points",
        )
        yield from (("", f"  {printable(problem.full, None)}") for problem in grade.problems)
        if grade.not_counted:
            others = ", ".join(printable(str(folder), None) for folder in grade.not_counted)
            yield "", f"  {grade.folder} counts, {RULE}; not {others}"


def grade_values(grade: Grade) -> dict[str, Any]:
    """Return the values of `grade --json` for a student."""
    return {
        "student": grade.student,
        "folder": str(grade.folder),
        "points": grade.points,
        "most": grade.most,
        "problems": [asdict(problem) for problem in grade.problems],
        "not_counted": [str(folder) for folder in grade.not_counted],
        "items": [asdict(item) for item in grade.items],
    }
