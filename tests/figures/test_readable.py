"""Tests of details that a reader could misread: wide intervals, crosses of diverged runs, shortened titles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from reportgen.analysis.results import Analysis
from reportgen.figures import FIGURES
from reportgen.figures.drawing.axis import CUT
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.words import sentence
from tests.figures.examples import analysis, claim, record, result, summary
from tests.figures.pictures.trained import drawn as trained_drawing


def drawn(id_: str, made: Analysis) -> Drawing:
    drawing = FIGURES[id_].draw(made)
    assert drawing is not None
    return drawing


def spread(label: str, losses: Sequence[float], **more: Any) -> Any:
    """Return a variant whose runs end with these losses and have them at each epoch after the start."""
    records = [record(seed, 3, 4, **more) for seed in range(len(losses))]
    for one, loss in zip(records, losses, strict=True):
        one.final.update({"train_loss": loss, "val_loss": loss})
        for name in ("epoch_train_loss", "epoch_val_loss"):
            one.arrays[name][1:] = loss
    return summary(label, records)


def test_an_interval_that_is_cut_on_a_logarithmic_axis_is_explained_in_the_caption() -> None:
    made = analysis(
        [spread("steady", [1e-3, 1.1e-3, 1e-3]), *(spread(f"wild {k}", [0.9, 20.0, 0.9]) for k in range(3))]
    )
    assert sentence(CUT) in drawn("final_scores", made).caption
    bars = [line.get_xdata() for line in drawn("final_scores", made).figure.axes[1].lines if line.get_alpha() == 0.3]
    assert min(float(bar[0]) for bar in bars if len(bar)) >= 0.9e-3
    narrow = analysis([spread(f"steady {k}", [10.0**-k, 1.01 * 10.0**-k, 10.0**-k]) for k in range(4)])
    assert CUT[3:] not in drawn("final_scores", narrow).caption


def test_the_cross_of_diverged_runs_is_at_the_side_of_the_worst_scores() -> None:
    made = drawn("final_scores", analysis([summary("lost", [record(s, 3, 4, status="diverged") for s in range(2)]),
                                           spread("good", [0.2, 0.3])]))  # fmt: skip
    places = [[line.get_xdata()[0] for line in ax.lines if line.get_marker() == "x"] for ax in made.figure.axes]
    assert [row[0] < 0.5 for row in places] == [True, False]


def test_a_long_title_is_broken_into_two_lines() -> None:
    rows = [
        summary(f"{a}, {b}, {c}", [record(s, 4, 4, len(a + b) / 50) for s in range(2)], {"act": a, "init": b, "lr": c})
        for a in ("sigmoid layers", "tanh layers")
        for b in ("calibrated weights", "saturating weights")
        for c in map(str, range(5))
    ]
    titles = [ax.get_title(loc="left") for ax in drawn("saturation_by_layer", analysis(rows)).figure.axes]
    assert {title.replace("\n", " ") for title in titles} >= {
        "sigmoid layers, calibrated weights, at initialization", "tanh layers, saturating weights, after 20 steps"
    }  # fmt: skip


def test_the_numbers_of_a_claim_share_a_power_of_ten_and_rounding_errors_are_zero() -> None:
    ends = (4.5416e-5, 4.5417e-5)
    tiny = result(claim("a"), measured=4.54156e-5, interval=ends, expected="within 2% of 4.54e-05")
    far = {"measured": 1.4e-17, "interval": (-0.0026, 0.0026), "quantity": "difference"}
    none = result(claim("b"), metric="val_accuracy", **far)
    made = drawn("claims_overview", analysis([summary("v", [record()])], [claim("a"), claim("b")], [tiny, none]))
    texts = [text.get_text() for text in made.figure.axes[0].texts]
    assert "expected within 2% of 4.54×10⁻⁵" in texts
    assert "4.5416 (4.5416 to 4.5417)×10⁻⁵" in texts
    assert "0 (−0.3 to +0.3) points" in texts


def test_shortened_labels_keep_the_words_in_which_they_differ() -> None:
    start, end = (
        "the usual initialization of the first chapter with a",
        "learning rate and nothing else that was changed",
    )
    rows = [summary(f"{start} {size} {end}", [record(s, 3, 4) for s in range(2)], id_=size) for size in ("low", "high")]
    made = analysis([*rows, summary("short", [record(0, 3, 4)]), summary("other", [record(0, 3, 4)])])
    legend = [text.get_text() for text in drawn("loss_curves", made).figure.legends[0].get_texts()]
    assert legend[:2] == ["… a low learning rate …", "… a high learning rate …"]
    ticks = [text.get_text() for text in drawn("final_scores", made).figure.axes[0].get_yticklabels()]
    assert set(ticks) == {"… a low learning rate …", "… a high learning rate …", "short", "other"}


def test_a_single_layer_is_drawn_only_on_request() -> None:
    rows = [summary("a", [record(s, 2, 4) for s in range(2)])]
    asked = claim(measure={"metric": "activation_std", "layer": "last", "step": 0})
    assert FIGURES["activation_std_by_layer"].draw(analysis(rows)) is None
    assert FIGURES["activation_std_by_layer"].draw(analysis(rows, figures=("activation_std_by_layer",)))
    assert FIGURES["activation_std_by_layer"].draw(analysis(rows, [asked], [result(asked, metric="activation_std")]))
    assert FIGURES["gradient_by_layer"].draw(analysis(rows))


@pytest.mark.parametrize("id_", ["activation_std_by_layer", "final_scores", "scores_by_setting"])
@pytest.mark.parametrize(("seeds", "bands"), [(2, False), (3, True)])
def test_intervals_are_drawn_from_three_seeds_on(id_: str, seeds: int, bands: bool) -> None:
    rows = [summary(f"lr {rate}", [record(s, 4, 4) for s in range(seeds)], {"training.lr": rate}) for rate in "1248"]
    for row in rows:
        row.variant.settings["training.lr"] = float(row.variant.varied["training.lr"])
    made = drawn(id_, analysis(rows))
    assert ("95% interval" in made.caption) == bands
    axes = made.figure.axes[0]
    bars = any(line.get_alpha() == 0.3 for line in axes.lines)
    assert (bars if id_ == "final_scores" else _wide(made)) == bands


def _wide(made: Drawing) -> bool:
    """Say whether some band of the first panel has a width anywhere."""
    shapes = [shape.get_paths()[0].vertices for shape in made.figure.axes[0].collections]
    return any(np.ptp(shape[np.isclose(shape[:, 0], x), 1]) > 1e-9 for shape in shapes for x in np.unique(shape[:, 0]))


LONG = """
seeds: 1
data: {name: moons, samples: 100}
network: {hidden: [4, 4], batchnorm: true}
training: {epochs: 2, batch_size: 16, optimizer: adam}
probes: {looks: 3, update_angles: true, preconditioned_curvature: true, unit_path: 4}
variants:
  decay of the weights in all layers, also in the output layer: {training.optimizer: {name: adamw, weight_decay: 1}}
  penalty on the weights in all layers, also in the output layer: {training.optimizer: adam, training.l2: 0.01}
  no decay of the weights and no penalty on them in any layer: {training.optimizer: adam}
"""


@pytest.mark.parametrize(
    "id_",
    ["update_angle_over_steps", "curvature_over_steps", "dead_units_map", "generalization_gap", "unit_path"],
)
def test_titles_of_several_lines_are_inside_the_figure_and_below_other_panels(id_: str) -> None:
    figure = trained_drawing(id_, LONG).figure
    FigureCanvasAgg(figure)
    titles = [(ax, text) for ax in figure.axes for text in ax.findobj(Text) if text.get_text().count("\n")]
    assert titles
    for ax, title in titles:
        box = title.get_window_extent()
        assert box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(other.get_window_extent()) for other in figure.axes if other is not ax)
