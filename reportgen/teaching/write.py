"""Write grades: a table with a row for each student, pages of feedback, and the results of Gradescope."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.analysis.words.foreign import printable
from reportgen.analysis.words.names import sentence
from reportgen.errors import StoreError
from reportgen.languages.translate import _, in_language, translated
from reportgen.report.media.render import fill_page
from reportgen.report.publish.replacement import exclusive
from reportgen.report.results.tables import csv_text
from reportgen.teaching.grades import PARTS, Grade
from reportgen.teaching.key import Key

TABLE, PAGE, GRADESCOPE = "grades.csv", "feedback.html", "results.json"


def write_grades(grades: Sequence[Grade], key: Key, folder: Path) -> Path:
    """Write grades.csv, and feedback.html and results.json in a folder for each student; return the path of the table.

    All files are replaced together, or none.

    Raises
    ------
    UsageError : the folder is not writable.
    StoreError : a file cannot be written.
    """
    disk.make_writable(folder)
    try:
        with disk.temporary_path(folder / TABLE) as staged:
            staged.mkdir()
            _write(grades, key, staged)
            with exclusive(folder) as replacement:
                replacement.replace(staged, last=(TABLE,))
    except OSError as error:
        where = error.filename2 or error.filename or folder
        raise StoreError("not-writable", f"cannot write the grades: {error.strerror or error}", str(where)) from error
    return folder / TABLE


def _write(grades: Sequence[Grade], key: Key, folder: Path) -> None:
    for grade, name in zip(grades, folder_names(grades), strict=True):
        (folder / name).mkdir()
        with in_language(key.lang):
            page = fill_page("feedback.html.j2", grade=grade, key=key, parts=PARTS)
            text = json.dumps(gradescope(grade), indent=1, ensure_ascii=False)
        (folder / name / PAGE).write_bytes(page.encode())
        (folder / name / GRADESCOPE).write_bytes(f"{text}\n".encode(errors="backslashreplace"))
    columns = ("student", "folder", "points", "most", *PARTS, "problems", "not_counted")
    (folder / TABLE).write_bytes(csv_text(columns, map(_row, grades)).encode())


def folder_names(grades: Sequence[Grade]) -> list[str]:
    """Return a name for the folder of each grade: the student, with a number for a name that is taken."""
    names: list[str] = []
    for grade in grades:
        plain = re.sub(r"[^A-Za-z0-9._@+-]+", "-", grade.student).strip("-.") or "folder"
        taken = [TABLE, *(name.casefold() for name in names)]
        number = next(n for n in itertools.count(1) if _numbered(plain, n).casefold() not in taken)
        names.append(_numbered(plain, number))
    return names


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _row(grade: Grade) -> list[Any]:
    problems = "; ".join(problem.full for problem in grade.problems)
    parts = [grade.part(part) for part in PARTS]
    texts = (problems, "; ".join(map(str, grade.not_counted)))
    return [_cell(grade.student), _cell(str(grade.folder)), grade.points, grade.most, *parts, *map(_cell, texts)]


def _cell(text: str) -> str:
    """Return text of students for a cell; it may be empty."""
    return printable(text, None) if text else ""


def gradescope(grade: Grade) -> dict[str, Any]:
    """Return the results of an autograder in the format of Gradescope, with texts in the current language."""
    tests = [
        {
            "name": f"{_(PARTS[item.part])}: {item.name}" if item.name else _(PARTS[item.part]),
            "score": 0.0 if grade.problems else item.points,
            "max_score": item.most,
            "status": "passed" if item.points == item.most and not grade.problems else "failed",
            "output": "" if grade.problems else translated(item.reason),
        }
        for item in grade.items
    ]
    problems = "; ".join(translated(problem.text) for problem in grade.problems)
    output = _("The report agrees with the records of its runs.")
    if problems:
        output = _("No points: {problems}").format(problems=problems)
    output += f" {sentence(translated(grade.note))}." if grade.note else ""
    return {"score": grade.points, "output": output, "output_format": "text", "tests": tests}
