"""One claim with the records that it speaks of: the values that it tests, by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.claims.bounds import Bounds, mean_of
from reportgen.analysis.claims.tuning import chosen_by_others, is_settled, widening
from reportgen.analysis.ensembles import ensemble_by_seed
from reportgen.analysis.metrics.measures import bounds, by_layer, chosen_layers
from reportgen.analysis.search import best_values
from reportgen.analysis.splits import one_split
from reportgen.analysis.statistics import binomial_error, paired_error
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.metric import ENSEMBLE, Metric
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.claims import Claim, Measure, Where
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.where import by_label, matching_variants, where_alone

Values = NDArray[np.float64]
Records = Mapping[tuple[str, int], RunRecord]
ExtraMeasurements = Mapping[tuple[str, int], Mapping[str, Sequence[float]]]
"""What was measured beside the runs: by (variant, seed) and metric, one number, or one for each layer."""


@dataclass(frozen=True)
class ClaimData:
    """A claim put to a study's records; runs that failed or are missing give no value."""

    plan: Plan
    records: Records
    claim: Claim
    beside: ExtraMeasurements = field(default_factory=dict, repr=False)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The study's seeds, in the order of all values here."""
        return self.plan.study.seeds

    def variants(self, where: Where | None = None) -> list[Variant]:
        """Return the variants of `where`, those of the claim by default."""
        return matching_variants(self.plan.variants, self.claim.where if where is None else where)

    def cases(self) -> list[tuple[str, ClaimData]]:
        """Return the same claim on each of its variants, by label; what is tuned along a path is one case."""
        free = self.claim.tune.along if self.claim.tune else None
        found: dict[str, ClaimData] = {}
        for variant in self.variants():
            labels = [label for path, label in variant.varied.items() if path != free]
            where = where_alone(variant, self.claim.where, self.plan.variants, free)
            label = ", ".join(labels) if free else variant.label
            found.setdefault(label, replace(self, claim=self.claim.model_copy(update={"where": where})))
        return list(found.items())

    def values(self, where: Where | None = None) -> Values:
        """Return one number by seed, the bound that is finite where it is known up to bounds; NaN where missing."""
        return self.bounds(where).shown

    def bounds(self, where: Where | None = None) -> Bounds:
        """Return what is measured by seed, divided by that of other settings where the claim wants a ratio."""
        where = self.claim.where if where is None else where
        other = self.claim.measure.relative_to
        own = self._side(where)
        return own if other is None else own.over(self._side({**where, **other}))

    def _side(self, where: Where) -> Bounds:
        """Return what is measured by seed: averaged over the variants of `where`, or of the best along a path."""
        if self.claim.tune is None:
            return self._mean(self.variants(where))
        groups = list(by_label(self.variants(where), self.claim.tune.along).values())
        found = [self._mean(group) for group in groups]
        best = self._chosen(groups)
        rows = range(len(self.seeds))
        return Bounds(np.array([found[best[k]].lo[k] for k in rows]), np.array([found[best[k]].hi[k] for k in rows]))

    def _chosen(self, groups: Sequence[Sequence[Variant]]) -> list[int]:
        """Return which group is best, for each seed by the scores of the others."""
        return chosen_by_others(self._scores(groups))

    def _scores(self, groups: Sequence[Sequence[Variant]]) -> Values:
        """Return the scores that the groups are chosen by, (seeds, groups), higher is better."""
        tune, own = self.claim.tune, self.claim.measure
        assert tune is not None
        by = own if tune.by is None else Measure(metric=tune.by)
        scores = np.array([self._mean(group, by).lo for group in groups], np.float64).T
        return scores if METRICS[by.metric].higher_is_better else -scores

    def standard_error(self, values: Values, floor: float = 0.0) -> float:
        """Return what a standard error over seeds is at least: a floor, or more where sides are tuned by the seeds."""
        known = values[np.isfinite(values)]
        if self.claim.tune is None or known.size < 2 or all(map(self._is_settled, self.sides())):
            return floor
        return max(floor, widening(known.size) * float(known.std(ddof=1)) / math.sqrt(known.size))

    def _is_settled(self, where: Where) -> bool:
        assert self.claim.tune is not None
        return is_settled(self._scores(list(by_label(self.variants(where), self.claim.tune.along).values())))

    def sides(self) -> list[Where]:
        """Return the settings of the claim's variants, and those of each side that they are held against."""
        against, other = self.claim.expect.other, self.claim.measure.relative_to
        wheres = [self.claim.where, *([other_where(self, against)] if against else [])]
        return [*wheres, *({**where, **other} for where in wheres if other)]

    def chosen(self, where: Where | None = None) -> list[str]:
        """Return, by seed, the label of the best along the path that is tuned; empty where none is."""
        if self.claim.tune is None:
            return []
        groups = by_label(self.variants(where), self.claim.tune.along)
        return [list(groups)[index] for index in self._chosen(list(groups.values()))]

    def _mean(self, variants: Sequence[Variant], measure: Measure | None = None) -> Bounds:
        """Return the mean over the variants; where each seed makes a search of its own, over its own trials."""
        measure = measure or self.claim.measure
        row = METRICS[measure.metric]
        if row.best_of or row.from_trial:
            return Bounds.known(best_values(measure, variants, self.records, self.seeds))
        planned = [[v.trial is None or seed in v.trial.seeds for seed in self.seeds] for v in variants]
        return mean_of([self._of_variant(variant, measure) for variant in variants], np.array(planned, bool))

    def _of_variant(self, variant: Variant, measure: Measure) -> Bounds:
        place = METRICS[measure.metric].place
        if place is ENSEMBLE:
            return Bounds.known(self._of_ensemble(variant.id))
        if place.extra:
            return Bounds.known(np.array([self._beside(variant.id, seed, measure) for seed in self.seeds], np.float64))
        found = [self._record(variant.id, seed) for seed in self.seeds]
        both = np.array([(math.nan, math.nan) if r is None else bounds(r, measure) for r in found], np.float64)
        return Bounds(both[:, 0], both[:, 1])

    def _of_ensemble(self, variant: str) -> Values:
        found = [record for seed in self.seeds if (record := self._record(variant, seed)) is not None]
        by_seed = ensemble_by_seed(found, self.metric)
        return np.array([by_seed.get(seed, math.nan) for seed in self.seeds])

    def _beside(self, variant: str, seed: int, measure: Measure) -> float:
        """Return what was measured beside a run: of several layers the largest, over all where none is named."""
        found = self.beside.get((variant, seed), {}).get(measure.metric, ())
        layers = chosen_layers(measure, len(found)) if measure.layer is not None else range(1, len(found) + 1)
        return max((found[layer - 1] for layer in layers if layer <= len(found)), default=math.nan)

    def _record(self, variant: str, seed: int) -> RunRecord | None:
        record = self.records.get((variant, seed))
        return None if record is None or record.status == "failed" else record

    def runs(self) -> list[list[RunRecord]]:
        """Return the records of the claim's variants by seed; empty for a seed that lacks one."""
        ids = [variant.id for variant in self.variants()]
        found = [[self._record(variant, seed) for variant in ids] for seed in self.seeds]
        return [[r for r in row if r is not None] if None not in row else [] for row in found]

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
    def metric(self) -> Metric:
        """The metric of the claim."""
        return METRICS[self.claim.measure.metric]

    @property
    def is_share(self) -> bool:
        """Whether the claim is about a share of runs, such as the diverged ones."""
        return self.metric.outcome

    def least_error(self, values: Values) -> float:
        """Return the floor that examples, or runs, set to a standard error of shares; 0 for other metrics."""
        return binomial_error(values[np.isfinite(values)], self._examples())

    def least_ratio_error(self, a: Values, b: Values) -> float:
        """Return the same floor for the logarithm of the ratio of two sides, each on examples of its own."""
        means = [float(x[np.isfinite(x)].mean()) if np.isfinite(x).any() else math.nan for x in (a, b)]
        errors = [self.least_error(x) / mean for x, mean in zip((a, b), means, strict=True) if mean > 0]
        return math.hypot(*errors) if errors else 0.0

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
        if not self.metric.counted:
            return 0
        ids = {variant.id for variant in self.variants()}
        found = [r.facts.get(f"{self.metric.split}_n", 0) for (variant, _), r in self.records.items() if variant in ids]
        return int(min(found, default=0))

    def _one_split(self) -> bool:
        return any(one_split(data, self.metric.split == "test") for data in {run.spec.data for run in self.plan.runs})

    def outcomes(self, status: str) -> tuple[int, int]:
        """Return how many of the runs on both sides of the claim ended so, and of how many."""
        ids = {variant.id for where in self.sides() for variant in self.variants(where)}
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


def other_where(asked: ClaimData, given: dict[str, Any] | None) -> Where:
    """Return the claim's `where` with the settings of the other side in their place."""
    return {**asked.claim.where, **(given or {})}
