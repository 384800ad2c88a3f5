"""Selection of a claim's variants by label, name, value, or part of a component."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.study.loading.loader import load_study
from reportgen.study.planning.plan import Plan
from reportgen.study.planning.where import matching_variants, where_alone
from tests.study.texts import LINES, SOUND

MORE = """
preprocess: [center, {name: scale, by: 0.5}]
vary:
  network.init:
    - {name: gaussian, std: 0.01, label: small}
    - {name: gaussian, std: 1.0, label: large}
    - he
  network.batchnorm: [false, true]
  network.dropout: [0, 0.5]
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path = tmp_path_factory.mktemp("where") / "s.yaml"
    path.write_text(SOUND + MORE, encoding="utf-8")
    return load_study(Path(path))


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ({}, 12),
        ({"network.init": "small"}, 4),
        ({"network.init": "gaussian"}, 8),
        ({"network.init": "he"}, 4),
        ({"network.init": "he_normal"}, 4),
        ({"network.init": {"name": "gaussian", "std": 1}}, 4),
        ({"network.init": {"name": "he"}}, 4),
        ({"network.init": "huge"}, 0),
        ({"network.init.std": 0.01}, 4),
        ({"network.init.gain": 1}, 12),
        ({"network.batchnorm": True}, 6),
        ({"network.batchnorm": False}, 6),
        ({"network.batchnorm": {"momentum": 0.9}}, 6),
        ({"network.batchnorm": "with batchnorm"}, 6),
        ({"network.dropout": 0}, 6),
        ({"network.dropout": "none"}, 6),
        ({"network.dropout": 0.5}, 6),
        ({"network.dropout.rate": 0.5}, 6),
        ({"network.hidden": [5, 5]}, 12),
        ({"network.hidden": [5]}, 0),
        ({"training.lr": 0.01}, 12),
        ({"training.optimizer": "sgd"}, 12),
        ({"training.optimizer.momentum": 0}, 12),
        ({"data.name": "gaussian"}, 12),
        ({"preprocess": ["center", "scale"]}, 12),
        ({"preprocess": ["center"]}, 0),
        ({"variant": "small, without batchnorm, dropout 0"}, 1),
        ({"variant": "small-without-batchnorm-dropout-0"}, 1),
        ({"network.init": "small", "network.batchnorm": True, "network.dropout": 0.5}, 1),
        ({"network.init": "small", "network.init.std": 1}, 0),
    ],
)
def test_where_matches_the_variants_with_all_of_its_settings(plan: Plan, where: dict[str, Any], count: int) -> None:
    assert len(matching_variants(plan.variants, where)) == count


def test_variants_keep_their_order(plan: Plan) -> None:
    found = matching_variants(plan.variants, {"network.init": "gaussian"})
    assert found == [variant for variant in plan.variants if variant in found]


@pytest.mark.parametrize(
    ("path", "wanted", "count"), [("layers", 6, 2), ("layers", 3, 0), ("width", 8, 2), ("width", 5, 0)]
)
def test_number_of_layers_and_width_follow_from_the_list_of_widths(
    tmp_path: Path, path: str, wanted: int, count: int
) -> None:
    file = tmp_path / "depth.yaml"
    network = "network: {hidden: {layers: 1, width: 8}}"
    vary = "vary: {network.hidden.layers: [2, 6], network.hidden.width: [8, 4]}"
    file.write_text("\n".join([*LINES[:3], network, vary]), encoding="utf-8")
    assert len(matching_variants(load_study(file).variants, {f"network.hidden.{path}": wanted})) == count


def test_a_variant_that_changes_nothing_is_selected_alone(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        f"{SOUND}variants: {{plain: {{}}, wide: {{network.hidden: [9]}}}}\n", encoding="utf-8"
    )
    variants = load_study(tmp_path / "s.yaml").variants
    found = [matching_variants(variants, where_alone(variant, {}, variants, None)) for variant in variants]
    assert found == [[variant] for variant in variants]
    free = "training.lr"
    found = [matching_variants(variants, where_alone(variant, {}, variants, free)) for variant in variants]
    assert found == [[variant] for variant in variants]  # no rate varies


def test_a_variant_that_changes_nothing_is_selected_alone_along_a_path(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    changes = "variants: {plain: {}, wide: {network.hidden: [64]}}\nvary: {training.lr: [0.01, 0.1]}\n"
    path.write_text(SOUND + changes, encoding="utf-8")
    variants = load_study(path).variants
    found = [matching_variants(variants, where_alone(one, {}, variants, "training.lr")) for one in variants]
    plain, wide = list(variants[:2]), list(variants[2:])
    assert [one.label.split(",")[0] for one in variants] == ["plain", "plain", "wide", "wide"]
    assert found == [plain, plain, wide, wide]


@pytest.mark.parametrize(
    ("vary", "where"),
    [
        ("training.loss.smoothing: [0, 0.2]", {"training.loss.smoothing": 0}),
        ("training.loss: [cross_entropy, {name: cross_entropy, smoothing: 0.2}]", {"training.loss.smoothing": 0}),
        ("training.loss: [cross_entropy, {name: cross_entropy, smoothing: 0.2}]", {"training.loss": {"smoothing": 0}}),
        ("data.tail: [null, 1]", {"data.tail": None}),
    ],
)
def test_a_default_that_is_left_out_selects_the_variants_that_have_it(
    tmp_path: Path, vary: str, where: dict[str, Any]
) -> None:
    path = tmp_path / "s.yaml"
    data = "" if vary.startswith("data:") else "data: {name: gaussian, samples: 90, features: 3, classes: 3}\n"
    text = f"title: T\nquestion: Q?\n{data}network: {{hidden: [4]}}\nseeds: 1\nvary: {{{vary}}}\n"
    path.write_text(text, encoding="utf-8")
    variants = load_study(path).variants
    assert matching_variants(variants, where) == [variants[0]]
