"""The verbs that explain names, and doctor."""

from __future__ import annotations

import json

import pytest
import yaml

from reportgen.cli.reference.catalogue import KINDS, find_entries, kind_of
from reportgen.cli.reference.descriptions import EXAMPLES, PLACES, describe
from reportgen.errors import MissingError, StudyError
from reportgen.study.loading.loader import load_study
from reportgen.study.syntax import yaml12
from tests.cli.test_main import run


def test_list_prints_every_kind_with_a_line_on_each(capsys):
    code, out, _ = run(capsys, "list")
    assert code == 0
    for name in ("activations", "leaky_relu", "optimizers", "adam", "activation_std", "rules", "figures", "studies"):
        assert name in out
    lines = [line for line in out.splitlines() if line.startswith("  ")]
    assert all(len(line.split(None, 1)) == 2 for line in lines)


def test_list_of_one_kind_as_json(capsys):
    _, out, _ = run(capsys, "list", "activations", "--json")
    found = json.loads(out)
    assert list(found) == ["activations"]
    assert "tanh" in found["activations"]


def test_describe_prints_the_rows_facts_under_name_and_alias(capsys):
    code, out, _ = run(capsys, "describe", "leaky_relu")
    assert code == 0
    assert "slope" in out
    assert "formula:" in out
    assert run(capsys, "describe", "he")[1] == run(capsys, "describe", "he_normal")[1]


def test_describe_shows_the_name_of_the_data_like_any_other_setting(capsys):
    code, out, _ = run(capsys, "describe", "data.name")
    assert code == 0
    assert out.startswith("data.name  (settings)")
    assert "change:  reportgen run STUDY --set data.name=..." in out


def test_describe_lists_the_settings_of_a_section(capsys):
    for name in ("training.pruning", "pruning"):
        code, out, _ = run(capsys, "describe", name)
        assert code == 0
        assert out.startswith("training.pruning  (sections)")
        assert "  rounds (integer from 1 to 100, required): " in out
        assert "  weights (winning, random, default winning): " in out


@pytest.mark.parametrize(
    "name",
    [
        "network.layers.conv.filters",
        "network.layers.0.conv.filters",
        "network.layers[2].conv.filters",
        "network.layers.1.residual.layers.0.conv.filters",
    ],
)
def test_describe_prints_a_path_of_a_layer_with_an_index(capsys, name):
    code, out, _ = run(capsys, "describe", name)
    assert code == 0
    assert "--set network.layers.0.conv.filters=" in out


@pytest.mark.parametrize(
    ("name", "component"),
    [("smoothing", "softmax_cross_entropy"), ("label_smoothing", "softmax_cross_entropy"), ("tail", "gaussian")],
)
def test_describe_prints_the_components_with_a_parameter(capsys, name, component):
    code, out, _ = run(capsys, "describe", name)
    assert code == 0
    assert component in out


def test_layers_are_those_that_studies_name(capsys):
    found = json.loads(run(capsys, "list", "layers", "--json")[1])["layers"]
    assert {"dense", "conv", "max_pool"} <= set(found)
    assert "pre_activation" not in found


def test_describe_suggests_a_name(capsys):
    code, _, err = run(capsys, "describe", "leaky_relo")
    assert code == 2
    assert "did you mean 'leaky_relu'?" in err


def test_list_suggests_a_kind(capsys):
    code, _, err = run(capsys, "list", "datsets")
    assert code == 2
    assert "'datasets'" in err


def test_schema_is_json(capsys):
    code, out, _ = run(capsys, "schema")
    assert code == 0
    assert "$schema" in json.loads(out)


def test_doctor_lists_its_checks(capsys):
    code, out, _ = run(capsys, "doctor")
    assert code in (0, 4)
    assert "numba" in out
    assert "Pango" in out


STUDY = {
    "title": "T",
    "question": "Q",
    "data": {"name": "gaussian", "samples": 40, "features": 4, "classes": 2},
    "network": {"hidden": [3]},
}


def examples() -> list[str]:
    """Return the examples of `describe`."""
    from reportgen.cli.reference.catalogue import KINDS

    lines = [
        line.partition("example: ")[2]
        for kind in (*PLACES, "layers", "datasets", "metrics", "figures", "checks", "lectures")
        for name, entry in KINDS[kind]().items()
        for line in describe(kind, name, entry)
        if line.startswith("  example: ")
    ]
    return [*lines, *EXAMPLES.values()]


def test_the_examples_of_describe_are_valid(tmp_path):
    """Put each example into a study, or into a claim of a study that varies the settings in the examples."""
    varied = {"network.activation": ["tanh", "relu"], "training.lr": [0.1, 1]}
    found = examples()
    assert len(found) > 150
    invalid: list[tuple[str, str]] = []
    for text in found:
        part = yaml12.read(text, "example").value
        study = {**STUDY, **part} if not set(part) & {"measure", "expect", "where", "tune", "source"} else None
        if study is None:
            claim = {"id": "a", "says": "S", "measure": {"metric": "val_loss"}, "expect": {"below": 1}, **part}
            claim["where"] = {"network.activation": "tanh"}
            study = {**STUDY, "vary": varied, "claims": [claim]}
        if "layers" in part.get("network", {}):
            study["data"] = "digits"
        elif "network" in part:
            study["network"] = {"hidden": [8], **part["network"]}
        path = tmp_path / "study.yaml"
        path.write_text(yaml.safe_dump(study), encoding="utf-8")
        try:
            load_study(path)
        except (StudyError, MissingError) as error:
            invalid += [] if error.code in ON_REQUEST else [(text, str(error))]
    assert invalid == []


ON_REQUEST = ("not-measured", "file-not-found")
"""Permitted errors of examples: the metric is not measured by default, or the file is a placeholder."""


def test_describe_shows_ranges_defaults_sources_and_tests_of_a_claim(capsys):
    texts = {name: run(capsys, "describe", name)[1] for name in ("gaussian", "training.lr", "below", "init", "11")}
    assert "std (number from 0 to 1 000 000, default 0.01)" in texts["gaussian"]
    assert "example: network: {init: {name: gaussian, std: 0.01, gain: 1.0}}" in texts["gaussian"]
    assert "validation (number from 0 to below 1" in texts["gaussian"]
    assert "range:   from 0" in texts["training.lr"]
    assert "claims.expect.below  (settings)" in texts["below"]
    assert "runs:    60, 12 variants with 5 seeds" in texts["init"]
    assert "small-weights-printed-stds" in texts["11"]
    assert "CSCI 497P" in texts["11"]


def test_the_verbs_are_listed_and_described(capsys):
    assert set(json.loads(run(capsys, "list", "verbs", "--json")[1])["verbs"]) >= {"run", "list", "schema", "doctor"}
    assert "--seeds" in run(capsys, "describe", "run")[1]


@pytest.mark.parametrize(
    ("word", "kind"),
    [("data", "datasets"), ("init", "inits"), ("Loss", "losses"), ("study", "studies"), ("data set", "datasets"),
     ("figures", "figures"), ("sanity", "checks"), ("expect", "expectations"), ("colour", None)],
)  # fmt: skip
def test_a_kind_is_found_by_the_word_of_a_study_in_singular_or_plural(word: str, kind: str | None) -> None:
    assert kind_of(word, {"verbs", *KINDS}) == kind


def test_a_name_is_found_without_regard_to_case() -> None:
    assert [(kind, name) for kind, name, _ in find_entries("ReLU")] == [("activations", "relu")]
