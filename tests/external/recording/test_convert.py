"""Settings and examples in the forms of PyTorch and NumPy, and errors of invalid ones."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reportgen import Recorder
from reportgen.errors import UsageError
from reportgen.external.reader import read_records
from reportgen.external.recording.convert import activation_of, settings_of
from tests.external.recording.pretend_torch import Tensor
from tests.external.recording.test_recorder import Network, recorded

NET = Network()
DATA = (NET.x, NET.y, NET.x_val, NET.y_val)


def optimizer(kind: str, **group: Any) -> Any:
    """Return a stand-in for a PyTorch optimizer with its class name and one parameter group."""
    return type(kind, (), {"param_groups": [{"params": [1, 2], **group}]})()


SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "scalars of NumPy": ({"lr": np.float64(0.25), "batch_size": np.int64(3)}, {"lr": 0.25, "batch_size": 3}),
    "an array of one number": ({"l2": np.array(0.5)}, {"l2": 0.5}),
    "capitals": ({"optimizer": "RMSprop"}, {"optimizer": {"name": "rmsprop"}}),
    "momentum": (
        {"momentum": 0.9, "nesterov": True},
        {"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True}},
    ),
    "decay of SGD": ({"weight_decay": 0.1}, {"l2": 0.1}),
    "decay of Adam": ({"optimizer": "Adam", "weight_decay": 0.1}, {"optimizer": {"name": "adam"}, "l2": 0.1}),
    "decay of AdamW": (
        {"optimizer": "AdamW", "weight_decay": 0.1},
        {"optimizer": {"name": "adamw", "weight_decay": 0.1}},
    ),
    "PyTorch's SGD": (
        {"optimizer": optimizer("SGD", lr=0.1, momentum=0.9, dampening=0, weight_decay=1e-4, nesterov=False)},
        {"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": False}, "l2": 1e-4},
    ),
    "PyTorch's RMSprop": (
        {"optimizer": optimizer("RMSprop", lr=0.1, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0)},
        {"optimizer": {"name": "rmsprop", "rho": 0.99, "epsilon": 1e-8}},
    ),
    "PyTorch's Adam": (
        {"optimizer": optimizer("Adam", lr=0.1, betas=(0.8, 0.99), eps=1e-8, weight_decay=0)},
        {"optimizer": {"name": "adam", "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-8}},
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_of_pytorch_and_numpy_are_converted(name: str) -> None:
    given, training = SETTINGS[name]
    assert settings_of(given) == ({}, training)
    Recorder(*DATA, activation="tanh", **given)


INVALID: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "two penalties": ({"weight_decay": 0.1, "l2": 0.2}, "conflicting-settings", "settings.l2", "weight_decay"),
    "another optimizer": ({"optimizer": optimizer("LBFGS", lr=0.1)}, "unknown-name", "settings.optimizer", "sgd"),
    "momentum of RMSprop": (
        {"optimizer": optimizer("RMSprop", momentum=0.9)},
        "misplaced-key",
        "settings.optimizer.momentum",
        "momentum",
    ),
    "momentum of Adam": (
        {"optimizer": "adam", "momentum": 0.9},
        "misplaced-key",
        "settings.optimizer.momentum",
        "momentum",
    ),
    "no optimizer": ({"optimizer": 3}, "wrong-type", "settings.optimizer", "3"),
    "rate as text": ({"lr": "0.1"}, "wrong-type", "settings.lr", "'0.1'"),
    "misspelt": ({"batchsize": 3}, "unknown-key", "settings.batchsize", "'batch_size'"),
    "seed as text": ({"seed": "three"}, "wrong-type", "settings.seed", "'three'"),
    "no name": ({"variant": ""}, "invalid-name", "settings.variant", "''"),
    "dropout beyond 1": ({"dropout": 1.5}, "out-of-range", "settings.dropout", "1.5"),
    "init of others": ({"init": "kaiming"}, "unknown-name", "settings.init", "kaiming"),
}


@pytest.mark.parametrize("name", INVALID)
def test_invalid_settings_are_errors_of_the_constructor(name: str) -> None:
    given, code, where, word = INVALID[name]
    with pytest.raises(UsageError) as caught:
        Recorder(*DATA, activation="tanh", **given)
    assert (caught.value.code, caught.value.where) == (code, where)
    assert word in f"{caught.value.message} {caught.value.hint}"


def test_save_accepts_settings_and_numbers_as_names(tmp_path: Path) -> None:
    _, recorder = recorded(tmp_path / "a.npz")
    recorder.save(tmp_path / "new" / "b.npz", seed=np.int64(7), variant=3, lr=np.float32(0.5), dropout=[0.5, 0])
    found = read_records(tmp_path / "new" / "b.npz")[0]
    assert (found.variant, found.record.spec.seed, found.record.spec.training.lr) == ("3", 7, 0.5)
    assert [layer.dropout is not None for layer in found.record.spec.network.layers] == [True, False, False]
    with pytest.raises(UsageError) as caught:
        recorder.save(tmp_path / "c.npz", dropout=[0.5, 0, 0])
    assert (caught.value.code, caught.value.where) == ("wrong-length", "settings.dropout")
    fresh = Recorder(*DATA, activation="tanh", units_axis=1)
    fresh.step(1.0, NET.weights)
    with pytest.raises(UsageError) as caught:
        fresh.save(tmp_path / "c.npz")
    assert (caught.value.code, caught.value.where) == ("missing-key", "settings.lr")


@pytest.mark.parametrize(
    ("given", "name", "parameters"),
    [
        ("ReLU", "relu", {}),
        ("LeakyReLU", "leaky_relu", {}),
        (type("Tanh", (), {}), "tanh", {}),
        (type("LeakyReLU", (SimpleNamespace,), {})(negative_slope=0.2, inplace=True), "leaky_relu", {"slope": 0.2}),
        ({"name": "elu", "alpha": np.float64(0.5)}, "elu", {"alpha": 0.5}),
    ],
)
def test_activations_may_be_layers_or_have_capitals(given: Any, name: str, parameters: dict[str, float]) -> None:
    row, found = activation_of(given)
    assert (row.name, found) == (name, parameters)


@pytest.mark.parametrize(
    ("activation", "code", "right"),
    [("rleu", "unknown-name", "'relu'"), ({"name": "leaky_relu", "slop": 0.2}, "unknown-key", "slope")],
)
def test_unknown_activations_and_parameters_are_errors(activation: Any, code: str, right: str) -> None:
    with pytest.raises(UsageError) as caught:
        Recorder(*DATA, activation=activation)
    assert (caught.value.code, caught.value.where) == (code, "activation")
    assert right in str(caught.value.hint)


EXAMPLES: dict[str, tuple[tuple[Any, ...], str, str, str]] = {
    "classes as text": (
        (NET.x, np.array(["a"] * 60), NET.x_val, NET.y_val),
        "wrong-type",
        "training classes",
        "",
    ),
    "half classes": ((NET.x, NET.y + 0.5, NET.x_val, NET.y_val), "invalid-labels", "training classes", ".5"),
    "classes below 0": ((NET.x, NET.y, NET.x_val, NET.y_val - 1), "invalid-labels", "validation classes", "-1"),
    "not finite": ((NET.x * np.nan, NET.y, NET.x_val, NET.y_val), "not-finite", "training inputs", "300"),
    "nothing": ((NET.x[:0], NET.y[:0], NET.x_val, NET.y_val), "empty-data", "training inputs", ""),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_invalid_examples_are_errors(name: str) -> None:
    data, code, where, value = EXAMPLES[name]
    with pytest.raises(UsageError) as caught:
        Recorder(*data, activation="tanh")
    assert (caught.value.code, caught.value.where) == (code, where)
    assert value in caught.value.message


def test_tensors_of_types_without_numpy_equivalent_are_converted() -> None:
    class Narrow(Tensor):
        def detach(self) -> Any:
            return self

        def numpy(self) -> Any:
            raise TypeError("Got unsupported ScalarType BFloat16")

        def float(self) -> Tensor:
            return Tensor(self.value)

    assert Recorder(Narrow(NET.x), NET.y, NET.x_val, NET.y_val, activation="tanh").facts["train_n"] == 60


@pytest.mark.parametrize("empty", [(None, None), (NET.x_val[:0], NET.y_val[:0])])
def test_validation_is_optional(tmp_path: Path, empty: tuple[Any, Any]) -> None:
    recorder = Recorder(NET.x, NET.y, *empty, activation="tanh", units_axis=1, lr=0.1)
    recorder.score(NET.forward(NET.x)[-1])
    recorder.look(*NET.backward()[1:])
    recorder.step(1.0, NET.weights)
    recorder.save(tmp_path / "a.npz")
    found = read_records(tmp_path / "a.npz")[0].record
    assert found.facts["val_n"] == 0
    assert "epoch_val_loss" not in found.arrays
    assert found.final.keys() == {"train_loss", "train_accuracy"}


def test_outputs_that_are_not_logits_are_errors() -> None:
    recorder = Recorder(*DATA, activation="tanh")
    share = np.full((60, 3), 1 / 3)
    good = np.log(share), np.log(share)[:30]
    for outputs, code, where in (
        ((share[:, :1], share[:30, :1]), "wrong-shape", "training outputs"),
        (good[:1], "missing-outputs", "validation outputs"),
    ):
        with pytest.raises(UsageError) as caught:
            recorder.score(*outputs)
        assert (caught.value.code, caught.value.where) == (code, where)
    recorder.score(*good)
    with pytest.raises(UsageError) as caught:
        recorder.score(np.ones((60, 4)), np.ones((30, 4)))
    assert caught.value.code == "wrong-shape"


def test_probabilities_are_scored_as_such() -> None:
    share = np.tile([0.5, 0.3, 0.2], (60, 1))
    recorder = Recorder(*DATA, activation="tanh")
    recorder.score(share, share[:30])
    assert recorder.facts["outputs"] == "probabilities"


def test_a_loss_must_be_one_number() -> None:
    recorder = Recorder(*DATA, activation="tanh")
    with pytest.raises(UsageError) as caught:
        recorder.step(np.ones(20))
    assert (caught.value.code, caught.value.where) == ("wrong-shape", "step loss")
