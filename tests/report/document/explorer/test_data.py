"""The data of the explorer: what the script of the page shows is what the records hold."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict

import numpy as np
import pytest

from reportgen.report.document.explorer.data import BINS, LEVELS, MOST_PROBES, MOST_VARIANTS, explorer
from reportgen.report.document.explorer.lines import Line
from tests.figures.examples import record, summary

LINES = defaultdict(lambda: Line("blue", "", False))
"""The same line for every variant."""


def rows(count: int = 2, epochs: int = 3):
    return [summary(f"variant {k}", [record(seed, 4, epochs) for seed in (0, 1)]) for k in range(count)]


def test_values_are_means_over_seeds_by_probe_and_layer() -> None:
    variants = rows()
    found = explorer(variants, LINES)
    assert found is not None
    one = found.values["series"][0]
    expected = np.mean([r.statistic("activation_std") for r in variants[0].records], axis=0)
    assert (one["label"], one["steps"], one["layers"]) == ("variant 0", [0, 10, 20], 4)
    assert np.array(one["values"]["activation_std"]) == pytest.approx(expected, rel=1e-3)


def test_a_statistic_that_no_variant_has_is_left_out_and_missing_values_are_null() -> None:
    found = explorer(rows(), LINES)
    assert found is not None
    names = [row["name"] for row in found.values["statistics"]]
    assert "activation_std" in names
    assert "bn_gamma_mean" not in names
    assert found.values["series"][0]["values"]["update_ratio"][0] == [None] * 4
    json.dumps(found.values, allow_nan=False)


def test_histograms_are_pooled_over_seeds_in_bins_relative_to_the_highest_of_a_layer() -> None:
    variants = rows()
    found = explorer(variants, LINES)
    assert found is not None
    shown = found.values["series"][0]["histograms"]["activation"]
    counts = sum(r.arrays["probe_activation_histogram"] for r in variants[0].records)[:, 1]
    assert counts.shape[1] <= BINS  # no bins are merged
    expected = np.round(counts / counts.max() * (len(LEVELS) - 1))
    heights = [[LEVELS.index(sign) for sign in probe[1]] for probe in shown["bins"]]
    assert np.array(heights) == pytest.approx(expected)
    assert shown["ends"][1] == [-1.0, 1.0]


def test_bins_are_merged_to_bins_of_equal_width() -> None:
    """The histogram of gradients has 72 bins, merged in pairs; each drawn bin then has the same width."""
    variants = rows()
    found = explorer(variants, LINES)
    assert found is not None
    shown = found.values["series"][0]["histograms"]["gradient"]
    counts = sum(r.arrays["probe_gradient_histogram"] for r in variants[0].records)[:, 0].reshape(3, 36, 2).sum(axis=2)
    heights = [[LEVELS.index(sign) for sign in probe[0]] for probe in shown["bins"]]
    assert np.array(heights) == pytest.approx(np.round(counts / counts.max() * (len(LEVELS) - 1)))


def test_many_variants_are_limited_and_counted() -> None:
    found = explorer(rows(MOST_VARIANTS + 3, epochs=0), LINES)
    assert found is not None
    assert (len(found.values["series"]), found.left_out, found.probes) == (MOST_VARIANTS, 3, 1)


def test_many_probes_are_thinned_with_the_first_and_the_last() -> None:
    one = record(0, 3, 1)
    many = np.arange(0, 500, 5)
    for name, values in one.arrays.items():
        if name.startswith("probe_") and name != "probe_unit_dead":
            one.arrays[name] = many if name == "probe_step" else np.repeat(values[:1], len(many), axis=0)
    found = explorer([summary("a", [one])], LINES)
    assert found is not None
    steps = found.values["series"][0]["steps"]
    assert (len(steps), steps[0], steps[-1]) == (MOST_PROBES, 0, 495)
    assert set(steps) <= set(many.tolist())


def test_without_probes_there_is_no_explorer() -> None:
    bare = record(0, 3, 1)
    del bare.arrays["probe_step"]
    assert explorer([summary("a", [bare])], LINES) is None


def test_a_run_with_fewer_probes_counts_only_at_its_own() -> None:
    longer, other = record(0, 4, 3), record(1, 4, 3)
    arrays = {name: each[:2] if name.startswith("probe_") else each for name, each in other.arrays.items()}
    found = explorer([summary("variant", [longer, dataclasses.replace(other, arrays=arrays)])], LINES)
    assert found is not None
    one, (first, second) = found.values["series"][0], [r.statistic("activation_std") for r in (longer, other)]
    expected = [*(first[:2] + second[:2]) / 2, first[2]]
    assert one["steps"] == [0, 10, 20]
    assert np.array(one["values"]["activation_std"]) == pytest.approx(np.array(expected), rel=1e-3)
