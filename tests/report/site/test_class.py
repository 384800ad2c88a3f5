"""The site of the reports of a class, whose folders and titles are the same."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from urllib.parse import unquote

from reportgen.report.site.pages import write_site
from tests.report.finished_reports import report


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_reports_of_a_class_are_told_apart(tmp_path: Path) -> None:
    """Thirty students hand in reports with the same folder name and title, at several depths."""
    deep = {"ann": "init", "bob": "reports/init", "cyd": "a/b/init"} | {f"s{n:02}": "init" for n in range(27)}
    for student, place in deep.items():
        report(tmp_path / "in" / student / place, study={"id": "init", "student": student})
    write_site([tmp_path / "in"], tmp_path / "out")
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert all(f"Init ({student})" in text for student in deep)
    pages = re.findall(r'<h3[^>]*><a href="([^"]+)"', text)
    assert len(set(pages)) == 30
    assert all((tmp_path / "out" / unquote(page)).is_file() for page in pages)
    assert "30 students" in text
    rows = list(csv.DictReader((tmp_path / "out" / "claims.csv").open(encoding="utf-8", newline="")))
    assert [row["student"] for row in rows] == sorted(deep)
    first = content(tmp_path / "out")
    write_site([tmp_path], tmp_path / "out")  # a former site inside of a source is no source
    assert content(tmp_path / "out") == first


def test_reports_of_one_name_without_students_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for place in ("a/init", "b/init"):
        report(tmp_path / "in" / place)
    write_site([tmp_path / "in"], tmp_path / "out")
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "Init (a/init)" in text
    assert "Init (b/init)" in text
