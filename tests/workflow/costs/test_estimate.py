"""The memory and time that a study needs, as reported before it runs."""

from __future__ import annotations

import json
from pathlib import Path

from reportgen.cli.main import invoke
from reportgen.cli.output import reports as console
from reportgen.study.loading.loader import load_study
from reportgen.workflow import training as trainer
from reportgen.workflow.costs import estimate
from reportgen.workflow.request import plan_jobs


def set_memory(monkeypatch, count):
    """Pretend that the machine has this many bytes of memory, None for an unknown number."""
    for module in (estimate, console):
        monkeypatch.setattr(module, "machine_bytes", lambda: count)


def test_a_run_far_beyond_the_memory_is_refused_before_training(training, monkeypatch, capsys):
    set_memory(monkeypatch, 100)
    assert invoke(["run", "rates.yaml", "--json"]) == 4
    printed = capsys.readouterr()
    [answer] = json.loads(printed.out)
    error = answer["error_details"]
    assert (error["code"], error["where"], error["hint"]) == ("out-of-memory", "rates", estimate.SMALLER)
    assert " 0 MB" in error["message"]
    assert printed.err.count("\n") == 1
    assert training.trained == []
    assert not Path("reports/rates").exists()


def test_nothing_is_refused_if_the_memory_is_unknown_or_large(training, monkeypatch):
    set_memory(monkeypatch, None)
    assert invoke(["run", "rates.yaml", "-f", "json"]) == 0
    set_memory(monkeypatch, 10**15)
    assert invoke(["run", "rates.yaml", "-f", "json", "--fresh"]) == 0


def test_stored_runs_need_no_memory(finished, monkeypatch):
    set_memory(monkeypatch, 100)
    assert invoke(["run", "rates.yaml", "-f", "json"]) == 0


def test_check_warns_if_the_machine_has_too_little_memory(training, monkeypatch, capsys):
    set_memory(monkeypatch, 100)
    assert invoke(["check", "rates.yaml"]) == 0
    assert estimate.SMALLER in capsys.readouterr().out
    set_memory(monkeypatch, 10**15)
    assert invoke(["check", "rates.yaml"]) == 0
    assert estimate.SMALLER not in capsys.readouterr().out


def test_equal_failures_are_one_line_with_their_count(training, capsys):
    training.failing = {0, 1}
    assert invoke(["run", "rates.yaml", "-f", "json"]) == 5
    failures = [line for line in capsys.readouterr().out.splitlines() if "failed: " in line]
    assert failures == ["  failed: small rate, seed 0, and 3 more runs: MemoryError: too wide"]
    results = json.loads(Path("reports/rates/results.json").read_bytes())
    assert sum(run["status"] == "failed" for run in results["runs"]) == 4


def test_compilation_is_announced_only_if_runs_are_trained(training, monkeypatch, capsys):
    monkeypatch.setattr(trainer, "are_compiled", lambda: False)
    assert invoke(["run", "rates.yaml", "-f", "json"]) == 0
    assert capsys.readouterr().err.count("compiling") == 1
    assert invoke(["run", "rates.yaml", "-f", "json"]) == 0
    assert "compiling" not in capsys.readouterr().err


def test_kernels_of_images_take_additional_time_to_compile(tmp_path, monkeypatch):
    def compiling(layer, compiled, images_compiled):
        file = tmp_path / "one.yaml"
        head = "title: T\nquestion: Q\ndata: {name: shapes, samples: 300}\nseeds: 2\n"
        file.write_text(f"{head}network: {{layers: [{layer}]}}\n", encoding="utf-8")
        plan = load_study(file)
        jobs = plan_jobs(plan)
        kernels = estimate.Compiled(compiled, images_compiled)
        monkeypatch.setattr(estimate, "measure_jobs", lambda *arguments: None)
        return estimate.expected_seconds(plan, jobs, estimate.run_costs(plan, jobs), 1, kernels).compiling

    dense, conv = "dense: 3", "conv: {filters: 3, kernel: 3}"
    assert 0 < compiling(dense, False, False) < compiling(conv, False, False)
    assert 0 == compiling(dense, True, False) < compiling(conv, True, False)
    assert compiling(conv, True, True) == 0


def test_the_seeds_of_a_variant_have_one_cost(tmp_path, monkeypatch):
    (tmp_path / "one.yaml").write_text(
        "title: T\nquestion: Q\ndata: moons\nnetwork: {hidden: [3]}\nseeds: 50\n", encoding="utf-8"
    )
    plan = load_study(tmp_path / "one.yaml")
    counted = []
    lay_out = estimate.lay_out
    monkeypatch.setattr(estimate, "lay_out", lambda *arguments: counted.append(1) or lay_out(*arguments))
    costs = estimate.run_costs(plan, plan_jobs(plan))
    assert (len(costs), len(counted)) == (50, 1)
