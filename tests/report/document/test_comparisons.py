"""The comparisons of variants in a report."""

from __future__ import annotations

from reportgen.analysis.results import Comparison, Estimate
from reportgen.report.document.comparisons import MOST_SHOWN, comparisons_of


def pair(at: int, gap: float, pairs: int, score: str = "val_accuracy") -> Comparison:
    return Comparison(f"v{at}", "best", score, Estimate(gap, gap - 0.1, gap + 0.2, 5), 0.01, 0.02, 3.0, pairs)


def test_a_study_without_comparisons_shows_none() -> None:
    assert comparisons_of(()) is None


def test_every_pair_of_a_few_variants_is_shown_in_the_order_of_the_study() -> None:
    found = comparisons_of([pair(0, 0.5, 3), pair(1, 0.1, 3), pair(2, 0.3, 3)])
    assert found is not None
    assert found.best is None
    assert [one.a for one in found.shown] == ["v0", "v1", "v2"]


def test_of_many_variants_the_nearest_to_the_best_are_shown_and_the_rest_is_summarized() -> None:
    found = comparisons_of([pair(at, 0.01 * (30 - at), 465) for at in range(30)])
    assert found is not None
    assert (found.best, found.pairs, len(found.shown), len(found.rest)) == ("best", 465, MOST_SHOWN, 10)
    assert found.shown[0].a == "v29"
    assert found.behind == (0.21, 0.3)
    assert found.largest_p == 0.02


def test_a_higher_loss_is_behind() -> None:
    found = comparisons_of([pair(0, -0.5, 28, "train_loss")])
    assert found is not None
    (one,) = found.shown
    assert one.difference == Estimate(0.5, 0.3, 0.6, 5)
    assert one.effect_size == -3.0
