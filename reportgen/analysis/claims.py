"""Puts every claim of a study to the test, and corrects its pairwise comparisons for their number (Holm)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.measures import by_layer, chosen_layers, value
from reportgen.analysis.model import ClaimResult
from reportgen.analysis.statistics import ALPHA, binomial_error, holm
from reportgen.analysis.verdicts import Test, all_in_regions, in_region
from reportgen.engine.spec import STATISTICS
from reportgen.runs.record import RunRecord
from reportgen.study.claims import Claim, Where
from reportgen.study.plan import Plan
from reportgen.study.where import matching

Records = Mapping[tuple[str, int], RunRecord]
PAIRED = ("greater_than", "less_than", "same_as")


def test_claims(plan: Plan, records: Records) -> tuple[ClaimResult, ...]:
    """Return the results of a study's claims, in their order; a watermarked study has no verdicts."""
    results = [_Asked(plan, records, claim).result() for claim in plan.study.claims]
    results = _corrected(results, plan.study.claims)
    if plan.study.watermark:
        return tuple(_without_verdict(result) for result in results)
    return tuple(results)


test_claims.__test__ = False  # type: ignore[attr-defined]  # its name is not that of a pytest test


def _without_verdict(result: ClaimResult) -> ClaimResult:
    return dataclasses.replace(
        result, verdict="inconclusive", reason="a quick look gives no verdict", seeds_needed=None
    )


def _corrected(results: list[ClaimResult], claims: Sequence[Claim]) -> list[ClaimResult]:
    """Return the results with Holm's correction over the pairwise claims: what it takes back is inconclusive."""
    paired = [claim.expect.kind in PAIRED for claim in claims]
    p_values = [
        math.nan if not pair or result.p_value is None else result.p_value
        for pair, result in zip(paired, results, strict=True)
    ]
    corrected = []
    for result, adjusted in zip(results, holm(p_values), strict=True):
        if math.isnan(adjusted):
            corrected.append(result)
            continue
        changes: dict[str, object] = {"p_adjusted": adjusted}
        if result.verdict != "inconclusive" and adjusted >= ALPHA:
            reason = f"{result.reason}, but not after Holm's correction over the study's comparisons"
            changes |= {"verdict": "inconclusive", "reason": reason}
        corrected.append(dataclasses.replace(result, **changes))  # type: ignore[arg-type]
    return corrected


