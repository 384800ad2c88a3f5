"""The verb that makes a course's site."""

from __future__ import annotations

from pathlib import Path

from tests.cli.test_main import run
from tests.report.finished_reports import report


def test_index_makes_a_site_and_says_where(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    report(Path("reports") / "a")
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    code, out, _ = run(capsys, "index", "-o", "course", "--title", "My course", "--open")
    assert (code, out) == (0, f"{Path('course/index.html')}\n")
    assert opened == [Path("course/index.html").resolve().as_uri()]
    assert "<h1>My course</h1>" in Path("course/index.html").read_text(encoding="utf-8")


def test_index_without_a_readable_report_ends_with_its_code_and_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, "index")
    assert code == 2
    assert err.startswith("reportgen: reports: ")
    assert err.count("\n") == 1
    (report(Path("reports") / "a") / "results.json").write_text("{", encoding="utf-8")
    code, _, err = run(capsys, "index", "reports")
    assert code == 3
    assert err.count("\n") == 1
    assert not Path("site").exists()


def test_a_site_where_a_file_stands_is_wrong_usage(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    report(Path("reports") / "a")
    Path("mine.txt").write_text("mine", encoding="utf-8")
    code, _, err = run(capsys, "index", "-o", "mine.txt")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("reportgen: mine.txt: ")
    assert Path("mine.txt").read_text(encoding="utf-8") == "mine"
