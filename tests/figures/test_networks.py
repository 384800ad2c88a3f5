"""Tests of the figures of networks: architecture, filters and feature maps."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reportgen.analysis.results import Analysis
from reportgen.figures import FIGURES, draw_all
from reportgen.figures.drawing.export import svg_text
from reportgen.figures.drawing.figure import Drawing
from tests.engine.convolutional import GLOBAL, layer, lenet, residual
from tests.figures.examples import analysis, record, summary
from tests.figures.image_records import pictured

IDS = ("architecture", "filters", "feature_maps")
DENSE = (*[layer(30, act="tanh")] * 10, layer(4, act="identity"))
UNEVEN = (*[layer(100 - k) for k in range(60)], layer(4, act="identity"))
LONG = "with <b>bold</b> & $x_1$ and a label that goes on until the end of the line and far beyond"

CASES = {
    "one network": lambda: analysis([summary("lenet", [pictured(lenet(), seed=s, dead=1) for s in range(3)])]),
    "many variants": lambda: analysis([summary(f"{LONG} {k}", [pictured(lenet())], id_=f"v{k}") for k in range(9)]),
    "many networks": lambda: analysis(
        [summary(f"{LONG} {k}", [pictured(residual(k), image=(3, 12, 12))], id_=f"v{k}") for k in range(1, 9)]
    ),
    "deep": lambda: analysis([summary("deep", [pictured(residual(9), image=(3, 32, 32))])]),
    "dense, requested": lambda: analysis(
        [summary("dense", [pictured(DENSE)]), summary("uneven", [pictured(UNEVEN)])], figures=IDS
    ),
    "a single uneven one": lambda: analysis([summary("uneven", [pictured(UNEVEN)])], figures=IDS),
    "untrained": lambda: analysis([summary("lenet", [pictured(lenet(), epochs=0)])]),
    "not square": lambda: analysis([summary("wide", [pictured((layer(3, 3), GLOBAL, layer(4)), (2, 5, 20))])]),
    "diverged": lambda: analysis([summary("lost", [pictured(lenet(), status="diverged")])]),
}


def drawn(id_: str, made: Analysis) -> Drawing:
    drawing = FIGURES[id_].draw(made)
    assert drawing is not None
    return drawing


def shown(made: Analysis) -> list[Drawing]:
    """Return the figures of networks that a report of the study has."""
    return [drawing for id_ in IDS if (drawing := FIGURES[id_].draw(made)) is not None]


@pytest.fixture(scope="module", params=CASES)
def drawings(request: pytest.FixtureRequest) -> list[Drawing]:
    return shown(CASES[request.param]())


def test_figures_of_networks_fit_on_a_page_with_all_artists_inside(drawings: list[Drawing]) -> None:
    assert drawings
    for drawing in drawings:
        figure = drawing.figure
        FigureCanvasAgg(figure)
        inside = figure.get_tightbbox(figure.canvas.get_renderer())
        width, height = figure.get_size_inches()
        assert (width, height < 9) == (6.5, True), drawing.id
        assert inside.x0 > -0.02, drawing.id
        assert inside.y0 > -0.02, drawing.id
        assert inside.x1 < width + 0.02, drawing.id
        assert inside.y1 < height + 0.02, drawing.id


def test_words_and_numbers_are_complete(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        assert drawing.caption.endswith(".")
        assert drawing.alt.endswith(".")
        assert drawing.rows
        assert {len(row) for row in drawing.rows} == {len(drawing.columns)}
        assert len(svg_text(drawing)) < 150_000, drawing.id


def test_dense_networks_have_these_figures_only_on_request() -> None:
    made = [summary("dense", [pictured(DENSE)]), summary("elsewhere", [record(layers=11)])]
    assert shown(analysis(made)) == []
    assert [drawing.id for drawing in draw_all(analysis(made, figures=IDS))] == ["architecture", "filters"]


def test_old_records_have_no_images() -> None:
    made = pictured(lenet())
    for name in ("filters", "feature_map_operation"):
        made.arrays.pop(name)
    assert [drawing.id for drawing in shown(analysis([summary("old", [made])]))] == ["architecture"]


def test_repeated_blocks_are_drawn_once_with_their_number() -> None:
    drawing = drawn("architecture", analysis([summary("deep", [pictured(residual(9), image=(1, 8, 8))])]))
    words = [text.get_text() for text in drawing.figure.axes[0].texts]
    assert [word for word in words if word.startswith("×")] == ["×9", "×8"]
    assert words.count("+") == 3
    assert len(drawing.rows) == len(residual(9))
    assert "9 times (conv 3×3" in drawing.alt


def test_variants_with_one_architecture_share_a_drawing() -> None:
    rows = [summary(name, [pictured(lenet(name))]) for name in ("relu", "tanh")]
    drawing = drawn("architecture", analysis([*rows, summary("dense", [pictured(DENSE)])]))
    assert {row[:2] for row in drawing.rows} == {(1, "relu tanh"), (2, "dense")}
    assert "activation varies" in [text.get_text() for text in drawing.figure.axes[0].texts]
    alone = drawn("architecture", analysis(rows[:1]))
    assert "“relu”" not in alone.caption


def test_networks_that_do_not_fit_are_named_in_the_caption() -> None:
    rows = [summary(f"r{k}", [pictured(residual(k), image=(1, 8, 8))]) for k in (3, 4, 5)]
    drawing = drawn("architecture", analysis(rows))
    assert "“r5”" in drawing.caption
    assert {row[0] for row in drawing.rows} == {1, 2, 3}


def test_filters_have_one_scale_that_is_symmetric_about_zero() -> None:
    made = pictured(lenet())
    made.arrays["filters"][1, 0, 0, 0, 0] = -2
    drawing = drawn("filters", analysis([summary("a", [made]), summary("b", [pictured(lenet(), seed=1)])]))
    assert "from −2.0 to 2.0" in drawing.caption
    texts = [text.get_text() for text in drawing.figure.axes[0].texts]
    assert {"−2.0", "at initialization", "after training"} <= set(texts)


def test_colour_filters_are_composed() -> None:
    made = pictured((layer(4, 5), GLOBAL, layer(4)), (3, 8, 8))
    made.arrays["filters"][:] = 0
    made.arrays["filters"][:, :, :, :, 0] = 1
    drawing = drawn("filters", analysis([summary("a", [made])]))
    (before, _) = [image.get_array() for image in drawing.figure.axes[0].images]
    step = before.shape[1] // 4
    assert before[step // 2, step // 2].tolist() == [255, 128, 128, 255]
    assert "middle grey is 0" in drawing.caption


def test_the_numbers_of_a_filter_are_in_the_data() -> None:
    made = pictured(lenet())
    rows = drawn("filters", analysis([summary("a", [made])])).rows
    assert len(rows) == 2 * 3 * 3  # before and after, filters, rows
    assert rows[0][3:7] == ("before", 1, 1, 1)
    np.testing.assert_allclose([float(w) for w in rows[0][7].split()], made.arrays["filters"][0, 0, 0, :, 0], rtol=1e-5)


def test_dead_channels_are_marked_and_counted() -> None:
    drawing = drawn("feature_maps", analysis([summary("a", [pictured(lenet(), dead=2)])]))
    crosses = [line for line in drawing.figure.axes[0].lines if line.get_marker() == "x"]
    assert len(crosses) == 1
    assert "dead" in drawing.caption
    assert {row[4] for row in drawing.rows if row[5]} == {3}
    alive = drawn("feature_maps", analysis([summary("a", [pictured(lenet())])]))
    assert not alive.figure.axes[0].lines


def test_feature_maps_name_layers_shapes_scales_and_classes() -> None:
    drawing = drawn("feature_maps", analysis([summary("a", [pictured(lenet())])]))
    texts = [text.get_text() for text in drawing.figure.axes[0].texts]
    assert {"class 1, predicted 2", "1 conv 3×3", "3×12×12", "2 conv 3×3", "20×6×6, first 16"} <= set(texts)
    assert [row[3] for row in drawing.rows if row[4:] and row[6] == 1 and row[4] == 1] == [
        "input", "1 conv 3×3", "max pool 2×2", "2 conv 3×3",
    ]  # fmt: skip


def test_variants_with_many_layers_show_some_of_them() -> None:
    rows = [summary(f"v{k}", [pictured(residual(4), (1, 12, 12), seed=k)]) for k in range(5)]
    drawing = drawn("feature_maps", analysis(rows))
    shown = {(*row[:2], row[3]) for row in drawing.rows}
    assert len({row[0] for row in shown}) == 3
    assert {row[2] for row in shown} >= {"input", "1 conv 3×3"}
    assert "evenly spaced" in drawing.caption
    alone = drawn("feature_maps", analysis(rows[:1]))
    assert len({row[3] for row in alone.rows}) > len(shown) / 3


def test_axes_of_layers_name_the_kinds() -> None:
    drawing = drawn("gradient_by_layer", analysis([summary("a", [pictured(lenet())])]))
    ticks = [tick.get_text() for tick in drawing.figure.axes[0].get_xticklabels()]
    assert ticks == ["1\nconv", "2", "3\ndense", "out"]
    assert "a unit is a channel" in drawing.caption


def test_feature_maps_of_layers_with_scalar_biases_have_the_name_of_the_layer() -> None:
    """A layer of Fixup ends with the addition of a scalar bias, or with a scalar multiplier."""
    shape = (layer(3, 3, init="fixup"), GLOBAL, layer(4, act="identity", init="fixup"))
    rows = drawn("feature_maps", analysis([summary("a", [pictured(shape)])])).rows
    assert {row[3] for row in rows} == {"input", "1 conv 3×3"}
