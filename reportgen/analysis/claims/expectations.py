"""The tests of the kinds of expectation, which return a verdict and the measured values of a claim."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reportgen.analysis.claims.bounds import Bounds, typical
from reportgen.analysis.claims.claim_data import ClaimData, Values, other_where
from reportgen.analysis.claims.reference import theory_by_layer, theory_by_seed
from reportgen.analysis.claims.tolerances import number_or_0, tolerance
from reportgen.analysis.claims.verdicts import Test, all_in_regions, in_bounds, in_region, listed, share_in_region
from reportgen.analysis.statistics import magnitude
from reportgen.languages.translate import N_

_LAYER = N_("layer {number}")

LOGARITHMS = 1.0
"""The magnitude of rounded logarithms: the rounding error of a logarithm is the relative error of the ratio."""

Quantity = Literal["value", "difference", "ratio", "deviation", "share"]
Layers = tuple[tuple[int, float, float | None], ...]


@dataclass(frozen=True)
class Measured:
    """The result of a test with the tested values.

    Attributes
    ----------
    per_seed : the tested value of each seed.
    by_layer : layer, mean and printed number of each layer, for claims about layers.
    reference : the theoretical value that the claim is compared with.
    at_layer : the layer with the largest deviation.
    tolerances : the allowed distance from the printed number, in the order of `by_layer`; None without a number.
    side_values : the two values of a ratio, averaged over seeds as the ratio is.
    """

    test: Test
    per_seed: dict[int, float]
    by_layer: Layers = ()
    quantity: Quantity = "value"
    reference: float | None = None
    at_layer: int | None = None
    tolerances: tuple[float | None, ...] = ()
    side_values: tuple[float, ...] = ()


def mean_within(data: ClaimData, low: float, high: float) -> Measured:
    """Test whether the mean over seeds is between two levels, which may be infinite."""
    values = data.bounds()
    if data.claim.measure.relative_to is not None:
        return _ratio_in_region(data, values, low, high)
    if data.is_share:
        return Measured(share_in_region(values.lo, low, high), data.by_seed(values.lo))
    error = data.standard_error(values.shown, data.least_error(values.shown))
    test = in_bounds(values, low, high, error)
    return Measured(test, data.by_seed(values.shown))


def _ratio_in_region(data: ClaimData, ratio: Bounds, low: float, high: float) -> Measured:
    """Test a ratio; positive ratios are tested by their logarithms, so that a ratio and its inverse are equivalent."""
    per_seed, sides = data.by_seed(ratio.shown), typical(*data.halves())
    if not ratio.positive or high <= 0:
        test = in_bounds(ratio, low, high, data.standard_error(ratio.shown), magnitude(ratio.shown))
        return Measured(test, per_seed, quantity="ratio", side_values=sides)
    ends = math.log(low) if low > 0 else -math.inf, math.log(high)
    logs = ratio.log()
    test = in_bounds(logs, *ends, data.standard_error(logs.shown), LOGARITHMS)
    return Measured(_as_ratio(test, 1.0), per_seed, quantity="ratio", side_values=sides)


def below(data: ClaimData) -> Measured:
    """Test whether the mean is below the level."""
    return mean_within(data, -math.inf, data.claim.expect.value)


def above(data: ClaimData) -> Measured:
    """Test whether the mean is above the level."""
    return mean_within(data, data.claim.expect.value, math.inf)


def between(data: ClaimData) -> Measured:
    """Test whether the mean is between the two levels."""
    low, high = data.claim.expect.value
    return mean_within(data, low, high)


def near(data: ClaimData) -> Measured:
    """Test whether the mean, or the mean of each layer, is within the tolerance of the printed number or of theory."""
    expect, value = data.claim.expect, data.claim.expect.value
    if expect.row.theory(expect):
        return _near_theory(data) if _one_layer(data) else _near_theory_by_layer(data)
    if not expect.row.by_layer(expect):
        printed = number_or_0(value)
        margin = tolerance(expect, printed)
        return mean_within(data, printed - margin, printed + margin)
    layers = data.layer_numbers()
    unprinted = [None] * (len(layers) - len(value))
    return _near_by_layer(data, data.layer_values(), layers, [*value, *unprinted])


def _one_layer(data: ClaimData) -> bool:
    measure = data.claim.measure
    return data.metric.by_layer is None or measure.reduce is not None or len(data.layer_numbers()) == 1


def _near_theory(data: ClaimData) -> Measured:
    """Compare one number with theory; the deviation of each seed is from the theoretical value for this seed."""
    expected, values = theory_by_seed(data), data.values()
    reference = float(expected[np.isfinite(expected)].mean()) if np.isfinite(expected).any() else math.nan
    if math.isnan(reference):
        return Measured(_no_theory(data), {})
    margin = tolerance(data.claim.expect, reference)
    test = in_region(values - expected + reference, reference - margin, reference + margin, data.least_error(values))
    return Measured(test, data.by_seed(values), reference=reference)


def _near_theory_by_layer(data: ClaimData) -> Measured:
    expected, columns = theory_by_layer(data), data.layer_values()
    known = np.isfinite(expected).all(axis=1)
    if not known.any():
        return Measured(_no_theory(data), {})
    means = expected[known].mean(axis=0)
    return _near_by_layer(data, columns - expected + means, data.layer_numbers(), list(means))


def _no_theory(data: ClaimData) -> Test:
    empty = in_region(np.full(len(data.seeds), np.nan), 0.0, 0.0)
    return dataclasses.replace(empty, reason=N_("theory makes no prediction for this network"))


def _near_by_layer(
    data: ClaimData, columns: Values, layers: Sequence[int], numbers: Sequence[float | None]
) -> Measured:
    """Test whether each layer with a number is within the tolerance of this number."""
    numbered = [i for i, x in enumerate(numbers) if x is not None]
    printed = np.array([number_or_0(numbers[i]) for i in numbered], np.float64)
    margins = np.array([tolerance(data.claim.expect, x) for x in printed])
    names = [_LAYER.format(number=layers[i]) for i in numbered]
    test = all_in_regions(columns[:, numbered], list(printed - margins), list(printed + margins), names)
    means = columns.mean(axis=0)
    table = tuple(
        (layer, float(mean), None if x is None else float(x))
        for layer, mean, x in zip(layers, means, numbers, strict=True)
    )
    measured = _as_deviation(data, test, columns[:, numbered], printed, table)
    tolerances = tuple(None if x is None else tolerance(data.claim.expect, float(x)) for x in numbers)
    return dataclasses.replace(measured, tolerances=tolerances)


def _as_deviation(data: ClaimData, test: Test, columns: Values, printed: Values, table: Layers) -> Measured:
    """Return the result as the largest relative deviation from the printed numbers, with its layer."""
    with np.errstate(divide="ignore", invalid="ignore"):
        deviations = columns / printed - 1
    sizes = np.abs(deviations.mean(axis=0))
    known = np.isfinite(sizes)
    worst = int(np.where(known, sizes, -1.0).argmax())
    largest = in_region(deviations[:, worst], -math.inf, math.inf)
    test = dataclasses.replace(test, measured=largest.measured, interval=largest.interval)
    layer = [number for number, _, x in table if x is not None][worst] if known.any() else None
    return Measured(test, data.by_seed(deviations[:, worst]), table, "deviation", at_layer=layer)


def comparison(data: ClaimData) -> Measured:
    """Test whether one side is greater or less than the other, paired by seed.

    The test uses the difference, or the logarithm of the ratio if the claim expects a factor.
    """
    expect, sign = data.claim.expect, float(data.claim.expect.row.direction)
    least, least_ratio = expect.get("by"), expect.get("factor")
    a, b = data.bounds(), data.bounds(other_where(data, expect.other))
    if least_ratio is not None and a.positive and b.positive:
        return _by_factor(data, a, b, least_ratio, sign)
    factor = least_ratio or 1.0
    difference = a.minus(b.times(factor)) if sign > 0 else a.times(factor).minus(b)
    floor = 0.0 if least_ratio else data.least_paired_error(a.shown, b.shown)
    error = data.standard_error(difference.shown, floor)
    compared = max(1.0, factor) * magnitude(a.shown, b.shown)
    test = in_bounds(difference.times(sign), number_or_0(least), math.inf, error, compared)
    shown = difference.shown
    if (shown[np.isfinite(shown)] == 0).all() and test.verdict == "supported" and not least:
        test = dataclasses.replace(
            test, verdict="contradicted", reason=N_("both sides are equal for every seed"), p=None
        )
    return Measured(_directed(test, sign), data.by_seed(shown), quantity="difference")


def _by_factor(data: ClaimData, a: Bounds, b: Bounds, factor: float, sign: float) -> Measured:
    """Compare two sides by the logarithm of their ratio."""
    ratio = a.over(b)
    logs = ratio.log().times(sign)
    error = data.standard_error(logs.shown, data.least_ratio_error(a.shown, b.shown))
    test = in_bounds(logs, math.log(factor), math.inf, error, LOGARITHMS)
    return Measured(_as_ratio(test, sign), data.by_seed(ratio.shown), quantity="ratio", side_values=typical(a, b))


def _as_ratio(test: Test, sign: float) -> Test:
    lo, hi = sorted(math.exp(sign * x) if math.isfinite(x) else math.nan for x in test.interval)
    measured = math.nan if math.isnan(test.measured) else float(np.exp(sign * test.measured))
    return dataclasses.replace(test, measured=measured, interval=(lo, hi), method=test.method_of("ratio"))


def _directed(test: Test, sign: float) -> Test:
    """Return the test with `measured` and `interval` of the difference a - b, for both directions of the claim."""
    method = test.method_of("difference")
    if sign > 0:
        return dataclasses.replace(test, method=method)
    lo, hi = test.interval
    effect = None if test.effect is None else -test.effect
    return dataclasses.replace(
        test, measured=0.0 - test.measured, interval=(0.0 - hi, 0.0 - lo), effect=effect, method=method
    )


def same_as(data: ClaimData) -> Measured:
    """Test whether two sides differ by less than the margin, by an equivalence test paired by seed."""
    expect = data.claim.expect
    a, b = data.bounds(), data.bounds(other_where(data, expect.other))
    difference = a.minus(b)
    margin, floor = number_or_0(expect.get("within")), data.least_paired_error(a.shown, b.shown)
    error = data.standard_error(difference.shown, floor)
    test = in_bounds(difference, -margin, margin, error, magnitude(a.shown, b.shown))
    method = test.method_of("equivalence")
    return Measured(dataclasses.replace(test, method=method), data.by_seed(difference.shown), quantity="difference")


def monotone(data: ClaimData) -> Measured:
    """Test whether the values increase, or decrease, in every step from one layer or variant to the next.

    If all values are positive, the steps are differences of logarithms. The measured value of a seed is its share of
    steps in the claimed direction.
    """
    along = data.claim.expect.get("along")
    columns, names = data.along(along) if along else _over_layers(data)
    falls = data.claim.expect.value == "decreasing"
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.diff(np.log(columns) if Bounds.known(columns).positive else columns, axis=1)
    count = steps.shape[1]
    if count == 0:
        empty = in_region(np.full(len(data.seeds), np.nan), 0.0, 0.0)
        return Measured(
            dataclasses.replace(empty, reason=N_("there is only one value, so there is nothing to compare")), {}
        )
    lows, highs = ([-math.inf] * count, [0.0] * count) if falls else ([0.0] * count, [math.inf] * count)
    pairs = [f"{a} to {b}" for a, b in itertools.pairwise(names)]
    test = _in_words(all_in_regions(steps, lows, highs, pairs), steps, pairs, falls)
    test = _without_constant_steps(test, steps, pairs)
    met = np.where(np.isnan(steps).any(axis=1), np.nan, (steps < 0 if falls else steps > 0).mean(axis=1))
    share = in_region(met, -math.inf, math.inf)
    test = dataclasses.replace(test, measured=share.measured, interval=share.interval)
    layers: Layers = ()
    if not along:
        layers = tuple((n, float(m), None) for n, m in zip(data.layer_numbers(), columns.mean(axis=0), strict=True))
    return Measured(test, data.by_seed(met), layers, "share")


_FELL, _ROSE = N_("the mean fell from {places}"), N_("the mean rose from {places}")
_FELL_REST = N_("the mean fell from {places}, and rose in the other {count} of {total} steps")
_ROSE_REST = N_("the mean rose from {places}, and fell in the other {count} of {total} steps")
"""Reasons of claims about rising and falling values."""


def _in_words(test: Test, steps: Values, pairs: Sequence[str], falls: bool) -> Test:
    """Return the test with a reason that names the steps in the wrong direction, if it is contradicted."""
    means = steps.mean(axis=0) * (-1 if falls else 1)
    met, against = int((means > 0).sum()), [pair for pair, mean in zip(pairs, means, strict=True) if mean < 0]
    if test.verdict != "contradicted" or not against:
        return test
    fell, rose = (_FELL_REST, _ROSE_REST) if met else (_FELL, _ROSE)
    reason = (rose if falls else fell).format(places=listed(against), count=met, total=len(pairs))
    return dataclasses.replace(test, reason=reason)


def _without_constant_steps(test: Test, steps: Values, pairs: Sequence[str]) -> Test:
    """Return the test, contradicted if the value does not change at all in some step for every seed."""
    constant = [pair for pair, step in zip(pairs, steps.T, strict=True) if (step == 0).all()]
    if test.verdict != "supported" or not constant:
        return test
    return dataclasses.replace(
        test,
        verdict="contradicted",
        reason=N_("the value does not change from {places}").format(places=", ".join(constant)),
    )


def _over_layers(data: ClaimData) -> tuple[Values, list[str]]:
    if data.metric.by_layer is None:
        return np.full((len(data.seeds), 2), np.nan), ["", ""]
    return data.layer_values(), [_LAYER.format(number=number) for number in data.layer_numbers()]
