"""The picture of activations shows the functions of the table, and derivatives that are their slopes."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.figures.pictures.components.activations import picture_of, shape_of
from reportgen.registry import Component
from reportgen.study.model.components import read_component
from tests.figures.pictures.trained import CHOSEN, DIGITS, LAYERS, MOONS, by_default, drawn, rows_of

DRAWN = [name for name, row in ACTIVATIONS.items() if row.pieces is None]


@pytest.mark.parametrize("name", DRAWN)
def test_the_derivative_is_the_slope_of_the_function(name: str) -> None:
    shape = shape_of(read_component(name, ACTIVATIONS, "activation"))
    slope = np.gradient(shape.value, shape.z)
    smooth = np.abs(np.diff(shape.slope, prepend=shape.slope[0], append=shape.slope[-1])).reshape(-1)
    steady = (smooth[:-1] < 0.05) & (smooth[1:] < 0.05)
    steady[[0, -1]] = False
    assert steady.mean() > 0.9
    np.testing.assert_allclose(shape.slope[steady], slope[steady], atol=0.01)


@pytest.mark.parametrize("name", DRAWN)
def test_every_activation_has_a_picture(name: str) -> None:
    drawing = picture_of(read_component(name, ACTIVATIONS, "activation"))
    assert len(drawing.figure.axes) == 1
    assert len(drawing.rows) == len(shape_of(Component(name, read_component(name, ACTIVATIONS, "").params)).z)


def test_the_numbers_are_those_of_the_rows_of_the_table() -> None:
    rows = rows_of(drawn("activation_functions", MOONS + LAYERS))
    assert {row["activation"] for row in rows} == {"tanh", "relu"}
    z = np.array([row["z"] for row in rows if row["activation"] == "tanh"])
    for column, expected in (("value", np.tanh(z)), ("derivative", 1 - np.tanh(z) ** 2)):
        values = np.array([row[column] for row in rows if row["activation"] == "tanh"])
        np.testing.assert_allclose(values, expected, atol=1e-12)


def test_the_flat_parts_of_tanh_begin_where_its_slope_is_a_twentieth() -> None:
    shape = shape_of(Component("tanh"))
    edge = np.arccosh(np.sqrt(20))
    np.testing.assert_array_equal(shape.flat, np.abs(shape.z) > edge)
    assert not shape_of(Component("relu")).flat.any()


def test_a_jump_of_the_derivative_is_a_gap() -> None:
    (ax,) = picture_of(Component("relu")).figure.axes
    slope = next(line for line in ax.lines if np.isnan(np.asarray(line.get_ydata(), float)).any())
    assert np.isnan(np.asarray(slope.get_ydata(), float)).sum() == 1


def test_activations_that_differ_are_drawn_by_default() -> None:
    assert by_default("activation_functions", MOONS + LAYERS)
    assert not by_default("activation_functions", DIGITS + CHOSEN)
