"""One claim with the records that it speaks of: the values that it tests, by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.ensembles import ensemble_by_seed
from reportgen.analysis.measures import by_layer, chosen_layers, value
from reportgen.analysis.statistics import binomial_error, paired_error
from reportgen.runs.record import RunRecord
from reportgen.study.claims import Claim, Where
from reportgen.study.ensembles import ENSEMBLE_METRICS
from reportgen.study.plan import Plan, Variant
from reportgen.study.where import matching

Values = NDArray[np.float64]
Records = Mapping[tuple[str, int], RunRecord]

SHARES = ("diverged", "stopped")
"""Metrics that say of each run whether it is one of those, so that their mean is a share of runs."""

TESTS_GIVEN = ("mnist", "fashion_mnist", "cifar10")
"""Data sets published with a test split, which all seeds share."""


@dataclass(frozen=True)
class Asked:
    """A claim put to a study's records; runs that failed or are missing give no value."""

    plan: Plan
    records: Records
    claim: Claim

    @property
    def seeds(self) -> tuple[int, ...]:
        """The study's seeds, in the order of all values here."""
        return self.plan.study.seeds

    def variants(self, where: Where | None = None) -> list[Variant]:
        """Return the variants of `where`, those of the claim by default."""
        return matching(self.plan.variants, self.claim.where if where is None else where)

    def values(self, where: Where | None = None) -> Values:
        """Return the measured number by seed, averaged over the variants of `where`; NaN where one is missing."""
        ids = [variant.id for variant in self.variants(where)]
        if self.claim.measure.metric in ENSEMBLE_METRICS:
            return np.array([self._of_ensemble(variant) for variant in ids]).mean(axis=0)  # type: ignore[no-any-return]
        table = np.array([[self._value(variant, seed) for variant in ids] for seed in self.seeds], np.float64)
        means: Values = table.mean(axis=1)
        return means

    def _of_ensemble(self, variant: str) -> Values:
        found = [record for seed in self.seeds if (record := self._record(variant, seed)) is not None]
        by_seed = ensemble_by_seed(found, gain=self.claim.measure.metric == "ensemble_val_gain")
        return np.array([by_seed.get(seed, math.nan) for seed in self.seeds])

    def _value(self, variant: str, seed: int) -> float:
        record = self._record(variant, seed)
        return math.nan if record is None else value(record, self.claim.measure)

    def _record(self, variant: str, seed: int) -> RunRecord | None:
        record = self.records.get((variant, seed))
        return None if record is None or record.status == "failed" else record

    def layer_numbers(self) -> list[int]:
        """Return the layers, from 1, that the claim speaks of, in the shallowest of its networks."""
        ids = {variant.id for variant in self.variants()}
        count = min(len(run.spec.network.layers) for run in self.plan.runs if run.variant in ids)
        return chosen_layers(self.claim.measure, count)

    def layer_values(self) -> Values:
        """Return the statistic by seed and layer, (seeds, layers), averaged over the claim's variants."""
        ids, count = [variant.id for variant in self.variants()], len(self.layer_numbers())
        rows = []
        for seed in self.seeds:
            found = [record for variant in ids if (record := self._record(variant, seed)) is not None]
            values = [by_layer(record, self.claim.measure)[:count] for record in found]
            rows.append(np.mean(values, axis=0) if len(values) == len(ids) else np.full(count, np.nan))
        return np.array(rows, np.float64)

    @property
    def is_share(self) -> bool:
        """Whether the claim is on a share of runs, such as those that diverged."""
        return self.claim.measure.metric in SHARES

    def least_error(self, values: Values) -> float:
        """Return the floor that examples, or runs, set to a standard error of shares; 0 for other metrics."""
        return binomial_error(values[np.isfinite(values)], self._examples())

    def least_paired_error(self, a: Values, b: Values) -> float:
        """Return the same floor for the difference of two sides, paired by seed.

        Where all seeds are scored on one split, its luck is in no spread between seeds: the sides then count as
        scored on examples of their own, which overstates the error.
        """
        if not self.is_share and self._one_split():
            return math.hypot(self.least_error(a), self.least_error(b))
        known = (a - b)[np.isfinite(a) & np.isfinite(b)]
        return paired_error(float(known.mean()), self._examples(), known.size) if known.size else 0.0

    def _examples(self) -> int:
        """Return how many examples a seed's score is a share of; 0 where it is no share of a sample.

        The training split is no sample: it is all that there is to fit.
        """
        if self.is_share:
            return 1
        _, _, split = self.claim.measure.metric.removesuffix("_accuracy").rpartition("_")
        if split not in ("val", "test") or not self.claim.measure.metric.endswith("accuracy"):
            return 0
        ids = {variant.id for variant in self.variants()}
        found = [r.facts.get(f"{split}_n", 0) for (variant, _), r in self.records.items() if variant in ids]
        return int(min(found, default=0))

    def _one_split(self) -> bool:
        given = ("npz", *(TESTS_GIVEN if "test_" in self.claim.measure.metric else ()))
        data = {run.spec.data for run in self.plan.runs}
        return any(spec.seed is not None or not spec.shuffle or spec.source.name in given for spec in data)

    def outcomes(self, status: str) -> tuple[int, int]:
        """Return how many of the runs on both sides of the claim ended so, and of how many."""
        expect = self.claim.expect
        other = expect.greater_than or expect.less_than or expect.same_as
        sides = [self.claim.where, other_where(self, other)] if other else [self.claim.where]
        ids = {variant.id for where in sides for variant in self.variants(where)}
        found = [record.status for (variant, _), record in self.records.items() if variant in ids]
        return found.count(status), len(found)

    def by_seed(self, values: Values) -> dict[int, float]:
        """Return values by seed."""
        return dict(zip(self.seeds, (float(x) for x in values), strict=True))

    def along(self, path: str) -> tuple[Values, list[str]]:
        """Return the values by seed and label of a varied path, (seeds, labels), and the labels in their order."""
        labels = list(dict.fromkeys(variant.varied[path] for variant in self.variants()))
        columns = [self.values({**self.claim.where, path: label}) for label in labels]
        return np.array(columns, np.float64).T, labels


def other_where(asked: Asked, given: dict[str, Any] | None) -> Where:
    """Return the claim's `where` with the settings of the other side in their place."""
    return {**asked.claim.where, **(given or {})}
