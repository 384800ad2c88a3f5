"""`--set a.b=v` can change every setting, and an error names the override that caused it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import StudyError, UsageError
from reportgen.study.loading.loader import load_study
from reportgen.study.loading.overrides import indexed_hint, parse_set, with_value
from reportgen.study.syntax.yaml12 import read
from tests.study.texts import SOUND, added, one_claim

VARIED = SOUND + "vary: {training.lr: [0.1, 0.2]}\nvariants: {my own.way: {network.init: {name: gaussian, std: 1}}}\n"


def study(folder: Path, overrides: dict[str, Any], text: str = SOUND) -> Any:
    path = folder / "s.yaml"
    path.write_text(text, encoding="utf-8")
    return load_study(path, overrides)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("training.lr=1e-3", "training.lr", 1e-3),
        ("training.batch_size=full", "training.batch_size", "full"),
        ("network.batchnorm=off", "network.batchnorm", "off"),
        ("network.hidden=[5, 6]", "network.hidden", [5, 6]),
        ("title=a = b", "title", "a = b"),
        ("network.init={name: gaussian, std: 0.1}", "network.init", {"name": "gaussian", "std": 0.1}),
        (" seeds =3", "seeds", 3),
        ("network.output_init=", "network.output_init", None),
        ("network.output_init=null", "network.output_init", None),
    ],
)
def test_an_argument_is_a_path_and_a_yaml_value(text: str, path: str, value: Any) -> None:
    assert parse_set(text) == (path, value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("training.lr", "invalid-override"),
        ("=3", "invalid-override"),
        ("a..b=3", "invalid-override"),
        (".a=3", "invalid-override"),
        ("a.=3", "invalid-override"),
        ("", "invalid-override"),
        ("a={b:c}", "invalid-override"),
        ("a=[1", "invalid-yaml"),
        ("a=&x 1", "unsupported-yaml"),
        ("a=1\x00", "invalid-yaml"),
    ],
)
def test_an_invalid_argument_is_a_usage_error(text: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_set(text)
    assert caught.value.code == code


def test_setting_a_value_leaves_the_original_tree_unchanged() -> None:
    tree = {"network": {"hidden": [5, 5], "init": {"name": "he"}}, "data": {"name": "digits"}}
    before = copy.deepcopy(tree)
    for path, value in (("network.hidden.1", 7), ("network.init.gain", 2), ("data.seed", 3), ("training.lr", 0.1)):
        changed = with_value(tree, path, value)
        assert changed != before
        assert tree == before
    assert with_value(tree, "network.hidden.1", 7)["network"]["hidden"] == [5, 7]


def test_a_new_value_is_copied() -> None:
    """Otherwise a change of one variant's value would change the value of another variant."""
    widths = [5, 5]
    first = with_value({"network": {}}, "network.hidden", widths)
    second = with_value(first, "network.hidden.0", 9)
    assert (widths, first["network"]["hidden"], second["network"]["hidden"]) == ([5, 5], [5, 5], [9, 5])


def test_a_name_becomes_a_mapping_if_a_path_continues_into_it() -> None:
    tree = {"network": {"activation": "leaky_relu"}}
    found = with_value(tree, "network.activation.slope", 0.1)
    assert found["network"]["activation"] == {"name": "leaky_relu", "slope": 0.1}


def test_a_path_below_vary_and_variants_is_one_key() -> None:
    tree: dict[str, Any] = {"vary": {"training.lr": [1]}, "variants": {"a.b": {"network.init": "he"}}}
    assert with_value(tree, "vary.training.lr", [2])["vary"] == {"training.lr": [2]}
    assert with_value(tree, "vary.training.l2", [2])["vary"] == {"training.lr": [1], "training.l2": [2]}
    assert with_value(tree, "vary.training.lr.0", 3)["vary"] == {"training.lr": [3]}
    found = with_value(tree, "variants.a.b.network.init", "xavier")["variants"]
    assert found == {"a.b": {"network.init": "xavier"}}
    found = with_value(tree, "variants.a.b.training.lr", 1)["variants"]
    assert found == {"a.b": {"network.init": "he", "training.lr": 1}}
    assert with_value({}, "vary.training.lr", [2]) == {"vary": {"training.lr": [2]}}


