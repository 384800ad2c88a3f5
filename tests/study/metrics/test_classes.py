"""Metrics of rare classes, of tasks and of the limit of curvature, of records with known values."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.metrics.measures import value
from reportgen.data.dataset import Dataset
from reportgen.engine.setup import set_up
from reportgen.engine.spec import EvaluationSpec
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.engine.train import train
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.study.model.claims import Measure
from tests.engine.networks import data, spec
from tests.engine.twins import Twin
from tests.runs.records import planned, record


def measured(run: RunRecord, metric: str, **keys: Any) -> float:
    return value(run, Measure(metric=metric, **keys))


def run_with(arrays: dict[str, Any], facts: dict[str, Any] | None = None, **training: Any) -> RunRecord:
    """A record with these arrays and facts, and settings of training."""
    run = record(planned())
    spec = dataclasses.replace(run.spec, training=dataclasses.replace(run.spec.training, **training))
    return dataclasses.replace(run, spec=spec, arrays={**run.arrays, **arrays}, facts={**run.facts, **(facts or {})})


def test_rare_classes_hold_at_most_half_of_the_examples() -> None:
    run = run_with({"train_class_loss": np.array([1.0, 2.0, 3.0, 4.0])}, {"class_counts": [50, 25, 15, 10]})
    assert measured(run, "rare_train_loss") == pytest.approx((2 * 25 + 3 * 15 + 4 * 10) / 50)
    assert measured(run, "frequent_train_loss") == 1
    assert np.isnan(measured(record(planned()), "rare_train_loss"))


def test_losses_on_rare_and_frequent_classes_are_those_of_single_examples_in_pytorch() -> None:
    torch = pytest.importorskip("torch")
    run, dataset = spec(epochs=3, batch_size=0, lr=0.3), unequal(data(n=300))
    twin = Twin(set_up(run, dataset))
    for _ in twin.train(torch.optim.SGD(twin.parameters, lr=0.3).step, 3):
        pass
    losses, rare = twin.losses().detach(), twin.y != 2
    outcome = train(dataclasses.replace(run, evaluation=EvaluationSpec(class_losses=True)), dataset)
    found = run_with(dict(outcome.arrays), {"class_counts": torch.bincount(twin.y).tolist()})
    assert measured(found, "rare_train_loss") == pytest.approx(float(losses[rare].mean()), rel=1e-5)
    assert measured(found, "frequent_train_loss") == pytest.approx(float(losses[~rare].mean()), rel=1e-5)


def unequal(dataset: Dataset) -> Dataset:
    """All examples of the third class, and different small numbers of each of the others."""
    few = np.concatenate([np.flatnonzero(dataset.y_train == label)[: 3 + 2 * label] for label in (0, 1, 3)])
    chosen = np.sort(np.concatenate([few, np.flatnonzero(dataset.y_train == 2)]))
    return dataclasses.replace(dataset, x_train=dataset.x_train[chosen], y_train=dataset.y_train[chosen])


def test_the_change_over_tasks_compares_the_ends_of_the_first_and_the_last_task() -> None:
    run = run_with({"epoch_train_accuracy": np.array([0.1, 0.5, 0.9, 0.4, 0.6])}, epochs=4)
    assert np.isnan(measured(run, "task_accuracy_change"))
    tasks = dataclasses.replace(
        run, spec=dataclasses.replace(run.spec, data=dataclasses.replace(run.spec.data, tasks=2))
    )
    assert measured(tasks, "task_accuracy_change") == pytest.approx(0.6 - 0.9)


@pytest.mark.parametrize(
    ("name", "parameters", "product"),
    [
        ("sgd", {}, 2.0),
        ("sgd", {"momentum": 0.9}, 3.8),
        ("sgd", {"momentum": 0.9, "nesterov": True}, 3.8 / 2.8),
        ("sgd", {"momentum": 0.9, "form": "average"}, 38.0),
        ("adam", {}, 38.0),
        ("rmsprop", {}, 2.0),
    ],
)
def test_the_limit_of_stable_curvature_is_where_a_quadratic_loss_starts_to_diverge(
    name: str, parameters: dict[str, Any], product: float
) -> None:
    """The limit of the row, and for SGD the behaviour of its formula just below and above it."""
    row = OPTIMIZERS[name]
    values = {parameter.name: parameter.default for parameter in row.parameters} | parameters
    assert row.stable_product is not None
    assert row.stable_product(values) == pytest.approx(product)
    if name == "sgd":
        assert [_grows(values, product * factor) for factor in (0.99, 1.01)] == [False, True]


def _grows(values: dict[str, Any], curvature: float) -> bool:
    """Whether gradient descent at rate 1 on curvature w^2 / 2 grows over 3000 steps."""
    w, v, mu = 1.0, 0.0, values["momentum"]
    for _ in range(3000):
        g = curvature * w
        if values["form"] == "average":
            v = mu * v + (1 - mu) * g
            w -= v
        else:
            v = mu * v - g
            w += mu * v - g if values["nesterov"] else v
        if abs(w) > 1e6:
            return True
    return abs(w) > 1


def test_the_curvature_is_divided_by_the_limit_at_the_rate_of_its_step() -> None:
    arrays = {"probe_curvature": np.array([1.0, 5.0, 8.0]), "epoch_lr": np.array([np.nan, 0.4, 0.2])}
    run = run_with(arrays, optimizer=Component.of("sgd", momentum=0.0, nesterov=False, form="velocity"))
    found = [measured(run, "curvature_over_limit", step=step) for step in ("first", 2, "last")]
    assert found == pytest.approx([1 / (2 / 0.4), 5 / (2 / 0.4), 8 / (2 / 0.2)])


def test_a_network_with_a_layer_of_dead_units_is_counted() -> None:
    dead = np.array([[0.5, np.nan], [1.0, np.nan], [0.99, np.nan]])
    run = run_with({"probe_dead_fraction": dead})
    assert [measured(run, "dead_layer", step=step) for step in ("first", 2, "last")] == [0, 1, 0]
