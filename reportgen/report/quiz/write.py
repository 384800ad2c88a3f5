"""Write the quiz of a report: a page without scripts, and packages for learning platforms and notebooks."""

from __future__ import annotations

from pathlib import Path

from reportgen.report.media.render import fill_page
from reportgen.report.quiz import moodle, qti12, qti21
from reportgen.report.quiz.jupyter import jupyter
from reportgen.report.quiz.questions import Quiz


def write_quiz(quiz: Quiz, folder: Path) -> None:
    """Write the quiz in all its forms into a folder.

    Raises
    ------
    MissingError : text2qti is not installed. Everything but the QTI 1.2 package is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "quiz.html").write_bytes(fill_page("quiz.html.j2", quiz=quiz).encode())
    (folder / "quiz.json").write_bytes(jupyter(quiz).encode())
    (folder / "quiz-moodle.xml").write_bytes(moodle.document(quiz))
    (folder / "quiz-qti-2.1.zip").write_bytes(qti21.package(quiz))
    (folder / "quiz-qti-1.2.zip").write_bytes(qti12.package(quiz))
