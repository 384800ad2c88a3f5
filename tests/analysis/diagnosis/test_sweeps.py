"""The settings by which the variants of a study are compared."""

from __future__ import annotations

from pathlib import Path

from reportgen.analysis.diagnosis.sweeps import differences, settings_by_path
from reportgen.study.loading.loader import load_study


def changed(folder: Path, vary: str) -> set[str]:
    """The paths of the settings in which the second variant differs from the first."""
    path = folder / "study.yaml"
    network = "network: {layers: [{conv: {filters: 2, kernel: 3}}, {pool: 2}, {dense: 5}]}"
    path.write_text(f"title: T\nquestion: Q\ndata: digits\n{network}\nseeds: 1\nvary: {vary}\n", encoding="utf-8")
    first, second = (settings_by_path(run.spec) for run in load_study(path).runs)
    return set(differences(first, second))


def test_variants_with_other_layers_differ_in_the_layers(tmp_path: Path) -> None:
    assert changed(tmp_path, "{network.layers.0.conv.filters: [2, 3]}") == {"network.layers"}
    assert changed(tmp_path, "{network.layers.1.pool.kind: [max, average]}") == {"network.layers"}


def test_variants_with_another_setting_of_all_layers_differ_in_this_setting(tmp_path: Path) -> None:
    assert changed(tmp_path, "{network.activation: [relu, tanh]}") == {"network.activation"}
    assert changed(tmp_path, "{network.init: [he, xavier]}") == {"network.init"}


def test_dense_and_convolutional_networks_differ_in_both_forms(tmp_path: Path) -> None:
    vary = "{network.layers: [[{dense: 5}], [{conv: {filters: 5, kernel: 3}}]]}"
    assert changed(tmp_path, vary) == {"network.hidden", "network.layers"}
