"""A dumped study contains every default and loads as an equal plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportgen.study.loading.loader import dump_study, load_study
from reportgen.study.planning.plan import Plan
from tests.study.plans import NAMES, planned
from tests.study.texts import SOUND


def reloaded(plan: Plan, folder: Path) -> Plan:
    path = folder / f"{plan.study.id}.yaml"
    path.write_text(dump_study(plan.study), encoding="utf-8")
    return load_study(path)


def assert_equal_plans(first: Plan, second: Plan) -> None:
    assert first.runs == second.runs
    assert first.variants == second.variants
    for name in (
        "title",
        "question",
        "answer",
        "introduction",
        "closing",
        "claims",
        "figures",
        "remedies",
        "seeds",
        "id",
    ):
        assert getattr(first.study, name) == getattr(second.study, name)


@pytest.mark.parametrize("name", NAMES)
def test_dumped_shipped_studies_load_as_equal_plans(name: str, tmp_path: Path) -> None:
    plan = planned(name)
    again = reloaded(plan, tmp_path)
    assert_equal_plans(plan, again)
    assert dump_study(again.study) == dump_study(plan.study)


def test_a_dump_contains_overrides_and_defaults(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SOUND, encoding="utf-8")
    written = yaml.safe_load(dump_study(load_study(path, {"training.lr": 0.5, "seeds": 2}).study))
    assert (written["training"]["lr"], written["seeds"]) == (0.5, [0, 1])
    assert written["training"]["batch_size"] == 128
    assert written["training"]["optimizer"] == {"name": "sgd", "form": "velocity", "momentum": 0.0, "nesterov": False}
    assert written["network"]["activation"] == "relu"
    assert written["network"]["batchnorm"] == written["training"]["clip_norm"] == "none"


def test_a_study_in_another_folder_has_the_same_ids_and_labels(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("".join(f"{row},{row % 2}\n" for row in range(20)), encoding="utf-8")
    text = (
        "title: T\nquestion: Q\nnetwork: {hidden: [3]}\n"
        "data: {name: csv, path: a.csv, target: 1}\n"
        "vary: {data: [{name: csv, path: a.csv, target: 1, label: one table, id: table}]}\n"
        "variants: {two units: {id: two, network.hidden: [2]}}\n"
    )
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    plan = load_study(path)
    (tmp_path / "deep").mkdir()
    moved = tmp_path / "deep" / "s.yaml"
    moved.write_text(dump_study(plan.study, moved.parent), encoding="utf-8")
    found = [(variant.id, variant.label) for variant in load_study(moved).variants]
    assert (
        found == [(variant.id, variant.label) for variant in plan.variants] == [("two-table", "two units, one table")]
    )


@pytest.mark.parametrize(
    "title", ["1e3", "0o17", ".5", "012", "off", "null", "12:30", "- a", "a: b", "#", " a ", "é\u2028b"]
)
def test_texts_that_resemble_other_values_remain_texts(title: str, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SOUND, encoding="utf-8")
    assert reloaded(load_study(path, {"title": title}), tmp_path).study.title == title


@pytest.mark.parametrize(
    ("settings_of_it", "varied"),
    [
        ("network: {hidden: {layers: 2, width: 3}}", "network.hidden.layers: [1, 2]"),
        ("network: {hidden: [3, 3]}", "network.hidden.0: [1, 2]"),
        ("network: {hidden: [3]}", "network.batchnorm.momentum: [0.5, 0.8]"),
        ("network: {hidden: [3]}", "network.init.gain: [1, 2]"),
        ("network: {hidden: [3], init: gaussian}", "network.init.std: [1, 2]"),
        ("network: {hidden: [3], dropout: 0.5}", "network.dropout.mode: [inverted, unscaled]"),
        ("network: {hidden: [3]}", "training.optimizer.name: [sgd, adam]"),
        ("network: {hidden: [3]}", "training.optimizer.momentum: [0, 0.9]"),
        ("network: {hidden: [3]}", "training.augment.noise: [0, 0.1]"),
        ("network: {hidden: [3]}\npreprocess: center", "training.augment: [none, {noise: 0.1, crop: 0, border: edge}]"),
        ("network: {hidden: [3]}\ntraining: {early_stopping: false}", "training.early_stopping.patience: [2, 3]"),
        ("network: {hidden: [3]}\npreprocess: {name: pca, components: 2}", "preprocess.components: [1, 2]"),
        ("network: {hidden: [3]}\npreprocess: center", "preprocess.0: [center, standardize]"),
        ("network: {hidden: [3]}", "data.name: [gaussian, digits]"),
    ],
)
def test_a_study_that_varies_parts_of_a_setting_loads_as_an_equal_plan(
    settings_of_it: str, varied: str, tmp_path: Path
) -> None:
    """A default in the dump must not conflict with a varied path that continues into the setting."""
    path = tmp_path / "s.yaml"
    text = f"title: T\nquestion: Q\ndata: {{name: gaussian}}\n{settings_of_it}\nvary: {{{varied}}}\n"
    path.write_text(text, encoding="utf-8")
    plan = load_study(path)
    assert len(plan.variants) == 2
    assert_equal_plans(plan, reloaded(plan, tmp_path))


def test_a_dumped_augmentation_loads_as_an_equal_plan(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    for augment in ("{crop: 2, border: reflect}", "{crop: 0, border: edge}", "{shift: 2, flip: true}"):
        text = SOUND.replace("{name: gaussian, samples: 40, features: 4, classes: 2}", "digits")
        path.write_text(f"{text}training: {{augment: {augment}}}\n", encoding="utf-8")
        plan = load_study(path)
        assert_equal_plans(plan, reloaded(plan, tmp_path))


def test_overrides_can_change_the_hidden_layers_of_a_dumped_study(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SOUND.replace("[5, 5]", "{layers: 2, width: 5}"), encoding="utf-8")
    path.write_text(dump_study(load_study(path).study), encoding="utf-8")
    plan = load_study(path, {"network.hidden.layers": 4})
    assert len(plan.runs[0].spec.network.layers) == 5


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=40).filter(
    str.strip
)
ACTIVATIONS: st.SearchStrategy[Any] = st.sampled_from(
    ["tanh", "relu", {"name": "leaky_relu", "slope": 0.2}, {"name": "elu", "alpha": 2}]
)
INITS: st.SearchStrategy[Any] = st.sampled_from(
    ["he", "xavier", "orthogonal", {"name": "gaussian", "std": 1e-05}, {"name": "sparse", "connections": 3}]
)
DROPOUTS: st.SearchStrategy[Any] = st.sampled_from(["none", 0, 0.5, {"rate": 0.1, "mode": "unscaled"}])
BATCHNORMS: st.SearchStrategy[Any] = st.sampled_from([True, False, {"momentum": 0.5, "test_mode": "batch"}])


def by_layer(values: st.SearchStrategy[Any], layers: int) -> st.SearchStrategy[Any]:
    return values | st.lists(values, min_size=layers, max_size=layers)


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    hidden = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
    kinds = {"activation": ACTIVATIONS, "init": INITS, "dropout": DROPOUTS, "batchnorm": BATCHNORMS}
    chosen = {name: draw(by_layer(kind, len(hidden))) for name, kind in kinds.items() if draw(st.booleans())}
    return {"hidden": hidden, **chosen}


TRAININGS = st.fixed_dictionaries(
    {},
    optional={
        "lr": st.floats(0, 10),
        "l2": st.sampled_from([0, 1e-20, 1e20]),
        "epochs": st.integers(0, 100),
        "batch_size": st.just("full") | st.integers(1, 64),
        "optimizer": st.sampled_from(["adam", {"name": "sgd", "momentum": 0.5, "nesterov": True}]),
        "schedule": st.sampled_from(["cosine", {"name": "warmup", "epochs": 2, "then": {"name": "step", "every": 3}}]),
        "clip_norm": st.sampled_from(["none", 0.5]),
        "augment": st.just({"noise": 0.1}),
        "early_stopping": st.just({"patience": 3}),
    },
)
VARIED = st.fixed_dictionaries(
    {},
    optional={
        "training.l1": st.lists(st.floats(0, 1), min_size=1, max_size=3, unique=True),
        "training.shuffle": st.just([True, False]),
        "data.label_noise": st.just([{"value": 0.1, "label": "off: no"}, 0.2]),
        "preprocess": st.just([["center"], [{"name": "scale", "by": 2}, "center"], []]),
    },
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=TEXTS, question=TEXTS, closing=TEXTS, network=networks(), training=TRAININGS, vary=VARIED)
def test_dumped_generated_studies_load_as_equal_plans(tmp_path: Path, **parts: Any) -> None:
    tree = {**parts, "data": {"name": "gaussian", "samples": 60, "features": 12, "classes": 2}, "seeds": 2}
    path = tmp_path / "made.yaml"
    path.write_text(json.dumps(tree, ensure_ascii=False), encoding="utf-8")  # JSON is YAML
    plan = load_study(path)
    folder = tmp_path / "again"
    folder.mkdir(exist_ok=True)
    assert_equal_plans(plan, reloaded(plan, folder))


def test_a_dump_omits_defaults_that_depend_on_a_varied_setting(tmp_path: Path) -> None:
    text = "title: T\nquestion: Q\ndata: moons\nnetwork: {hidden: [3]}\nPROBES\nvary: {training.epochs: [0, 3]}\n"
    for probes, examples in (("", [1000, 256]), ("probes: {examples: 50}", [50, 50])):
        (tmp_path / "made.yaml").write_text(text.replace("PROBES", probes), encoding="utf-8")
        plan = load_study(tmp_path / "made.yaml")
        (tmp_path / "again").mkdir(exist_ok=True)
        again = reloaded(plan, tmp_path / "again")
        assert_equal_plans(plan, again)
        assert [variant.settings["probes.examples"] for variant in again.variants] == examples


def test_varied_files_keep_their_labels_in_a_dump_for_another_folder(tmp_path: Path) -> None:
    rows = "a,y\n" + "".join(f"{n},{n % 2}\n" for n in range(40))
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_text(rows, encoding="utf-8")
    study = """
title: T
question: Q
data: {name: csv, path: a.csv, target: y}
network: {hidden: [3]}
training: {epochs: 1}
VARIED
claims:
  - {id: c, says: S, measure: {metric: train_loss}, where: {data.path: a.csv}, expect: {below: 9}}
"""
    kinds = {
        "vary": "vary: {data.path: [a.csv, {value: b.csv, label: second}, c.csv]}",
        "variants": "variants: {one: {data.path: a.csv}, two: {data.path: {value: b.csv, label: second}}}",
        "search": "search: {method: grid, data.path: {choices: [a.csv, {value: b.csv, label: second}, c.csv]}}",
    }
    for kind, varied in kinds.items():
        path, there = tmp_path / f"{kind}.yaml", tmp_path / "deep" / kind / "study.yaml"
        path.write_text(study.replace("VARIED", varied), encoding="utf-8")
        there.parent.mkdir(parents=True)
        there.write_text(dump_study(load_study(path).study, there.parent), encoding="utf-8")
        first, second = (load_study(each).variants for each in (path, there))
        assert [(one.id, one.label) for one in first] == [(one.id, one.label) for one in second]
        assert [Path(one.settings["data.path"]).name for one in second] == [one.settings["data.path"] for one in first]
