"""What claims expect, one function a kind: from the values of a claim to its test. The table is at the end."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reportgen.analysis.asked import Asked, Values, other_where
from reportgen.analysis.verdicts import Test, all_in_regions, in_region, share_in_region
from reportgen.engine.spec import STATISTICS
from reportgen.study.claims import Where

USUAL_RTOL = 0.05
"""The tolerance of `near` where the author gives none."""

Layers = tuple[tuple[int, float, float | None], ...]


@dataclass(frozen=True)
class Measured:
    """A test with the values by seed that it was made on, and means by layer where the claim speaks of layers."""

    test: Test
    per_seed: dict[int, float]
    by_layer: Layers = ()
    quantity: Literal["value", "difference", "ratio", "deviation", "share"] = "value"


def _region(asked: Asked, low: float, high: float) -> Measured:
    values = asked.values()
    if asked.is_share:
        return Measured(share_in_region(values, low, high), asked.by_seed(values))
    return Measured(in_region(values, low, high, asked.least_error(values)), asked.by_seed(values))


def below(asked: Asked) -> Measured:
    """Return whether the mean lies below the level."""
    return _region(asked, -math.inf, _number(asked.claim.expect.below))


def above(asked: Asked) -> Measured:
    """Return whether the mean lies above the level."""
    return _region(asked, _number(asked.claim.expect.above), math.inf)


def between(asked: Asked) -> Measured:
    """Return whether the mean lies between the two levels."""
    low, high = asked.claim.expect.between or (-math.inf, math.inf)
    return _region(asked, low, high)


def _number(value: float | None) -> float:
    return 0.0 if value is None else float(value)


def _reach(asked: Asked, printed: float) -> float:
    expect = asked.claim.expect
    rtol = USUAL_RTOL if expect.rtol is None and expect.atol is None else _number(expect.rtol)
    return abs(printed) * rtol + _number(expect.atol)


def near(asked: Asked) -> Measured:
    """Return whether the mean, or each layer's, lies within the tolerance of what is printed."""
    given = asked.claim.expect.near
    if not isinstance(given, list):
        printed = _number(given)
        return _region(asked, printed - _reach(asked, printed), printed + _reach(asked, printed))
    columns, layers = asked.layer_values()[:, : len(given)], asked.layer_numbers()[: len(given)]
    kept = [i for i, x in enumerate(given) if x is not None]
    printed_values = np.array([math.nan if x is None else x for x in given], np.float64)
    lows = [_number(given[i]) - _reach(asked, _number(given[i])) for i in kept]
    highs = [_number(given[i]) + _reach(asked, _number(given[i])) for i in kept]
    test = all_in_regions(columns[:, kept], lows, highs, [f"layer {layers[i]}" for i in kept])
    means = columns.mean(axis=0)
    table = tuple(
        (layer, float(mean), None if math.isnan(x) else float(x))
        for layer, mean, x in zip(layers, means, printed_values, strict=True)
    )
    return _as_deviation(asked, test, columns[:, kept], printed_values[kept], table)


def _as_deviation(asked: Asked, test: Test, columns: Values, printed: Values, table: Layers) -> Measured:
    """Say the result as the largest deviation from the printed numbers, as a fraction of them."""
    with np.errstate(divide="ignore", invalid="ignore"):
        off = columns / printed - 1
    sizes = np.abs(off.mean(axis=0))
    worst = int(np.nanargmax(sizes)) if np.isfinite(sizes).any() else 0
    there = in_region(off[:, worst], -math.inf, math.inf)
    test = dataclasses.replace(test, measured=there.measured, interval=there.interval)
    return Measured(test, asked.by_seed(off[:, worst]), table, "deviation")


def greater_than(asked: Asked) -> Measured:
    """Return whether the claim's variants lie above the others, paired by seed."""
    return _against(asked, asked.claim.expect.greater_than or {}, 1.0)


def less_than(asked: Asked) -> Measured:
    """Return whether the claim's variants lie below the others, paired by seed."""
    return _against(asked, asked.claim.expect.less_than or {}, -1.0)


def _against(asked: Asked, other: Where, sign: float) -> Measured:
    """Compare two sides paired by seed: by a difference, or by a factor on the scale of logarithms."""
    expect = asked.claim.expect
    a, b = asked.values(), asked.values(other_where(asked, other))
    if expect.factor is not None and _positive(a) and _positive(b):
        ratio = a / b
        test = in_region(sign * np.log(ratio), math.log(expect.factor), math.inf, paired=True)
        return Measured(_as_ratio(test, sign), asked.by_seed(ratio), quantity="ratio")
    with np.errstate(invalid="ignore"):
        scaled = (a, expect.factor * b) if expect.factor and sign > 0 else ((expect.factor or 1.0) * a, b)
        difference = np.where(np.isinf(scaled[0]) & np.isinf(scaled[1]), np.nan, scaled[0] - scaled[1])
    error = 0.0 if expect.factor else asked.least_paired_error(a, b)
    test = in_region(sign * difference, _number(expect.by), math.inf, error, paired=True)
    if (difference[np.isfinite(difference)] == 0).all() and test.verdict == "supported" and not expect.by:
        test = dataclasses.replace(test, verdict="contradicted", reason="the two are equal on every seed", p=None)
    return Measured(_directed(test, sign), asked.by_seed(difference), quantity="difference")


