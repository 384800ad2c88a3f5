"""The tests of the kinds of expectation: from the values of a claim to what was measured and its verdict."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reportgen.analysis.claims.bounds import Bounds
from reportgen.analysis.claims.claim_data import ClaimData, Values, other_where
from reportgen.analysis.claims.reference import theory_by_layer, theory_by_seed
from reportgen.analysis.claims.tolerances import number_or_0, tolerance
from reportgen.analysis.claims.verdicts import Test, all_in_regions, in_bounds, in_region, listed, share_in_region
from reportgen.analysis.statistics import magnitude

LOGARITHMS = 1.0
"""The magnitude at which logarithms are rounded: that of a ratio's own relative rounding error."""

Quantity = Literal["value", "difference", "ratio", "deviation", "share"]
Layers = tuple[tuple[int, float, float | None], ...]


@dataclass(frozen=True)
class Measured:
    """A test with the values by seed that it was made on, and means by layer where the claim speaks of layers.

    at_layer: the layer of the largest deviation, where that was measured. tolerances: by layer, as `by_layer` is, how
    far the mean may be from the given number; None where no number is given.
    """

    test: Test
    per_seed: dict[int, float]
    by_layer: Layers = ()
    quantity: Quantity = "value"
    reference: float | None = None
    at_layer: int | None = None
    tolerances: tuple[float | None, ...] = ()


def mean_within(asked: ClaimData, low: float, high: float) -> Measured:
    """Return whether the mean over seeds lies between two levels, which may be infinite."""
    values = asked.bounds()
    if asked.claim.measure.relative_to is not None:
        return _ratio_in_region(asked, values, low, high)
    if asked.is_share:
        return Measured(share_in_region(values.lo, low, high), asked.by_seed(values.lo))
    error = asked.standard_error(values.shown, asked.least_error(values.shown))
    test = in_bounds(values, low, high, error)
    return Measured(test, asked.by_seed(values.shown))


def _ratio_in_region(asked: ClaimData, ratio: Bounds, low: float, high: float) -> Measured:
    """Test a ratio, on the scale of logarithms where all are positive: a ratio and its inverse are equals there."""
    per_seed = asked.by_seed(ratio.shown)
    if not ratio.positive or high <= 0:
        test = in_bounds(ratio, low, high, asked.standard_error(ratio.shown), magnitude(ratio.shown))
        return Measured(test, per_seed, quantity="ratio")
    ends = math.log(low) if low > 0 else -math.inf, math.log(high)
    logs = ratio.log()
    test = in_bounds(logs, *ends, asked.standard_error(logs.shown), LOGARITHMS)
    return Measured(_as_ratio(test, 1.0), per_seed, quantity="ratio")


def below(asked: ClaimData) -> Measured:
    """Return whether the mean lies below the level."""
    return mean_within(asked, -math.inf, asked.claim.expect.value)


def above(asked: ClaimData) -> Measured:
    """Return whether the mean lies above the level."""
    return mean_within(asked, asked.claim.expect.value, math.inf)


def between(asked: ClaimData) -> Measured:
    """Return whether the mean lies between the two levels."""
    low, high = asked.claim.expect.value
    return mean_within(asked, low, high)


def near(asked: ClaimData) -> Measured:
    """Return whether the mean, or each layer's, lies within the tolerance of what is printed."""
    expect, given = asked.claim.expect, asked.claim.expect.value
    if expect.row.theory(expect):
        return _near_theory(asked) if _one_layer(asked) else _near_theory_by_layer(asked)
    if not expect.row.by_layer(expect):
        printed = number_or_0(given)
        reach = tolerance(expect, printed)
        return mean_within(asked, printed - reach, printed + reach)
    layers = asked.layer_numbers()
    unprinted = [None] * (len(layers) - len(given))
    return _near_by_layer(asked, asked.layer_values(), layers, [*given, *unprinted])


def _one_layer(asked: ClaimData) -> bool:
    measure = asked.claim.measure
    return asked.metric.by_layer is None or measure.reduce is not None or len(asked.layer_numbers()) == 1


def _near_theory(asked: ClaimData) -> Measured:
    """Hold one number against theory: each seed's deviation is taken from what theory expects of that seed."""
    expected, values = theory_by_seed(asked), asked.values()
    reference = float(expected[np.isfinite(expected)].mean()) if np.isfinite(expected).any() else math.nan
    if math.isnan(reference):
        return Measured(_no_theory(asked), {})
    reach = tolerance(asked.claim.expect, reference)
    test = in_region(values - expected + reference, reference - reach, reference + reach, asked.least_error(values))
    return Measured(test, asked.by_seed(values), reference=reference)


