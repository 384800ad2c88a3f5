import itertools
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from reportgen.figures.drawing import style
from reportgen.figures.drawing.axis import (
    Scale,
    accuracy_scale,
    decade_ticks,
    fraction_scale,
    marked_ticks,
    scale_for,
    set_x,
    set_y,
)
from reportgen.figures.drawing.surface import PHONE, drawing_on


def test_a_wide_range_of_positive_values_gets_a_logarithmic_axis() -> None:
    scale = scale_for([[1e-6, 1.0]])
    assert scale is not None
    assert scale.log
    assert scale.floor is None
    assert scale.low < 1e-6 < 1.0 < scale.high


def test_a_narrow_range_and_values_of_both_signs_get_a_linear_axis() -> None:
    for values in ([0.5, 0.9], [-1e-6, 1.0]):
        scale = scale_for([values])
        assert scale is not None
        assert not scale.log


def test_zeros_are_on_a_floor_below_the_smallest_positive_value() -> None:
    scale = scale_for([[0.0, 1e-5, 1.0]])
    assert scale is not None
    assert scale.floor is not None
    assert scale.low < scale.floor < 1e-5
    placed = scale.place([0.0, 1e-5, np.inf, np.nan])
    assert placed[0] == scale.floor
    assert placed[1] == 1e-5
    assert np.isnan(placed[2:]).all()


@pytest.mark.parametrize("values", [[], [[]], [[np.nan, np.inf]]])
def test_no_finite_value_gives_no_scale(values: list[list[float]]) -> None:
    assert scale_for(values) is None


@pytest.mark.parametrize("values", [[0.0], [0.7], [-3.0, -3.0], [1e-300, 1e300]])
def test_a_scale_always_has_room(values: list[float]) -> None:
    scale = scale_for([values])
    assert scale is not None
    assert scale.low < min(values)
    assert scale.high > max(values)


def test_zeros_alone_give_a_linear_axis_even_if_a_logarithmic_one_is_requested() -> None:
    scale = scale_for([[0.0, 0.0]], log=True)
    assert scale is not None
    assert not scale.log


@pytest.mark.parametrize("low", [1e-40, 1e-9, 1e-2, 0.3])
def test_decades_are_few_and_inside_the_axis(low: float) -> None:
    scale = scale_for([[low, 1.0]], log=True)
    assert scale is not None
    places, words = decade_ticks(scale)
    assert 1 <= len(places) == len(words) <= 8
    assert all(scale.low <= place <= scale.high for place in places)


@pytest.mark.parametrize(
    ("values", "words"),
    [([2, 16, 64], ["2", "16", "64"]), ([0, 0.2, 0.5], ["0", "0.2", "0.5"]), ([0, 0.01, 1], ["0", "0.01", "1"])],
)
def test_few_marked_values_have_the_ticks(values: list[float], words: list[str]) -> None:
    scale = scale_for([values], marked=True)
    assert scale is not None
    assert marked_ticks(scale, 3.0) == (scale.place(values).tolist(), words)


def test_marked_values_without_room_for_their_labels_have_no_ticks() -> None:
    scale = scale_for([np.geomspace(0.001, 1, 10)], marked=True)
    assert scale is not None
    assert marked_ticks(scale, 3.0) is None
    assert marked_ticks(Scale(True, 1.0, 100.0), 3.0) is None


def test_the_floor_is_labelled_zero() -> None:
    scale = scale_for([[0.0, 1e-5, 1.0]])
    assert scale is not None
    assert decade_ticks(scale)[1][0] == "0"


def test_no_decade_next_to_the_floor_has_a_label() -> None:
    for least in (1e-4, 1.3e-4, 9e-5):
        scale = scale_for([[0.0, least, 0.1]])
        assert scale is not None
        assert scale.floor is not None
        zero, first, *_ = (np.log10(place / scale.low) / scale.decades for place in decade_ticks(scale)[0])
        assert first - zero > 0.12


