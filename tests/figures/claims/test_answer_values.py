"""Tests of the figure of the values behind the answer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes

from reportgen.analysis.claims.quoted_sides import quoted_sides
from reportgen.analysis.results import Analysis
from reportgen.figures import FIGURES
from reportgen.figures.claims.answer_values import Row, panels_of
from reportgen.figures.drawing.figure import Drawing
from reportgen.report.document.opening import opening_figure
from tests.figures.examples import of_study

STUDY = """answer: {says: %s, claims: [soon]}
data: {name: moons, samples: 200}
network: {hidden: [8, 8, 8], activation: tanh}
training: {epochs: 30}
seeds: 2
vary: {training.lr: [0.01, 0.1, 1], network.init: [{name: he, label: He}, {name: xavier, label: Xavier}]}
claims:
  - id: he-wins
    says: He's weights reach a higher accuracy.
    measure: {metric: val_accuracy}
    where: {network.init: He}
    expect: {greater_than: {network.init: Xavier}}
    tune: {along: training.lr}
  - id: soon
    says: Training with He's weights is fast.
    measure: {metric: epochs_to, score: val_accuracy, level: 0.999}
    where: {network.init: He, training.lr: 1}
    expect: {below: 3}
  - id: steady
    says: Every network keeps its signal.
    measure: {metric: activation_std, layer: last, step: 0}
    where: {network.init: He}
    holds_for: all
    expect: {above: 1}
  - id: one-at-least
    says: One of the two inits reaches half of the examples at its best rate.
    measure: {metric: val_accuracy}
    holds_for: any
    tune: {along: training.lr}
    expect: {above: 0.5}
"""


def analysed(folder: Path, says: str) -> Analysis:
    return of_study(folder / "one.yaml", STUDY % says)


def drawn(folder: Path, says: str) -> Drawing | None:
    return FIGURES["answer_values"].draw(analysed(folder, says))


def test_both_sides_of_a_quoted_claim_have_a_row_with_their_mean(tmp_path: Path) -> None:
    drawing = drawn(tmp_path, '"{he-wins}"')
    assert drawing is not None
    rows = [dict(zip(drawing.columns, row, strict=True)) for row in drawing.rows]
    assert [row["side"] for row in rows] == ["He", "Xavier"]
    assert all(row["panel"].endswith("best learning rate") for row in rows)
    for row in rows:
        assert row["mean"] == pytest.approx(np.mean([float(value) for value in row["values_by_seed"].split()]))
        assert row["n"] == 2


def test_a_claim_about_some_variant_at_its_best_setting_names_the_decisive_variant(tmp_path: Path) -> None:
    (side,) = quoted_sides(analysed(tmp_path, '"{one-at-least}"'))[:1]
    assert side.tuned == "training.lr"
    assert len(side.parts) == 1
    assert side.parts[0] in ("He", "Xavier")
    assert len(side.variants) == 3


def test_a_time_to_a_level_that_no_run_reaches_is_marked(tmp_path: Path) -> None:
    drawing = drawn(tmp_path, '"{he-wins}"')
    assert drawing is not None
    assert "≥" not in drawing.alt  # its panel has one row, which compares nothing
    alone = drawn(
        tmp_path, '"{soon} {epochs_to(training.lr: 1, network.init: Xavier; score: val_accuracy, level: 0.999)}"'
    )
    assert alone is not None
    assert alone.alt.count("≥") == 2
    assert "99.9%" in alone.alt


def test_a_claim_about_all_variants_shows_the_decisive_one(tmp_path: Path) -> None:
    drawing = drawn(tmp_path, '"{steady} {activation_std(Xavier, lr 0.1; layer: last, step: 0)}"')
    assert drawing is not None
    decisive, other = (row[drawing.columns.index("side")] for row in drawing.rows)
    assert decisive.startswith("lr ")
    assert decisive.endswith(", He")
    assert other == "lr 0.1, Xavier"


@pytest.mark.parametrize("says", ['"Nothing is quoted."', '"{val_accuracy(He, lr 0.1)}"'])
def test_an_answer_that_compares_nothing_has_no_figure(tmp_path: Path, says: str) -> None:
    assert drawn(tmp_path, says) is None


def opens(folder: Path, says: str, *ids: str) -> str:
    made = analysed(folder, says)
    drawings = [drawing for id_ in ids if (drawing := FIGURES[id_].draw(made)) is not None]
    chosen = opening_figure(made, drawings)
    assert chosen is not None
    return chosen.id


def test_a_report_opens_with_the_figure_of_most_values_that_the_answer_quotes(tmp_path: Path) -> None:
    figures = ("loss_curves", "activation_std_by_layer", "scores_by_setting", "answer_values")
    scores = '"{val_accuracy(He, lr 0.1)} {val_accuracy(Xavier, lr 0.1)}"'
    stds = '"{activation_std(He, lr 0.1; layer: last, step: 0)} {activation_std(Xavier, lr 1; layer: last, step: 0)}"'
    assert opens(tmp_path, scores, *figures) == "scores_by_setting"
    assert opens(tmp_path, stds, *figures) == "activation_std_by_layer"


def test_a_report_opens_with_the_values_behind_the_answer_if_no_figure_shows_most(tmp_path: Path) -> None:
    others = ("loss_curves", "accuracy_curves", "final_scores")
    says = '"{val_accuracy(He, lr 0.1)} {val_accuracy(Xavier, lr 0.1)}"'
    assert opens(tmp_path, says, *others, "answer_values") == "answer_values"
    assert opens(tmp_path, says, *others) == "accuracy_curves"
    mixed = '"{he-wins} {soon} {epochs_to(training.lr: 1, network.init: Xavier; score: val_accuracy, level: 0.999)}"'
    assert opens(tmp_path, mixed, "scores_by_setting", "answer_values") == "answer_values"


def test_the_mean_of_positive_ratios_is_geometric_as_in_the_tests_of_claims(tmp_path: Path) -> None:
    ratio = """  - id: decays
    says: The loss falls more with He's weights.
    measure: {metric: train_loss, relative_to: {training.lr: 0.01}}
    where: {network.init: He, training.lr: 1}
    expect: {below: 1}
