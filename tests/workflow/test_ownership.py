"""Whose report stands in a folder: an edit replaces its report, another study of the same name does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportgen import report, shipped
from reportgen.cli.main import invoke
from reportgen.workflow import ownership as standing

RESULTS = Path("r/rates/results.json")


@pytest.fixture
def other(pretend, monkeypatch, tmp_path):
    """Two files rates.yaml, of which the one in shipped/ counts as shipped; the user's has made a report in r/."""
    for folder in ("shipped", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rates.yaml").write_text(f"title: {folder}\n", encoding="utf-8")
    monkeypatch.setattr(shipped, "studies_folder", lambda: tmp_path / "shipped")
    monkeypatch.setattr(standing, "studies_folder", lambda: tmp_path / "shipped")
    assert invoke(["run", "rates.yaml", "-o", "r", "-q"]) == 0
    return pretend


def refusal(capsys):
    """Return the error of the only study whose report belongs to another study."""
    [answer] = json.loads(capsys.readouterr().out)
    error = answer["error_details"]
    assert error["code"] == "report-of-another-study"
    return error


def test_a_shipped_study_does_not_replace_the_report_of_a_file(other, capsys):
    before = RESULTS.read_bytes()
    trained = len(other.trained)
    capsys.readouterr()
    assert invoke(["run", "rates", "-o", "r", "--json"]) == 2
    error = refusal(capsys)
    assert error["where"] == str(Path("r/rates"))
    assert error["message"].endswith(" rates.yaml")
    assert RESULTS.read_bytes() == before
    assert len(other.trained) == trained


def test_a_file_does_not_replace_the_report_of_a_shipped_study(other, capsys):
    assert invoke(["run", "rates", "-o", "s"]) == 0
    capsys.readouterr()
    assert invoke(["run", "rates.yaml", "-o", "s", "--json"]) == 2
    assert refusal(capsys)["message"].endswith(" rates")


def test_a_report_without_its_source_is_known_by_its_command(other):
    assert invoke(["run", "rates", "-o", "s"]) == 0
    path = Path("s/rates/results.json")
    values = json.loads(path.read_bytes())
    del values["provenance"]["source"]
    path.write_text(json.dumps(values), encoding="utf-8")
    assert invoke(["run", "rates.yaml", "-o", "s"]) == 2
    assert invoke(["run", "rates", "-o", "s"]) == 0


def test_a_file_of_the_same_name_elsewhere_is_another_study_wherever_one_stands(other, monkeypatch):
    assert invoke(["run", str(Path("b/rates.yaml")), "-o", "r"]) == 2
    monkeypatch.chdir("b")
    assert invoke(["run", "rates.yaml", "-o", str(Path("../r"))]) == 2
    assert invoke(["render", str(Path("../rates.yaml")), "-o", str(Path("../r"))]) == 0


def test_an_edit_and_other_settings_replace_the_report(other):
    Path("rates.yaml").write_text("title: Which rate, then\n", encoding="utf-8")
    assert invoke(["run", "rates.yaml", "-o", "r", "--set", "seeds=[0,1,2,3]"]) == 0
    assert json.loads(RESULTS.read_bytes())["provenance"]["source"] == "../../rates.yaml"


def test_a_study_that_was_moved_replaces_its_report(other):
    Path("c").mkdir()
    Path("rates.yaml").rename("c/rates.yaml")
    assert invoke(["run", str(Path("c/rates.yaml")), "-o", "r"]) == 0
    Path("c/rates.yaml").write_text("title: Which rate\n# an edit\n", encoding="utf-8")
    assert invoke(["run", str(Path("c/rates.yaml")), "-o", "r"]) == 0


def test_the_study_that_a_report_keeps_replaces_it_and_leaves_it_its_source(other):
    assert invoke(["run", str(RESULTS.with_name("study.yaml"))]) == 0
    assert json.loads(RESULTS.read_bytes())["provenance"]["source"] == "../../rates.yaml"


def test_a_name_of_a_shipped_study_beside_a_file_of_that_name_says_which_is_taken(other, capsys):
    assert invoke(["check", "rates", "-o", "s"]) == 0
    assert "rates.yaml" in capsys.readouterr().err
    assert invoke(["check", "rates.yaml", "-o", "s"]) == 0
    assert capsys.readouterr().err == ""


def test_of_two_studies_that_run_at_once_into_one_folder_the_later_one_replaces_nothing(other, monkeypatch, capsys):
    """Neither stood there when they began; the first report stays, and both keep their runs."""
    write, elsewhere = report.write, str(Path("b/rates.yaml"))

    def write_after_another(*arguments):
        monkeypatch.setattr(report, "write", write)
        assert invoke(["run", elsewhere, "-o", "both"]) == 0
        capsys.readouterr()
        return write(*arguments)

    monkeypatch.setattr(report, "write", write_after_another)
    assert invoke(["run", "rates.yaml", "-o", "both", "-q", "--json"]) == 2
    assert refusal(capsys)["message"].endswith(elsewhere)
    assert not [path.name for path in Path("both/rates").iterdir() if path.name.startswith(".")]
    assert invoke(["run", elsewhere, "-o", "both"]) == 0, "it is still the report of that one"
    assert invoke(["run", "rates.yaml", "-o", "apart"]) == 0
