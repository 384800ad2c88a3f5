"""Tests of the variants that figures highlight: the baseline and compared variants, at most five in a panel."""

import functools
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import same_color

from reportgen.analysis.results import Analysis
from reportgen.figures import FIGURES, Drawing
from reportgen.figures.drawing.style import GREY, MUTED
from reportgen.figures.drawing.surface import PAGE
from reportgen.figures.views.epoch_lines import quantiles_of
from reportgen.figures.views.factors import factors_of
from reportgen.figures.views.selection import select
from reportgen.figures.views.series import layout
from tests.figures.examples import of_study, record

pytestmark = pytest.mark.slow

MOST = PAGE.lines
BASE = """
data: {name: gaussian, samples: 100, features: 4, classes: 2, validation: 0.2}
network: {hidden: [5, 5, 5]}
training: {epochs: 30}
"""
CLAIM = """
  - id: {id}
    says: One is better.
    measure: {{metric: val_loss}}
    where: {where}
    expect: {expect}
"""


def with_claims(text: str, *claims: tuple[str, str]) -> str:
    listed = [CLAIM.format(id=f"c{at}", where=where, expect=expect) for at, (where, expect) in enumerate(claims)]
    return BASE + text + ("claims:" + "".join(listed) if claims else "")


RATES = "vary: {training.lr: [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 0]}\n"
GRID = "vary: {network.activation: [relu, tanh, elu], training.l2: [1, 0.1, 0.01, 0.001, 0.0001, 0.00001, 0]}\n"
NAMED = "variants:\n" + "".join(
    f"  {name}: {{network.dropout: {rate}, training.momentum: 0.5}}\n".replace("training.momentum", "training.l2")
    for name, rate in (("a", 0.1), ("b", 0.2), ("c", 0.3), ("d", 0.4), ("e", 0.5), ("f", 0.6), ("plain", "none"))
)
SEARCH = """
search: {training.lr: {log_uniform: [0.0001, 1]}, samples: 3}
variants: {one: {network.activation: tanh}, two: {network.activation: elu}, three: {network.bias: 0.1},
  four: {network.bias: 0.2}, five: {network.bias: 0.3}, six: {training.l2: 0.1}, same: {}}
"""
SAME_STUDY = BASE + NAMED.replace("variants:", "vary: {training.lr: [0.1, 0.2]}\nvariants:")

STUDIES: Mapping[str, tuple[str, str]] = {
    "one factor": (with_claims(RATES, ("{training.lr: 0.004}", "{less_than: {training.lr: 0.128}}")), "0"),
    "a factor no claim names": (with_claims(RATES), "0"),
    "a grid": (with_claims(GRID, ("{training.l2: 0.1}", "{less_than: {training.l2: 0.01}}")), "0"),
    "names": (with_claims(NAMED, ("{variant: c}", "{less_than: {variant: f}}")), "plain"),
    "names in a grid": (SAME_STUDY, "plain"),
    "trials of searches": (BASE + SEARCH, "same"),
}


CURVES = ("loss_curves", "accuracy_curves", "activation_std_by_layer", "gradient_by_layer")


@functools.cache
def studied(text: str, seeds: int = 2, epochs: int = 30) -> Analysis:
    """Return the analysis of a study with made-up records, which several tests draw."""
    with tempfile.TemporaryDirectory() as folder:
        return of_study(Path(folder) / "example.yaml", text, seeds, epochs)


@functools.cache
def curves(name: str, id_: str) -> Drawing:
    """Return a figure of one of the studies."""
    return drawn(id_, studied(STUDIES[name][0]))


def drawn(id_: str, made: Analysis) -> Drawing:
    drawing = FIGURES[id_].draw(made)
    assert drawing is not None
    return drawing


@pytest.mark.parametrize("name", STUDIES)
def test_the_baseline_is_highlighted_and_at_most_five_lines_of_a_panel_are(name: str) -> None:
    text, baseline = STUDIES[name]
    plan = layout(studied(text))
    for panel in plan.panels:
        bright = [series for series in panel.series if not series.grey]
        assert len(bright) <= MOST
        assert any(baseline in series.label.replace("l2 ", "").replace("lr ", "").split(", ") for series in bright)


