"""Variants of a study: unique and reproducible labels and ids, and the given values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.study.loading.loader import load_study
from reportgen.study.planning.plan import Plan, changed
from reportgen.study.planning.variants import automatic_label, slug
from tests.study.texts import SOUND, network


def plan_of(folder: Path, more: str = "", text: str = SOUND) -> Plan:
    path = folder / "s.yaml"
    path.write_text(text + more, encoding="utf-8")
    return load_study(path)


def labels(plan: Plan) -> list[str]:
    return [variant.label for variant in plan.variants]


def test_a_study_without_vary_is_one_variant(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    (variant,) = plan.variants
    assert (variant.id, variant.label, dict(variant.varied)) == ("baseline", "baseline", {})
    assert [(run.variant, run.seed) for run in plan.runs] == [("baseline", seed) for seed in range(5)]


def test_vary_makes_every_combination_and_the_last_path_changes_fastest(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "vary: {network.activation: [tanh, relu], training.lr: [0.1, 1]}\nseeds: [3, 1]\n")
    assert labels(plan) == ["tanh, lr 0.1", "tanh, lr 1", "relu, lr 0.1", "relu, lr 1"]
    assert [variant.id for variant in plan.variants] == ["tanh-lr-0p1", "tanh-lr-1", "relu-lr-0p1", "relu-lr-1"]
    assert [run.seed for run in plan.runs[:4]] == [3, 1, 3, 1]
    assert plan.variants[1].varied == {"network.activation": "tanh", "training.lr": "lr 1"}
    assert plan.runs[2].spec.training.lr == 1.0


def test_variants_are_named_and_change_only_their_settings(tmp_path: Path) -> None:
    more = "variants: {wide: {network.hidden: [9]}, deep: {network.hidden: [5, 5, 5], training.lr: 1}, plain: {}}\n"
    plan = plan_of(tmp_path, more)
    assert labels(plan) == ["wide", "deep", "plain"]
    assert [len(run.spec.network.layers) for run in plan.runs[::5]] == [2, 4, 3]
    assert [run.spec.training.lr for run in plan.runs[::5]] == [0.01, 1.0, 0.01]


def test_variants_are_combined_with_every_value_of_vary(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "variants: {a: {training.l2: 1}, b: {}}\nvary: {training.lr: [0.1, 1]}\n")
    assert labels(plan) == ["a, lr 0.1", "a, lr 1", "b, lr 0.1", "b, lr 1"]


def test_a_list_of_mappings_without_names_is_labelled_by_its_keys() -> None:
    stages = [{"samples": 16, "epochs": 2}, {"samples": 12, "shrink": 0.3}]
    assert automatic_label("search.stages", stages, False) == "stages samples 16 epochs 2, samples 12 shrink 0.3"
    assert automatic_label("preprocess", [{"name": "center"}, {"name": "whiten"}], False) == "center-whiten"


def test_labels_and_ids_are_unique_and_reproducible(tmp_path: Path) -> None:
    more = (
        "vary:\n"
        "  network.init:\n"
        "    - {name: gaussian, std: 0.01, label: 'small (σ = 0.01)'}\n"
        "    - {name: gaussian, std: 1, label: 'small [σ = 0.01]'}\n"
        "    - {name: gaussian, std: 2}\n"
        "    - {name: gaussian, std: 3}\n"
        "    - {name: xavier, label: ελληνικά}\n"
        "    - {name: he, label: עברית}\n"
    )
    first, second = plan_of(tmp_path, more), plan_of(tmp_path, more)
    ids = [variant.id for variant in first.variants]
    assert ids == [variant.id for variant in second.variants]
    assert len(set(ids)) == len(set(labels(first))) == 6
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in ids)
    assert labels(first)[2:4] == ["gaussian (std 2)", "gaussian (std 3)"]
    assert ids[:2] == ["small-0p01", "small-0p01-2"]


@pytest.mark.parametrize(
    ("path", "values", "expected"),
    [
        ("network.batchnorm", "[false, true]", ["without batchnorm", "with batchnorm"]),
        ("network.dropout", "[none, 0.5]", ["no dropout", "dropout 0.5"]),
        ("network.hidden", "[[5], [5, 4], []]", ["hidden 5", "hidden 5-4", "no hidden"]),
        ("training.batch_size", "[16, full]", ["batch size 16", "full"]),
        ("training.lr", "[{value: 0.1, label: low}, 1]", ["low", "lr 1"]),
        ("network.activation.slope", "[0.1, 0.2]", ["slope 0.1", "slope 0.2"]),
    ],
)
def test_the_label_of_a_value_follows_from_the_value(
    tmp_path: Path, path: str, values: str, expected: list[str]
) -> None:
    text = network("{hidden: [5, 5], activation: leaky_relu}")
    assert labels(plan_of(tmp_path, f"vary: {{{path}: {values}}}\n", text)) == expected


def test_an_id_takes_the_place_of_the_label_in_the_id_of_a_variant_alone(tmp_path: Path) -> None:
    more = (
        "vary: {network.init: [{name: he, label: He init%s}, xavier]}\n"
        "variants: {narrow network: {%snetwork.hidden: [2]}, wide: {}}\n"
    )
    with_ids = plan_of(tmp_path, more % (", id: he", "id: narrow, "))
    without = plan_of(tmp_path, more % ("", ""))
    assert [variant.id for variant in with_ids.variants] == ["narrow-he", "narrow-xavier", "wide-he", "wide-xavier"]
    assert labels(with_ids) == labels(without)
    assert [variant.varied for variant in with_ids.variants] == [variant.varied for variant in without.variants]
    assert [run.spec for run in with_ids.runs] == [run.spec for run in without.runs]


def test_an_id_needs_no_label(tmp_path: Path) -> None:
    more = "vary: {network.init: [{name: he, id: a}, xavier], training.lr: [{value: 0.1, id: b}]}\n"
    plan = plan_of(tmp_path, more)
    assert [variant.id for variant in plan.variants] == ["a-b", "xavier-b"]
    assert labels(plan) == ["he, lr 0.1", "xavier, lr 0.1"]
    assert {run.spec.training.lr for run in plan.runs} == {0.1}


def test_an_id_may_be_the_label_of_its_own_value(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "variants: {plain: {id: plain}, wide: {id: plain-2}}\n")
    assert [variant.id for variant in plan.variants] == ["plain", "plain-2"]


def test_a_slug_is_never_empty() -> None:
    assert slug("Größe 0.5 / x") == "groe-0p5-x"
    assert slug("—") == "variant"


def test_lists_apply_layer_by_layer(tmp_path: Path) -> None:
    text = network(
        "{hidden: [5, 6], activation: [tanh, {name: leaky_relu, slope: 0.2}], init: [he, {name: gaussian, std: 2}], "
        "bias: [0, 0.1], dropout: [none, 0.5], batchnorm: [true, false]}"
    )
    first, second, output = plan_of(tmp_path, text=text).runs[0].spec.network.layers
    assert (first.activation.name, second.activation["slope"]) == ("tanh", 0.2)
    assert (first.init.name, second.init["std"]) == ("he_normal", 2.0)
    assert (first.bias, second.bias, output.bias) == (0.0, 0.1, 0.0)
    assert (first.dropout, second.dropout, output.dropout) == (None, DropoutSpec(0.5), None)
    assert (first.batchnorm, second.batchnorm, output.batchnorm) == (BatchNormSpec(), None, None)
    assert (output.units, output.activation.name, output.init) == (2, "identity", second.init)


def test_the_output_layer_has_its_own_init_or_that_of_the_last_hidden_layer(tmp_path: Path) -> None:
    text = network("{hidden: [5], init: he, output_init: {name: gaussian, std: 0.01}}")
    assert plan_of(tmp_path, text=text).runs[0].spec.network.layers[-1].init["std"] == 0.01


def test_a_network_can_have_no_hidden_layer(tmp_path: Path) -> None:
    assert len(plan_of(tmp_path, text=network("{hidden: []}")).runs[0].spec.network.layers) == 1


def test_a_remedy_changes_one_variant_and_keeps_its_seeds(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "vary: {network.activation: [tanh, relu]}\n")
    runs = changed(plan, "relu", {"training.lr": 0.5}, "remedy")
    assert [run.seed for run in runs] == list(plan.study.seeds)
    assert {(run.spec.training.lr, run.spec.network.layers[0].activation.name) for run in runs} == {(0.5, "relu")}


@pytest.mark.parametrize(("settings", "examples"), [
    ("", 256),
    ("training: {epochs: 0}\n", 1000),
    ("training: {epochs: 0}\nprobes: {examples: 20}\n", 20),
    ("probes: {examples: 2000}\n", 2000),
])  # fmt: skip
def test_probes_use_more_examples_if_nothing_is_trained(tmp_path: Path, settings: str, examples: int) -> None:
    plan = plan_of(tmp_path, settings)
    assert {run.spec.probes.examples for run in plan.runs} == {examples}
