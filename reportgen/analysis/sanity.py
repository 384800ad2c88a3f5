"""Sanity checks of a variant, from its records and further measurements: measured and expected values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reportgen.analysis.results import SanityResult
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.losses import LOSSES, least_of
from reportgen.languages.translate import N_
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.runs import over_products
from reportgen.study.metrics.table import METRICS

NEAR_CHANCE = 0.2
"""Largest relative difference of the initial loss to chance level; outputs of small variance add little."""

LEARNED = 0.05
"""A loss below this share of the loss of guessing counts as the smallest possible loss."""

SMOOTH_LIMIT, KINKED_LIMIT = 1e-6, 1e-4
"""Largest relative errors of a correct gradient; central differences across a kink have larger errors."""


def chance_loss(spec: RunSpec) -> float:
    """Return the loss of outputs that are all zero: ln C, 1 / C for squared errors, C - 1 for the hinge."""
    return LOSSES[spec.training.loss.name].chance(spec.network.layers[-1].units)


def initial_loss(variant: str, records: Sequence[RunRecord]) -> SanityResult:
    """Return the mean loss at initialization without penalties, compared with chance level."""
    known = [record for record in records if len(record.arrays.get("epoch_train_loss", ())) > 0]
    if not known:
        return not_measured("initial_loss", variant)
    spec = known[0].spec
    measured = float(np.mean([record.epochs("train_loss")[0] for record in known]))
    loss = LOSSES[spec.training.loss.name]
    expected = chance_loss(spec)
    note = ""
    if loss.is_likelihood:
        prior = loss.guess(known[0].facts.get("class_counts", ()))
        entropy = N_("the entropy of the classes' frequencies is {value}").format(value=f"{prior:.4g}")
        note = f"ln C; {entropy}"
    passed = abs(measured - expected) <= NEAR_CHANCE * max(expected, 1e-12)
    return SanityResult("initial_loss", variant, "", measured, expected, passed, note)


def regularized_loss(variant: str, record: RunRecord | None) -> SanityResult:
    """Return the loss with penalty at initialization, compared with the loss alone."""
    if record is None or len(record.arrays.get("epoch_penalty", ())) == 0:
        return not_measured("regularized_loss", variant)
    loss, penalty = float(record.epochs("train_loss")[0]), float(record.epochs("penalty")[0])
    training = record.spec.training
    note = N_("with l2 {l2} and l1 {l1}") if training.l1 else N_("with l2 {l2}")
    note = note.format(l2=f"{training.l2:g}", l1=f"{training.l1:g}")
    return SanityResult("regularized_loss", variant, "", loss + penalty, loss, penalty > 0, note)


def overfit_subset(variant: str, record: RunRecord | None) -> SanityResult:
    """Return the final loss of a network trained on a few examples, compared with the smallest possible loss."""
    if record is None or record.status == "failed":
        return not_measured("overfit_subset", variant)
    loss, accuracy = record.final["train_loss"], record.final["train_accuracy"]
    least = least_of(record.spec.training.loss, record.spec.network.layers[-1].units)
    limit = least + LEARNED * (chance_loss(record.spec) - least)
    passed = bool(accuracy == 1 and loss <= limit)
    count = record.facts.get("train_n", 0)
    note = N_("{count} examples after {steps} steps").format(count=count, steps=record.steps)
    values = {"accuracy": float(accuracy), "limit": limit}
    return SanityResult("overfit_subset", variant, "", float(loss), least, passed, note, values)


def gradient_limit(spec: RunSpec) -> float:
    """Return the largest relative error of a correct gradient of this network."""
    kinked = any(ACTIVATIONS[layer.activation.name].kinked for layer in spec.network.layers)
    return KINKED_LIMIT if kinked or LOSSES[spec.training.loss.name].kinked else SMOOTH_LIMIT


def gradient_check(variant: str, spec: RunSpec, checks: Sequence[Mapping[str, Any]] | None) -> list[SanityResult]:
    """Return the largest relative error of each layer; checks: layer, parameter, checked, relative_error."""
    if not checks:
        return [not_measured("gradient_check", variant)]
    limit, found = gradient_limit(spec), []
    for layer in sorted({check["layer"] for check in checks}):
        mine = [check for check in checks if check["layer"] == layer]
        worst = max(mine, key=lambda check: check["relative_error"])
        note = N_("largest of {parameters}: in {parameter}")
        note = note.format(parameters=", ".join(check["parameter"] for check in mine), parameter=worst["parameter"])
        error = float(worst["relative_error"])
        found.append(SanityResult("gradient_check", variant, f"layer {layer}", error, limit, error <= limit, note))
    return found


def errors_by_layer(checks: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the largest relative error of each layer's parameters, from the first layer to the output."""
    layers = sorted({check["layer"] for check in checks})
    return [max(float(check["relative_error"]) for check in checks if check["layer"] == layer) for layer in layers]


def activation_costs(costs: Sequence[Mapping[str, Any]] | None) -> list[SanityResult]:
    """Return one result per activation.

    costs: name, forward, backward and product of each activation, in ns per element.
    """
    if not costs:
        return [not_measured("activation_cost", None)]
    relu = next(cost for cost in costs if cost["name"] == "relu")
    found = []
    for cost in costs:
        total = cost["forward"] + cost["backward"]
        values = {
            "forward_ns": cost["forward"],
            "backward_ns": cost["backward"],
            "forward_over_relu": cost["forward"] / relu["forward"],
            "backward_over_relu": cost["backward"] / relu["backward"],
            "over_product": over_products(cost),
        }
        note = f"{_MACHINE}; {_PRODUCTS}"
        found.append(SanityResult("activation_cost", None, cost["name"], total, math.nan, None, note, values))
    return found


_MACHINE = N_("measured on the machine that ran the study")
_PRODUCTS = N_("the matrix products are those of a layer with 500 units and 500 inputs")


def cost_metrics(cost: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics of an activation's cost; cost: forward, backward and product, in ns per element."""
    return {row.name: row.from_cost(cost) for row in METRICS.values() if row.from_cost is not None}


def not_measured(check: str, variant: str | None) -> SanityResult:
    """Return the result of a check that was not possible."""
    return SanityResult(check, variant, "", math.nan, math.nan, None, N_("not measured"))
