"""Metrics of whole runs: outcome, time, facts about data and predictions, and additional measurements."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from reportgen.engine.tables.activations import default_pieces
from reportgen.languages.translate import N_
from reportgen.study.metrics.metric import CHECK, COST, RUN, SHARE, SIZE, TRAINING, Metric, Record
from reportgen.study.metrics.needs import BATCHNORM, HIDDEN_LAYER, TRAINED
from reportgen.study.metrics.times import epochs_to, steps_to
from reportgen.study.model.claims import Measure


def fact(record: Record, name: str) -> float:
    """Return a fact about the data of a run or its predictions, NaN in records that do not have it."""
    return float(record.facts.get(name, math.nan))


def _fact(name: str) -> Callable[[Record, Measure], float]:
    return lambda record, measure: fact(record, name)


def _of_run(name: str, summary: str, read: Callable[[Record, Measure], float] | None = None, **facts: Any) -> Metric:
    return Metric(name=name, summary=summary, place=RUN, read=read or _fact(name), **facts)


def _outcome(name: str, summary: str, words: str) -> Metric:
    """Return the row of an outcome, which has the name of a status."""

    def read(record: Record, measure: Measure) -> float:
        return float(record.status == name)

    return _of_run(name, summary, read, outcome=True, words=words, **SHARE)


def input_energy(record: Record, measure: Measure) -> float:
    """Return the mean squared length of an example: the number of features times their mean square."""
    return fact(record, "features") * fact(record, "input_second_moment")


RUN_ROWS = (
    _outcome(
        "diverged", "1 for a run that diverged (non-finite values), else 0", words=N_("share of runs that diverged")
    ),
    _outcome(
        "stopped", "1 for a run that was stopped early, else 0", words=N_("share of runs that were stopped early")
    ),
    _of_run("parameters", "number of learned parameters", words=N_("number of parameters")),
    _of_run(
        "train_seconds",
        "training time in seconds, including probes and scores, without setup and compilation",
        lambda record, measure: float(record.train_seconds),
        unit="s",
        words=N_("training time"),
    ),
    _of_run(
        "steps",
        "number of training steps",
        lambda record, measure: float(record.steps),
        unit="steps",
        words=N_("number of training steps"),
    ),
)


def _time(name: str, summary: str, bounds: Callable[[Record, Measure], tuple[float, float]], unit: str) -> Metric:
    return Metric(
        name=name,
        summary=summary,
        place=TRAINING,
        bounds=bounds,
        unit=unit,
        higher_is_better=False,
        needs=(TRAINED,),
        **SIZE,
    )


TIME_ROWS = (
    _time(
        "epochs_to", "epochs until a score reaches a level; censored for runs that do not reach it", epochs_to, "epochs"
    ),
    _time(
        "steps_to",
        "training steps until a score reaches a level; censored for runs that do not reach it",
        steps_to,
        "steps",
    ),
)


def over_products(cost: Mapping[str, Any]) -> float:
    """Return the time of an activation relative to the matrix products of its layer.

    A layer has three products: one forward, and backward one for its inputs and one for its weights. They are larger
    if a unit has several linear pieces. cost: name, forward, backward and product, in ns per element.
    """
    return float(cost["forward"] + cost["backward"]) / (3 * default_pieces(cost["name"]) * float(cost["product"]))


def _cost(name: str, summary: str, from_cost: Callable[[Any], float], unit: str = "ns", words: str = "") -> Metric:
    needs = (HIDDEN_LAYER,)
    return Metric(
        name=name, summary=summary, place=COST, from_cost=from_cost, unit=unit, needs=needs, words=words, **SIZE
    )


EXTRA_ROWS = (
    _cost(
        "activation_forward_ns",
        "time of the hidden layers' activation function on this machine, in ns per element",
        lambda cost: float(cost["forward"]),
        words=N_("forward time of the activation function"),
    ),
    _cost(
        "activation_backward_ns",
        "time of the hidden layers' activation derivative on this machine, in ns per element",
        lambda cost: float(cost["backward"]),
        words=N_("backward time of the activation function"),
    ),
    _cost(
        "activation_ns",
        "time of the hidden layers' activation function and derivative on this machine, in ns per element",
        lambda cost: float(cost["forward"] + cost["backward"]),
        words=N_("time of the activation function, forward and backward"),
    ),
    _cost(
        "activation_over_product",
        "activation_ns divided by the time of the matrix products of a layer with 500 of these units",
        over_products,
        "",
        words=N_("time of the activation function as a share of that of the matrix products"),
    ),
    Metric(
        name="gradient_error",
        summary="relative error of the analytic gradient compared with finite differences, largest over layers",
        place=CHECK,
        higher_is_better=False,
        **SIZE,
        words=N_("relative error of the gradient"),
    ),
)
"""Metrics that are measured in addition to the runs if a claim uses them."""

FACT_ROWS = (
    _of_run("features", "number of features after preprocessing", words=N_("number of features")),
    _of_run(
        "input_mean", "mean of the training examples' features after preprocessing", words=N_("mean of the inputs")
    ),
    _of_run(
        "input_std",
        "standard deviation of the training examples' features after preprocessing",
        **SIZE,
        words=N_("standard deviation of the inputs"),
    ),
    _of_run(
        "input_energy",
        "mean squared length of a training example after preprocessing",
        input_energy,
        words=N_("mean squared length of an example"),
    ),
    _of_run(
        "variance_kept",
        "share of the variance in the principal components",
        **SHARE,
        words=N_("share of the variance that is kept"),
    ),
    _of_run(
        "batch_dependent_fraction",
        "share of validation examples whose predicted class depends on the rest of the batch",
        needs=(BATCHNORM,),
        **SHARE,
        words=N_("share of predictions that depend on the other examples of the batch"),
    ),
    _of_run(
        "bn_identity_gap",
        "difference of output and input of batch normalization, in standard deviations of the input",
        needs=(BATCHNORM,),
        words=N_("change of the input by batch normalization"),
    ),
)
