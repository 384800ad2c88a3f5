"""What analysis hands to figures and report: frozen values, already computed, not yet rounded."""

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
from reportgen.study.model.search import Search
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.trials import Trial

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its 95% interval; lo and hi are NaN below two seeds.

    quartiles: lower quartile, median and upper quartile of values that are skewed, None for others; see
    `reportgen.analysis.statistics.is_skewed`.
    """

    value: float
    lo: float
    hi: float
    n: int
    quartiles: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Profile:
    """A layer statistic at one look, by layer and seed; intervals over seeds at each layer.

    layers (L,) counted from 1 (output layer last); per_seed (S, L), NaN for a seed without this look.
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
    """A layer's values pooled over seeds: edges (B + 1,), share of all values in each bin (B,)."""

    layer: int
    edges: Array
    share: Array
    outside: float


@dataclass(frozen=True)
class Curve:
    """A score by epoch: x (E,), per_seed (S, E) with NaN after a run ended, mean and interval (E,)."""

    column: str
    seeds: tuple[int, ...]
    x: Array
    per_seed: Array
    mean: Array
    lo: Array
    hi: Array


@dataclass(frozen=True)
class VariantSummary:
    """One row of the variants' table; estimates are over the runs that ended well or were stopped early."""

    variant: Variant
    records: tuple[RunRecord, ...]
    statuses: Mapping[str, int]
    scores: Mapping[str, Estimate]
    parameters: int
    train_seconds: float

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """The estimates of all scores."""
        return tuple(self.scores.values())


@dataclass(frozen=True)
class ClaimResult:
    """A claim and its verdict.

    measured: the value that was tested, averaged over seeds (for `near` by layer: the largest deviation as a
    fraction of the printed value); interval: 95%, NaN where there is none; n: seeds; expected: in words.
    per_seed: the tested value by seed; by_layer: measured means where the claim speaks of several layers.
    quantity: what `measured` is: the value itself, the difference or ratio of two sides, the largest deviation from
    printed numbers as a fraction of them, or the share of steps that go the claimed way. reference: the number of
    theory that it was held against. at_layer: the layer of the largest deviation. tolerances: in the order of
    `by_layer`, how far each mean may be from its printed number. sides: what a difference is of, such as
    "relu minus tanh", empty where the study names no two sides. note: the author's.
    method: the name of test and interval; p_value before and after Holm's correction where a test was made.
    seeds_needed: an estimate of the seeds that would settle an inconclusive claim; reason: why the verdict.
    """

    id: str
    says: str
    sources: tuple[str, ...]
    lecture: int | None
    required: bool
    verdict: Literal["supported", "contradicted", "inconclusive"]
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
        """How many layers' means are within their tolerance, and of how many; None where there are no tolerances."""
        pairs = [(row, reach) for row, reach in zip(self.by_layer, self.tolerances, strict=False) if reach is not None]
        met = [abs(mean - given) <= reach for (_, mean, given), reach in pairs if given is not None]
        return (sum(met), len(met)) if met else None

    @property
    def allowed(self) -> float | None:
        """The tolerance in the layer of the largest deviation, as a fraction of the number that it deviates from."""
        pairs = zip(self.by_layer, self.tolerances, strict=False)
        reach = next((reach for (layer, _, _), reach in pairs if layer == self.at_layer), None)
        return reach / abs(self.held_against) if reach is not None and self.held_against else None

    @property
    def quartiles(self) -> tuple[float, float, float] | None:
        """Lower quartile, median and upper quartile of a value or difference that is skewed over seeds, else None.

        Only sizes and differences of sizes are called skewed. The mean of ratios is taken of their logarithms.
        """
        values = list(self.per_seed.values())
        applies = self.quantity in ("value", "difference") and is_size(self.metric)
        return quartiles(values) if applies and is_skewed(values) else None

    @property
    def held_against(self) -> float | None:
        """The number, printed or of theory, that `measured` is the largest deviation from."""
        return next((given for layer, _, given in self.by_layer if layer == self.at_layer), None)

    @property
    def furthest_off(self) -> float | None:
        """The mean over seeds that is furthest from its number, printed or of theory."""
        return next((mean for layer, mean, _ in self.by_layer if layer == self.at_layer), None)


@dataclass(frozen=True)
class Comparison:
    """Two variants on one score, paired by seed: difference of means b - a with interval, p before and after Holm.

    pairs: how many pairs of variants the correction counts.
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
    """Ensembles of one size against their members, by validation accuracy.

    count: how many sets of members were averaged; score: their mean accuracy. members: the accuracy of each run that
    may be a member. difference: score minus the members' mean; interval: 95% by bootstrap over members.
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
    """One trial of a search: what it is, and its score by the search's metric over its seeds."""

    variant: str
    trial: Trial
    score: Estimate
    diverged: int


@dataclass(frozen=True)
class StageResult:
    """One stage of a search.

    trials, runs, diverged: how many. epochs: fewest and most. best: its best trials, one, or one for each seed that
    made a search of its own; score: theirs. windows: by path the ends of what was searched, over all searches.
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
    """What a search of one variant came to.

    point, label: the variant that was searched. trials: in the order of the plan. best: the best trials of the last
    stage, one, or one for each seed that made a search of its own. score: theirs, which was chosen for being high.
    unchosen: the score where each seed's trial is chosen by the other seeds alone. test: the best trials' test score,
    by `test_metric`. Estimates with n = 0 are not to be had. outcome: the best as one row, a run a seed. edges: by
    path "low" or "high" where the best lies at an end of the range.
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
    """One line of a sanity check.

    variant: None where the check is on none. subject: the layer or the activation, where there are several. expected:
    what `measured` is held against, NaN where there is nothing. passed: None where nothing can fail or nothing was
    measured, as `note` says. values: further numbers by name.
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
    """Everything the report says, as values."""

    plan: Plan
    variants: tuple[VariantSummary, ...]
    claims: tuple[ClaimResult, ...]
    findings: tuple[Finding, ...]
    comparisons: tuple[Comparison, ...]
    theory: Mapping[str, Mapping[str, Any]]  # variant id -> statistic -> values by layer, where theory speaks
    provenance: Mapping[str, Any]
    ensembles: tuple[EnsembleScore, ...] = ()
    sanity: tuple[SanityResult, ...] = ()
    searches: tuple[SearchResult, ...] = ()

    @property
    def outcomes(self) -> tuple[VariantSummary, ...]:
        """What is to be shown in full: the variants that are no trials, and in place of a search's trials its best."""
        rows = {one.variant.trial.point if one.variant.trial else one.variant.id: one for one in self.variants}
        return tuple({**rows, **{search.point: search.outcome for search in self.searches}}.values())
