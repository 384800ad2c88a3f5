"""The flags that verbs share: what they change in a study, and how a report's command names them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_main import run


def test_quick_gives_no_verdicts_and_excludes_strict(pretend, capsys):
    code, out, _ = run(capsys, "run", "rates.yaml", "--quick")
    assert code == 0
    assert "no verdicts" in out
    assert "small-is-small" not in out
    assert run(capsys, "run", "rates.yaml", "--quick", "--strict")[0] == 2


def test_quick_with_seeds_takes_these_seeds(pretend, capsys):
    assert run(capsys, "run", "rates.yaml", "--quick", "--seeds", "10", "-q")[0] == 0
    assert len({seed for _, seed in pretend.trained}) == 10


@pytest.mark.parametrize("flags", [["--strict"], ["--seeds", "2", "--quick"], []])
def test_the_report_names_the_command_with_what_decides_its_content_and_its_code(pretend, capsys, flags):
    run(capsys, "run", "rates.yaml", "-j", "1", "-f", "json", "-o", "out", *flags)
    results = json.loads(Path("out/rates/results.json").read_text(encoding="utf-8"))
    assert results["provenance"]["command"] == " ".join(["reportgen run rates.yaml", *flags])


def test_settings_and_seeds_reach_the_study(pretend, capsys):
    run(capsys, "check", "rates.yaml", "--seeds", "4,7", "--set", "training.lr=0.5")
    _, changes = pretend.loads[-1]
    assert changes["seeds"] == [4, 7]
    assert "training.lr" in changes
