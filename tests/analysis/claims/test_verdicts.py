"""Verdicts, and their error rate on null data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reportgen.analysis.claims.verdicts import PAIRED, all_in_regions, in_region, share_in_region

STUDIES = 800


def decided(tests: list) -> float:  # type: ignore[type-arg]
    return float(np.mean([test.verdict != "inconclusive" for test in tests]))


def test_either_side_and_the_middle() -> None:
    values = np.array([1.0, 1.1, 0.9, 1.05, 0.95])
    assert in_region(values, -math.inf, 2.0).verdict == "supported"
    assert in_region(values, 2.0, math.inf).verdict == "contradicted"
    assert in_region(values, 1.0, math.inf).verdict == "inconclusive"
    assert in_region(values, 0.5, 1.5).verdict == "supported"
    assert in_region(values, 1.5, 2.5).verdict == "contradicted"


def test_no_verdict_below_three_seeds() -> None:
    test = in_region(np.array([1.0, 1.0]), -math.inf, 2.0)
    assert test.verdict == "inconclusive"
    assert "only 2 have a value" in test.reason
    assert in_region(np.array([np.nan] * 5), -math.inf, 2.0).n == 0


def test_values_that_agree_exactly_are_decided() -> None:
    assert in_region(np.zeros(3), -math.inf, 1e-12).verdict == "supported"
    assert in_region(np.ones(3), -math.inf, 1e-12).verdict == "contradicted"


def test_infinite_values_are_outcomes_that_count() -> None:
    all_lost = in_region(np.full(5, np.inf), -math.inf, 1.0)
    assert all_lost.verdict == "contradicted"
    some = in_region(np.array([0.1, 0.1, np.inf, 0.1, 0.1]), -math.inf, 1.0)
    assert some.verdict == "inconclusive"
    assert "4 of 5" in some.reason
    assert in_region(np.full(4, np.inf), -math.inf, 1.0).verdict == "inconclusive"


@pytest.mark.parametrize("sides", PAIRED)
def test_the_method_of_a_sign_test_consists_of_sentences(sides: str) -> None:
    test = in_region(np.array([0.1, 0.1, np.inf, 0.1, 0.1]), -math.inf, 1.0)
    for method in (test.method, test.method_of(sides)):
        assert all(sentence[0].isupper() for sentence in method.removesuffix(".").split(". "))
        assert method.endswith(".")
        assert ";" not in method  # parts of a text that is translated
    finite = in_region(np.ones(5), -math.inf, 1.0)
    assert finite.method in finite.method_of(sides)
    assert not finite.method_of(sides).endswith(".")


def test_an_inconclusive_test_says_how_many_seeds_it_would_take() -> None:
    test = in_region(np.array([0.9, 1.3, 0.8, 1.2, 1.1]), 1.0, math.inf)
    assert test.verdict == "inconclusive"
    assert test.seeds_needed is not None
    assert test.seeds_needed > 5


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize(("low", "high"), [(-math.inf, 0.0), (0.0, math.inf)])
def test_a_mean_on_the_boundary_is_decided_in_at_most_five_percent(seeds: int, low: float, high: float) -> None:
    x = np.random.default_rng(0).normal(0.0, 1.0, (STUDIES, seeds))
    assert decided([in_region(row, low, high) for row in x]) < 0.05 + 3 * (0.05 * 0.95 / STUDIES) ** 0.5


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_equivalence_on_its_boundary_is_decided_in_at_most_five_percent(seeds: int) -> None:
    x = np.random.default_rng(1).normal(1.0, 0.2, (STUDIES, seeds))
    assert decided([in_region(row, -1.0, 1.0) for row in x]) < 0.05 + 3 * (0.05 * 0.95 / STUDIES) ** 0.5


def test_several_layers_on_their_boundary_are_decided_in_at_most_five_percent() -> None:
    x = np.random.default_rng(2).normal(0.0, 1.0, (STUDIES, 5, 9))
    names = [str(k) for k in range(9)]
    tests = [all_in_regions(rows, [0.0] * 9, [math.inf] * 9, names) for rows in x]
    assert decided(tests) < 0.05 + 3 * (0.05 * 0.95 / STUDIES) ** 0.5


def test_one_layer_outside_contradicts_and_one_unsettled_layer_keeps_it_open() -> None:
    rng = np.random.default_rng(3)
    inside = rng.normal(1.0, 0.01, (5, 3))
    names = ["layer 1", "layer 2", "layer 3"]
    assert all_in_regions(inside, [0.5] * 3, [1.5] * 3, names).verdict == "supported"
    outside = inside + np.array([0.0, 3.0, 0.0])
    found = all_in_regions(outside, [0.5] * 3, [1.5] * 3, names)
    assert found.verdict == "contradicted"
    assert "layer 2" in found.reason
    loose = inside.copy()
    loose[:, 2] = [0.2, 1.9, 0.8, 1.6, 0.4]
    found = all_in_regions(loose, [0.5] * 3, [1.5] * 3, names)
    assert found.verdict == "inconclusive"
    assert "layer 3" in found.reason


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_shares_on_their_boundary_are_decided_in_at_most_five_percent(seeds: int, share: float) -> None:
    ones = np.random.default_rng(4).binomial(seeds, share, STUDIES)
    tests = [share_in_region((np.arange(seeds) < count).astype(float), share, math.inf) for count in range(seeds + 1)]
    assert decided([tests[count] for count in ones]) < 0.05 + 3 * (0.05 * 0.95 / STUDIES) ** 0.5


def test_seeds_that_all_agree_leave_a_share_its_interval() -> None:
    test = share_in_region(np.ones(5), 0.4, math.inf)
    assert test.verdict == "supported"
    assert "5 of 5 seeds" in test.reason
    assert share_in_region(np.zeros(5), 0.6, math.inf).verdict == "contradicted"
    assert share_in_region(np.ones(2), 0.01, math.inf).verdict == "inconclusive"
    assert share_in_region(np.full(5, np.nan), 0.4, math.inf).n == 0
