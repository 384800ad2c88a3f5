"""Tests of the figure of scores against a varied number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from reportgen.analysis.results import Analysis
from reportgen.figures.drawing.style import MARKERS
from reportgen.figures.scores_by_setting import draw
from reportgen.figures.views.sweep import Quantity
from reportgen.figures.views.sweep import sweep as sweep_of
from tests.figures.examples import analysis, claim, record, summary


def sweep(values: Sequence[Any], path: str = "training.lr", **others: Any) -> list[Any]:
    """A variant for each value, of three seeds."""
    rows = []
    for value in values:
        label = ", ".join([*map(str, others.values()), f"at {value}"])
        row = summary(label, [record(seed, 3, 2) for seed in range(3)], {path: f"at {value}", **others})
        row.variant.settings.update(others | {path: value})
        rows.append(row)
    return rows


def numbers(made: Analysis) -> list[tuple[Any, ...]]:
    drawing = draw(made)
    assert drawing is not None
    return [tuple(row[:3]) for row in drawing.rows if row[4] == "val_accuracy"]


def test_points_are_sorted_by_value() -> None:
    found = numbers(analysis(sweep([1e-2, 0, 10, 1e-4])))
    assert [value for _, value, _ in found] == [0, 1e-4, 1e-2, 10]
    assert {path for path, _, _ in found} == {"training.lr"}


def test_each_combination_of_the_other_settings_is_a_line() -> None:
    rows = [row for name in ("plain", "momentum") for row in sweep([0.1, 1, 10], **{"training.optimizer": name})]
    assert [label for _, _, label in numbers(analysis(rows))] == ["plain"] * 3 + ["momentum"] * 3


def test_a_width_is_a_number_and_a_name_is_not() -> None:
    assert len(numbers(analysis(sweep([[1], [2], [64]], "network.hidden")))) == 3
    assert draw(analysis(sweep(["relu", "tanh", "elu"], "network.activation"))) is None
    assert draw(analysis(sweep([[1, 2], [2, 3], [64, 4]], "network.hidden"))) is None
    assert draw(analysis(sweep([True, False, True], "network.batchnorm"))) is None


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("network.hidden.width", [("network.hidden", [width] * 2) for width in (2, 6, 64)]),
        ("network.hidden.layers", [("network.hidden", [8] * layers) for layers in (2, 6, 64)]),
        ("training.optimizer.beta1", [("training.optimizer", {"name": "adam", "beta1": beta}) for beta in (2, 6, 64)]),
    ],
)
def test_a_part_of_a_setting_may_be_on_the_axis(path: str, values: list[tuple[str, Any]]) -> None:
    rows = sweep(["first", "second", "third"], path)
    for row, (whole, value) in zip(rows, values, strict=True):
        row.variant.settings.pop(path)
        row.variant.settings[whole] = value
    assert [(path_, value) for path_, value, _ in numbers(analysis(rows))] == [(path, 2), (path, 6), (path, 64)]


def test_two_values_or_an_untrained_study_give_no_figure() -> None:
    assert draw(analysis(sweep([0.1, 1]))) is None
    assert draw(analysis([])) is None


def test_runs_that_diverged_are_counted_and_marked() -> None:
    rows = sweep([0.1, 1, 10])
    lost = summary("at 100", [record(seed, 3, 2, status="diverged") for seed in range(3)], {"training.lr": "at 100"})
    lost.variant.settings["training.lr"] = 100
    drawing = draw(analysis([*rows, lost]))
    assert drawing is not None
    assert "3 runs diverged" in drawing.caption
    assert [row[-1] for row in drawing.rows if row[4] == "val_loss"] == [0, 0, 0, 3]
    assert "100: diverged" in drawing.alt


@pytest.mark.parametrize("count", [5, 12])
def test_all_lines_are_drawn_and_at_most_five_are_highlighted(count: int) -> None:
    rows = [row for k in range(count) for row in sweep([0.1, 1, 10], **{"network.init": f"init {k}"})]
    drawing = draw(analysis(rows))
    assert drawing is not None
    assert len({row[2] for row in drawing.rows}) == count
    assert len([line for line in drawing.figure.axes[0].get_lines() if line.get_marker() in MARKERS]) == 5
    assert (f"5 of {count}" in drawing.caption) == (count > 5)
    assert (f"5 of {count}" in drawing.alt) == (count > 5)


def test_variants_without_a_value_on_the_axis_are_counted() -> None:
    rows = sweep([0.1, 1, 10]) + sweep(["rising"], "training.schedule")
    drawing = draw(analysis(rows))
    assert drawing is not None
    assert "1 variant" in drawing.caption


def grid(**more: Any) -> Analysis:
    """Three activations on two data sets, by learning rate; claims compare the activations."""
    rows = [
        row
        for data in ("digits", "moons")
        for name in ("relu", "tanh", "elu")
        for row in sweep([0.1, 1, 10], **{"network.activation": name, "data": data})
    ]
    asked = claim(where={"network.activation": "relu"}, expect={"greater_than": {"network.activation": "tanh"}})
    return analysis(rows, [asked], **more)


def test_many_lines_are_split_into_panels_by_the_setting_that_no_claim_compares() -> None:
    panels, chosen = sweep_of(grid(), grid().variants, Quantity.of_setting("training.lr"))
    assert [panel.title for panel in panels] == ["digits", "moons"]
    assert [[line.label for line in panel.lines] for panel in panels] == [["relu", "tanh", "elu"]] * 2
    assert chosen.others == ()
    assert [line.style for line in panels[0].lines] == [line.style for line in panels[1].lines]


def test_labels_are_the_author_s_names_of_variants() -> None:
    rows = [
        row
        for name, data in (("all examples", "all"), ("60 examples", "sixty"))
        for init in ("he", "lsuv", "zero")
        for row in renamed(sweep([0.1, 1, 10], **{"data.train": data, "network.init": init}), data, name)
    ]
    made = analysis(rows)
    vars(made.plan.study)["variants"] = {"all examples": {}, "60 examples": {}}
    panels, _ = sweep_of(made, made.variants, Quantity.of_setting("training.lr"))
    assert {panel.title for panel in panels} in ({"all examples", "60 examples"}, {"he", "lsuv", "zero"})
    assert not {"all", "sixty"} & {line.label for panel in panels for line in panel.lines}


def renamed(rows: Sequence[Any], old: str, new: str) -> list[Any]:
    return [replace(row, variant=replace(row.variant, label=row.variant.label.replace(old, new))) for row in rows]
