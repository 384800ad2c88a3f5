"""The entry point: errors, exit codes, interruptions, and a fast --help."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reportgen.cli import main as cli
from reportgen.cli.main import invoke
from reportgen.cli.terminal import print_json, print_lines
from reportgen.workflow import training as trainer
from tests.rates import write_study


def run(capsys, *arguments):
    """Run a command line; return its exit code, stdout and stderr."""
    code = invoke(list(arguments))
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def error_of(capsys, *arguments):
    """Run a command line with --json that ends with an error; return the error."""
    code, out, err = run(capsys, *arguments, "--json")
    error = json.loads(out)["error"]
    assert error["exit_code"] == code
    assert "Traceback" not in err
    return error


def test_control_characters_of_files_do_not_reach_the_terminal(tmp_path, capsys):
    name = "a\x1b]0;owned\x07\x9b"
    code, out, err = run(capsys, "verify", str(tmp_path / name))
    assert code == 2
    assert not set("\x1b\x07\x9b") & set(out + err)
    print_lines([("", f"{name}\tb\nc")])
    assert capsys.readouterr().out == "a\ufffd]0;owned\ufffd\ufffd\tb\nc\n"
    print_json({"name": name})
    printed = capsys.readouterr().out
    assert not set("\x1b\x07\x9b") & set(printed)
    assert json.loads(printed) == {"name": name}


def test_an_invalid_study_ends_with_3_and_trains_nothing(training, capsys):
    Path("worse.yaml").write_text("bad: 1\n", encoding="utf-8")
    for verb in ("run", "check", "render"):
        code, out, err = run(capsys, verb, "rates.yaml", "worse.yaml")
        assert (code, out) == (3, "")
        assert err.startswith("reportgen: worse.yaml:1:1: ")
        assert err.count("\n") == 1
    assert training.trained == []
    assert not Path("reports").exists()


def test_every_invalid_study_of_a_folder_is_named(training, capsys):
    for name in ("a", "b", "c"):
        write_study(f"{name}.yaml") if name == "b" else Path(f"{name}.yaml").write_text("bad: 1\n", encoding="utf-8")
    for verb in ("check", "run", "render"):
        code, out, err = run(capsys, verb, ".", "--json")
        assert code == 3
        assert [line.split(":")[1].strip() for line in err.splitlines()] == ["a.yaml", "c.yaml"]
        answers = json.loads(out)
        assert [answer["study"] for answer in answers] == ["a.yaml", "c.yaml"]
        details = [answer["error_details"] for answer in answers]
        assert [(one["code"], one["where"]) for one in details] == [
            ("unknown-key", "a.yaml:1:1: bad"),
            ("unknown-key", "c.yaml:1:1: bad"),
        ]
        assert answers[0]["error"] in err


def test_an_error_that_ends_a_verb_is_an_object_on_stdout(training, capsys):
    Path("worse.yaml").write_text("bad: 1\n", encoding="utf-8")
    for verb in ("check", "run", "render"):
        error = error_of(capsys, verb, "worse.yaml")
        assert (error["code"], error["where"], error["exit_code"]) == ("unknown-key", "worse.yaml:1:1: bad", 3)
        assert list(error) == ["code", "message", "where", "hint", "exit_code"]


@pytest.mark.parametrize(
    ("name", "expected", "named"),
    [("nowhere", "unknown-name", "nowhere"), ("empty", "no-study", "empty"), ("ini", "unknown-name", "init")],
)
def test_no_such_study_ends_with_3(training, capsys, name, expected, named):
    Path("empty").mkdir()
    code, _, err = run(capsys, "run", name)
    assert code == 3
    assert name in err
    assert named in err
    assert err.count("\n") == 1
    assert error_of(capsys, "run", name)["code"] == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run"], "invalid-usage"),
        (["dance"], "invalid-usage"),
        (["run", "rates.yaml", "--nonsense"], "invalid-usage"),
        (["run", "rates.yaml", "-j", "0"], "invalid-usage"),
        (["check", "rates.yaml", "-j", "3000000"], "invalid-usage"),
        (["run", "rates.yaml", "-q", "-v"], "option-conflict"),
        (["render", "rates.yaml", "-q", "-v"], "option-conflict"),
        (["run", "rates.yaml", "--strict", "--quick"], "option-conflict"),
        (["run", "rates.yaml", "--seeds", "many"], "invalid-option"),
        (["run", "rates.yaml", "--seeds", "0"], "invalid-option"),
        (["run", "rates.yaml", "--set", "training.lr=1", "--set", "training.lr=2"], "option-conflict"),
        (["run", "rates.yaml", "--seeds", "2", "--set", "seeds=3"], "option-conflict"),
        (["run", "rates.yaml", "-f", "docx"], "unknown-name"),
        (["run", "rates.yaml", "-f", ""], "empty-value"),
        (["list", "animals"], "unknown-name"),
    ],
)
def test_wrong_usage_ends_with_2_and_its_code(training, capsys, arguments, expected):
    error = error_of(capsys, *arguments)
    assert (error["code"], error["exit_code"]) == (expected, 2)
    assert training.trained == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["dance"],
        ["run", "rates.yaml", "--nonsense"],
        ["run", "rates.yaml", "--seeds"],
        ["check", "rates.yaml", "-j", "x"],
        ["run", "rates.yaml", "--set", "network.activation={name:leaky_relu}"],
        ["run", "rates.yaml", "-o", "rates.yaml"],
        ["describe", "nothing-of-that-name"],
    ],
)
def test_wrong_usage_ends_with_2_and_one_sentence(training, capsys, arguments):
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert err.startswith("reportgen: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert training.trained == []


def test_an_error_in_seeds_names_the_option(capsys):
    error = error_of(capsys, "check", "digits", "--seeds", "0")
    assert error["code"] == "invalid-option"
    assert "--seeds" in error["message"]


def test_an_internal_error_ends_with_1_and_a_traceback(training, capsys, monkeypatch):
    def fail(*arguments):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("reportgen.report.publish.publisher.write_tables", fail)
    code, out, err = run(capsys, "run", "rates.yaml", "-f", "json", "--json")
    assert code == 1
    assert "Traceback" in err
    assert "ZeroDivisionError: ours" in err
    details = json.loads(out)[0]["error_details"]
    assert (details["code"], details["exit_code"]) == ("internal-error", 1)
    monkeypatch.setattr("reportgen.workflow.request.make_request", lambda *_, **__: 1 / 0)
    code, out, err = run(capsys, "check", "rates.yaml", "--json")
    assert json.loads(out)["error"]["code"] == "internal-error"
    assert (code, "Traceback" in err) == (1, True)


def test_an_interruption_ends_with_130_and_explains_how_to_continue(training, capsys, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer, "run_all", interrupted)
    code, _, err = run(capsys, "run", "rates.yaml")
    assert code == 130
    assert err.splitlines()[-1].startswith("Interrupted. ")
    assert "Traceback" not in err


def test_an_interruption_before_training_ends_with_130(training, capsys, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("reportgen.workflow.request.make_request", interrupted)
    code, _, err = run(capsys, "check", "rates.yaml")
    assert (code, err.strip()) == (130, "Interrupted.")


def test_a_closed_stdout_is_not_an_error(training, monkeypatch, tmp_path):
    class Closed:
        def write(self, text):
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

        def flush(self):
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

        def isatty(self):
            return False

        def fileno(self):
            return spare.fileno()

    with open(tmp_path / "spare", "wb") as spare:
        monkeypatch.setattr(sys, "stdout", Closed())
        training.failing = {0}
        assert invoke(["run", "rates.yaml", "-q", "-f", "json"]) == 5


def test_the_command_line_and_its_version_load_no_heavy_modules():
    heavy = ("numpy", "numba", "matplotlib", "weasyprint", "yaml", "rich", "scipy", "jinja2")
    code = (
        "import reportgen.cli.main, sys; print('pydantic' in sys.modules); reportgen.cli.main.invoke(['--version'])\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    validates, version, loaded = found.stdout.splitlines()
    assert (validates, loaded) == ("False", "[]")
    assert version.startswith("reportgen ")


def test_a_report_of_results_alone_loads_no_drawing_code():
    modules = "reportgen.workflow.run, reportgen.report.publish.publisher"
    code = f"import {modules}, sys; print([name for name in ('matplotlib', 'weasyprint') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_help_and_version_through_the_installed_command():
    begin = time.monotonic()
    reportgen = [sys.executable, "-m", "reportgen"]
    shown = subprocess.run([*reportgen, "--help"], capture_output=True, text=True, check=True)
    assert time.monotonic() - begin < 5
    for verb in ("run", "render", "check", "list", "describe", "doctor"):
        assert verb in shown.stdout
    version = subprocess.run([*reportgen, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("reportgen ")


@pytest.mark.skipif(os.name == "nt", reason="closes a pipe the POSIX way")
def test_a_closed_pipe_ends_quietly():
    process = subprocess.Popen(
        [sys.executable, "-m", "reportgen", "list", "metrics"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.wait(30) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_main_ends_with_the_code_of_the_command(monkeypatch):
    monkeypatch.setattr(cli, "invoke", lambda arguments: 6)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 6
