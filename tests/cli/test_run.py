"""The verbs run and render: reports, answers and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportgen.errors import MissingError
from tests.cli.test_main import error_of, run


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


def test_an_output_that_is_a_file_is_an_error_of_its_study(pretend, capsys):
    [answer] = json.loads(run(capsys, "run", "rates.yaml", "-o", "rates.yaml", "--json")[1])
    assert answer["error_details"]["exit_code"] == 2
    assert answer["error_details"]["where"] == str(Path("rates.yaml/rates"))


def test_no_report_can_be_watermarked_by_hand(pretend, capsys):
    error = error_of(capsys, "run", "rates.yaml", "--set", "watermark=x")
    assert (error["code"], error["where"], error["exit_code"]) == ("unknown-key", "--set watermark", 3)
