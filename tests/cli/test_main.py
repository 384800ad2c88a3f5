"""The command line: what it prints where, and the code it ends with."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reportgen.cli import main as cli
from reportgen.cli.main import invoke
from reportgen.errors import MissingError
from reportgen.workflow import run as pipeline


def run(capsys, *arguments):
    """Carry out a command line; return its code, stdout and stderr."""
    code = invoke(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


def error_of(capsys, *arguments):
    """Carry out a command line with --json, which an error ends; return the error, which ends with its code."""
    code, out, err = run(capsys, *arguments, "--json")
    error = json.loads(out)["error"]
    assert error["exit_code"] == code
    assert "Traceback" not in err
    return error


def test_run_prints_verdicts_to_stdout_and_a_line_a_run_to_stderr(pretend, capsys):
    code, out, err = run(capsys, "run", "rates.yaml")
    assert code == 0
    assert "rates: Which rate" in out
    assert 'supported     small-is-small: Small, "quoted" = small.' in out
    assert "claims: 1 supported" in out
    assert "runs: 6 ok (6 trained, 0 stored)" in out
    assert f"report: {Path('reports/rates/index.html')}" in out
    lines = [line for line in err.splitlines() if line.startswith("[")]
    assert len(lines) == 6
    assert lines[-1].startswith("[6/6] ")
    assert any("small rate, seed 0: done, validation accuracy 0." in line for line in lines)
    assert "\x1b" not in out + err


def test_a_second_run_trains_nothing(pretend, capsys):
    run(capsys, "run", "rates.yaml")
    code, out, err = run(capsys, "run", "rates.yaml")
    assert (code, len(pretend.trained)) == (0, 6)
    assert "(0 trained, 6 stored)" in out
    assert "[" not in err


def test_render_without_runs_is_an_error_of_usage_that_names_the_command(pretend, capsys):
    arguments = ["render", "rates.yaml", "--set", "training.lr=0.5", "--seeds", "2"]
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "reportgen run rates.yaml --set training.lr=0.5 --seeds 2" in err
    assert "Traceback" not in err
    [answer] = json.loads(run(capsys, *arguments, "--json")[1])
    assert (answer["study"], answer["error_details"]["code"]) == ("rates", "runs-missing")
    [answer] = json.loads(run(capsys, "render", "rates.yaml", "-o", "elsewhere", "--json")[1])
    assert answer["error_details"]["hint"].endswith("reportgen run rates.yaml -o elsewhere")


def test_render_writes_the_report_again(pretend, capsys):
    run(capsys, "run", "rates.yaml", "-f", "json")
    code, _out, _ = run(capsys, "render", "rates.yaml", "-f", "html,kit")
    assert code == 0
    assert len(pretend.trained) == 6
    assert (Path("reports/rates") / "figures" / "a.svg").exists()


def test_an_invalid_study_ends_with_3_and_a_message_and_nothing_is_trained(pretend, capsys):
    Path("worse.yaml").write_text("bad: 1\n", encoding="utf-8")
    for verb in ("run", "check", "render"):
        code, out, err = run(capsys, verb, "rates.yaml", "worse.yaml")
        assert (code, out) == (3, "")
        assert err.startswith("reportgen: worse.yaml:1:1: ")
        assert err.count("\n") == 1
    assert pretend.trained == []
    assert not Path("reports").exists()


def test_every_invalid_study_of_a_folder_is_named(pretend, capsys):
    for name in ("a", "b", "c"):
        Path(f"{name}.yaml").write_text("bad: 1\n" if name != "b" else "title: b\n", encoding="utf-8")
    for verb in ("check", "run", "render"):
        code, out, err = run(capsys, verb, ".", "--json")
        assert code == 3
        assert [line.split(":")[1].strip() for line in err.splitlines()] == ["a.yaml", "c.yaml"]
        answers = json.loads(out)
        assert [answer["study"] for answer in answers] == ["a.yaml", "c.yaml"]
        details = [answer["error_details"] for answer in answers]
        assert [(one["code"], one["where"]) for one in details] == [
            ("unknown-key", "a.yaml:1:1"),
            ("unknown-key", "c.yaml:1:1"),
        ]
        assert answers[0]["error"] in err


def test_an_error_that_ends_a_verb_is_an_object_on_stdout(pretend, capsys):
    Path("worse.yaml").write_text("bad: 1\n", encoding="utf-8")
    for verb in ("check", "run", "render"):
        error = error_of(capsys, verb, "worse.yaml")
        assert (error["code"], error["where"], error["exit_code"]) == ("unknown-key", "worse.yaml:1:1", 3)
        assert list(error) == ["code", "message", "where", "hint", "exit_code"]


@pytest.mark.parametrize(("name", "named"), [("nowhere", "nowhere"), ("empty", "empty"), ("ini", "init")])
def test_no_such_study_ends_with_3(pretend, capsys, name, named):
    Path("empty").mkdir()
    code, _, err = run(capsys, "run", name)
    assert code == 3
    assert name in err
    assert named in err
    assert err.count("\n") == 1
    assert error_of(capsys, "run", name)["code"] == "study-not-found"


def test_several_studies_each_have_their_report_and_one_given_twice_is_run_once(pretend, capsys):
    Path("other.yaml").write_text("title: x\n", encoding="utf-8")
    code, out, _ = run(capsys, "run", ".", "rates.yaml", "-o", "out")
    assert code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["other", "rates"]
    assert out.count("report:") == 2


def test_two_studies_of_one_name_are_refused_before_training(pretend, capsys):
    Path("more").mkdir()
    Path("more/rates.yaml").write_text("title: x\n", encoding="utf-8")
    error = error_of(capsys, "run", "rates.yaml", "more")
    assert (error["code"], error["exit_code"]) == ("output-conflict", 2)
    assert str(Path("reports/rates")) in error["message"]
    assert pretend.trained == []


def test_a_failed_run_ends_with_5_and_the_report_is_written(pretend, capsys):
    pretend.failing = {2}
    code, out, _err = run(capsys, "run", "rates.yaml")
    assert code == 5
    assert "failed: small rate, seed 2, and 1 more run: MemoryError: too wide" in out
    assert "4 ok, 2 failed" in out
    assert Path("reports/rates/index.html").exists()


def test_missing_pango_is_an_error_only_for_who_asks_for_the_pdf(pretend, capsys):
    pretend.pdf_error = MissingError("missing-library", "the PDF needs Pango", hint="apt install libpango-1.0-0")
    code, out, err = run(capsys, "run", "rates.yaml", "--json")
    assert code == 0
    assert f"reportgen: {pretend.pdf_error}" in err
    assert json.loads(out)[0]["missing"] == pretend.pdf_error.values
    code, _, _ = run(capsys, "run", "rates.yaml", "-f", "html,pdf")
    assert code == 4
    assert Path("reports/rates/index.html").exists()


@pytest.mark.parametrize(
    ("verdicts", "required", "expected"),
    [
        (("supported", "supported"), (False, False), 0),
        (("supported", "inconclusive"), (False, False), 6),
        (("supported", "contradicted"), (True, False), 0),
        (("supported", "contradicted"), (False, True), 6),
    ],
)
def test_strict_ends_with_6_where_a_claim_that_matters_is_not_supported(pretend, capsys, verdicts, required, expected):
    pretend.verdicts, pretend.required = verdicts, required
    assert run(capsys, "run", "rates.yaml", "--strict")[0] == expected
    assert run(capsys, "run", "rates.yaml")[0] == 0


def test_json_is_all_that_goes_to_stdout(pretend, capsys):
    _, out, _ = run(capsys, "run", "rates.yaml", "--json")
    [answer] = json.loads(out)
    assert answer["study"] == "rates"
    assert answer["html"] == str(Path("reports/rates/index.html"))
    assert answer["verdicts"] == {"supported": 1, "contradicted": 0, "inconclusive": 0}
    assert answer["claims"][0]["interval"] == [None, None]
    assert (answer["trained"], answer["stored"], answer["statuses"]) == (6, 0, {"ok": 6})
    assert answer["missing"] is None


def test_quiet_prints_the_reports_path_alone(pretend, capsys):
    code, out, err = run(capsys, "run", "rates.yaml", "-q")
    assert (code, out, err) == (0, f"{Path('reports/rates/index.html')}\n", "")


def test_open_shows_the_page(pretend, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    run(capsys, "run", "rates.yaml", "--open")
    assert opened == [Path("reports/rates/index.html").resolve().as_uri()]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run"], "invalid-usage"),
        (["dance"], "invalid-usage"),
        (["run", "rates.yaml", "--nonsense"], "invalid-usage"),
        (["run", "rates.yaml", "-j", "0"], "invalid-usage"),
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
def test_wrong_usage_ends_with_2_and_its_code(pretend, capsys, arguments, expected):
    error = error_of(capsys, *arguments)
    assert (error["code"], error["exit_code"]) == (expected, 2)
    assert pretend.trained == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "rates.yaml", "--set", "network.activation={name:leaky_relu}"],
        ["run", "rates.yaml", "-o", "rates.yaml"],
        ["describe", "nothing-of-that-name"],
    ],
)
def test_wrong_usage_ends_with_2_and_no_traceback(pretend, capsys, arguments):
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert err
    assert "Traceback" not in err
    assert pretend.trained == []


def test_an_output_that_is_a_file_is_an_error_of_its_study(pretend, capsys):
    [answer] = json.loads(run(capsys, "run", "rates.yaml", "-o", "rates.yaml", "--json")[1])
    assert answer["error_details"]["exit_code"] == 2
    assert answer["error_details"]["where"] == str(Path("rates.yaml/rates"))


def test_what_is_wrong_with_seeds_names_the_flag(capsys):
    error = error_of(capsys, "check", "digits", "--seeds", "0")
    assert error["code"] == "invalid-option"
    assert "--seeds" in error["message"]


def test_no_report_can_be_watermarked_by_hand(pretend, capsys):
    error = error_of(capsys, "run", "rates.yaml", "--set", "watermark=x")
    assert (error["code"], error["where"], error["exit_code"]) == ("unknown-key", "--set watermark", 3)


def test_a_bug_of_ours_ends_with_1_and_a_traceback(pretend, capsys, monkeypatch):
    pretend.writing_error = ZeroDivisionError("ours")
    code, out, err = run(capsys, "run", "rates.yaml", "--json")
    assert code == 1
    assert "Traceback" in err
    assert "ZeroDivisionError: ours" in err
    details = json.loads(out)[0]["error_details"]
    assert (details["code"], details["exit_code"]) == ("internal-error", 1)
    monkeypatch.setattr("reportgen.workflow.request.order_study", lambda *_, **__: 1 / 0)
    code, out, err = run(capsys, "check", "rates.yaml", "--json")
    assert json.loads(out)["error"]["code"] == "internal-error"
    assert (code, "Traceback" in err) == (1, True)


def test_an_interruption_ends_with_130_and_says_how_to_go_on(pretend, capsys, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "run_all", interrupted)
    code, _, err = run(capsys, "run", "rates.yaml")
    assert code == 130
    assert err.splitlines()[-1].startswith("Interrupted. ")
    assert "Traceback" not in err


def test_an_interruption_before_the_work_has_a_word_too(pretend, capsys, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("reportgen.workflow.request.order_study", interrupted)
    code, _, err = run(capsys, "check", "rates.yaml")
    assert (code, err.strip()) == (130, "Interrupted.")


def test_a_reader_that_went_away_is_no_error(pretend, monkeypatch, tmp_path):
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
        pretend.failing = {0}
        assert invoke(["run", "rates.yaml", "-q"]) == 5


def test_help_answers_at_once_since_it_loads_nothing():
    heavy = ("numpy", "numba", "pydantic", "matplotlib", "weasyprint", "yaml", "rich", "scipy", "jinja2")
    look = f"import reportgen.cli.main, sys; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
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
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 6
