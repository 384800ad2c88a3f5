"""Sanity checks of a study, from its records, from additional runs and from measurements.

Measurements are stored in the folder sanity/ of the report and reused.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from reportgen import data
from reportgen.analysis import sanity
from reportgen.analysis.claims.claim_data import ClaimData, ExtraMeasurements
from reportgen.analysis.results import Analysis, SanityResult, VariantSummary
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.metric import CHECK, COST, Place
from reportgen.study.metrics.table import METRICS
from reportgen.study.planning.plan import Plan, PlannedRun, changed
from reportgen.workflow.analysing.measurements import Measured, Measurements, fits_dataclass
from reportgen.workflow.analysing.remedies import Fetch

SUBSET, SUBSET_EPOCHS = 20, 500
PENALTY = 1.0  # L2 coefficient for variants without a penalty


@dataclass(frozen=True)
class MeasuredCheck:
    """A sanity check that needs a measurement beside the runs.

    Attributes
    ----------
    file : beginning of the names of the stored measurements.
    place : place of the metrics in claims that are measured in the same way.
    """

    file: str
    place: Place


MEASURED_CHECKS: Mapping[str, MeasuredCheck] = {
    "gradient_check": MeasuredCheck("gradient-", CHECK),
    "activation_cost": MeasuredCheck("activation_cost", COST),
}
"""The checks that need measurements, by name."""


def measure_extras(plan: Plan, measurements: Measurements) -> ExtraMeasurements:
    """Return the quantities in claims that no run records: costs of activations and errors of gradient checks."""
    extras: dict[tuple[str, int], dict[str, list[float]]] = {}
    costed, checked = (_variants_with(plan, place) for place in (COST, CHECK))
    rounds = _cost_rounds(len(plan.study.seeds), measurements) if costed else []
    for run in plan.runs:
        place = (run.variant, run.seed)
        if run.variant in costed and rounds:
            cost = rounds[plan.study.seeds.index(run.seed)][run.spec.network.layers[0].activation.name]
            extras[place] = {name: [value] for name, value in sanity.cost_metrics(cost).items()}
        if run.variant in checked:
            checks = _gradient_checks(run, plan.study.folder, measurements)
            errors = sanity.errors_by_layer(checks or ())
            extras.setdefault(place, {}).update({row.name: errors for row in METRICS.values() if row.place is CHECK})
    return extras


def _variants_with(plan: Plan, place: Place) -> set[str]:
    """Return the variants for which a claim uses a metric that is measured at this place."""
    claims = [ClaimData(plan, {}, claim) for claim in plan.study.claims if METRICS[claim.measure.metric].place is place]
    return {variant.id for claim in claims for where in claim.sides() for variant in claim.variants(where)}


def _cost_rounds(count: int, measurements: Measurements) -> Measured:
    """Return the costs of all activations, one round per seed; empty if they are not measured."""

    def measure() -> Measured:
        return [{cost["name"]: cost for cost in _activation_costs()} for _ in range(count)]

    def fits(rounds: Any) -> bool:
        named = all(isinstance(one, dict) and one.keys() >= set(ACTIVATIONS) for one in rounds)
        return len(rounds) == count and named and all(_are_costs(one.values()) for one in rounds)

    return measurements.get(f"{MEASURED_CHECKS['activation_cost'].file}_rounds_{count}", measure, fits) or []


def _are_costs(values: Any) -> bool:
    from reportgen.engine.inspect.activation_cost import ActivationCost

    return all(fits_dataclass(ActivationCost, value) for value in values)


def _are_checks(spec: RunSpec, values: Any) -> bool:
    from reportgen.engine.inspect.gradcheck import GradientCheck

    return all(
        fits_dataclass(GradientCheck, value) and 1 <= value["layer"] <= len(spec.network.layers) for value in values
    )


def check_sanity(analysis: Analysis, fetch: Fetch, measurements: Measurements) -> Analysis:
    """Return the analysis with the results of the sanity checks of its study, in the study's order."""
    checks: dict[str, Callable[[VariantSummary], list[SanityResult]]] = {
        "initial_loss": lambda v: [sanity.initial_loss(v.variant.id, v.records)],
        "regularized_loss": lambda v: [sanity.regularized_loss(v.variant.id, _penalized(analysis, v, fetch))],
        "overfit_subset": lambda v: [sanity.overfit_subset(v.variant.id, _overfitted(analysis, v, fetch))],
        "gradient_check": lambda v: _gradients(analysis, v, measurements),
    }
    results: list[SanityResult] = []
    shown = {v.variant.id for v in analysis.outcomes}
    variants = [v for v in analysis.variants if v.variant.id in shown]
    for name in analysis.plan.study.sanity:
        if name == "activation_cost":
            file = MEASURED_CHECKS[name].file
            results += sanity.activation_costs(measurements.get(file, _activation_costs, _are_costs))
        else:
            results += [result for variant in variants for result in checks[name](variant)]
    return dataclasses.replace(analysis, sanity=tuple(results))


