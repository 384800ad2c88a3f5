"""The starter study: it is valid with and without its commented settings, and no file is overwritten."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from reportgen.cli.new import starter_text
from reportgen.study.loading.loader import load_study
from tests.cli.test_main import run


def test_new_writes_a_valid_study_and_shows_the_next_commands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, "new", "deep_tanh-nets")
    assert (code, out) == (0, "deep_tanh-nets.yaml\n")
    assert err == "next: reportgen check deep_tanh-nets.yaml, and reportgen run deep_tanh-nets.yaml\n"
    plan = load_study("deep_tanh-nets.yaml")
    assert plan.study.title == "Deep tanh nets"
    assert (len(plan.runs), len(plan.study.claims)) == (10, 3)
    assert run(capsys, "check", "deep_tanh-nets.yaml", "-q")[0] == 0


def test_all_commented_settings_are_valid(tmp_path):
    text, offers = re.subn(r"^( *)#(?=[a-z])", r"\1", starter_text("rates"), flags=re.MULTILINE)
    assert offers == 13
    (tmp_path / "rates.yaml").write_text(text, encoding="utf-8")
    study = load_study(tmp_path / "rates.yaml").study
    assert study.sanity
    assert study.figures
    assert study.answer
    assert any(claim.required for claim in study.claims)


@pytest.mark.parametrize("name", ["", ".", "..", "there", "there.yaml", "there.yaml/inside"])
def test_new_does_not_overwrite_files_or_accept_invalid_names(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    Path("there.yaml").write_text("mine", encoding="utf-8")
    code, out, err = run(capsys, "new", name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["there.yaml"]
    assert Path("there.yaml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ['a: "b" # c', "off", "1e3", "  ", "Überblick"])
def test_any_file_name_becomes_a_title(tmp_path, name):
    (tmp_path / "s.yaml").write_text(starter_text(name), encoding="utf-8")
    title = load_study(tmp_path / "s.yaml").study.title
    assert title == (name.strip()[:1].upper() + name.strip()[1:] or "Study")


def test_the_next_commands_are_quoted_for_the_shell(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for system, quoted in (("posix", "'my own/rates.yaml'"), ("nt", '"my own/rates.yaml"')):
        monkeypatch.setattr("reportgen.workflow.command_line.os", SimpleNamespace(name=system))
        Path("my own/rates.yaml").unlink(missing_ok=True)
        printed = run(capsys, "new", "my own/rates")[2].replace("\\", "/")
        assert printed == f"next: reportgen check {quoted}, and reportgen run {quoted}\n"


def test_a_name_can_have_a_folder_and_an_extension(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "new", "lectures/six.yml")[1] == f"{Path('lectures/six.yml')}\n"
    assert run(capsys, "new")[1] == "study.yaml\n"
