"""Tests of the figure of sanity checks."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from reportgen.analysis.results import Analysis, SanityResult
from reportgen.figures.sanity_checks import draw
from tests.figures.examples import analysis, record, summary


def checked(*results: SanityResult, labels: tuple[str, ...] = ("plain", "deep")) -> Analysis:
    made = analysis([summary(label, [record(0, 3, 2)]) for label in labels])
    return dataclasses.replace(made, sanity=results)


def result(check: str, variant: str, measured: float, expected: float, **more: Any) -> SanityResult:
    values: dict[str, Any] = {"subject": "", "passed": measured <= expected, "note": ""}
    return SanityResult(check=check, variant=variant, measured=measured, expected=expected, **(values | more))


def test_a_study_without_checks_of_its_variants_has_no_figure() -> None:
    assert draw(checked()) is None
    assert draw(checked(result("gradient_check", "plain", math.nan, math.nan, passed=None))) is None
    assert draw(checked(result("activation_cost", None, 3.0, math.nan, subject="relu", passed=None))) is None  # type: ignore[arg-type]


def test_each_check_has_a_panel_and_each_layer_a_row_of_data() -> None:
    layers = [result("gradient_check", "plain", 1e-9 * k, 1e-6, subject=f"layer {k}") for k in (1, 2)]
    drawing = draw(checked(*layers, result("initial_loss", "deep", 2.3, 2.3)))
    assert drawing is not None
    assert len(drawing.figure.axes) == 2
    assert [row[:4] for row in drawing.rows] == [
        ("initial_loss", "deep", "deep", ""),
        ("gradient_check", "plain", "plain", "layer 1"),
        ("gradient_check", "plain", "plain", "layer 2"),
    ]
    assert "all of 1 variant passed" in drawing.caption
    assert "2.0×10⁻⁹" in drawing.caption


def test_failed_checks_are_counted_and_in_the_legend() -> None:
    drawing = draw(checked(result("gradient_check", "plain", 0.5, 1e-6), result("gradient_check", "deep", 1e-9, 1e-6)))
    assert drawing is not None
    assert "1 of 2 variants passed" in drawing.caption
    assert "failed" in [text.get_text() for text in drawing.figure.legends[0].get_texts()]


def test_more_variants_than_rows_are_counted() -> None:
    labels = tuple(f"v{k}" for k in range(30))
    drawing = draw(checked(*(result("initial_loss", name, 2.3, 2.3) for name in labels), labels=labels))
    assert drawing is not None
    assert "24 of 30" in drawing.caption
    assert "24 of 30" in drawing.alt
    assert len(drawing.rows) == 30
