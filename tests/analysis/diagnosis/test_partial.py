"""Records that lack measurements: rules judge by their forms on scores where they have one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.benchmark import published_by_rule
from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.analysis.diagnosis.partial import diagnose_partial
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Evidence
from reportgen.cli.main import invoke
from reportgen.external.reader import read_records

Array = NDArray[np.float64]
EPOCHS = 24
OF_SCORES = {"overfitting", "undertrained", "no_signal"}


def saved(folder: Path, val_loss: Array) -> Path:
    """Save a record of a network that improves in training, without probes and without scores of simple models."""
    falls = 0.1 + 1.2 * np.exp(-np.arange(EPOCHS + 1) / 4)
    run = {
        "network": {"hidden": [8], "activation": "relu", "batchnorm": False, "dropout": 0},
        "training": {"lr": 0.1, "batch_size": 20},
        "facts": {"classes": 4, "train_n": 400, "val_n": 400, "class_counts": [100] * 4},
    }
    arrays = {
        "step_loss": np.repeat(falls[:-1], 20),
        "epoch_train_loss": falls,
        "epoch_train_accuracy": 1 - falls / 2,
        "epoch_val_loss": val_loss,
        "epoch_val_accuracy": np.full(EPOCHS + 1, 0.7),
    }
    np.savez(folder / "a.npz", run=json.dumps(run), **arrays)
    return folder / "a.npz"


def diagnosis(path: Path) -> PartialDiagnosis:
    [found] = diagnose_partial({"v": [read_records(path)[0].record]})
    return found


def course(best: float, end: float) -> Array:
    """Return a validation loss that falls to `best` within eight epochs and then rises to `end`."""
    parts = [np.linspace(1.39, best, 9), np.linspace(best, end, EPOCHS - 7)[1:]]
    return np.concatenate(parts) + 0.002 * np.cos(np.arange(EPOCHS + 1) * 2.0)


def test_a_rule_that_lacks_a_measurement_finds_by_scores(tmp_path: Path) -> None:
    record = read_records(saved(tmp_path, course(0.8, 1.9)))[0].record

    def check(evidence: Evidence) -> None:
        assert evidence.records[0].facts["baseline_linear"]

    rules = {"overfitting": replace(RULES["overfitting"], check=check)}
    [found] = diagnose_partial({"v": [record]}, rules)
    [finding] = found.findings
    assert (finding.rule, finding.severity, finding.variant) == ("overfitting", "warning", "v")
    assert finding.step is not None
    assert EPOCHS < finding.step <= record.steps  # in steps, as in the figures
    assert found.by_scores == {"overfitting": ("facts.baseline_linear",)}
    assert not found.not_judged


def test_rules_that_find_nothing_by_scores_count_as_judged(tmp_path: Path) -> None:
    found = diagnosis(saved(tmp_path, course(0.5, 0.5)))
    assert not OF_SCORES & {finding.rule for finding in found.findings}
    assert set(found.passed) >= OF_SCORES
    assert found.by_scores.keys() >= OF_SCORES
    assert not OF_SCORES & found.not_judged.keys()


def test_rules_without_a_form_on_scores_are_not_judged(tmp_path: Path) -> None:
    found = diagnosis(saved(tmp_path, course(0.5, 0.5)))
    assert {"vanishing_gradients", "dead_relu", "underfitting"} <= found.not_judged.keys()


def test_a_rule_that_is_too_short_of_scores_keeps_its_missing_measurements(tmp_path: Path) -> None:
    path = saved(tmp_path, course(0.5, 0.5))
    with np.load(path) as whole:
        kept = {name: values for name, values in whole.items() if "val" not in name}
    np.savez(path, **kept)
    found = diagnosis(path)
    assert any("val" in name for name in found.not_judged["overfitting"])
    assert "overfitting" not in found.by_scores


def test_the_output_states_the_accuracy_of_the_form_on_scores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path, course(0.5, 0.5))
    assert invoke(["diagnose", str(path)]) == 0
    figures = published_by_rule()["overfitting"]
    text = capsys.readouterr().out
    assert f"finds {figures.planted[0]} of {figures.planted[1]} faults" in text
    assert invoke(["diagnose", str(path), "--json"]) == 0
    values = json.loads(capsys.readouterr().out)["judged_by_scores"]["a"]["overfitting"]
    assert values["healthy"] == list(figures.healthy)
    assert values["missing"]


def test_every_form_on_scores_that_complete_records_have_too_has_published_figures() -> None:
    both = {id_ for id_, rule in RULES.items() if rule.on_scores is not None and rule.check is not None}
    assert both <= published_by_rule().keys()