@pytest.mark.parametrize("path", ["network.hidden.2", "network.hidden.x", "network.hidden.0.a", "seeds.a"])
def test_a_path_into_a_value_without_keys_is_a_key_error(path: str) -> None:
    with pytest.raises(KeyError):
        with_value({"network": {"hidden": [5, 5]}, "seeds": 3}, path, 1)


def test_overrides_change_components_lists_and_seeds(tmp_path: Path) -> None:
    plan = study(
        tmp_path,
        {"network.activation": "leaky_relu", "network.activation.slope": 0.1, "network.hidden.0": 3, "seeds": 2},
    )
    spec = plan.runs[0].spec
    assert spec.network.layers[0].activation.params == (("slope", 0.1),)
    assert [layer.units for layer in spec.network.layers] == [3, 5, 2]
    assert plan.study.seeds == (0, 1)


def test_overrides_change_vary_and_variants(tmp_path: Path) -> None:
    plan = study(tmp_path, {"vary.training.lr": [1, 2, 3], "variants.my own.way.network.init.std": 2}, VARIED)
    assert [run.spec.training.lr for run in plan.runs[::5]] == [1.0, 2.0, 3.0]
    assert {run.spec.network.layers[0].init["std"] for run in plan.runs} == {2.0}


@pytest.mark.parametrize(
    ("path", "value", "where", "code"),
    [
        ("training.lr", "fast", "--set training.lr", "wrong-type"),
        ("trainning.lr", 1, "--set trainning.lr: trainning", "unknown-key"),
        ("network.hidden.9", 1, "--set network.hidden.9", "unknown-setting"),
        ("network.activation", "rleu", "--set network.activation", "unknown-name"),
        ("seeds", 0, "--set seeds", "out-of-range"),
        ("vary.training.lr", [], "--set vary.training.lr", "empty-value"),
        ("vary.network.layers[0].dense.units", [1], "--set vary.network.layers[0].dense.units", "unknown-setting"),
    ],
)
def test_an_error_names_the_override(tmp_path: Path, path: str, value: Any, where: str, code: str) -> None:
    with pytest.raises(StudyError) as caught:
        study(tmp_path, {path: value})
    assert (caught.value.code, caught.value.where) == (code, where)


@pytest.mark.parametrize(("seeds", "where"), [(0, "--seeds"), ([1, 1], "--seeds: seeds.1")])
def test_an_error_names_the_flag_of_the_override(tmp_path: Path, seeds: Any, where: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SOUND, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path, {"seeds": seeds}, {"seeds": "--seeds"})
    assert caught.value.where == where


IMAGES = """
title: T
question: Q
data: digits
network:
  layers: [{conv: {filters: 2, kernel: 3}}, {dense: 2}, {residual: {layers: [dense: 2]}}]
"""


def test_paths_of_layers_have_an_index_in_either_form() -> None:
    tree = {"network": {"layers": [{"conv": {"filters": 2}}]}}
    for text in ("network.layers.0.conv.filters=4", "network.layers[0].conv.filters=4"):
        path, value = parse_set(text)
        assert with_value(tree, path, value) == {"network": {"layers": [{"conv": {"filters": 4}}]}}


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("network.layers.conv.filters", "network.layers.0.conv.filters"),
        ("network.layers.residual.layers.dense.units", "network.layers.2.residual.layers.0.dense.units"),
        ("network.layers.pool.size", ""),
        ("network.layers.0.conv.filters", ""),
        ("training.lr", ""),
    ],
)
def test_a_path_without_an_index_suggests_the_first_entry_with_the_key(path: str, right: str) -> None:
    hint = indexed_hint(read(IMAGES, "").value, path)
    assert (repr(right) in hint) if right else not hint


