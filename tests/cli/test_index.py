"""The verb index."""

from __future__ import annotations

from pathlib import Path

from tests.cli.test_main import run
from tests.report.finished_reports import report


def test_index_makes_a_site_and_prints_its_path(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    report(Path("reports") / "a")
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    code, out, _ = run(capsys, "index", "-o", "course", "--title", "My course", "--open")
    assert (code, out) == (0, f"{Path('course/index.html')}\n")
    assert opened == [Path("course/index.html").resolve().as_uri()]
    assert "<h1>My course</h1>" in Path("course/index.html").read_text(encoding="utf-8")


def test_index_without_a_readable_report_is_an_error_of_one_line(tmp_path, monkeypatch, capsys):
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


def test_a_file_at_the_place_of_the_site_is_a_usage_error(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    report(Path("reports") / "a")
    Path("mine.txt").write_text("mine", encoding="utf-8")
    code, _, err = run(capsys, "index", "-o", "mine.txt")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("reportgen: mine.txt: ")
    assert Path("mine.txt").read_text(encoding="utf-8") == "mine"
