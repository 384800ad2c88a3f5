"""Results of the analysis for figures and report: frozen data classes with computed, unrounded values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.finding import Finding
from reportgen.analysis.metrics.scales import is_size
from reportgen.analysis.statistics import is_skewed, quartiles
from reportgen.runs.record import RunRecord
from reportgen.study.model.claims import Verdict
from reportgen.study.model.search import Search
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.trials import Trial

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A mean over n seeds with its 95% interval; lo and hi are NaN for fewer than two seeds.

    quartiles: lower quartile, median and upper quartile of skewed values (`statistics.is_skewed`), else None.
    """

    value: float
    lo: float
    hi: float
    n: int
    quartiles: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Profile:
    """A layer statistic at one probe, by layer and seed, with an interval over seeds for each layer.

    layers: numbers from 1 (output layer last), shape (L,); per_seed: shape (S, L), NaN for a seed without this probe.
    """

    statistic: str
    step: int
    seeds: tuple[int, ...]
    layers: Array
    per_seed: Array
    mean: Array
    lo: Array
    hi: Array


@dataclass(frozen=True)
class Histogram:
    """A histogram of a layer's values over all seeds: edges (B + 1,), share of values in each bin (B,) and outside."""

    layer: int
    edges: Array
    share: Array
    outside: float


@dataclass(frozen=True)
class Curve:
    """A score by epoch: x (E,), per_seed (S, E) with NaN after the end of a run, and mean, lo, hi (E,)."""

    column: str
    seeds: tuple[int, ...]
    x: Array
    per_seed: Array
    mean: Array
    lo: Array
    hi: Array


@dataclass(frozen=True)
class VariantSummary:
    """A row of the table of variants; estimates are over runs that completed or were stopped early."""

    variant: Variant
    records: tuple[RunRecord, ...]
    statuses: Mapping[str, int]
    scores: Mapping[str, Estimate]
    parameters: int
    train_seconds: float

    @property
    def diverged(self) -> int:
        return self.statuses.get("diverged", 0)

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        return tuple(self.scores.values())


@dataclass(frozen=True)
class ClaimResult:
    """A claim and its verdict.

    measured: tested value, mean or median over seeds. interval: 95% interval, NaN if there is none. n: number of seeds.
    expected: in words. per_seed: tested value by seed. by_layer: layer, mean and expected number, if the claim concerns
    several layers. quantity: a value, the difference or ratio of two sides, the largest relative deviation from printed
    numbers, or the share of steps in the claimed direction. reference: the theoretical number. at_layer: layer of the
    largest deviation. tolerances: allowed deviation of each mean, in the order of `by_layer`. sides: the two sides of a
    difference or ratio, such as "relu minus tanh", empty if the study does not name them. side_values: the two values
    of a ratio. note: the author's. method: name of test and interval. p_value, p_adjusted: before and after Holm's
    correction. seeds_needed: estimated number of seeds that would settle an inconclusive claim. reason: of the verdict.
    """

    id: str
    says: str
    sources: tuple[str, ...]
    lecture: int | None
    required: bool
    verdict: Verdict
    measured: float
    interval: tuple[float, float]
    n: int
    expected: str
    metric: str
    variants: tuple[str, ...]
    per_seed: Mapping[int, float]
    by_layer: tuple[tuple[int, float, float | None], ...] = ()
    quantity: Literal["value", "difference", "ratio", "deviation", "share"] = "value"
    reference: float | None = None
    at_layer: int | None = None
    sides: str = ""
    side_values: tuple[float, ...] = ()
    note: str | None = None
    method: str = ""
    p_value: float | None = None
    p_adjusted: float | None = None
    effect_size: float | None = None
    seeds_needed: int | None = None
    reason: str = ""
    tolerances: tuple[float | None, ...] = ()

    @property
    def within_tolerance(self) -> tuple[int, int] | None:
        """Number of layers within tolerance and number of layers with one, None without tolerances."""
        pairs = [(row, reach) for row, reach in zip(self.by_layer, self.tolerances, strict=False) if reach is not None]
        met = [abs(mean - given) <= reach for (_, mean, given), reach in pairs if given is not None]
        return (sum(met), len(met)) if met else None

    @property
    def allowed(self) -> float | None:
        """The tolerance in the layer of the largest deviation, relative to its expected number."""
        pairs = zip(self.by_layer, self.tolerances, strict=False)
        reach = next((reach for (layer, _, _), reach in pairs if layer == self.at_layer), None)
        return reach / abs(self.held_against) if reach is not None and self.held_against else None

    @property
    def quartiles(self) -> tuple[float, float, float] | None:
        """Lower quartile, median and upper quartile of a value or difference that is skewed over seeds, else None.

        Only sizes and their differences count as skewed. Ratios are averaged by their logarithms.
        """
        values = list(self.per_seed.values())
        applies = self.quantity in ("value", "difference") and is_size(self.metric)
        return quartiles(values) if applies and is_skewed(values) else None

    @property
    def held_against(self) -> float | None:
        """The printed or theoretical number of the largest deviation."""
        return next((given for layer, _, given in self.by_layer if layer == self.at_layer), None)

    @property
    def furthest_off(self) -> float | None:
        """The mean over seeds with the largest deviation from its printed or theoretical number."""
        return next((mean for layer, mean, _ in self.by_layer if layer == self.at_layer), None)


