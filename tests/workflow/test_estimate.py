"""What a study needs of the machine, told before it runs."""

from __future__ import annotations

import json
from pathlib import Path

from reportgen.cli.main import invoke
from reportgen.cli.output import reports as console
from reportgen.workflow import estimate
from reportgen.workflow import run as pipeline


def of_bytes(monkeypatch, count):
    """Let the machine have so much memory."""
    for module in (estimate, console):
        monkeypatch.setattr(module, "machine_bytes", lambda: count)


def test_a_run_far_beyond_the_memory_is_refused_before_training(pretend, monkeypatch, capsys):
    of_bytes(monkeypatch, 100)
    assert invoke(["run", "rates.yaml", "--json"]) == 4
    said = capsys.readouterr()
    [answer] = json.loads(said.out)
    error = answer["error_details"]
    assert (error["code"], error["where"], error["hint"]) == ("out-of-memory", "rates", estimate.SMALLER)
    assert "this machine has 0 MB" in error["message"]
    assert said.err.count("\n") == 1
    assert pretend.trained == []


def test_nothing_is_refused_where_the_memory_is_not_known_or_large(pretend, monkeypatch):
    of_bytes(monkeypatch, None)
    assert invoke(["run", "rates.yaml"]) == 0
    of_bytes(monkeypatch, 10**15)
    assert invoke(["run", "rates.yaml", "--fresh"]) == 0


def test_stored_runs_need_no_memory(pretend, monkeypatch):
    assert invoke(["run", "rates.yaml"]) == 0
    of_bytes(monkeypatch, 100)
    assert invoke(["run", "rates.yaml"]) == 0


def test_check_warns_of_more_than_the_machine_has(pretend, monkeypatch, capsys):
    of_bytes(monkeypatch, 100)
    assert invoke(["check", "rates.yaml"]) == 0
    assert estimate.SMALLER in capsys.readouterr().out
    of_bytes(monkeypatch, 10**15)
    assert invoke(["check", "rates.yaml"]) == 0
    assert estimate.SMALLER not in capsys.readouterr().out


def test_equal_failures_are_told_once_with_their_count(pretend, capsys):
    pretend.failing = {0, 1}
    assert invoke(["run", "rates.yaml"]) == 5
    told = [line for line in capsys.readouterr().out.splitlines() if "failed: " in line]
    assert told == ["  failed: small rate, seed 0, and 3 more runs: MemoryError: too wide"]
    results = json.loads(Path("reports/rates/results.json").read_bytes())
    assert sum(run["status"] == "failed" for run in results["runs"]) == 4


def test_compiling_is_told_once_where_no_kernels_are_there(pretend, monkeypatch, capsys):
    monkeypatch.setattr(pipeline, "are_compiled", lambda: False)
    assert invoke(["run", "rates.yaml"]) == 0
    assert capsys.readouterr().err.count("compiling kernels, once for this machine: about half a minute") == 1
    assert invoke(["run", "rates.yaml"]) == 0
    assert "compiling" not in capsys.readouterr().err
