"""The picture of schedules shows the learning rates that training uses."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.engine.tables.schedules import SCHEDULES
from reportgen.figures.pictures.components.schedules import picture_of
from reportgen.study.model.components import read_component
from tests.figures.pictures.trained import CHOSEN, DIGITS, LAYERS, MOONS, by_default, drawn, rows_of, trained


def test_the_curves_are_the_learning_rates_of_the_runs() -> None:
    rows = rows_of(drawn("learning_rate_schedules", DIGITS + CHOSEN))
    assert len({row["schedule"] for row in rows}) == 2  # of four variants, pairs share a schedule
    cosine = [row for row in rows if "cosine" in str(row["schedule"])]
    record = next(
        row.records[0] for row in trained(DIGITS + CHOSEN).outcomes
        if row.records[0].spec.training.schedule.name == "cosine"
    )  # fmt: skip
    steps, shown = record.epochs("step").astype(int), [float(row["learning_rate"]) for row in cosine]
    assert len(shown) == record.steps
    np.testing.assert_allclose([shown[step - 1] for step in steps[1:]], record.epochs("lr")[1:])


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_has_a_picture(name: str) -> None:
    drawing = picture_of(read_component(name, SCHEDULES, "schedule"))
    (ax,) = drawing.figure.axes
    assert ax.get_yscale() == ("log" if SCHEDULES[name].rises else "linear")


def test_schedules_that_differ_are_drawn_by_default() -> None:
    assert by_default("learning_rate_schedules", DIGITS + CHOSEN)
    assert not by_default("learning_rate_schedules", MOONS + LAYERS)


def test_schedules_with_several_base_rates_are_relative() -> None:
    text = DIGITS + "vary:\n  training.schedule: [constant, cosine]\n  training.lr: [0.1, 0.4]\n"
    drawing = drawn("learning_rate_schedules", text)
    rows = rows_of(drawing)
    assert {row["schedule"] for row in rows} == {"constant", "cosine"}
    assert max(float(row["learning_rate"]) for row in rows) == 1
    assert drawing.figure.axes[0].get_ylabel() == "learning rate / base rate"