def _near_theory_by_layer(asked: ClaimData) -> Measured:
    expected, columns = theory_by_layer(asked), asked.layer_values()
    known = np.isfinite(expected).all(axis=1)
    if not known.any():
        return Measured(_no_theory(asked), {})
    means = expected[known].mean(axis=0)
    return _near_by_layer(asked, columns - expected + means, asked.layer_numbers(), list(means))


def _no_theory(asked: ClaimData) -> Test:
    nothing = in_region(np.full(len(asked.seeds), np.nan), 0.0, 0.0)
    return dataclasses.replace(nothing, reason="theory does not speak of this network")


def _near_by_layer(asked: ClaimData, columns: Values, layers: Sequence[int], given: Sequence[float | None]) -> Measured:
    """Return whether each layer that has a number lies within the tolerance of it."""
    kept = [i for i, x in enumerate(given) if x is not None]
    printed = np.array([number_or_0(given[i]) for i in kept], np.float64)
    reach = np.array([tolerance(asked.claim.expect, x) for x in printed])
    names = [f"layer {layers[i]}" for i in kept]
    test = all_in_regions(columns[:, kept], list(printed - reach), list(printed + reach), names)
    means = columns.mean(axis=0)
    table = tuple(
        (layer, float(mean), None if x is None else float(x))
        for layer, mean, x in zip(layers, means, given, strict=True)
    )
    found = _as_deviation(asked, test, columns[:, kept], printed, table)
    return dataclasses.replace(
        found, tolerances=tuple(None if x is None else tolerance(asked.claim.expect, float(x)) for x in given)
    )


def _as_deviation(asked: ClaimData, test: Test, columns: Values, printed: Values, table: Layers) -> Measured:
    """Say the result as the largest deviation from the printed numbers, as a fraction of them, and its layer."""
    with np.errstate(divide="ignore", invalid="ignore"):
        off = columns / printed - 1
    sizes = np.abs(off.mean(axis=0))
    known = np.isfinite(sizes)
    worst = int(np.where(known, sizes, -1.0).argmax())
    there = in_region(off[:, worst], -math.inf, math.inf)
    test = dataclasses.replace(test, measured=there.measured, interval=there.interval)
    layer = [number for number, _, x in table if x is not None][worst] if known.any() else None
    return Measured(test, asked.by_seed(off[:, worst]), table, "deviation", at_layer=layer)


def comparison(asked: ClaimData) -> Measured:
    """Compare two sides in the direction of the kind, paired by seed.

    They are compared by a difference, or by a factor on the scale of logarithms.
    """
    expect, sign = asked.claim.expect, float(asked.claim.expect.row.direction)
    least, least_ratio = expect.get("by"), expect.get("factor")
    a, b = asked.bounds(), asked.bounds(other_where(asked, expect.other))
    if least_ratio is not None and a.positive and b.positive:
        return _by_factor(asked, a, b, least_ratio, sign)
    factor = least_ratio or 1.0
    difference = a.minus(b.times(factor)) if sign > 0 else a.times(factor).minus(b)
    floor = 0.0 if least_ratio else asked.least_paired_error(a.shown, b.shown)
    error = asked.standard_error(difference.shown, floor)
    compared = max(1.0, factor) * magnitude(a.shown, b.shown)
    test = in_bounds(difference.times(sign), number_or_0(least), math.inf, error, compared)
    shown = difference.shown
    if (shown[np.isfinite(shown)] == 0).all() and test.verdict == "supported" and not least:
        test = dataclasses.replace(test, verdict="contradicted", reason="the two are equal on every seed", p=None)
    return Measured(_directed(test, sign), asked.by_seed(shown), quantity="difference")


def _by_factor(asked: ClaimData, a: Bounds, b: Bounds, factor: float, sign: float) -> Measured:
    """Compare two sides by their ratio, on the scale of logarithms."""
    ratio = a.over(b)
    logs = ratio.log().times(sign)
    error = asked.standard_error(logs.shown, asked.least_ratio_error(a.shown, b.shown))
    test = in_bounds(logs, math.log(factor), math.inf, error, LOGARITHMS)
    return Measured(_as_ratio(test, sign), asked.by_seed(ratio.shown), quantity="ratio")


