"""Intervals and tests agree with SciPy, and coverage and error rates hold in simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from reportgen.analysis import statistics


def test_the_interval_is_student_s() -> None:
    x = [1.0, 2.0, 4.0, 8.0]
    mean, lo, hi = statistics.mean_interval(x)
    expected = stats.t.interval(0.95, 3, np.mean(x), stats.sem(x))
    assert (mean, lo, hi) == pytest.approx((3.75, *expected))


def test_few_values_have_no_interval() -> None:
    assert statistics.mean_interval([2.0])[0] == 2.0
    assert all(math.isnan(x) for x in statistics.mean_interval([2.0])[1:])
    assert all(math.isnan(x) for x in statistics.mean_interval([]))


@pytest.mark.parametrize("n", [3, 5, 10])
def test_intervals_have_their_nominal_coverage(n: int) -> None:
    x = np.random.default_rng(1).normal(3.0, 2.0, (4000, n))
    covered = [lo <= 3.0 <= hi for _, lo, hi in map(statistics.mean_interval, x)]
    assert abs(np.mean(covered) - 0.95) < 0.02


def test_accuracies_of_few_examples_are_covered_too() -> None:
    """The binomial lower bound prevents narrow intervals if few seeds agree by chance."""
    rng = np.random.default_rng(2)
    x = rng.binomial(50, 0.9, (4000, 5)) / 50
    covered = []
    for row in x:
        _, lo, hi = statistics.mean_interval(row, statistics.binomial_error(row, 50))
        covered.append(lo <= 0.9 <= hi)
    assert np.mean(covered) >= 0.93


def test_p_values_equal_the_t_test() -> None:
    x = np.random.default_rng(0).normal(0.4, 1.0, 9)
    assert statistics.p_value(x, 0.0) == pytest.approx(stats.ttest_1samp(x, 0.0).pvalue)
    assert statistics.p_value([1.0, 1.0, 1.0], 0.0) == 0.0
    assert statistics.p_value([1.0, 1.0, 1.0], 1.0) == 1.0
    assert math.isnan(statistics.p_value([1.0], 0.0))


def test_holm_on_the_textbook_example() -> None:
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    adjusted = statistics.holm([0.02, math.nan, 0.9, 0.8])
    assert adjusted[0] == pytest.approx(0.06)
    assert math.isnan(adjusted[1])
    assert adjusted[2:] == pytest.approx([1.0, 1.0])
    assert statistics.holm([]) == []


def test_holm_keeps_the_family_error() -> None:
    p = np.random.default_rng(3).uniform(size=(4000, 8))
    assert np.mean([min(statistics.holm(list(row))) < 0.05 for row in p]) < 0.06


def test_effect_size_is_hedges_corrected() -> None:
    d = np.array([1.0, 2.0, 3.0, 4.0])
    assert statistics.effect_size(d) == pytest.approx(2.5 / d.std(ddof=1) * (1 - 3 / 11))
    assert math.isnan(statistics.effect_size([1.0, 1.0]))


@pytest.mark.parametrize(
    ("differences", "scale"),
    [
        ([0.0, 0.0, 0.0], 1.0),
        ([0.0, 1.1e-16, -1.1e-16, 0.0], 0.9),
        ([-0.01, -0.01 + 2e-18, -0.01 - 2e-18], 0.0),
        ([3.0, 3.0 + 4e-16, 3.0], 0.0),
    ],
)
def test_variation_by_rounding_has_no_effect_size(differences: list[float], scale: float) -> None:
    assert math.isnan(statistics.effect_size(differences, scale))


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=30), st.floats(0.5, 2))
def test_an_effect_size_is_never_beyond_what_rounding_allows(differences: list[float], scale: float) -> None:
    found = statistics.effect_size(differences, scale)
    assert math.isnan(found) or abs(found) <= 1 / statistics.ROUNDING


@pytest.mark.parametrize(
    ("values", "skewed"),
    [
        ([10, 12, 15, 400, 900], True),
        ([0, 0, 1, 2, 2, 3, 50], True),
        ([0, 0, 0, 20, 100], True),
        ([0, 1, 2, 3, 4], False),
        ([9.0, 10.0, 10.5, 11.0, 12.0], False),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], False),
        ([0.1, 100.0, 3.0, 1.0], False),
        ([1.0, 2.0, 3.0, 100.0, math.inf], False),
        ([0.3] * 7, False),
    ],
)
def test_skewed_values_are_those_whose_mean_misleads(values: list[float], skewed: bool) -> None:
    assert statistics.is_skewed(values) is skewed


@given(st.lists(st.floats(1e-3, 1e3), min_size=7, max_size=20), st.floats(0.01, 100))
def test_skewness_does_not_depend_on_the_unit(values: list[float], unit: float) -> None:
    (low, _, high), (mean, least, _) = statistics.quartiles(values), statistics.mean_interval(values)
    assume(min(abs(least / mean), abs(mean / low - 1), abs(mean / high - 1)) > 1e-6)
    assert statistics.is_skewed(np.array(values) * unit) is statistics.is_skewed(values)


def test_a_gain_by_rounding_has_a_narrow_interval() -> None:
    before = np.array([0.9, 0.7, 0.5])
    after = before + np.array([0.02, -0.01, -0.01])
    mean, lo, hi = statistics.gain_interval(before, after, 500)
    assert abs(mean) < 1e-15
    assert -0.2 < lo < 0 < hi < 0.2


def test_the_estimated_number_of_seeds_settles_a_claim() -> None:
    x = np.array([0.1, -0.2, 0.4, 0.3, -0.1])
    n = statistics.seeds_needed(x, 0.0)
    assert n is not None
    half = stats.t.ppf(0.975, n - 1) * x.std(ddof=1) / n**0.5
    assert half < x.mean() <= stats.t.ppf(0.975, n - 2) * x.std(ddof=1) / (n - 1) ** 0.5
    assert statistics.seeds_needed([1.0, 2.0], 1.5) is None
    assert statistics.seeds_needed([0.0, 1000.0], 499.9) is None


@pytest.mark.parametrize(("examples", "share"), [(20, 0.95), (50, 0.99), (360, 0.998)])
def test_scores_near_the_ceiling_have_an_error(examples: int, share: float) -> None:
    x = np.random.default_rng(5).binomial(examples, share, (2000, 5)) / examples
    missed = 0
    for row in x:
        _, lo, hi = statistics.mean_interval(row, statistics.binomial_error(row, examples))
        missed += not lo <= share <= hi
    assert missed / 2000 < 0.05 + 3 * (0.05 * 0.95 / 2000) ** 0.5


def test_pairs_that_share_their_examples_are_covered() -> None:
    """Each seed scores two networks on its own 100 examples; they disagree on few."""
    rng = np.random.default_rng(6)
    wins, losses = rng.binomial(100, 0.03, (2000, 5)), rng.binomial(100, 0.02, (2000, 5))
    covered = []
    for row in (wins - losses) / 100:
        _, lo, hi = statistics.mean_interval(row, statistics.paired_error(float(row.mean()), 100, 5))
        covered.append(lo <= 0.01 <= hi)
    assert abs(np.mean(covered) - 0.95) < 0.02


def test_a_constant_difference_has_the_error_of_its_examples() -> None:
    assert statistics.paired_error(0.0, 100, 5) == pytest.approx(1 / 500, rel=0.01)
    assert statistics.paired_error(0.1, 100, 5) == pytest.approx(math.sqrt(0.1 * 0.9 / 500), rel=0.05)
    assert statistics.paired_error(1.0, 1, 5) == pytest.approx(0.2)
    assert statistics.paired_error(0.1, 0, 5) == 0.0


def test_holm_counts_all_tests_of_a_selection() -> None:
    """The best of 12 equal variants is compared with each other one: a family of 66 pairs."""
    rng = np.random.default_rng(7)
    found = {11: 0, 66: 0}
    for _ in range(500):
        x = rng.normal(size=(12, 5))
        best = int(x.mean(axis=1).argmax())
        p = [statistics.p_value(x[best] - row, 0.0) for index, row in enumerate(x) if index != best]
        for family in found:
            found[family] += min(statistics.holm(p, family)) < 0.05
    assert found[66] / 500 < 0.05 + 3 * (0.05 * 0.95 / 500) ** 0.5
    assert found[11] > 2 * found[66]


def test_shares_have_exact_intervals() -> None:
    for successes, trials in ((1, 5), (3, 7), (0, 4)):
        exact = stats.binomtest(successes, trials).proportion_ci(0.95, method="exact")
        assert statistics.share_interval(successes, trials) == pytest.approx((exact.low, exact.high))
    assert statistics.share_interval(5, 5)[0] == pytest.approx(0.025 ** (1 / 5))
    assert statistics.share_interval(0, 5)[1] == pytest.approx(1 - 0.025 ** (1 / 5))


def test_the_number_of_seeds_agrees_for_p_values_and_values() -> None:
    x = np.array([0.1, -0.2, 0.4, 0.3, -0.1])
    p = statistics.p_value(x, 0.0)
    assert statistics.seeds_for(p, 5, 0.05) == statistics.seeds_needed(x, 0.0)
    strict = statistics.seeds_for(p, 5, 0.05 / 8)
    assert strict is not None
    assert strict > (statistics.seeds_needed(x, 0.0) or 0)
    assert statistics.seeds_for(1.0, 5, 0.05) is None
    assert statistics.seeds_for(0.9999, 5, 0.05) is None


def test_signs_and_shares_have_exact_p_values() -> None:
    assert statistics.sign_p_value(5, 5) == pytest.approx(2**-5)
    assert statistics.sign_p_value(0, 5) == pytest.approx(2**-5)
    assert statistics.sign_p_value(4, 5) == pytest.approx(6 / 32)
    assert statistics.sign_seeds_for(0.05) == 5
    assert statistics.sign_seeds_for(0.05 / 4) == 7
    for successes, trials, share in ((5, 5, 0.4), (1, 7, 0.5), (0, 5, 0.3)):
        low, high = statistics.share_interval(successes, trials)
        p = statistics.share_p_value(successes, trials, share)
        assert (p < 0.05) == (not low <= share <= high)
    assert statistics.share_p_value(5, 5, 0.5) == pytest.approx(2 * 0.5**5)


@pytest.mark.parametrize(
    ("name", "given", "cut"),
    [
        ("val_accuracy", (0.96, 1.006), (0.96, 1.0)),
        ("dead_fraction", (-0.1, 0.3), (0.0, 0.3)),
        ("best_place", (0.7, 1.16), (0.7, 1.0)),
        ("ensemble_val_spread", (-0.01, 0.04), (0.0, 0.04)),
        ("ensemble_val_gain", (-1.2, 0.1), (-1.0, 0.1)),
        ("val_loss", (-0.2, 7.0), (0.0, 7.0)),
        ("gradient_error", (-1e-9, 3e-9), (0.0, 3e-9)),
        ("activation_mean", (-0.2, 1.4), (-0.2, 1.4)),
    ],
)
def test_intervals_stay_within_the_range_of_the_metric(
    name: str, given: tuple[float, float], cut: tuple[float, float]
) -> None:
    assert statistics.possible(name, *given) == cut
    assert all(map(math.isnan, statistics.possible(name, math.nan, math.nan)))


def test_a_gain_from_chance_level_is_significant_despite_its_variation() -> None:
    difference, lo, hi = statistics.gain_interval([0.61, 0.19, 0.63], [0.97, 0.97, 0.97], 143)
    assert difference == pytest.approx(0.4933, abs=1e-4)
    assert 0 < lo < difference < hi < 1
    assert statistics.mean_interval([0.36, 0.78, 0.34])[1] < 0, "shares themselves vary too much to tell"


def test_the_interval_of_no_gain_contains_zero_and_stays_in_range() -> None:
    difference, lo, hi = statistics.gain_interval([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], 100)
    assert difference == 0
    assert -1 < lo < 0 < hi < 0.05


def test_a_gain_of_all_seeds_is_as_certain_as_its_examples() -> None:
    _, lo, hi = statistics.gain_interval([0.5, 0.5, 0.5], [0.6, 0.6, 0.6], 300)
    assert (lo, hi) == pytest.approx((0.08, 0.12), abs=0.002)


def test_gains_on_null_data_are_rarely_claimed() -> None:
    draw, claimed = np.random.default_rng(0), 0
    for _ in range(1000):
        shares = 1 / (1 + np.exp(-(2 + 0.6 * draw.standard_normal((2, 3)))))
        before, after = draw.binomial(200, shares) / 200
        _, lo, hi = statistics.gain_interval(before, after, 200)
        claimed += lo > 0 or hi < 0
    assert claimed <= 65  # 5% of 1000, and two standard errors


def test_sizes_are_compared_by_their_ratio_and_are_not_negative() -> None:
    difference, lo, hi = statistics.ratio_interval([1.0, 2.0, 4.0], [0.5, 1.0, 2.0], 0.0, 0.0)
    assert (difference, lo, hi) == pytest.approx((-7 / 6, -7 / 6, -7 / 6))
    assert statistics.ratio_interval([1.0, 1.1], [0.1, 0.2], 0.05, 0.0)[1] == pytest.approx(-1.05)
    assert statistics.ratio_interval([1.0, 2.0, 4.0], [0.5, 1.0, 2.0], 0.0, 1.0)[2] > 0


@pytest.mark.parametrize(
    ("name", "cut"), [("val_accuracy", (-1.0, 1.0)), ("dead_fraction", (-1.0, 1.0)), ("val_loss", (-1.4, 1.3))]
)
def test_shares_differ_by_1_at_most(name: str, cut: tuple[float, float]) -> None:
    assert statistics.possible_difference(name, -1.4, 1.3) == cut
    assert all(map(math.isnan, statistics.possible_difference(name, math.nan, math.nan)))
    assert statistics.possible("accuracy_gap", -1.4, 1.3) == (-1.0, 1.0)
