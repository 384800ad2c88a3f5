"""The verb check: runs, data and time of a plan, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportgen import data
from reportgen.cli.output import reports as console
from reportgen.errors import MissingError
from reportgen.workflow.costs import estimate, report_time
from tests.cli.test_main import error_of, run
from tests.rates import write_study


def test_check_shows_the_plan_and_writes_nothing(training, capsys):
    code, out, _ = run(capsys, "check", "rates.yaml", "-j", "2")
    assert code == 0
    assert "runs        6: 2 variants, 3 seeds" in out
    assert "parameters  26 per run" in out
    assert "memory" in out
    assert "time" in out
    assert not Path("reports").exists()
    _, text, _ = run(capsys, "check", "rates.yaml", "--json")
    [plan] = json.loads(text)
    assert (plan["study"], plan["runs"], plan["stored"], plan["parameters"]) == ("rates", 6, 0, [26, 26])
    assert plan["seconds"] > 0


def test_check_counts_one_as_one(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = "title: T\nquestion: Q\ndata: {name: moons, samples: 60}\nnetwork: {hidden: [3]}\nseeds: 1\n"
    Path("one.yaml").write_text(study + "training: {epochs: 1, batch_size: full}\n", encoding="utf-8")
    lines = [line.strip() for line in run(capsys, "check", "one.yaml")[1].splitlines()]
    assert "runs        1: 1 variant, 1 seed" in lines
    assert "to train    1 (0 stored), 1 step" in lines


@pytest.mark.parametrize(("seeds", "warns"), [(2, True), (3, False)])
def test_check_says_if_there_are_too_few_seeds_for_a_verdict(training, capsys, seeds, warns):
    code, out, _ = run(capsys, "check", "rates.yaml", "--seeds", str(seeds))
    [line] = [line for line in out.splitlines() if line.startswith("  claims ")]
    assert (code, "at least 3 seeds" in line) == (0, warns)


@pytest.mark.parametrize(("epochs", "warns"), [(2, False), (3, True)])
def test_check_warns_of_a_warm_up_that_is_longer_than_the_training(capsys, tmp_path, monkeypatch, epochs, warns):
    monkeypatch.chdir(tmp_path)
    study = "title: T\nquestion: Q\ndata: {name: moons, samples: 60}\nnetwork: {hidden: [3]}\nseeds: 1\n"
    study += f"training: {{epochs: 2, schedule: {{name: warmup_cosine, epochs: {epochs}}}}}\n"
    Path("one.yaml").write_text(study + "vary: {training.lr: [0.1, 0.2]}\n", encoding="utf-8")
    code, out, _ = run(capsys, "check", "one.yaml")
    [plan] = json.loads(run(capsys, "check", "one.yaml", "--json")[1])
    assert (code, len(plan["warnings"])) == (0, int(warns))
    assert out.count("warm-up of 3 epochs") == int(warns)


def test_check_estimates_no_time_if_all_runs_are_stored(finished, capsys):
    code, out, _ = run(capsys, "check", "rates.yaml")
    assert code == 0
    assert "to train    none (6 stored)" in out
    assert "time" not in out
    assert "to train    2 (6 stored)" in run(capsys, "check", "rates.yaml", "--seeds", "4")[1]


def test_check_ends_as_run_does_if_the_data_are_missing(finished, capsys, monkeypatch):
    def missing(*arguments):
        raise MissingError("file-not-found", "mnist: t10k is missing", hint="--set data.download=true")

    write_study("other.yaml")
    monkeypatch.setattr(data, "missing_files", missing)
    code, out, err = run(capsys, "check", "rates.yaml", "other.yaml")
    assert (code, err.count("\n")) == (4, 1)
    assert "rates: Which rate" in out, "a study whose runs are all stored needs no data"
    rates, other = json.loads(run(capsys, "check", "rates.yaml", "other.yaml", "--json")[1])
    assert (rates["study"], rates["runs"]) == ("rates", 6)
    assert other["study"] == "other"
    details = other["error_details"]
    assert (details["code"], details["where"]) == ("file-not-found", "other.yaml:3:7: data (variant 'small rate')")
    assert error_of(capsys, "check", "other.yaml") == details


def test_check_shows_the_size_of_a_download(training, capsys, monkeypatch):
    monkeypatch.setattr(data, "missing_files", lambda spec, folder: 11_594_722)
    code, out, _ = run(capsys, "check", "rates.yaml")
    assert code == 0
    assert "12 MB" in out
    assert json.loads(run(capsys, "check", "rates.yaml", "--json")[1])[0]["download_bytes"] == 11_594_722


def test_the_time_consists_of_training_and_report(capsys, tmp_path, monkeypatch):
    """Remedies and compiling are shown as additional time."""
    monkeypatch.chdir(tmp_path)
    study = "title: T\nquestion: Q\ndata: {name: moons, samples: 60}\nnetwork: {hidden: [3]}\nseeds: 3\n"
    Path("one.yaml").write_text(study, encoding="utf-8")
    monkeypatch.setattr(console, "are_compiled", lambda *module: False)
    [plan] = json.loads(run(capsys, "check", "one.yaml", "--json")[1])
    parts = plan["seconds_of"]
    assert plan["seconds"] == parts["training"] + parts["report"]
    assert not parts.pop("measured")
    assert min(parts.values()) > 0
    out = run(capsys, "check", "one.yaml")[1]
    assert "roughly estimated" in out
    assert "at most 6 remedies" in out
    assert "30 s more to compile" in out
    monkeypatch.setattr(console, "are_compiled", lambda *module: True)
    [fewer] = json.loads(run(capsys, "check", "one.yaml", "--json", "--set", "remedies={limit: 3}")[1])
    assert fewer["seconds_of"]["measured"]
    assert fewer["seconds_of"]["remedies"] > 0
    assert fewer["seconds_of"]["compiling"] == 0
    out = run(capsys, "check", "one.yaml", "--set", "remedies=false", "--set", "figures=[loss_curves]")[1]
    assert "remed" not in out
    assert "to compile" not in out


def test_more_variants_and_figures_make_the_report_slower(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = "title: T\nquestion: Q\ndata: {name: moons, samples: 60}\nnetwork: {hidden: [3]}\nseeds: 3\n"
    Path("one.yaml").write_text(study + "figures: [loss_curves]\n", encoding="utf-8")

    def report_seconds(*changes: str) -> float:
        text = run(capsys, "check", "one.yaml", "--json", *changes)[1]
        return json.loads(text)[0]["seconds_of"]["report"]

    monkeypatch.setattr(report_time, "pace", lambda: 1.0)
    monkeypatch.setattr(estimate, "measure_jobs", lambda *arguments: None)
    one = report_seconds()
    assert report_seconds("--set", "vary={training.lr: [0.1, 0.2, 0.3]}") > one
    assert report_seconds("--set", "figures=[loss_curves, final_scores]") > one
    assert report_seconds("--set", "figures=[]") > one
    assert report_seconds("--seeds", "30") > one
    by_format = [report_seconds("-f", formats) for formats in ("json", "quiz", "html", "html,pdf", "html,pdf,kit")]
    assert by_format == sorted(set(by_format))
    assert report_seconds("-f", "html,pdf,kit,json") == one


@pytest.mark.parametrize("layers", ["{conv: {filters: 3, kernel: 3}}", "{dense: 4}", "{pool: 2}"])
def test_every_kind_of_layer_has_values_in_json(capsys, tmp_path, monkeypatch, layers):
    monkeypatch.chdir(tmp_path)
    text = f"title: T\nquestion: Q?\ndata: digits\nnetwork: {{layers: [{layers}]}}\ntraining: {{epochs: 1}}\nseeds: 3\n"
    Path("layers.yaml").write_text(text, encoding="utf-8")
    code, out, _ = run(capsys, "check", "layers.yaml", "--json")
    assert (code, json.loads(out)[0]["memory_bytes"] > 0) == (0, True)