def _as_ratio(test: Test, sign: float) -> Test:
    lo, hi = sorted(math.exp(sign * x) if math.isfinite(x) else math.nan for x in test.interval)
    measured = math.nan if math.isnan(test.measured) else float(np.exp(sign * test.measured))
    method = f"{test.method}, of the logarithm of the ratio, paired by seed"
    return dataclasses.replace(test, measured=measured, interval=(lo, hi), method=method)


def _directed(test: Test, sign: float) -> Test:
    """Return the test with measured and interval as a - b, whatever the direction of the claim."""
    method = f"{test.method}, of the difference, paired by seed"
    if sign > 0:
        return dataclasses.replace(test, method=method)
    lo, hi = test.interval
    effect = None if test.effect is None else -test.effect
    return dataclasses.replace(
        test, measured=0.0 - test.measured, interval=(0.0 - hi, 0.0 - lo), effect=effect, method=method
    )


def same_as(asked: ClaimData) -> Measured:
    """Return whether two sides differ by less than the margin, paired by seed: an equivalence test."""
    expect = asked.claim.expect
    a, b = asked.bounds(), asked.bounds(other_where(asked, expect.other))
    difference = a.minus(b)
    margin, floor = number_or_0(expect.get("within")), asked.least_paired_error(a.shown, b.shown)
    error = asked.standard_error(difference.shown, floor)
    test = in_bounds(difference, -margin, margin, error, magnitude(a.shown, b.shown))
    method = f"equivalence by {test.method}, of the difference, paired by seed"
    return Measured(dataclasses.replace(test, method=method), asked.by_seed(difference.shown), quantity="difference")


def monotone(asked: ClaimData) -> Measured:
    """Return whether every step goes the claimed way, from one layer or one variant to the next.

    Steps are taken on the scale of logarithms where all values are positive. Measured is the share of steps, by
    seed, that go the claimed way.
    """
    along = asked.claim.expect.get("along")
    columns, names = asked.along(along) if along else _over_layers(asked)
    falls = asked.claim.expect.value == "decreasing"
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.diff(np.log(columns) if Bounds.known(columns).positive else columns, axis=1)
    count = steps.shape[1]
    if count == 0:
        nothing = in_region(np.full(len(asked.seeds), np.nan), 0.0, 0.0)
        return Measured(
            dataclasses.replace(nothing, reason="there is only one value, and nothing to compare it with"), {}
        )
    lows, highs = ([-math.inf] * count, [0.0] * count) if falls else ([0.0] * count, [math.inf] * count)
    pairs = [f"{a} to {b}" for a, b in itertools.pairwise(names)]
    test = _in_words(all_in_regions(steps, lows, highs, pairs), steps, pairs, falls)
    test = _without_standstill(test, steps, pairs)
    met = np.where(np.isnan(steps).any(axis=1), np.nan, (steps < 0 if falls else steps > 0).mean(axis=1))
    share = in_region(met, -math.inf, math.inf)
    test = dataclasses.replace(test, measured=share.measured, interval=share.interval)
    layers: Layers = ()
    if not along:
        layers = tuple((n, float(m), None) for n, m in zip(asked.layer_numbers(), columns.mean(axis=0), strict=True))
    return Measured(test, asked.by_seed(met), layers, "share")


def _in_words(test: Test, steps: Values, pairs: Sequence[str], falls: bool) -> Test:
    """Return the test, which, where it is contradicted, says in words where the mean goes the other way."""
    means = steps.mean(axis=0) * (-1 if falls else 1)
    met, against = int((means > 0).sum()), [pair for pair, mean in zip(pairs, means, strict=True) if mean < 0]
    if test.verdict != "contradicted" or not against:
        return test
    asked, other = ("fell", "rose") if falls else ("rose", "fell")
    rest = f"; at the other {met} of {len(pairs)} steps it {asked}" if met else ""
    return dataclasses.replace(test, reason=f"it {other} from {listed(against)}{rest}")


def _without_standstill(test: Test, steps: Values, pairs: Sequence[str]) -> Test:
    """Return the test, contradicted where some step is exactly none on every seed: that neither rises nor falls."""
    still = [pair for pair, step in zip(pairs, steps.T, strict=True) if (step == 0).all()]
    if test.verdict != "supported" or not still:
        return test
    return dataclasses.replace(test, verdict="contradicted", reason=f"nothing changes from {', '.join(still)}")


def _over_layers(asked: ClaimData) -> tuple[Values, list[str]]:
    if asked.metric.by_layer is None:
        return np.full((len(asked.seeds), 2), np.nan), ["", ""]
    return asked.layer_values(), [f"layer {number}" for number in asked.layer_numbers()]