"""
    made = of_study(tmp_path / "one.yaml", STUDY % '"{decays} {he-wins}"' + ratio)
    side = next(side for side in quoted_sides(made) if side.measure.relative_to)
    found = replace(side, values={0: 1.0, 1: 4.0}).estimate
    assert found.value == pytest.approx(2)
    assert found.lo * found.hi == pytest.approx(4)
    assert replace(side, values={0: -1.0, 1: 4.0}).estimate.value == 1.5
    drawing = FIGURES["answer_values"].draw(made)
    assert drawing is not None
    assert "geometric" in drawing.caption


RATIO = """
  - id: ratio
    says: The signal is that of Xavier's weights.
    measure: {metric: activation_std, layer: last, step: 0, relative_to: {network.init: Xavier}}
    where: {network.init: He, training.lr: %s}
    expect: {above: 1}
  - id: gap
    says: The gap is small.
    measure: {metric: accuracy_gap}
    where: {network.init: He, training.lr: %s}
    expect: {below: 0.5}
"""


def test_a_title_names_what_its_rows_share_before_what_they_are_divided_by(tmp_path: Path) -> None:
    more = RATIO % (1, 1) + RATIO.replace("id: ", "id: slow-") % (0.01, 0.01)
    made = of_study(
        tmp_path / "one.yaml", STUDY % '"{ratio} {slow-ratio} {gap} {slow-gap}"' + more.replace("\n\n", "\n")
    )
    drawing = FIGURES["answer_values"].draw(made)
    assert drawing is not None
    titles = dict.fromkeys(row[0] for row in drawing.rows)
    assert any(title.endswith("at initialization, He, relative to Xavier") for title in titles)
    labels = [tick.get_text() for ax in drawing.figure.axes for tick in _drawn(ax).get_xticklabels()]
    assert not any("%" in label for label in labels)


def _drawn(ax: Axes) -> Axes:
    ax.figure.draw_without_rendering()
    return ax


def test_values_of_similar_size_have_the_same_decimal_places(tmp_path: Path) -> None:
    (side, *_others) = quoted_sides(analysed(tmp_path, '"{he-wins}"'))
    measure = side.measure.model_copy(update={"metric": "val_loss"})
    sides = [
        replace(side, measure=measure, values={0: value - 0.03, 1: value, 2: value + 0.03}, parts=(str(value),))
        for value in (0.442, 0.733, 0.94)
    ]
    (panel,) = panels_of(sides)
    assert [row.value for row in panel.rows] == ["0.442", "0.733", "0.940"]


def test_a_constant_ratio_has_three_digits_and_a_constant_count_none(tmp_path: Path) -> None:
    (side, *_others) = quoted_sides(analysed(tmp_path, '"{he-wins}"'))
    count = side.measure.model_copy(update={"metric": "layer_weights"})
    ratio = side.measure.model_copy(update={"relative_to": {"network.init": "Xavier"}})
    shown = [
        Row("", replace(side, measure=measure, values=dict.fromkeys(range(3), value)), (value, value)).value
        for measure, value in ((count, 216.0), (ratio, 1.0), (ratio, 4.541593e-5))
    ]
    assert shown == ["216", "1.00", "4.54×10⁻⁵"]
