"""A claim with the records of its study: the values by seed that the claim tests."""

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
from reportgen.analysis.metrics.measures import bounds, by_layer
from reportgen.analysis.search import best_values
from reportgen.analysis.splits import one_split, scored_examples
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
"""Measurements in addition to the runs, by (variant id, seed) and metric: one number, or one for each layer."""


@dataclass(frozen=True)
class ClaimData:
    """A claim and the records that it is tested on; failed and missing runs have no values."""

    plan: Plan
    records: Records
    claim: Claim
    extras: ExtraMeasurements = field(default_factory=dict, repr=False)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the study, in the order of all values by seed."""
        return self.plan.study.seeds

    def variants(self, where: Where | None = None) -> list[Variant]:
        """Return the variants that `where` selects, by default the `where` of the claim."""
        return matching_variants(self.plan.variants, self.claim.where if where is None else where)

    def cases(self) -> list[tuple[str, ClaimData]]:
        """Return the claim for each of its variants, with a label; variants along a tuned path are one case."""
        free = self.claim.tune.along if self.claim.tune else None
        cases: dict[str, ClaimData] = {}
        for variant in self.variants():
            labels = [label for path, label in variant.varied.items() if path != free]
            where = where_alone(variant, self.claim.where, self.plan.variants, free)
            # The label of a variant that changes nothing but the tuned path is its name and the label of the path.
            label = (", ".join(labels) or variant.label.rpartition(", ")[0]) if free else variant.label
            cases.setdefault(label, replace(self, claim=self.claim.model_copy(update={"where": where})))
        return list(cases.items())

    def values(self, where: Where | None = None) -> Values:
        """Return one value per seed, NaN for missing runs; a censored value is its finite bound."""
        return self.bounds(where).shown

    def bounds(self, where: Where | None = None) -> Bounds:
        """Return the bounds of the measured values by seed; `relative_to` divides them by values of other settings."""
        where = self.claim.where if where is None else where
        other = self.claim.measure.relative_to
        values = self._side(where)
        return values if other is None else values.over(self._side({**where, **other}))

    def halves(self) -> tuple[Bounds, Bounds]:
        """Return the bounds by seed of the two sides of which `relative_to` takes the ratio."""
        where = self.claim.where
        return self._side(where), self._side({**where, **(self.claim.measure.relative_to or {})})

    def _side(self, where: Where) -> Bounds:
        """Return the measured values by seed: the mean over variants, or the value of the best setting along a path."""
        if self.claim.tune is None:
            return self._mean(self.variants(where))
        groups = list(by_label(self.variants(where), self.claim.tune.along).values())
        means = [self._mean(group) for group in groups]
        best = self._chosen(groups)
        rows = range(len(self.seeds))
        return Bounds(np.array([means[best[k]].lo[k] for k in rows]), np.array([means[best[k]].hi[k] for k in rows]))

    def _chosen(self, groups: Sequence[Sequence[Variant]]) -> list[int]:
        """Return the index of the best group for each seed, chosen by the scores of the other seeds."""
        return chosen_by_others(self._scores(groups))

    def _scores(self, groups: Sequence[Sequence[Variant]]) -> Values:
        """Return the scores by which groups are chosen, shape (seeds, groups); higher is better."""
        tune = self.claim.tune
        assert tune is not None
        measure = self.claim.measure if tune.by is None else Measure(metric=tune.by)
        scores = np.array([self._mean(group, measure).lo for group in groups], np.float64).T
        return scores if METRICS[measure.metric].higher_is_better else -scores

    def standard_error(self, values: Values, floor: float = 0.0) -> float:
        """Return the lower bound of a standard error over seeds, above `floor` if the best settings are uncertain."""
        known = values[np.isfinite(values)]
        if self.claim.tune is None or known.size < 2 or all(map(self._is_settled, self.sides())):
            return floor
        return max(floor, widening(known.size) * float(known.std(ddof=1)) / math.sqrt(known.size))

    def _is_settled(self, where: Where) -> bool:
        assert self.claim.tune is not None
        return is_settled(self._scores(list(by_label(self.variants(where), self.claim.tune.along).values())))

    def sides(self) -> list[Where]:
        """Return the settings of all sides: the `where` of the claim, and the settings that it is compared with."""
        against, other = self.claim.expect.other, self.claim.measure.relative_to
        wheres = [self.claim.where, *([other_where(self, against)] if against else [])]
        return [*wheres, *({**where, **other} for where in wheres if other)]

    def chosen(self, where: Where | None = None) -> list[str]:
        """Return the label of the best setting along the tuned path for each seed, empty if the claim does not tune."""
        if self.claim.tune is None:
            return []
        groups = by_label(self.variants(where), self.claim.tune.along)
        return [list(groups)[index] for index in self._chosen(list(groups.values()))]

    def _mean(self, variants: Sequence[Variant], measure: Measure | None = None) -> Bounds:
        """Return the mean over variants by seed; a trial of a repeated search counts only for its own seeds."""
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
            return Bounds.known(np.array([self._extra(variant.id, seed, measure) for seed in self.seeds], np.float64))
        records = [self._record(variant.id, seed) for seed in self.seeds]
        ends = np.array([(math.nan, math.nan) if r is None else bounds(r, measure) for r in records], np.float64)
        return Bounds(ends[:, 0], ends[:, 1])

    def _of_ensemble(self, variant: str) -> Values:
        records = [record for seed in self.seeds if (record := self._record(variant, seed)) is not None]
        by_seed = ensemble_by_seed(records, self.metric)
        return np.array([by_seed.get(seed, math.nan) for seed in self.seeds])

    def _extra(self, variant: str, seed: int, measure: Measure) -> float:
        """Return an additional measurement: the largest over the layers of the measure, by default all layers."""
        values = self.extras.get((variant, seed), {}).get(measure.metric, ())
        layers = measure.layers_of(len(values)) if measure.layer is not None else range(1, len(values) + 1)
        return max((values[layer - 1] for layer in layers if layer <= len(values)), default=math.nan)

    def _record(self, variant: str, seed: int) -> RunRecord | None:
        record = self.records.get((variant, seed))
        return None if record is None or record.status == "failed" else record

    def runs(self) -> list[list[RunRecord]]:
        """Return the records of the claim's variants by seed, empty for a seed with a missing run."""
        ids = [variant.id for variant in self.variants()]
        rows = [[self._record(variant, seed) for variant in ids] for seed in self.seeds]
        return [[r for r in row if r is not None] if None not in row else [] for row in rows]

    def layer_numbers(self) -> list[int]:
        """Return the layers of the claim, counted from 1, in the network with the fewest layers."""
        ids = {variant.id for variant in self.variants()}
        count = min(len(run.spec.network.layers) for run in self.plan.runs if run.variant in ids)
        return self.claim.measure.layers_of(count)

    def layer_values(self) -> Values:
        """Return the mean of a layer statistic over the claim's variants, shape (seeds, layers)."""
        ids, count = [variant.id for variant in self.variants()], len(self.layer_numbers())
        rows = []
        for seed in self.seeds:
            records = [record for variant in ids if (record := self._record(variant, seed)) is not None]
            values = [by_layer(record, self.claim.measure)[:count] for record in records]
            rows.append(np.mean(values, axis=0) if len(values) == len(ids) else np.full(count, np.nan))
        return np.array(rows, np.float64)

    @property
    def metric(self) -> Metric:
        """The metric of the claim."""
        return METRICS[self.claim.measure.metric]

    @property
    def is_share(self) -> bool:
        """Whether the claim is about a share of runs, such as the share of diverged runs."""
        return self.metric.outcome

    def least_error(self, values: Values) -> float:
        """Return the lower bound of the standard error of a share, its binomial error; 0 for other metrics."""
        return binomial_error(values[np.isfinite(values)], self._examples())

    def least_ratio_error(self, a: Values, b: Values) -> float:
        """Return the lower bound of the standard error of the log ratio of two sides, scored on different examples."""
        means = [float(x[np.isfinite(x)].mean()) if np.isfinite(x).any() else math.nan for x in (a, b)]
        errors = [self.least_error(x) / mean for x, mean in zip((a, b), means, strict=True) if mean > 0]
        return math.hypot(*errors) if errors else 0.0

    def least_paired_error(self, a: Values, b: Values) -> float:
        """Return the lower bound of the standard error of the difference of two sides, paired by seed.

        If all seeds are scored on one split, the spread between seeds does not include the sampling error of the split.
        The sides are then treated as if they were scored on different examples, which overestimates the error.
        """
        if not self.is_share and self._one_split():
            return math.hypot(self.least_error(a), self.least_error(b))
        known = (a - b)[np.isfinite(a) & np.isfinite(b)]
        return paired_error(float(known.mean()), self._examples(), known.size) if known.size else 0.0

    def _examples(self) -> int:
        """Return the number of examples of which a seed's score is a share; an outcome is a share of one run."""
        if self.is_share:
            return 1
        ids = {variant.id for variant in self.variants()}
        return scored_examples(self.metric, (record for (variant, _), record in self.records.items() if variant in ids))

    def _one_split(self) -> bool:
        return any(one_split(data, self.metric.split == "test") for data in {run.spec.data for run in self.plan.runs})

    def outcomes(self, status: str) -> tuple[int, int]:
        """Return the number of runs with a status on all sides of the claim, and the number of all their runs."""
        ids = {variant.id for where in self.sides() for variant in self.variants(where)}
        statuses = [record.status for (variant, _), record in self.records.items() if variant in ids]
        return statuses.count(status), len(statuses)

    def by_seed(self, values: Values) -> dict[int, float]:
        """Return the values as a dictionary by seed."""
        return dict(zip(self.seeds, (float(x) for x in values), strict=True))

    def along(self, path: str) -> tuple[Values, list[str]]:
        """Return the values for each label of a varied path, shape (seeds, labels), and the labels in their order."""
        labels = list(dict.fromkeys(variant.varied[path] for variant in self.variants()))
        columns = [self.values({**self.claim.where, path: label}) for label in labels]
        return np.array(columns, np.float64).T, labels


def other_where(data: ClaimData, settings: dict[str, Any] | None) -> Where:
    """Return the `where` of the claim, with the settings of the other side."""
    return {**data.claim.where, **(settings or {})}
