"""The options that verbs share: their effect on a study, and the command in the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_main import run


def test_quick_gives_no_verdicts_and_excludes_strict(training, capsys):
    code, out, _ = run(capsys, "run", "rates.yaml", "--quick", "-f", "json")
    assert code == 0
    assert "no verdicts" in out
    assert "supported" not in out
    assert run(capsys, "run", "rates.yaml", "--quick", "--strict")[0] == 2


def test_seeds_take_precedence_over_quick(training, capsys):
    assert run(capsys, "run", "rates.yaml", "--quick", "--seeds", "10", "-q", "-f", "json")[0] == 0
    assert len({seed for _, seed in training.trained}) == 10


@pytest.mark.parametrize("flags", [["--strict"], ["--seeds", "2", "--quick"], []])
def test_the_command_in_the_report_has_the_options_that_affect_results_and_exit_code(training, capsys, flags):
    run(capsys, "run", "rates.yaml", "-j", "1", "-f", "json", "-o", "out", *flags)
    results = json.loads(Path("out/rates/results.json").read_text(encoding="utf-8"))
    assert results["provenance"]["command"] == " ".join(["reportgen run rates.yaml", *flags])


def test_settings_and_seeds_reach_the_study(training, capsys):
    _, out, _ = run(capsys, "check", "rates.yaml", "--seeds", "4,7", "--set", "network.hidden=[5]", "--json")
    [plan] = json.loads(out)
    assert plan["seeds"] == [4, 7]
    assert plan["parameters"] == [32, 32]
