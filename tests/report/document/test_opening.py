"""Which figure opens a report."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.figures import draw_all
from reportgen.report.document.opening import opening_figure
from tests.figures.examples import analysis, claim, record, result, summary


def opens(*measured: float, figures: tuple[str, ...] = (), **fields: Any) -> str:
    """Return what opens a report on accuracies from 0.1 to 0.9 whose claims measured these differences."""
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


def test_differences_too_small_to_be_seen_among_all_scores_open_with_the_claims_themselves() -> None:
    assert opens(0.005, -0.01, 0.02) == "claims_overview"
    assert opens(0.005, -0.01, 0.02, figures=("claims_overview", "scores_by_setting")) == "claims_overview"
    assert opens(0.005) == "accuracy_curves"


@pytest.mark.parametrize("fields", [{"quantity": "value"}, {"quantity": "ratio"}])
def test_values_and_ratios_are_seen_in_the_figure_of_the_scores(fields: dict[str, Any]) -> None:
    assert opens(0.005, -0.01, 0.02, **fields) == "accuracy_curves"


def test_one_difference_that_is_seen_is_enough_for_the_figure_of_the_scores() -> None:
    assert opens(0.005, -0.01, 0.4) == "accuracy_curves"


def test_a_study_that_names_no_overview_gets_none() -> None:
    assert opens(0.005, -0.01, 0.02, figures=("scores_by_setting",)) == "scores_by_setting"


def test_without_claims_the_figure_of_the_training_opens() -> None:
    assert opens() == "scores_by_setting"