def _positive(values: Values) -> bool:
    known = values[~np.isnan(values)]
    return bool((np.isfinite(known) & (known > 0)).all())


def _as_ratio(test: Test, sign: float) -> Test:
    lo, hi = sorted(math.exp(sign * x) if math.isfinite(x) else math.nan for x in test.interval)
    measured = math.exp(sign * test.measured) if math.isfinite(test.measured) else math.nan
    method = f"{test.method}, of the logarithm of the ratio, paired by seed"
    return dataclasses.replace(test, measured=measured, interval=(lo, hi), method=method)


def _directed(test: Test, sign: float) -> Test:
    """Return the test with measured and interval as a - b, whatever the direction of the claim."""
    method = f"{test.method}, of the difference, paired by seed"
    if sign > 0:
        return dataclasses.replace(test, method=method)
    lo, hi = test.interval
    effect = None if test.effect is None else -test.effect
    return dataclasses.replace(test, measured=-test.measured, interval=(-hi, -lo), effect=effect, method=method)


def same_as(asked: Asked) -> Measured:
    """Return whether two sides differ by less than the margin, paired by seed: an equivalence test."""
    expect = asked.claim.expect
    a, b = asked.values(), asked.values(other_where(asked, expect.same_as))
    with np.errstate(invalid="ignore"):
        difference = a - b
    margin, error = _number(expect.within), asked.least_paired_error(a, b)
    test = in_region(difference, -margin, margin, error, paired=True)
    method = f"equivalence by {test.method}, of the difference, paired by seed"
    return Measured(dataclasses.replace(test, method=method), asked.by_seed(difference), quantity="difference")


def monotone(asked: Asked) -> Measured:
    """Return whether every step goes the claimed way, from one layer or one variant to the next.

    Steps are taken on the scale of logarithms where all values are positive. Measured is the share of steps, by
    seed, that go the claimed way.
    """
    expect = asked.claim.expect
    columns, names = asked.along(expect.along) if expect.along else _over_layers(asked)
    falls = expect.monotone == "decreasing"
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.diff(np.log(columns) if _positive(columns) else columns, axis=1)
    count = steps.shape[1]
    if count == 0:
        nothing = in_region(np.full(len(asked.seeds), np.nan), 0.0, 0.0)
        return Measured(
            dataclasses.replace(nothing, reason="there is only one value, and nothing to compare it with"), {}
        )
    lows, highs = ([-math.inf] * count, [0.0] * count) if falls else ([0.0] * count, [math.inf] * count)
    pairs = [f"{a} to {b}" for a, b in itertools.pairwise(names)]
    test = _without_standstill(all_in_regions(steps, lows, highs, pairs), steps, pairs)
    met = np.where(np.isnan(steps).any(axis=1), np.nan, (steps < 0 if falls else steps > 0).mean(axis=1))
    share = in_region(met, -math.inf, math.inf)
    test = dataclasses.replace(test, measured=share.measured, interval=share.interval)
    layers: Layers = ()
    if not expect.along:
        layers = tuple((n, float(m), None) for n, m in zip(asked.layer_numbers(), columns.mean(axis=0), strict=True))
    return Measured(test, asked.by_seed(met), layers, "share")


def _without_standstill(test: Test, steps: Values, pairs: Sequence[str]) -> Test:
    """Return the test, contradicted where some step is exactly none on every seed: that neither rises nor falls."""
    still = [pair for pair, step in zip(pairs, steps.T, strict=True) if (step == 0).all()]
    if test.verdict != "supported" or not still:
        return test
    return dataclasses.replace(test, verdict="contradicted", reason=f"nothing changes from {', '.join(still)}")


def _over_layers(asked: Asked) -> tuple[Values, list[str]]:
    if asked.claim.measure.metric not in STATISTICS:
        return np.full((len(asked.seeds), 2), np.nan), ["", ""]
    return asked.layer_values(), [f"layer {number}" for number in asked.layer_numbers()]


EXPECTATIONS: dict[str, Callable[[Asked], Measured]] = {
    kind.__name__: kind for kind in (below, above, between, near, greater_than, less_than, same_as, monotone)
}
"""Every kind of expectation by its name in a study file."""