@dataclass(frozen=True)
class Comparison:
    """A comparison of two variants by one score, paired by seed.

    difference: mean of b - a with interval; p_value, p_adjusted: before and after Holm's correction; pairs: number of
    pairs of variants in the correction.
    """

    a: str
    b: str
    score: str
    difference: Estimate
    p_value: float
    p_adjusted: float
    effect_size: float
    pairs: int = 1


@dataclass(frozen=True)
class EnsembleScore:
    """Validation accuracy of the ensembles of one size, compared with their members.

    count: number of sets of members; score: their mean accuracy. members: accuracy of each possible member.
    difference: score minus the mean of the members; interval: 95%, by bootstrap over members.
    """

    variant: str
    size: int
    count: int
    score: float
    members: tuple[float, ...]
    difference: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class TrialResult:
    """One trial of a search and its score over seeds by the metric of the search."""

    variant: str
    trial: Trial
    score: Estimate
    diverged: int


@dataclass(frozen=True)
class StageResult:
    """One stage of a search.

    trials, runs, diverged: counts. epochs: smallest and largest number. best: the best trial, or one for each seed with
    its own search; score: the score of these trials. windows: searched range by path, over all searches.
    """

    stage: int
    trials: int
    runs: int
    diverged: int
    epochs: tuple[int, int]
    best: tuple[str, ...]
    score: Estimate
    windows: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class SearchResult:
    """The result of a search of one variant.

    point, label: the searched variant. trials: in the order of the plan. best: the best trial of the last stage, or one
    for each seed with its own search. score: the score of these trials, biased by the selection. unchosen: the score if
    the other seeds select each seed's trial. test: test score of the best trials by `test_metric`. Estimates with n = 0
    are not available. outcome: the best trials as one variant with one run per seed. edges: "low" or "high" by path if
    the best value is at an end of the range.
    """

    point: str
    label: str
    asked: Search
    trials: tuple[TrialResult, ...]
    stages: tuple[StageResult, ...]
    best: tuple[str, ...]
    score: Estimate
    unchosen: Estimate
    test: Estimate
    test_metric: str
    outcome: VariantSummary
    edges: Mapping[str, str]


@dataclass(frozen=True)
class SanityResult:
    """One result of a sanity check.

    variant: None if the check does not concern one. subject: the layer or activation, if there are several. expected:
    NaN without one. passed: None if the check cannot fail or was not possible (see `note`). values: further numbers.
    """

    check: str
    variant: str | None
    subject: str
    measured: float
    expected: float
    passed: bool | None
    note: str
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Analysis:
    """All results that a report shows."""

    plan: Plan
    variants: tuple[VariantSummary, ...]
    claims: tuple[ClaimResult, ...]
    findings: tuple[Finding, ...]
    comparisons: tuple[Comparison, ...]
    theory: Mapping[str, Mapping[str, Any]]  # variant id -> statistic -> values by layer, if theory applies
    provenance: Mapping[str, Any]
    ensembles: tuple[EnsembleScore, ...] = ()
    sanity: tuple[SanityResult, ...] = ()
    searches: tuple[SearchResult, ...] = ()

    @property
    def outcomes(self) -> tuple[VariantSummary, ...]:
        """The variants shown in full: all except trials, and the best trials of each search."""
        rows = {v.variant.trial.point if v.variant.trial else v.variant.id: v for v in self.variants}
        return tuple({**rows, **{search.point: search.outcome for search in self.searches}}.values())