def test_a_logarithmic_axis_cuts_intervals_far_below_all_seeds() -> None:
    seeds = np.array([[0.5, 0.5, 0.5], [2.0, 2.0, np.nan], [2.0, 2.0, 2.0]])
    scale = scale_for([seeds], log=True)
    assert scale is not None
    assert scale.lower_edge([-3.0, 0.3, 0.01], seeds).tolist() == [0.5, 0.3, 0.5]
    assert scale.cuts([-3.0, 0.3, 0.01], seeds).tolist() == [True, False, True]


def test_a_linear_axis_cuts_no_interval() -> None:
    seeds = np.array([[0.5], [2.0]])
    scale = scale_for([seeds], log=False)
    assert scale is not None
    assert scale.lower_edge([-3.0], seeds).tolist() == [-3.0]


def test_an_axis_of_fractions_ends_at_one_and_is_in_percent() -> None:
    scale = scale_for([[0.0, 1.0]], log=False)
    assert scale is not None
    assert (fraction_scale(scale).high, fraction_scale(scale).percent) == (pytest.approx(1.03), True)


@pytest.mark.parametrize("values", [[1.0, 1.0], [0.0, 0.0], [0.98, 1.0], [0.0, 0.01], [0.2, 0.9], [0.0, 1.0]])
@pytest.mark.parametrize("as_shares", [accuracy_scale, fraction_scale])
def test_an_axis_of_shares_has_no_tick_outside_of_0_to_100_percent(
    values: list[float], as_shares: Callable[[Scale], Scale]
) -> None:
    found = scale_for([values], log=False)
    assert found is not None
    scale = as_shares(found)
    room = 0.04 * (scale.high - scale.low)
    assert -room <= scale.low <= values[0] <= values[1] <= scale.high <= 1 + room
    ax = Figure().subplots()
    set_y(ax, scale)
    assert all(0 <= tick <= 1 for tick in ax.get_yticks() if scale.low <= tick <= scale.high)


def test_ticks_of_one_axis_have_no_exponent_beside_full_numbers() -> None:
    figure = Figure()
    axes = figure.subplots()
    axes.set_ylim(4000, 11_000)
    set_y(axes, Scale(False, 4000.0, 11_000.0))
    FigureCanvasAgg(figure).draw()
    words = [label.get_text() for label in axes.get_yticklabels()]
    assert {"7500", "10,500"} <= set(words)


@pytest.mark.parametrize("ends", [(6.9, 8.1), (7.36, 8.64), (-0.9, 32.1)])
def test_an_axis_of_whole_numbers_has_whole_ticks(ends: tuple[float, float]) -> None:
    ax = Figure().subplots()
    set_y(ax, Scale(False, *ends, whole=True))
    assert all(tick == int(tick) for tick in ax.get_yticks())


@pytest.mark.parametrize("ends", [(0.8504, 0.8516), (0.0, 1.0), (112000.0, 124000.0)])
def test_labels_of_x_ticks_do_not_touch_on_a_phone(ends: tuple[float, float]) -> None:
    with style.settings(), drawing_on(PHONE):
        _figure, ((axes,),) = style.grid(1, 1, 0.5, margins=style.Margins(left=0.12, right=0.95))
        set_x(axes, Scale(False, *ends, percent=ends[1] <= 1))
        axes.figure.draw_without_rendering()
        inside = [label for label in axes.get_xticklabels() if ends[0] <= label.get_position()[0] <= ends[1]]
        boxes = [label.get_window_extent() for label in inside]
    assert len(boxes) >= 2
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


@pytest.mark.parametrize("values", [[5e-324, 1e-320], [1e-310], [0.0, 5e-324]])
def test_the_smallest_numbers_have_an_axis_with_a_height(values: list[float]) -> None:
    for log in (None, True):
        scale = scale_for([values], log)
        assert scale is not None
        assert scale.low < scale.high
