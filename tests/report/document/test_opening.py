"""Which figure opens a report."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.figures import draw_all
from reportgen.report.document.opening import opening_figure
from tests.figures.examples import analysis, claim, record, result, summary


def opens(*measured: float, figures: tuple[str, ...] = (), **fields: Any) -> str:
    """Return the opening figure of a report with accuracies from 0.1 to 0.9 and claims on these differences."""
    rows = []
    for at, accuracy in enumerate((0.1, 0.5, 0.895, 0.9)):
        one = record(0, 3, 4)
        one.final["val_accuracy"] = accuracy
        row = summary(f"lr {at}", [one], {"training.lr": str(at)})
        row.variant.settings["training.lr"] = 10.0**at
        rows.append(row)
    asked = [claim(f"c{at}", measure={"metric": "val_accuracy"}) for at in range(len(measured))]
    about = {"metric": "val_accuracy", "quantity": "difference"} | fields
    results = [result(one, measured=value, **about) for one, value in zip(asked, measured, strict=True)]
    made = analysis(rows, asked, results, figures=figures)
    drawing = opening_figure(made, draw_all(made))
    assert drawing is not None
    return drawing.id


def test_invisible_differences_open_with_the_overview_of_the_claims() -> None:
    assert opens(0.005, -0.01, 0.02) == "claims_overview"
    assert opens(0.005, -0.01, 0.02, figures=("claims_overview", "scores_by_setting")) == "claims_overview"
    assert opens(0.005) == "scores_by_setting"


@pytest.mark.parametrize("fields", [{"quantity": "value"}, {"quantity": "ratio"}])
def test_values_and_ratios_open_with_the_figure_of_the_scores(fields: dict[str, Any]) -> None:
    assert opens(0.005, -0.01, 0.02, **fields) == "scores_by_setting"


def test_one_visible_difference_opens_with_the_figure_of_the_scores() -> None:
    assert opens(0.005, -0.01, 0.4) == "scores_by_setting"


def test_a_study_without_an_overview_gets_none() -> None:
    assert opens(0.005, -0.01, 0.02, figures=("scores_by_setting",)) == "scores_by_setting"


def test_a_study_without_claims_opens_with_a_figure_of_the_training() -> None:
    assert opens() == "scores_by_setting"


def test_a_figure_of_equal_values_does_not_open_a_report_if_another_shows_a_difference() -> None:
    """Networks without dead units, with more claims on them than on other metrics."""
    zeros = [record(seed, 3, 4, statistics={"dead_fraction": 0.0}) for seed in range(3)]
    asked = [claim(f"c{at}", measure={"metric": "dead_fraction"}) for at in range(2)]
    results = [result(one, metric="dead_fraction", measured=0.0) for one in asked]
    made = analysis([summary("relu", zeros)], asked, results)
    drawings = draw_all(made)
    assert "dead_units_by_layer" in {drawing.id for drawing in drawings}
    opening = opening_figure(made, drawings)
    assert opening is not None
    assert opening.id == "accuracy_curves"
    only = opening_figure(made, [drawing for drawing in drawings if drawing.id == "dead_units_by_layer"])
    assert only is not None