@pytest.mark.parametrize("id_", CURVES)
@pytest.mark.parametrize("name", STUDIES)
def test_figures_include_all_variants_and_explain_the_rule(name: str, id_: str) -> None:
    made, baseline = studied(STUDIES[name][0]), STUDIES[name][1]
    drawing = curves(name, id_)
    assert {row[0] for row in drawing.rows} == {row.variant.id for row in made.outcomes}
    rule = layout(made).selection.reason
    assert baseline in rule
    assert rule in drawing.caption
    assert rule in drawing.alt


@pytest.mark.parametrize("id_", CURVES)
@pytest.mark.parametrize("name", STUDIES)
def test_a_panel_draws_as_many_lines_as_it_has_variants(name: str, id_: str) -> None:
    plan, drawing = layout(studied(STUDIES[name][0])), curves(name, id_)
    for ax in drawing.figure.axes:
        grey = [line for line in ax.get_lines() if line.get_color() == GREY.colour]
        pieces = sum(int(np.isnan(np.asarray(line.get_ydata(), dtype=float)).sum()) for line in grey)
        colours = {line.get_color() for line in ax.get_lines()} - {GREY.colour}
        assert len(colours) + pieces == len(plan.panels[0].series)


def test_the_claims_decide_which_variants_are_highlighted(tmp_path: Path) -> None:
    made = of_study(tmp_path / "example.yaml", STUDIES["one factor"][0])
    bright = [series.label for series in layout(made).series if not series.grey]
    assert bright == ["lr 0.004", "lr 0.128", "lr 0"]


def test_a_claim_about_all_variants_selects_none(tmp_path: Path) -> None:
    every = with_claims(RATES, ("{}", "{below: 1}"))
    names = [layout(of_study(tmp_path / f"{at}.yaml", text)).selection for at, text in enumerate((every, BASE + RATES))]
    assert names[0] == names[1]
    assert len(names[0].highlighted) == MOST


def test_variants_that_claims_compare_come_before_those_they_name(tmp_path: Path) -> None:
    named = [(f"{{training.lr: {rate}}}", "{below: 1}") for rate in (1.024, 0.032, 0.001, 0.032)]
    text = with_claims(RATES, *named, ("{training.lr: 0.512}", "{less_than: {training.lr: 0.256}}"))
    selection = layout(of_study(tmp_path / "example.yaml", text)).selection
    assert selection.highlighted == ("lr 0.032", "lr 0.256", "lr 0.512", "lr 1.024", "lr 0")


def test_whole_comparisons_that_most_claims_make_are_highlighted(tmp_path: Path) -> None:
    pairs = [(0.001, 0.002), (0.004, 0.008), (0.016, 0.032), (0.016, 0.032), (0.128, 0.064)]
    claims = [(f"{{training.lr: {a}}}", f"{{less_than: {{training.lr: {b}}}}}") for a, b in pairs]
    selection = layout(of_study(tmp_path / "example.yaml", with_claims(RATES, *claims))).selection
    assert selection.highlighted == ("lr 0.001", "lr 0.002", "lr 0.016", "lr 0.032", "lr 0")


BASELINES: Mapping[str, tuple[str, str]] = {
    "what the study itself gives": (
        BASE.replace("30}", "30, lr: 0.2}") + "vary: {training.lr: [0.1, 0, 0.2]}\n",
        "lr 0.2",
    ),
    "what changes nothing": (BASE + "variants: {more: {network.bias: 0}, as it is: {}}\n", "as it is"),
    "what is off": (BASE + "vary: {network.dropout: [0.5, none]}\n", "no dropout"),
    "what claims compare with": (
        with_claims(
            "vary: {network.activation: [relu, tanh]}\n",
            ("{network.activation: relu}", "{less_than: {network.activation: tanh}}"),
        ),
        "tanh",
    ),
    "what comes first": (BASE + "vary: {network.activation: [relu, tanh]}\n", "relu"),
}


