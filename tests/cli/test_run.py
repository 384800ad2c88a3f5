"""The verbs run and render: reports, output and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportgen.errors import MissingError
from reportgen.report.media import pdf
from tests.cli.test_main import error_of, run
from tests.rates import CONTRADICTED, SUPPORTED, write_study


def test_run_prints_verdicts_to_stdout_and_a_line_a_run_to_stderr(training, capsys):
    code, out, err = run(capsys, "run", "rates.yaml", "-f", "html")
    assert code == 0
    assert "rates: Which rate" in out
    assert "supported     low: The loss is as expected." in out
    assert "claims: 1 supported" in out
    assert "runs: 6 ok (6 trained, 0 stored)" in out
    assert f"report: {Path('reports/rates/index.html')}" in out
    lines = [line for line in err.splitlines() if line.startswith("[")]
    assert len(lines) == 6
    assert lines[-1].startswith("[6/6] ")
    assert any("small rate, seed 0: done, validation accuracy " in line for line in lines)
    assert "\x1b" not in out + err


def test_a_second_run_trains_nothing(finished, capsys):
    code, out, err = run(capsys, "run", "rates.yaml", "-f", "json")
    assert (code, len(finished.trained)) == (0, 0)
    assert "(0 trained, 6 stored)" in out
    assert "[" not in err


def test_render_without_runs_is_a_usage_error_that_names_the_command(training, capsys):
    arguments = ["render", "rates.yaml", "--set", "data.samples=50", "--seeds", "2"]
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "reportgen run rates.yaml --set data.samples=50 --seeds 2" in err
    assert "Traceback" not in err
    [answer] = json.loads(run(capsys, *arguments, "--json")[1])
    assert (answer["study"], answer["error_details"]["code"]) == ("rates", "runs-missing")
    [answer] = json.loads(run(capsys, "render", "rates.yaml", "-o", "elsewhere", "--json")[1])
    assert answer["error_details"]["hint"].endswith("reportgen run rates.yaml -o elsewhere")


def test_render_writes_the_report_again(finished, capsys):
    code, _out, _ = run(capsys, "render", "rates.yaml", "-f", "html,kit")
    assert code == 0
    assert finished.trained == []
    assert Path("reports/rates/figures/loss_curves.svg").exists()


def test_each_study_has_its_own_report_and_duplicates_are_run_once(training, capsys):
    write_study("other.yaml")
    code, out, _ = run(capsys, "run", ".", "rates.yaml", "-o", "out", "-f", "json")
    assert code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["other", "rates"]
    assert out.count("report:") == 2


def test_two_studies_with_the_same_name_are_refused_before_training(training, capsys):
    write_study("more/rates.yaml")
    error = error_of(capsys, "run", "rates.yaml", "more")
    assert (error["code"], error["exit_code"]) == ("output-conflict", 2)
    assert str(Path("reports/rates")) in error["message"]
    assert training.trained == []


def test_a_failed_run_ends_with_5_and_the_report_is_written(training, capsys):
    training.failing = {2}
    code, out, _err = run(capsys, "run", "rates.yaml", "-f", "json")
    assert code == 5
    assert "failed: small rate, seed 2, and 1 more run: MemoryError: too wide" in out
    assert "4 ok, 2 failed" in out
    assert Path("reports/rates/results.json").exists()


def test_missing_pango_is_an_error_only_if_the_pdf_is_requested(finished, capsys, monkeypatch):
    def fail(*arguments):
        raise error

    error = MissingError("missing-library", "the PDF needs Pango", hint="apt install libpango-1.0-0")
    monkeypatch.setattr(pdf, "write_pdf", fail)
    code, out, err = run(capsys, "run", "rates.yaml", "--json")
    assert code == 0
    assert f"reportgen: {error}" in err
    assert json.loads(out)[0]["missing"] == error.values
    code, _, _ = run(capsys, "run", "rates.yaml", "-f", "html,pdf")
    assert code == 4
    assert Path("reports/rates/index.html").exists()


@pytest.mark.parametrize(
    ("expected", "required", "code"),
    [
        ((SUPPORTED, SUPPORTED), (False, False), 0),
        ((SUPPORTED, CONTRADICTED), (False, False), 6),
        ((SUPPORTED, CONTRADICTED), (True, False), 0),
        ((SUPPORTED, CONTRADICTED), (False, True), 6),
    ],
)
def test_strict_ends_with_6_if_a_required_claim_is_not_supported(finished, capsys, expected, required, code):
    write_study("rates.yaml", *zip(("one", "two"), expected, required, strict=True))
    assert run(capsys, "render", "rates.yaml", "-f", "json", "--strict")[0] == code
    assert run(capsys, "render", "rates.yaml", "-f", "json")[0] == 0


def test_strict_ends_with_6_if_a_claim_is_inconclusive(finished, capsys):
    results = json.loads(Path("reports/rates/results.json").read_text(encoding="utf-8"))
    write_study("rates.yaml", ("uncertain", f"below: {results['claims'][0]['measured']}", False))
    code, out, _ = run(capsys, "render", "rates.yaml", "-f", "json", "--strict", "--json")
    assert json.loads(out)[0]["verdicts"] == {"supported": 0, "contradicted": 0, "inconclusive": 1}
    assert code == 6


def test_with_json_stdout_has_nothing_else(training, capsys):
    _, out, _ = run(capsys, "run", "rates.yaml", "-f", "html", "--json")
    [answer] = json.loads(out)
    assert answer["study"] == "rates"
    assert answer["html"] == str(Path("reports/rates/index.html"))
    assert answer["verdicts"] == {"supported": 1, "contradicted": 0, "inconclusive": 0}
    low, high = answer["claims"][0]["interval"]
    assert low <= answer["claims"][0]["measured"] <= high
    assert (answer["trained"], answer["stored"], answer["statuses"]) == (6, 0, {"ok": 6})
    assert answer["missing"] is None


def test_quiet_prints_only_the_path_of_the_report(finished, capsys):
    code, out, err = run(capsys, "run", "rates.yaml", "-q", "-f", "json")
    assert (code, out, err) == (0, f"{Path('reports/rates/results.json')}\n", "")


def test_open_shows_the_page(finished, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    run(capsys, "run", "rates.yaml", "--open", "-f", "html")
    assert opened == [Path("reports/rates/index.html").resolve().as_uri()]


def test_an_output_folder_that_is_a_file_is_an_error_of_its_study(training, capsys):
    [answer] = json.loads(run(capsys, "run", "rates.yaml", "-o", "rates.yaml", "--json")[1])
    assert answer["error_details"]["exit_code"] == 2
    assert answer["error_details"]["where"] == str(Path("rates.yaml/rates"))


def test_the_watermark_cannot_be_set(training, capsys):
    error = error_of(capsys, "run", "rates.yaml", "--set", "watermark=x")
    assert (error["code"], error["where"], error["exit_code"]) == ("unknown-key", "--set watermark", 3)
