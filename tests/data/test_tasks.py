"""Sequences of tasks: what each change keeps, and how a run goes through them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reportgen.data.tasks import task
from reportgen.engine.spec import RunSpec
from reportgen.engine.train import train
from tests.engine.networks import data, spec


def with_tasks(run: RunSpec, tasks: int, kind: str) -> RunSpec:
    """The same run with its epochs divided among tasks."""
    return dataclasses.replace(run, data=dataclasses.replace(run.data, tasks=tasks, new_task=kind))


def test_permuted_inputs_reorder_the_features_of_all_splits_alike() -> None:
    dataset = data(n=40)
    changed = task(dataset, "permuted_inputs", 3, seed=0)
    order = [int(np.flatnonzero((dataset.x_train == column[:, None]).all(axis=0))[0]) for column in changed.x_train.T]
    assert sorted(order) == list(range(dataset.features))
    np.testing.assert_array_equal(changed.x_val, dataset.x_val[:, order])
    np.testing.assert_array_equal(changed.y_train, dataset.y_train)


def test_shuffled_labels_keep_the_counts_and_the_inputs() -> None:
    dataset = data(n=40)
    changed = task(dataset, "shuffled_labels", 1, seed=0)
    np.testing.assert_array_equal(np.bincount(changed.y_train), np.bincount(dataset.y_train))
    assert (changed.y_train != dataset.y_train).any()
    assert changed.x_train is dataset.x_train


@pytest.mark.parametrize("kind", ["permuted_inputs", "shuffled_labels"])
def test_tasks_differ_from_each_other_and_between_seeds_but_not_between_calls(kind: str) -> None:
    dataset = data(n=40)

    def content(number: int, seed: int) -> bytes:
        made = task(dataset, kind, number, seed)  # type: ignore[arg-type]
        return made.x_train.tobytes() + made.y_train.tobytes()

    assert task(dataset, kind, 0, 5) is dataset  # type: ignore[arg-type]
    assert content(1, 0) == content(1, 0)
    assert len({content(1, 0), content(2, 0), content(1, 1)}) == 3


@pytest.mark.parametrize("kind", ["permuted_inputs", "shuffled_labels"])
def test_the_first_task_is_trained_as_alone_and_the_next_ones_on_other_examples(kind: str) -> None:
    run, dataset = spec(epochs=6), data(n=40)
    one, three = train(run, dataset), train(with_tasks(run, 3, kind), dataset)
    steps = 2 * 5
    np.testing.assert_array_equal(three.arrays["step_loss"][:steps], one.arrays["step_loss"][:steps])
    assert (three.arrays["step_loss"][steps:] != one.arrays["step_loss"][steps:]).any()


def test_scores_are_of_the_task_that_an_epoch_trained_on() -> None:
    """Labels that are shuffled anew raise the loss of the first batches, and the final scores are of the last task."""
    run, dataset = spec(epochs=40, lr=0.5), data(n=16)
    arrays = train(with_tasks(run, 2, "shuffled_labels"), dataset)
    accuracy = arrays.arrays["epoch_train_accuracy"]
    assert accuracy[20] > 0.9
    assert accuracy[21] < 0.9
    assert arrays.final["train_accuracy"] == pytest.approx(
        np.mean(np.diag(arrays.arrays["train_confusion"]).sum() / arrays.arrays["train_confusion"].sum())
    )