@pytest.mark.parametrize("name", list(BASELINES))
def test_the_baseline_of_a_factor(name: str, tmp_path: Path) -> None:
    text, expected = BASELINES[name]
    made = of_study(tmp_path / "example.yaml", text)
    (factor,) = factors_of(made.plan, made.plan.variants)
    assert factor.baseline == expected
    assert factor.chosen == (name != "what comes first")


def test_few_groups_are_all_highlighted_and_need_no_sentence(tmp_path: Path) -> None:
    made = of_study(tmp_path / "example.yaml", BASE + RATES)
    groups = {variant.label: [variant] for variant in made.plan.variants}
    chosen = select(made.plan, groups, most=12)
    assert chosen.highlighted == tuple(groups)
    assert chosen.in_colour() == chosen.in_rows() == ""


TWO = BASE + "vary: {training.lr: [1, 2]}\n"


def envelope(ax: Axes, colour: str) -> dict[float, list[float]]:
    """What is drawn around the thick line of a colour, by epoch: the values of single seeds, or the ends of a band."""
    found: dict[float, list[float]] = {}
    thin = [line for line in ax.get_lines() if line.get_linewidth() < 0.7 and line.get_color() == colour]
    bands = [band for band in ax.collections if same_color(tuple(band.get_facecolor()[0][:3]), colour)]
    points = [np.column_stack(line.get_data()) for line in thin] + [band.get_paths()[0].vertices for band in bands]
    for epoch, value in np.concatenate(points):
        if np.isfinite(value):
            found.setdefault(float(epoch), []).append(float(value))
    return found


@pytest.mark.parametrize("id_", ["loss_curves", "accuracy_curves"])
@pytest.mark.parametrize(("text", "seeds"), [(STUDIES["names in a grid"][0], 5), *((TWO, n) for n in (2, 6, 20))])
def test_the_thick_line_lies_inside_its_seeds_or_band_at_every_drawn_epoch(id_: str, text: str, seeds: int) -> None:
    drawing = drawn(id_, studied(text, seeds, epochs=400))
    for ax in drawing.figure.axes:
        thick = [line for line in ax.get_lines() if line.get_linewidth() > 1]
        assert thick
        for line in thick:
            around = envelope(ax, str(line.get_color()))
            x, y = (np.asarray(part, dtype=float).tolist() for part in line.get_data())
            drawn_points = [(epoch, value) for epoch, value in zip(x, y, strict=True) if np.isfinite(value)]
            assert {epoch for epoch, _ in drawn_points} == set(around)
            assert all(min(around[epoch]) <= value <= max(around[epoch]) for epoch, value in drawn_points)


@pytest.mark.parametrize(("seeds", "bands"), [(2, 0), (5, 0), (6, MOST), (12, MOST)])
def test_from_six_seeds_on_a_band_replaces_the_lines_of_single_seeds(seeds: int, bands: int, tmp_path: Path) -> None:
    drawing = drawn("loss_curves", of_study(tmp_path / "example.yaml", BASE + RATES, seeds))
    for ax in drawing.figure.axes:
        assert len(ax.collections) == bands
        thin = [np.asarray(line.get_ydata(), float) for line in ax.get_lines() if line.get_linewidth() < 0.7]
        assert sum(int(np.isnan(y).sum()) for y in thin) == (0 if bands else MOST * seeds)


def test_the_band_goes_from_the_tenth_to_the_ninetieth_percentile(tmp_path: Path) -> None:
    made = of_study(tmp_path / "example.yaml", BASE + "vary: {training.lr: [1, 2, 4, 8]}\n", 11)
    drawing = drawn("accuracy_curves", made)
    first = made.variants[0]
    values = np.array([one.arrays["epoch_train_accuracy"] for one in first.records])
    band = drawing.figure.axes[0].collections[0].get_paths()[0].vertices
    for epoch in (0.0, 10.0, 30.0):
        ends = band[band[:, 0] == epoch][:, 1]
        expected = np.quantile(values[:, int(epoch)], [0.1, 0.9])
        assert [ends.min(), ends.max()] == pytest.approx(expected.tolist())


