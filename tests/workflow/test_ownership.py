"""Ownership of report folders: an edited study replaces its report, another study of the same name does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportgen import shipped
from reportgen.cli.main import invoke
from reportgen.report.publish import publisher
from tests.rates import write_study

RESULTS = Path("r/rates/results.json")


@pytest.fixture
def other(finished, monkeypatch, tmp_path):
    """The report of rates.yaml in r/, a shipped study of the same name, and a file of that name in another folder."""
    for folder in ("shipped", "b"):
        write_study(tmp_path / folder / "rates.yaml", title=folder)
    monkeypatch.setattr(shipped, "studies_folder", lambda: tmp_path / "shipped")
    Path("reports").rename("r")
    return finished


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
    assert invoke(["run", "-f", "json", "rates", "-o", "r", "--json"]) == 2
    error = refusal(capsys)
    assert error["where"] == str(Path("r/rates"))
    assert error["message"].endswith(" rates.yaml")
    assert RESULTS.read_bytes() == before
    assert len(other.trained) == trained


def test_a_file_does_not_replace_the_report_of_a_shipped_study(other, capsys):
    assert invoke(["run", "-f", "json", "rates", "-o", "s"]) == 0
    capsys.readouterr()
    assert invoke(["run", "-f", "json", "rates.yaml", "-o", "s", "--json"]) == 2
    assert refusal(capsys)["message"].endswith(" rates")


def test_a_report_without_a_source_is_recognized_by_its_command(other):
    assert invoke(["run", "-f", "json", "rates", "-o", "s"]) == 0
    path = Path("s/rates/results.json")
    values = json.loads(path.read_bytes())
    del values["provenance"]["source"]
    path.write_text(json.dumps(values), encoding="utf-8")
    assert invoke(["run", "-f", "json", "rates.yaml", "-o", "s"]) == 2
    assert invoke(["run", "-f", "json", "rates", "-o", "s"]) == 0


def test_a_file_of_the_same_name_elsewhere_is_another_study_from_any_folder(other, monkeypatch):
    assert invoke(["run", "-f", "json", str(Path("b/rates.yaml")), "-o", "r"]) == 2
    monkeypatch.chdir("b")
    assert invoke(["run", "-f", "json", "rates.yaml", "-o", str(Path("../r"))]) == 2
    assert invoke(["render", "-f", "json", str(Path("../rates.yaml")), "-o", str(Path("../r"))]) == 0


def test_an_edit_and_other_settings_replace_the_report(other):
    write_study("rates.yaml", title="Which rate, then")
    assert invoke(["run", "-f", "json", "rates.yaml", "-o", "r", "--set", "seeds=[0,1,2,3]"]) == 0
    assert json.loads(RESULTS.read_bytes())["provenance"]["source"] == "../../rates.yaml"


def test_a_study_that_was_moved_replaces_its_report(other):
    Path("c").mkdir()
    Path("rates.yaml").rename("c/rates.yaml")
    assert invoke(["run", "-f", "json", str(Path("c/rates.yaml")), "-o", "r"]) == 0
    with Path("c/rates.yaml").open("a", encoding="utf-8") as file:
        file.write("# an edit\n")
    assert invoke(["run", "-f", "json", str(Path("c/rates.yaml")), "-o", "r"]) == 0


def test_the_study_inside_a_report_replaces_the_report_and_keeps_its_source(other):
    assert invoke(["run", "-f", "json", str(RESULTS.with_name("study.yaml"))]) == 0
    assert json.loads(RESULTS.read_bytes())["provenance"]["source"] == "../../rates.yaml"


def test_a_warning_tells_a_shipped_study_from_a_file_of_the_same_name(other, capsys):
    assert invoke(["check", "rates", "-o", "s"]) == 0
    assert "rates.yaml" in capsys.readouterr().err
    assert invoke(["check", "rates.yaml", "-o", "s"]) == 0
    assert capsys.readouterr().err == ""


def test_the_later_of_two_studies_that_run_into_one_folder_at_once_replaces_nothing(other, monkeypatch, capsys):
    """The folder is empty when both start; the first report stays, and both keep their runs."""
    write, elsewhere = publisher.write_tables, str(Path("b/rates.yaml"))

    def write_after_another(*arguments):
        monkeypatch.setattr(publisher, "write_tables", write)
        assert invoke(["run", "-f", "json", elsewhere, "-o", "both"]) == 0
        capsys.readouterr()
        return write(*arguments)

    monkeypatch.setattr(publisher, "write_tables", write_after_another)
    assert invoke(["run", "-f", "json", "rates.yaml", "-o", "both", "-q", "--json"]) == 2
    assert refusal(capsys)["message"].endswith(elsewhere)
    assert not [path.name for path in Path("both/rates").iterdir() if path.name.startswith(".")]
    assert invoke(["run", "-f", "json", elsewhere, "-o", "both"]) == 0
    assert invoke(["run", "-f", "json", "rates.yaml", "-o", "another"]) == 0
