"""The recipes of the how-to page do what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.test_docs import ROOT, blocks, text_of


def recipes(heading: str) -> list[str]:
    """The Python files under a heading of the how-to page."""
    section = text_of(ROOT / "docs" / "howto.md").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def run_recipe(heading: str, number: int = 0) -> dict[str, Any]:
    """What the file in the recipe defines; annotations are left as text, as in a file."""
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(compile(recipes(heading)[number], heading, "exec"), names)
    return names


@pytest.mark.parametrize("number", [0, 1], ids=["constants", "learned"])
def test_the_activations_of_the_recipes_have_the_derivatives_they_state(number: int) -> None:
    from reportgen.engine.inspect.gradcheck import check_gradients
    from reportgen.registry import Component, registered
    from tests.engine.networks import data, spec

    [row] = run_recipe("An activation", number)["ROWS"]
    parameters = {one.name: one.default for one in row.parameters}
    z = np.linspace(-3, 3, 12)  # without 0, where the curvature jumps
    numeric = (row.function(z + 1e-6, **parameters) - row.function(z - 1e-6, **parameters)) / 2e-6
    np.testing.assert_allclose(row.derivative(z, **parameters), numeric, rtol=1e-6)
    with registered(row):
        checks = check_gradients(spec(act=Component.of(row.name, **parameters)), data())
    assert max(check.relative_error for check in checks) < 1e-6


def test_the_initialization_of_the_recipe_draws_what_it_states() -> None:
    from reportgen.engine.tables.init import Place, draw_weights

    [row] = run_recipe("An initialization")["ROWS"]
    weights = draw_weights(row, {"gain": 1.0}, Place(200, 300), 0, 0)
    assert weights.shape == (200, 300)
    assert weights.var() == pytest.approx(row.variance(Place(200, 300), {}), rel=0.04)


def test_the_optimizer_and_the_data_set_of_the_recipes_train(tmp_path: Path) -> None:
    from reportgen.registry import registered
    from reportgen.workflow.run import run_study

    rows = [*run_recipe("An optimizer")["ROWS"], *run_recipe("A data set")["ROWS"]]
    text = "title: T\nquestion: Q\ndata: two_clouds\nnetwork: {hidden: [5]}\ntraining: {optimizer: amsgrad}\nseeds: 1\n"
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    with registered(*rows):
        [variant] = run_study(tmp_path / "study.yaml", output=tmp_path, formats=["json"]).analysis.variants
    losses = variant.records[0].epochs("train_loss")
    assert losses[-1] < losses[0]


def test_the_layer_of_the_recipe_works_in_a_study(tmp_path: Path) -> None:
    from reportgen.data import load
    from reportgen.engine.inspect.gradcheck import check_gradients
    from reportgen.registry import registered
    from reportgen.study.loading.loader import load_study

    text = "title: T\nquestion: Q\ndata: {name: moons, samples: 60}\nseeds: 1\nnetwork:\n  activation: tanh\n  layers: "
    (tmp_path / "study.yaml").write_text(text + "[{dense: 5}, {square: {scale: 0.5}}, {dense: 4}]\n", encoding="utf-8")
    with registered(*run_recipe("A layer")["ROWS"]):
        [run] = load_study(tmp_path / "study.yaml").runs
        assert len(run.spec.plugins()) == 1
        checks = check_gradients(run.spec, load(run.spec.data, (), 0))
    assert max(check.relative_error for check in checks) < 1e-6
    assert [node.kind for node in run.spec.network.nodes] == ["dense", "square", "dense", "dense"]


def test_the_rule_of_the_recipe_fires_on_its_fault_alone() -> None:
    from types import SimpleNamespace

    from reportgen.analysis.finding import Rule

    rule = run_recipe("A rule")["RULE"]
    assert isinstance(rule, Rule)

    def evidence(zeros: list[float]) -> Any:
        record = SimpleNamespace(
            probe_steps=np.array([0, 40]),
            statistic=lambda name: np.array([[0.5] * len(zeros), zeros]),
            spec=SimpleNamespace(seed=3),
        )
        return SimpleNamespace(records=[record], subject="v")

    found = rule.check(evidence([0.5, 1.0, 0.0]))
    assert found is not None
    assert (found.layers, found.step, found.seeds) == ((2,), 40, (3,))
    assert rule.check(evidence([0.5, 0.99, 1.0])) is None  # the output layer is not a hidden one


def test_the_figure_of_the_recipe_draws_what_it_is_given() -> None:
    from types import SimpleNamespace

    from reportgen.figures.drawing.figure import FigureKind

    kind = run_recipe("A figure")["FIGURE"]
    assert isinstance(kind, FigureKind)
    rows = [
        SimpleNamespace(variant=SimpleNamespace(label=label), train_seconds=s) for label, s in (("a", 1.0), ("b", 2.5))
    ]
    drawing = kind.draw(SimpleNamespace(variants=rows))  # type: ignore[arg-type]
    assert drawing is not None
    assert list(drawing.rows) == [("a", 1.0), ("b", 2.5)]
    assert "b took longest" in drawing.caption
    assert kind.draw(SimpleNamespace(variants=rows[:1])) is None  # type: ignore[arg-type]


def test_the_changelog_opens_with_what_is_not_released() -> None:
    assert re.search(r"^## (Unreleased|\d+\.\d+\.\d+)", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)


def test_the_recipe_of_a_search_is_a_study(tmp_path: Path) -> None:
    from reportgen.study.loading.loader import load_study
    from reportgen.study.planning.plan import make_plan

    (recipe,) = blocks(ROOT / "docs" / "howto.md", "yaml")
    path = tmp_path / "rate.yaml"
    path.write_text(recipe, encoding="utf-8")
    plan = make_plan(load_study(path).study, projected=True)
    assert len(plan.runs) == 20 + 8 * 5
    page = text_of(ROOT / "docs" / "howto.md")
    for setting in re.findall(r'--set "([^"]+)"', page):
        from reportgen.study.loading.overrides import parse_set

        load_study(path, dict([parse_set(setting)]))


def test_the_metric_and_the_expectation_of_the_recipes_make_a_claim(tmp_path: Path) -> None:
    from reportgen.registry import registered
    from reportgen.workflow.run import run_study

    rows = [*run_recipe("A metric")["ROWS"], *run_recipe("A kind of expectation")["ROWS"]]
    text = (
        "title: T\nquestion: Q\ndata: gaussian\nnetwork: {hidden: [5]}\nseeds: 3\nclaims:\n"
        "- {id: a, says: S, measure: {metric: loss_drop}, expect: {around: 0.5, width: 1}}\n"
    )
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    with registered(*rows):
        result = run_study(tmp_path / "study.yaml", output=tmp_path, formats=["json"])
        [claim] = result.analysis.claims
    assert 0 < claim.measured < 1
    assert claim.expected == "in the band from 0% to 100%"
