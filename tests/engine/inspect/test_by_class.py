"""The loss on the examples of each class, and in PyTorch."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reportgen.engine.inspect.by_class import class_losses
from reportgen.engine.setup import set_up
from reportgen.engine.spec import EvaluationSpec
from reportgen.engine.train import train
from tests.engine.networks import data, spec
from tests.engine.twins import Twin


def test_each_class_has_the_mean_of_its_examples_and_an_absent_class_has_none() -> None:
    p = np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.25, 0.5, 0.25]])
    losses = class_losses(p, np.array([0, 1, 0]), 3)
    np.testing.assert_allclose(losses[:2], [(np.log(2) + np.log(4)) / 2, -np.log(0.8)])
    assert np.isnan(losses[2])


def test_the_losses_of_the_classes_average_to_the_loss_of_the_split() -> None:
    run = dataclasses.replace(spec(epochs=2), evaluation=EvaluationSpec(class_losses=True))
    outcome = train(run, data(n=40))
    counts = np.bincount(data(n=40).y_train, minlength=4)
    present = counts > 0
    mean = np.average(outcome.arrays["train_class_loss"][present], weights=counts[present])
    assert mean == pytest.approx(outcome.final["train_loss"], rel=1e-5)
    assert "train_class_loss" not in train(spec(epochs=2), data(n=40)).arrays


def test_losses_after_training_are_those_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    run = spec(epochs=3, batch_size=0, lr=0.3)
    twin = Twin(set_up(run, data(n=40)))
    for _ in twin.train(torch.optim.SGD(twin.parameters, lr=0.3).step, 3):
        pass
    losses = twin.losses().detach()
    expected = [float(losses[twin.y == label].mean()) for label in range(4)]
    outcome = train(dataclasses.replace(run, evaluation=EvaluationSpec(class_losses=True)), data(n=40))
    np.testing.assert_allclose(outcome.arrays["train_class_loss"], expected, rtol=1e-6)