@pytest.mark.parametrize("id_", ["final_scores", "activation_histograms", "gradient_histograms"])
def test_figures_of_rows_include_the_baseline_and_explain_what_they_omit(id_: str, tmp_path: Path) -> None:
    rates = ", ".join(f"{0.001 * at:.3f}" for at in range(1, 60))
    made = of_study(tmp_path / "example.yaml", BASE + f"vary: {{training.lr: [{rates}, 0]}}\n", 1)
    drawing = drawn(id_, made)
    shown = {row[1] for row in drawing.rows}
    assert "lr 0" in shown
    assert len(shown) < 60
    assert "lr 0" in drawing.caption
    assert layout(made).selection.reason.split(" and ")[0] in drawing.alt


def test_quantiles_of_seeds_that_end_at_different_epochs_are_those_of_numpy() -> None:
    values = np.random.default_rng(0).normal(size=(7, 5))
    values[2, 3:] = values[4, 1:] = values[:, 4] = np.nan
    expected = np.nanquantile(values[:, :4], [0.1, 0.5, 0.9], axis=0)
    found = quantiles_of(values)
    np.testing.assert_allclose(found[:, :4], expected, rtol=1e-14)
    assert np.isnan(found[:, 4]).all()


def grey_names(made: Analysis) -> set[str]:
    texts = [text for ax in drawn("loss_curves", made).figure.axes for text in ax.texts]
    return {text.get_text() for text in texts if text.get_color() == MUTED}


def test_a_few_grey_lines_have_labels_at_their_ends(tmp_path: Path) -> None:
    few = of_study(tmp_path / "few.yaml", STUDIES["names"][0])
    assert grey_names(few)
    assert grey_names(few) <= set(layout(few).selection.others)
    assert not grey_names(of_study(tmp_path / "many.yaml", STUDIES["one factor"][0]))


@pytest.mark.parametrize("id_", ["loss_curves", "activation_std_by_layer"])
def test_the_legend_names_a_single_grey_line(id_: str, tmp_path: Path) -> None:
    made = of_study(tmp_path / "example.yaml", BASE + "vary: {training.lr: [1, 2, 3, 4, 5, 6]}\n")
    legend = [text.get_text() for text in drawn(id_, made).figure.legends[0].get_texts()]
    assert set(layout(made).selection.others) <= set(legend)


def test_a_variant_whose_runs_all_diverged_is_drawn_until_they_end(tmp_path: Path) -> None:
    made = of_study(tmp_path / "example.yaml", BASE + RATES, 6, epochs=8)
    lost = made.variants[1]
    ended = tuple(record(seed, 4, 8, status="diverged") for seed in range(6))
    rows = tuple(replace(row, records=ended) if row is lost else row for row in made.variants)
    assert lost.variant.label in layout(made).selection.others
    ax = drawn("accuracy_curves", replace(made, variants=rows)).figure.axes[0]
    (grey,) = [line for line in ax.get_lines() if line.get_color() == GREY.colour and line.get_marker() != "x"]
    pieces = np.split(np.column_stack(grey.get_data()), np.flatnonzero(np.isnan(grey.get_xdata())) + 1)
    ends = [float(piece[np.isfinite(piece).all(axis=1)][-1, 0]) for piece in pieces if len(piece)]
    assert sorted(set(ends)) == [4, 8]
    (crosses,) = [line for line in ax.get_lines() if line.get_marker() == "x"]
    assert set(crosses.get_xdata()) == {4}


def test_panels_that_are_alike_at_initialization_are_drawn_once(tmp_path: Path) -> None:
    text = BASE + "vary: {network.activation: [relu, tanh, elu], training.lr: [0.1, 0.2]}\n"
    made = of_study(tmp_path / "example.yaml", text, epochs=3)
    same = {row.variant.varied["network.activation"]: row.records for row in made.variants}
    rows = tuple(replace(row, records=same[row.variant.varied["network.activation"]]) for row in made.variants)
    assert len(drawn("gradient_by_layer", made).figure.axes) == 4
    assert len(drawn("gradient_by_layer", replace(made, variants=rows)).figure.axes) == 3
