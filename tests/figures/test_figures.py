"""Tests of all figures, also with extreme data."""

import csv
import importlib
import io
import math
import warnings
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reportgen.analysis.results import Analysis
from reportgen.cli.reference.descriptions import documentation
from reportgen.engine.spec import STATISTICS
from reportgen.errors import StudyError
from reportgen.figures import FIGURES, draw_all
from reportgen.figures.drawing.axis import Scale
from reportgen.figures.drawing.export import csv_text, svg_text
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.views.layer_words import zeros_note
from tests.figures.examples import analysis, claim, lecture_grid, record, result, summary
from tests.figures.gallery import example

NAN = {name: np.nan for name in STATISTICS}
LONG = "with <b>bold</b> & $x_1$ \\alpha ünïcödé ∑ and a label that goes on until the end of the line and far beyond"


def many(count: int) -> Analysis:
    labels = [f"{10 ** (-6 + 0.15 * i):.3g}" for i in range(count)]
    return analysis(
        [summary(f"lr {label}", [record(s, 3, 2) for s in range(2)], {"training.lr": label}) for label in labels]
    )


def with_claims(amount: int) -> Analysis:
    claims = [claim(f"c{i}", says=LONG) for i in range(amount)]
    return analysis([summary(LONG, [record(0, 2, 1)])], claims, [result(one, ["a"]) for one in claims])


EDGES: Mapping[str, Callable[[], Analysis]] = {
    "one layer": lambda: analysis([summary("only", [record(0, 1)])]),
    "one layer, trained": lambda: analysis([summary("only", [record(s, 1, 3) for s in range(3)])]),
    "one seed": lambda: analysis([summary("only", [record(0, 4, 1)])]),
    "sixty layers": lambda: analysis([summary("deep", [record(s, 60, 1, ratio=0.5) for s in range(2)])]),
    "two hundred epochs": lambda: analysis([summary("long", [record(s, 3, 200) for s in range(5)])]),
    "forty variants": lambda: many(40),
    "every run diverged": lambda: analysis([summary("bad", [record(s, 3, 4, status="diverged") for s in range(3)])]),
    "special characters": lambda: analysis(
        [summary(LONG + end, [record(0, 3, 2)], {"network.init": LONG + end}) for end in "abcd"]
    ),
    "nothing finite": lambda: analysis([summary("nan", [record(s, 3, 2, statistics=NAN) for s in range(2)])]),
    "overflow": lambda: analysis([summary("inf", [record(0, 3, 1, start=1e30, ratio=1e200)])]),
    "all zero": lambda: analysis([summary("zero", [record(s, 5, 0, ratio=0.0, start=0.0) for s in range(2)])]),
    "claims": lambda: with_claims(3),
    "forty claims": lambda: with_claims(40),
    "no variants": lambda: analysis([]),
}


GRID = "layers and curves"
"""The lecture's grid in the gallery."""


@pytest.fixture(scope="module", params=[GRID, *EDGES])
def drawings(request: pytest.FixtureRequest) -> list[Drawing]:
    if request.param == GRID:
        return example(GRID)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return draw_all(EDGES[request.param]())


