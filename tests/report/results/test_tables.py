"""The CSV tables: columns, their order, and exact numbers."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from reportgen.analysis.results import Comparison, Estimate
from reportgen.engine.spec import EPOCH_COLUMNS, STATISTICS
from reportgen.report.results.tables import write_tables
from tests.report.small_analysis import small_analysis
from tests.runs.records import planned, record

LISTED = (
    "activation_mean",
    "activation_std",
    "activation_min",
    "activation_max",
    "zero_fraction",
    "saturated_fraction",
    "dead_fraction",
    "preactivation_mean",
    "preactivation_std",
    "gradient_mean",
    "gradient_std",
    "gradient_norm",
    "weight_std",
    "weight_norm",
    "weight_gradient_norm",
    "update_ratio",
)


@pytest.fixture
def folder(tmp_path) -> Path:
    """The folder of written tables."""
    write_tables(small_analysis(), tmp_path / "tables")
    return tmp_path / "tables"


def read(folder, name):
    """Return the columns and the rows of a table."""
    with open(folder / f"{name}.csv", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return reader.fieldnames, list(reader)


def test_there_is_a_file_for_each_table(folder):
    names = {path.name for path in folder.iterdir()}
    expected = ("variants", "runs", "epochs", "layers", "architecture", "claims", "comparisons", "findings")
    assert names == {f"{name}.csv" for name in expected}


def test_comparisons_contain_every_pair_with_its_correction(tmp_path):
    one = Comparison("small", "large", "val_accuracy", Estimate(0.25, 0.1, 0.4, 5), 0.01, 0.1, 2.0, pairs=28)
    write_tables(small_analysis(comparisons=(one,)), tmp_path)
    columns, (row,) = read(tmp_path, "comparisons")
    assert columns[:4] == ["a", "b", "score", "difference"]
    assert (row["a"], row["difference"], row["p_adjusted"], row["pairs"]) == ("small", "0.25", "0.1", "28")


def test_layers_has_a_row_per_run_probe_and_layer_with_the_documented_columns_first(folder):
    columns, rows = read(folder, "layers")
    documented = ["variant", "seed", "step", "layer", *LISTED]
    assert columns[: len(documented)] == documented
    assert columns[4:] == list(STATISTICS)
    assert len(rows) == 4 * 3 * 2
    assert [(row["seed"], row["step"], row["layer"]) for row in rows[:3]] == [
        ("0", "0", "1"),
        ("0", "0", "2"),
        ("0", "2", "1"),
    ]
    made = record(planned(0))
    assert float(rows[3]["gradient_norm"]) == float(made.statistic("gradient_norm")[1, 1])


def test_epochs_begin_at_initialization_without_a_batch_loss(folder):
    columns, rows = read(folder, "epochs")
    assert columns == ["variant", "seed", *EPOCH_COLUMNS]
    assert (rows[0]["epoch"], rows[0]["step"], rows[0]["batch_loss"]) == ("0", "0", "")
    assert rows[2]["step"] == "8"
    assert float(rows[1]["val_loss"]) == record(planned(0)).epochs("val_loss")[1]


def test_runs_contain_every_run_with_its_scores(folder):
    columns, rows = read(folder, "runs")
    assert columns[:7] == ["key", "variant", "seed", "status", "stopped_at_step", "steps", "train_seconds"]
    assert [row["status"] for row in rows] == ["ok", "ok", "ok", "diverged"]
    assert rows[0]["stopped_at_step"] == ""
    assert float(rows[0]["val_loss"]) == record(planned(0)).final["val_loss"]
    assert rows[0]["test_loss"] == ""


def test_variants_contain_counts_scores_and_settings(folder):
    columns, rows = read(folder, "variants")
    assert columns[:7] == ["variant", "label", "parameters", "ok", "diverged", "stopped", "failed"]
    assert (rows[1]["ok"], rows[1]["diverged"], rows[1]["failed"]) == ("1", "1", "0")
    assert [rows[0][f"val_loss{part}"] for part in ("", "_lo", "_hi", "_n")] == ["0.5", "0.25", "", "2"]
    assert rows[0]["test_loss_n"] == ""
    assert json.loads(rows[0]["data.keep"]) == {"1": 0.5}
    assert (rows[0]["network.batchnorm"], rows[0]["training.clip_norm"]) == ("false", "")


def test_claims_and_findings_read_back(folder):
    _, [claim] = read(folder, "claims")
    assert claim["says"] == 'Small, "quoted" = small.'
    assert (float(claim["measured"]), claim["lo"], claim["p_value"]) == (0.1 + 0.2, "", "")
    assert (claim["source"], claim["required"], json.loads(claim["variants"])) == ("csci-497p", "false", ["small"])
    _, findings = read(folder, "findings")
    assert json.loads(findings[0]["evidence"]) == {"dead": 0.5, "by_layer": [1.0, None]}
    assert findings[0]["remedy"] == ""
    assert json.loads(findings[1]["remedy"])["verdict"] == "helped"
    assert [json.loads(f["remedies"]) for f in findings] == [[], [json.loads(findings[1]["remedy"])]]


def test_a_study_without_probes_has_an_empty_table_of_layers(tmp_path):
    analysis = small_analysis()
    for summary in analysis.variants:
        for made in summary.records:
            for name in [name for name in made.arrays if name.startswith("probe_")]:
                del made.arrays[name]
    write_tables(analysis, tmp_path)
    assert read(tmp_path, "layers")[1] == []


def test_lines_end_the_same_on_every_machine(folder):
    assert all(b"\r" not in path.read_bytes() for path in folder.iterdir())