@pytest.mark.parametrize(
    ("more", "overrides", "right"),
    [
        ("", {"network.layers.conv.filters": 3}, "'network.layers.0.conv.filters'"),
        ("vary: {network.layers.conv.filters: [3, 4]}", {}, "'network.layers.0.conv.filters'"),
        ("vary: {'network.layers[0].conv.filters': [3, 4]}", {}, "network.layers.0.conv.filters"),
        ("search: {network.layers.conv.filters: {choices: [3, 4]}}", {}, "'network.layers.0.conv.filters'"),
    ],
)
def test_a_study_with_a_path_without_an_index_names_the_right_one(
    tmp_path: Path, more: str, overrides: dict[str, Any], right: str
) -> None:
    with pytest.raises(StudyError) as caught:
        study(tmp_path, overrides, IMAGES + more)
    assert caught.value.code == "unknown-setting"
    assert right in (caught.value.hint or "")


def test_an_error_of_a_layer_names_the_override_that_causes_it(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        study(tmp_path, {"network.layers.0.conv.kernel": [20, 3]}, IMAGES)
    assert caught.value.code == "window-too-large"
    assert "network.layers[0].conv (with --set network.layers.0.conv.kernel)" in str(caught.value.where)


def test_an_error_outside_the_overrides_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        study(tmp_path, {"training.lr": 1}, SOUND.replace("gaussian", "gausian"))
    assert (caught.value.code, caught.value.where) == ("unknown-name", f"{tmp_path / 's.yaml'}:3:7: data")


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("training.optimizer.momentum", 0.9, {"name": "sgd", "momentum": 0.9}),
        ("network.init.gain", 2, {"name": "he_normal", "gain": 2}),
        ("network.batchnorm.momentum", 0.5, {"momentum": 0.5}),
        ("training.early_stopping.patience", 3, {"patience": 3}),
    ],
)
def test_a_path_can_continue_into_a_default(path: str, value: Any, found: Any) -> None:
    section, name, _ = path.split(".")
    assert with_value({}, path, value) == {section: {name: found}}
    assert with_value({section: {name: None}}, path, value) == {section: {name: found}}


def test_a_path_can_continue_into_a_short_form() -> None:
    assert with_value({"network": {"dropout": 0.5}}, "network.dropout.mode", "unscaled") == {
        "network": {"dropout": {"rate": 0.5, "mode": "unscaled"}}
    }
    assert with_value({"preprocess": "center"}, "preprocess.0", "whiten") == {"preprocess": ["whiten"]}
    assert with_value({"network": {"batchnorm": "none"}}, "network.batchnorm.epsilon", 1) == {
        "network": {"batchnorm": {"epsilon": 1}}
    }


def test_a_whole_number_can_have_an_exponent_and_the_error_names_its_limit(tmp_path: Path) -> None:
    assert study(tmp_path, {"training.epochs": parse_set("training.epochs=1e3")[1]}).study.training.epochs == 1000
    with pytest.raises(StudyError, match="1000000") as beyond:
        study(tmp_path, {"training.epochs": 1e30})
    with pytest.raises(StudyError) as fraction:
        study(tmp_path, {"training.epochs": 1.5})
    assert (beyond.value.code, fraction.value.code) == ("out-of-range", "wrong-type")


def test_a_claim_selects_by_one_value_not_by_a_list(tmp_path: Path) -> None:
    claim = "{id: one, says: s, measure: {metric: val_loss}, where: {training.lr: [0.1, 0.2]}, expect: {below: 1}}"
    with pytest.raises(StudyError) as caught:
        study(tmp_path, {}, f"{VARIED}claims: [{claim}]\n")
    assert caught.value.code == "unknown-variant"
    assert str(caught.value.where).endswith("claims[0].where.training.lr")


def test_other_claims_remove_the_answer_of_the_file_unless_another_is_given(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    claims = one_claim("{metric: val_loss}", "{}", "{below: 1}")
    path.write_text(added(f"answer: {{says: S, claims: [a]}}\n{claims}"), encoding="utf-8")
    assert load_study(path).study.answer is not None
    assert load_study(path, {"claims": []}).study.answer is None
    other = load_study(path, {"claims": [], "answer": "Another."}).study.answer
    assert other is not None
    assert other.says == "Another."