def test_all_artists_are_inside_the_canvas(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        figure = drawing.figure
        FigureCanvasAgg(figure)
        inside = figure.get_tightbbox(figure.canvas.get_renderer())
        width, height = figure.get_size_inches()
        assert inside.x0 > -0.02, drawing.id
        assert inside.y0 > -0.02, drawing.id
        assert inside.x1 < width + 0.02, drawing.id
        assert inside.y1 < height + 0.02, drawing.id


def test_a_figure_is_as_wide_as_a_page_and_fits_on_one(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        width, height = drawing.figure.get_size_inches()
        assert width == 6.5
        assert 0.3 < height < 9


def test_caption_and_alternative_text_are_full_sentences(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        assert drawing.title
        assert drawing.caption.endswith(".")
        assert drawing.alt.endswith(".")
        assert "nan" not in drawing.caption.lower().split()


def test_every_row_has_a_value_for_every_column(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        assert drawing.rows
        assert {len(row) for row in drawing.rows} == {len(drawing.columns)}


@pytest.mark.parametrize("drawings", ["sixty layers", "forty claims"], indirect=True)
def test_svg_stays_small(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        assert len(svg_text(drawing)) < 150_000, drawing.id


def drawn(id_: str, made: Analysis) -> Drawing:
    drawing = FIGURES[id_].draw(made)
    assert drawing is not None
    return drawing


def test_every_module_of_the_table_draws_and_every_figure_has_a_documentation_of_its_own() -> None:
    for kind in FIGURES.values():
        assert callable(importlib.import_module(kind.draw.__module__).draw)
    texts = [documentation(kind) for kind in FIGURES.values()]
    assert all(texts)
    assert len(set(texts)) == len(texts)


def test_the_table_is_in_the_order_of_a_report() -> None:
    orders = [kind.order for kind in FIGURES.values()]
    assert orders == sorted(orders)


def test_a_study_that_names_figures_gets_those_in_its_order() -> None:
    made = lecture_grid(seeds=1)
    named = analysis(made.variants, figures=("gradient_by_layer", "activation_std_by_layer"))
    assert [drawing.id for drawing in draw_all(named)] == ["gradient_by_layer", "activation_std_by_layer"]


def test_an_unknown_figure_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(StudyError) as caught:
        draw_all(analysis([], figures=("loss_curve",)))
    assert (caught.value.code, caught.value.where) == ("unknown-name", None)


def test_an_untrained_network_has_no_curves_or_scores() -> None:
    ids = {drawing.id for drawing in draw_all(lecture_grid(seeds=1))}
    assert not ids & {"loss_curves", "accuracy_curves", "final_scores", "update_ratio_by_layer"}


def test_the_caption_describes_the_claimed_variant() -> None:
    caption = drawn("activation_std_by_layer", lecture_grid()).caption
    assert all(words in caption for words in ("“tanh, small”", "falls from 0.2", "layer 10", "printed", "5 seeds"))


def test_the_alternative_text_describes_every_line() -> None:
    alt = drawn("activation_std_by_layer", lecture_grid(seeds=2)).alt
    for name in ("tanh, zero", "relu, he"):
        assert name in alt


@pytest.mark.parametrize(("seeds", "interval"), [(1, False), (3, True)])
def test_the_caption_mentions_an_interval_only_if_one_is_drawn(seeds: int, interval: bool) -> None:
    made = analysis([summary("a", [record(seed) for seed in range(seeds)])])
    assert ("95% interval" in drawn("activation_std_by_layer", made).caption) == interval


def test_the_caption_explains_where_zeros_are_drawn() -> None:
    rows = [summary("zero", [record(ratio=0.0)]), summary("one", [record(ratio=0.1)])]
    note = zeros_note([Scale(True, 1e-9, 1.0, floor=1e-8)])
    assert note
    assert note in drawn("activation_std_by_layer", analysis(rows)).caption


def test_only_logarithmic_axes_with_zeros_need_a_note() -> None:
    linear, floored = Scale(False, -1.0, 1.0), Scale(True, 1e-9, 1.0, floor=1e-8)
    assert zeros_note([linear]) == zeros_note([Scale(True, 0.1, 1.0)]) == ""
    assert zeros_note([linear, floored]) != zeros_note([floored])


def test_the_csv_has_the_values_of_each_seed() -> None:
    records = [record(s, 4) for s in range(3)]
    drawing = drawn("activation_std_by_layer", analysis([summary("a", records)]))
    back = list(csv.DictReader(io.StringIO(csv_text(drawing))))
    assert [int(row["layer"]) for row in back] == [1, 2, 3]
    for row in back:
        expected = [float(r.statistic("activation_std")[0, int(row["layer"]) - 1]) for r in records]
        assert [float(value) for value in row["values_by_seed"].split()] == expected
        assert float(row["mean"]) == pytest.approx(np.mean(expected))


def test_the_line_that_is_drawn_is_the_mean_of_the_csv() -> None:
    drawing = drawn("activation_std_by_layer", analysis([summary("a", [record(s, 4) for s in range(3)])]))
    (axes,) = drawing.figure.axes
    mean = drawing.columns.index("mean")
    lines = [line for line in axes.get_lines() if line.get_marker() == "o"]
    np.testing.assert_array_equal(lines[0].get_ydata(), [row[mean] for row in drawing.rows])


def test_printed_numbers_and_theory_are_drawn_and_in_the_csv() -> None:
    drawing = drawn("activation_std_by_layer", lecture_grid(seeds=2))
    rows = [dict(zip(drawing.columns, row, strict=True)) for row in drawing.rows if row[0] == "tanh-small"]
    assert rows[3]["printed"] == 0.002378
    assert rows[0]["theory"] == pytest.approx(0.2343)
    words = [text.get_text() for text in drawing.figure.legends[0].get_texts()]
    assert {"mean-field theory", "printed in the lecture"} <= set(words)


def test_a_study_without_theory_or_printed_numbers_has_no_legend_entry_for_them() -> None:
    drawing = drawn("activation_std_by_layer", analysis([summary("a", [record()])]))
    assert [text.get_text() for text in drawing.figure.legends[0].get_texts()] == ["a"]


def test_diverged_runs_are_marked_and_counted_and_not_in_the_mean() -> None:
    records = [record(s, 3, 4, status="diverged" if s == 0 else "ok") for s in range(3)]
    drawing = drawn("loss_curves", analysis([summary("a", records)]))
    assert "1 of 3 with “a”" in drawing.caption
    last = [dict(zip(drawing.columns, row, strict=True)) for row in drawing.rows if row[2:4] == ("train_loss", 4)]
    finite = [float(r.epochs("train_loss")[-1]) for r in records[1:]]
    assert last[0]["mean"] == pytest.approx(np.mean(finite))
    scores = drawn("final_scores", analysis([summary("a", records)]))
    assert "1 of 3 runs diverged" in scores.caption
    assert any("1 of 3 diverged" in text.get_text() for text in scores.figure.axes[0].get_yticklabels())


def test_variants_that_train_far_longer_have_a_panel_of_their_own() -> None:
    short = [summary(f"short {k}", [record(seed, 3, 2) for seed in range(3)]) for k in range(3)]
    made = drawn("loss_curves", analysis([*short, summary("long", [record(seed, 3, 40) for seed in range(3)])]))
    assert [ax.get_title(loc="left") for ax in made.figure.axes] == 2 * ["2 epochs", "40 epochs"]
    near = drawn("loss_curves", analysis([*short, summary("longer", [record(seed, 3, 4) for seed in range(3)])]))
    assert len(near.figure.axes) == 2


def test_theory_far_beyond_what_is_measured_does_not_set_the_scale() -> None:
    row = summary("a", [record(s) for s in range(3)])
    plain = drawn("gradient_by_layer", analysis([row]))
    beyond = drawn("gradient_by_layer", analysis([row], theory={"a": {"gradient_std": [1e90] * 11}}))
    assert beyond.figure.axes[0].get_ylim() == plain.figure.axes[0].get_ylim()


def test_a_run_that_ended_below_all_others_does_not_stretch_the_axis_and_is_counted_at_the_frame() -> None:
    lost = record(9, 3, 8, status="diverged")
    lost.arrays["epoch_train_accuracy"][:] = lost.arrays["epoch_val_accuracy"][:] = 0.01
    good = [summary(f"good {k}", [record(0, 3, 8)]) for k in range(3)]
    for one in good:
        one.records[0].arrays["epoch_train_accuracy"][:] = np.linspace(0.8, 0.9, 9)
    made = drawn("accuracy_curves", analysis([*good, summary("lost", [lost])]))
    ax = made.figure.axes[0]
    (cross,) = [line for line in ax.lines if line.get_marker() == "x"]
    assert cross.get_ydata()[0] == 0
    assert cross.get_transform() == ax.get_xaxis_transform()
    assert ax.get_ylim()[0] > 0.5
    assert "1 run diverged" in [text.get_text() for text in ax.texts]


def test_few_variants_show_the_minibatch_loss_under_its_own_name() -> None:
    drawing = drawn("loss_curves", analysis([summary("a", [record(0, 3, 4)])]))
    words = {text.get_text().replace("\n", " ") for text in drawing.figure.axes[0].texts}
    assert words == {"training loss", "validation loss", "minibatch loss (training mode)"}
    assert "in training mode" in drawing.caption


def test_long_curves_are_thinned_but_the_csv_has_every_epoch() -> None:
    rows = [summary(f"v{i}", [record(s, 3, 600) for s in range(5)], {"a": f"v{i}"}) for i in range(8)]
    drawing = drawn("loss_curves", analysis(rows))
    drawn_points = sum(len(line.get_xdata()) for axes in drawing.figure.axes for line in axes.get_lines())
    assert drawn_points < 12_000
    assert len(drawing.rows) == 2 * 8 * 601


def test_scores_are_sorted_best_first() -> None:
    good = [record(s, 3, 5) for s in range(2)]
    rows = [summary("poor", [record(s, 3, 5, status="diverged") for s in range(2)]), summary("good", good)]
    drawing = drawn("final_scores", analysis(rows))
    assert [row[1] for row in drawing.rows][:2] == ["good", "poor"]


def test_claims_are_counted_by_verdict_and_have_their_region() -> None:
    one, two = claim("a"), claim("b", expect={"between": [0.4, 0.6]})
    results = [
        result(one, measured=1e-6, interval=(9e-7, 2e-6), per_seed={0: 1e-6}),
        result(two, verdict="contradicted"),
    ]
    drawing = drawn("claims_overview", analysis([summary("v", [record()])], [one, two], results))
    assert "2 claims: 1 supported, 1 contradicted, 0 inconclusive." in drawing.caption
    rows = [dict(zip(drawing.columns, row, strict=True)) for row in drawing.rows]
    assert (rows[0]["region_from"], rows[0]["region_to"]) == (-math.inf, 1e-4)
    assert (rows[1]["region_from"], rows[1]["region_to"]) == (0.4, 0.6)


def test_panels_after_training_exclude_and_count_diverged_runs() -> None:
    records = [record(s, 3, 4, status="diverged" if s == 0 else "ok") for s in range(3)]
    drawing = drawn("activation_std_by_layer", analysis([summary("a", records)]))
    assert "1 of 3 runs diverged" in drawing.caption
    step, seeds = drawing.columns.index("step"), drawing.columns.index("seeds")
    assert {(row[step], row[seeds]) for row in drawing.rows} == {(0, "0 1 2"), (20, "1 2")}