def check_purpose(check: str) -> str:
    """Return the purpose of the run that a sanity check needs."""
    return f"sanity check {check}"


def _one_run(analysis: Analysis, variant: str, check: str, change: Mapping[str, Any], fetch: Fetch) -> RunRecord | None:
    """Return the record of a variant's first seed with some settings changed; None if it is not available."""
    records = fetch(changed(analysis.plan, variant, change, check_purpose(check))[:1])
    return next(iter(records.values())) if records else None


def _penalized(analysis: Analysis, variant: VariantSummary, fetch: Fetch) -> RunRecord | None:
    record = next((r for r in variant.records if r.status != "failed"), None)
    if record is None or record.spec.training.l2 > 0 or record.spec.training.l1 > 0:
        return record
    change = {"training.epochs": 0, "training.pruning": None, "training.l2": PENALTY}
    return _one_run(analysis, variant.variant.id, "regularized_loss", change, fetch)


def _overfitted(analysis: Analysis, variant: VariantSummary, fetch: Fetch) -> RunRecord | None:
    """Return the record of training on a few examples, without regularization that hinders learning them."""
    settings = variant.variant.settings
    size = settings["training.batch_size"]
    change: dict[str, Any] = {
        "data.train": SUBSET,
        "network.dropout": None,
        "network.stochastic_depth": None,
        "training.l2": 0.0,
        "training.l1": 0.0,
        "training.augment": None,
        "training.early_stopping": None,
        "training.stop_above": None,
        "training.pruning": None,
        "training.schedule": "constant",
        "training.batch_size": size if size == "full" else min(size, SUBSET),
        "training.epochs": SUBSET_EPOCHS,
        "probes": {"looks": 0},
        "evaluation": {},
    }
    optimizer = settings["training.optimizer"]
    decay = OPTIMIZERS[optimizer["name"]].decay if isinstance(optimizer, dict) else None
    if decay and optimizer[decay]:
        change[f"training.optimizer.{decay}"] = 0.0
    return _one_run(analysis, variant.variant.id, "overfit_subset", change, fetch)


def _gradients(analysis: Analysis, variant: VariantSummary, measurements: Measurements) -> list[SanityResult]:
    run = next(run for run in analysis.plan.runs if run.variant == variant.variant.id)
    checks = _gradient_checks(run, analysis.plan.study.folder, measurements)
    return sanity.gradient_check(variant.variant.id, run.spec, checks)


def _gradient_checks(run: PlannedRun, folder: Path, measurements: Measurements) -> Measured | None:
    from reportgen.engine.inspect.gradcheck import check_gradients  # imported late: compiles float64 kernels

    spec = run.spec
    fingerprint = data.fingerprint(spec.data, folder)

    def measure() -> Measured:
        seed = spec.seed if spec.data.seed is None else spec.data.seed
        dataset = data.load(spec.data, spec.preprocess, seed, folder, fingerprint)
        return [dataclasses.asdict(check) for check in check_gradients(spec, dataset, examples=8, most=20)]

    file = f"{MEASURED_CHECKS['gradient_check'].file}{spec.key(fingerprint)}"
    return measurements.get(file, measure, partial(_are_checks, spec))


def _activation_costs() -> Measured:
    from reportgen.engine.inspect.activation_cost import activation_costs

    return [dataclasses.asdict(cost) for cost in activation_costs()]