@dataclass(frozen=True)
class _Asked:
    """One claim with the records that it speaks of."""

    plan: Plan
    records: Records
    claim: Claim

    def result(self) -> ClaimResult:
        """Return the claim's result."""
        claim, kind = self.claim, self.claim.expect.kind
        variants = matching(self.plan.variants, claim.where)
        test, per_seed, layers = getattr(self, f"_{kind}")()
        sources = (claim.source,) if isinstance(claim.source, str) else tuple(claim.source or ())
        return ClaimResult(
            id=claim.id,
            says=claim.says,
            sources=sources,
            lecture=claim.lecture,
            required=claim.required,
            verdict=test.verdict,
            measured=test.measured,
            interval=test.interval,
            n=test.n,
            expected=self._expected(),
            metric=claim.measure.metric,
            variants=tuple(variant.id for variant in variants),
            per_seed={seed: float(v) for seed, v in per_seed.items()},
            by_layer=layers,
            method=test.method,
            p_value=test.p,
            effect_size=test.effect,
            seeds_needed=test.seeds_needed,
            reason=self._reason(test),
        )

    def _reason(self, test: Test) -> str:
        missing = len(self.plan.study.seeds) - test.n
        return (
            f"{test.reason}; {missing} of {len(self.plan.study.seeds)} seeds have no value"
            if missing > 0
            else test.reason
        )

    # What is measured -----------------------------------------------------------------------------------------------

    def _seeds(self) -> tuple[int, ...]:
        return self.plan.study.seeds

    def _values(self, where: Where) -> NDArray[np.float64]:
        """Return the measured number by seed, averaged over the variants that match, NaN where one is missing."""
        ids = [variant.id for variant in matching(self.plan.variants, where)]
        table = [[self._value(variant, seed) for variant in ids] for seed in self._seeds()]
        return np.array(table, np.float64).mean(axis=1)

    def _value(self, variant: str, seed: int) -> float:
        record = self.records.get((variant, seed))
        return math.nan if record is None or record.status == "failed" else value(record, self.claim.measure)

    def _layer_values(self) -> NDArray[np.float64]:
        """Return the statistic by seed and layer, (seeds, layers), averaged over the variants that match."""
        ids = [variant.id for variant in matching(self.plan.variants, self.claim.where)]
        rows = []
        for seed in self._seeds():
            found = [self.records.get((variant, seed)) for variant in ids]
            values = [by_layer(r, self.claim.measure) for r in found if r is not None and r.status != "failed"]
            rows.append(np.mean(values, axis=0) if len(values) == len(ids) else np.full(self._layer_count(), np.nan))
        return np.array(rows, np.float64)

    def _layer_count(self) -> int:
        return len(self._layer_numbers())

    def _layer_numbers(self) -> list[int]:
        ids = {variant.id for variant in matching(self.plan.variants, self.claim.where)}
        count = min(len(run.spec.network.layers) for run in self.plan.runs if run.variant in ids)
        return chosen_layers(self.claim.measure, count)

    def _least_error(self, values: NDArray[np.float64]) -> float:
        """Return the binomial floor of an accuracy's standard error; 0 for other metrics."""
        if not self.claim.measure.metric.endswith("accuracy"):
            return 0.0
        split = self.claim.measure.metric.split("_")[0]
        ids = {variant.id for variant in matching(self.plan.variants, self.claim.where)}
        sizes = [int(r.facts.get(f"{split}_n", 0)) for (variant, _), r in self.records.items() if variant in ids]
        return binomial_error(values[np.isfinite(values)], min(sizes, default=0))

    # The kinds of expectation ---------------------------------------------------------------------------------------

    def _region(self, low: float, high: float) -> tuple[Test, dict[int, float], tuple[()]]:
        values = self._values(self.claim.where)
        return in_region(values, low, high, self._least_error(values)), self._named(values), ()

    def _named(self, values: NDArray[np.float64]) -> dict[int, float]:
        return dict(zip(self._seeds(), values.tolist(), strict=True))

    def _below(self):  # type: ignore[no-untyped-def]
        return self._region(-math.inf, float(self.claim.expect.below or 0.0))

    def _above(self):  # type: ignore[no-untyped-def]
        return self._region(float(self.claim.expect.above or 0.0), math.inf)

    def _between(self):  # type: ignore[no-untyped-def]
        low, high = self.claim.expect.between or (-math.inf, math.inf)
        return self._region(low, high)

    def _near(self):  # type: ignore[no-untyped-def]
        near, expect = self.claim.expect.near, self.claim.expect
        rtol = 0.05 if expect.rtol is None and expect.atol is None else expect.rtol or 0.0
        reach = [None if x is None else abs(x) * rtol + (expect.atol or 0.0) for x in _as_list(near)]
        if not isinstance(near, list):
            return self._region(
                float(near or 0.0) - float(reach[0] or 0.0), float(near or 0.0) + float(reach[0] or 0.0)
            )
        columns = self._layer_values()[:, : len(near)]
        layers = self._layer_numbers()[: len(near)]
        kept = [i for i, x in enumerate(near) if x is not None]
        lows = [float(near[i] or 0.0) - float(reach[i] or 0.0) for i in kept]
        highs = [float(near[i] or 0.0) + float(reach[i] or 0.0) for i in kept]
        test = all_in_regions(columns[:, kept], lows, highs, [f"layer {layers[i]}" for i in kept])
        printed = np.array([np.nan if x is None else x for x in near])
        return self._as_deviation(test, columns, printed, layers, kept)

    def _as_deviation(self, test, columns, printed, layers, kept):  # type: ignore[no-untyped-def]
        """Say the result as the largest deviation from the printed numbers, as a fraction of them."""
        means = columns.mean(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            off = np.abs(columns - printed) / np.abs(printed)
            worst = kept[int(np.nanargmax(np.abs(means[kept] - printed[kept]) / np.abs(printed[kept])))]
        region = in_region(columns[:, worst] / printed[worst] - 1, -math.inf, math.inf)
        test = dataclasses.replace(test, measured=region.measured, interval=region.interval)
        table = tuple(
            (layer, float(mean), None if math.isnan(x) else float(x))
            for layer, mean, x in zip(layers, means, printed, strict=True)
        )
        return test, self._named(np.nanmax(off[:, kept], axis=1)), table

    def _greater_than(self):  # type: ignore[no-untyped-def]
        return self._against(self.claim.expect.greater_than or {}, 1.0)

    def _less_than(self):  # type: ignore[no-untyped-def]
        return self._against(self.claim.expect.less_than or {}, -1.0)

    def _against(self, other: Where, sign: float):  # type: ignore[no-untyped-def]
        """Compare with other variants, paired by seed: by a difference, or by a factor on the scale of logarithms."""
        a, b = self._values(self.claim.where), self._values({**self.claim.where, **other})
        factor = self.claim.expect.factor
        with np.errstate(divide="ignore", invalid="ignore"):
            if factor is not None and (a[~np.isnan(a)] > 0).all() and (b[~np.isnan(b)] > 0).all():
                test = in_region(sign * np.log(a / b), math.log(factor), math.inf, paired=True)
                return self._as_ratio(test, sign), self._named(a / b), ()
            difference = np.where(np.isinf(a) & np.isinf(b), np.nan, a - b)
        if factor is not None:
            difference = a - factor * b if sign > 0 else factor * a - b
        error = math.hypot(self._least_error(a), self._least_error(b)) if factor is None else 0.0
        test = in_region(sign * difference, self.claim.expect.by or 0.0, math.inf, error, paired=True)
        if test.verdict == "supported" and test.interval[0] == (self.claim.expect.by or 0.0) == 0.0 == test.measured:
            test = dataclasses.replace(test, verdict="contradicted", reason="the two are equal on every seed")
        return _flipped(test, sign), self._named(difference), ()

    def _as_ratio(self, test: Test, sign: float) -> Test:
        bounds = sorted(math.exp(sign * x) if math.isfinite(x) else math.nan for x in test.interval)
        measured = math.exp(sign * test.measured) if math.isfinite(test.measured) else math.nan
        return dataclasses.replace(
            test,
            measured=measured,
            interval=(bounds[0], bounds[1]),
            method=f"{test.method}, of the logarithm of the ratio, paired by seed",
        )

    def _same_as(self):  # type: ignore[no-untyped-def]
        a = self._values(self.claim.where)
        b = self._values({**self.claim.where, **(self.claim.expect.same_as or {})})
        margin = float(self.claim.expect.within or 0.0)
        error = math.hypot(self._least_error(a), self._least_error(b))
        test = in_region(a - b, -margin, margin, error, paired=True)
        return (
            dataclasses.replace(test, method=f"equivalence test by {test.method}, paired by seed"),
            self._named(a - b),
            (),
        )

    def _monotone(self):  # type: ignore[no-untyped-def]
        """Test every step from one layer, or one variant, to the next; on the scale of logarithms where positive."""
        columns, names = self._along() if self.claim.expect.along else self._over_layers()
        falls = self.claim.expect.monotone == "decreasing"
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = np.log(columns) if (columns[~np.isnan(columns)] > 0).all() else columns
            steps = np.diff(scaled, axis=1)
        count = steps.shape[1]
        lows, highs = ([-math.inf] * count, [0.0] * count) if falls else ([0.0] * count, [math.inf] * count)
        pairs = [f"{a} to {b}" for a, b in zip(names, names[1:], strict=False)]
        test = all_in_regions(steps, lows, highs, pairs)
        met = (steps < 0 if falls else steps > 0).mean(axis=1)
        share = in_region(met, -math.inf, math.inf)
        layers = (
            ()
            if self.claim.expect.along
            else tuple(
                (layer, float(mean), None)
                for layer, mean in zip(self._layer_numbers(), columns.mean(axis=0), strict=True)
            )
        )
        return dataclasses.replace(test, measured=share.measured, interval=share.interval), self._named(met), layers

    def _over_layers(self) -> tuple[NDArray[np.float64], list[str]]:
        if self.claim.measure.metric not in STATISTICS:
            return np.full((len(self._seeds()), 2), np.nan), ["", ""]
        return self._layer_values(), [f"layer {number}" for number in self._layer_numbers()]

    def _along(self) -> tuple[NDArray[np.float64], list[str]]:
        path = self.claim.expect.along or ""
        variants = matching(self.plan.variants, self.claim.where)
        labels = list(dict.fromkeys(variant.varied[path] for variant in variants))
        columns = [self._values({**self.claim.where, path: label}) for label in labels]
        return np.array(columns).T, labels

    def _expected(self) -> str:
        from reportgen.analysis.wording import expected

        return expected(self.claim)


def _flipped(test: Test, sign: float) -> Test:
    """Return the test with measured and interval as a - b whatever the direction of the claim."""
    if sign > 0:
        return dataclasses.replace(test, method=f"{test.method}, paired by seed")
    lo, hi = test.interval
    effect = None if test.effect is None else -test.effect
    return dataclasses.replace(
        test, measured=-test.measured, interval=(-hi, -lo), effect=effect, method=f"{test.method}, paired by seed"
    )


def _as_list(near: float | list[float | None] | None) -> list[float | None]:
    return near if isinstance(near, list) else [near]
