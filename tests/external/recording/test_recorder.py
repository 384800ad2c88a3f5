"""Recorder: measured values, steps of probes, and records that diagnoses can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import Recorder
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.cli.main import invoke
from reportgen.errors import UsageError
from reportgen.external.reader import read_records

RATE, STEPS = 0.5, 40


class Network:
    """Two tanh layers and an output layer in plain NumPy; weights are (inputs, units)."""

    def __init__(self) -> None:
        draws = np.random.default_rng(0)
        self.x, self.x_val = draws.normal(size=(60, 5)), draws.normal(size=(30, 5))
        teacher = draws.normal(size=(5, 3))
        self.y, self.y_val = (self.x @ teacher).argmax(1), (self.x_val @ teacher).argmax(1)
        sizes = ((5, 8), (8, 6), (6, 3))
        self.weights = [draws.normal(size=size) / np.sqrt(size[0]) for size in sizes]
        self.biases = [np.zeros(size[1]) for size in sizes]

    def forward(self, x: Any) -> list[Any]:
        """Return each layer's pre-activations."""
        z = [x @ self.weights[0] + self.biases[0]]
        for w, b in zip(self.weights[1:], self.biases[1:], strict=True):
            z.append(np.tanh(z[-1]) @ w + b)
        return z

    def backward(self) -> tuple[float, list[Any], list[Any], list[Any]]:
        """Return the loss, and pairs of value and gradient of pre-activations, weights and biases."""
        z = self.forward(self.x)
        share = np.exp(z[-1]) / np.exp(z[-1]).sum(1, keepdims=True)
        loss = -np.log(share[np.arange(60), self.y]).mean()
        delta = [(share - np.eye(3)[self.y]) / 60]
        for w, below in zip(self.weights[:0:-1], z[-2::-1], strict=True):
            delta.insert(0, delta[0] @ w.T * (1 - np.tanh(below) ** 2))
        inputs = [self.x, *(np.tanh(part) for part in z[:-1])]
        gradients = [a.T @ d for a, d in zip(inputs, delta, strict=True)]
        pairs = [(w, g) for w, g in zip(self.weights, gradients, strict=True)]
        return (
            float(loss),
            list(zip(z, delta, strict=True)),
            pairs,
            [(b, d.sum(0)) for b, d in zip(self.biases, delta, strict=True)],
        )


def recorded(path: Path) -> tuple[Network, Recorder]:
    """Train the network with a recorder, and save the record."""
    net = Network()
    settings = {"batchnorm": False, "dropout": 0}
    recorder = Recorder(net.x, net.y, net.x_val, net.y_val, activation="tanh", units_axis=1, **settings)
    for step in range(STEPS + 1):
        loss, z, weights, biases = net.backward()
        if recorder.due or step == STEPS:
            recorder.look(z, weights, biases)
        if step % 10 == 0:
            recorder.score(z[-1][0], net.forward(net.x_val)[-1])
        if step < STEPS:
            recorder.step(loss, net.weights)
            net.weights = [w - RATE * g for w, g in weights]
            net.biases = [b - RATE * g for b, g in biases]
    recorder.save(path, lr=RATE, batch_size="full", variant="plain", seed=3)
    return net, recorder


def test_a_record_contains_the_measured_values(tmp_path: Path) -> None:
    net, _ = recorded(tmp_path / "a.npz")
    (external,) = read_records(tmp_path / "a.npz")
    found, start = external.record, Network()
    assert (external.variant, found.spec.seed, found.spec.training.lr) == ("plain", 3, RATE)
    assert [layer.units for layer in found.spec.network.layers] == [8, 6, 3]
    assert found.probe_steps.tolist() == [0, 1, 2, 4, 6, 10, 18, 32, 40]
    assert found.epochs("step").tolist() == [0, 10, 20, 30, 40]
    loss, z, weights, _ = start.backward()
    assert found.arrays["step_loss"][0] == pytest.approx(loss)
    assert found.epochs("train_loss")[0] == pytest.approx(loss)
    for layer, ((pre, delta), (w, g)) in enumerate(zip(z, weights, strict=True)):
        out = np.tanh(pre) if layer < 2 else pre
        expected = {
            "activation_std": out.std(),
            "preactivation_std": pre.std(),
            "gradient_norm": np.linalg.norm(delta),
            "weight_gradient_norm": np.linalg.norm(g),
            "weight_unit_spread": np.linalg.norm(w - w.mean(1, keepdims=True)) / np.linalg.norm(w),
        }
        for name, value in expected.items():
            assert found.statistic(name)[0, layer] == pytest.approx(value), name
        ratio = RATE * np.linalg.norm(g) / np.linalg.norm(w)
        assert found.statistic("update_ratio")[1, layer] == pytest.approx(ratio)
        assert np.isnan(found.statistic("update_ratio")[0, layer])
    assert found.final["val_accuracy"] == (net.forward(net.x_val)[-1].argmax(1) == net.y_val).mean()
    assert found.arrays["val_confusion"].sum(1).tolist() == np.bincount(net.y_val).tolist()


def test_the_outputs_determine_the_number_of_classes(tmp_path: Path) -> None:
    net = Network()
    recorder = Recorder(net.x, net.y, net.x_val, net.y_val, activation="tanh", units_axis=1)
    _, z, weights, biases = net.backward()
    recorder.look(z, weights, biases)
    recorder.step(1.0, net.weights)
    recorder.score(np.ones((60, 5)), np.ones((30, 5)))
    recorder.save(tmp_path / "a.npz", lr=RATE)
    facts = read_records(tmp_path / "a.npz")[0].record.facts
    assert (facts["classes"], len(facts["class_counts"])) == (5, 5)


def test_every_rule_applies_to_a_complete_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded(tmp_path / "a.npz")
    assert invoke(["diagnose", str(tmp_path / "a.npz"), "--json"]) == 0
    [not_judged] = json.loads(capsys.readouterr().out)["not_judged"].values()
    assert {rule for rule in not_judged if RULES[rule].stage != "code"} == {"sorted_batches"}


def test_a_record_with_invalid_settings_is_not_saved(tmp_path: Path) -> None:
    _, recorder = recorded(tmp_path / "a.npz")
    for settings, code, where, right in (
        ({"lr": RATE, "batchsize": 32}, "unknown-key", "settings.batchsize", "'batch_size'"),
        ({"lr": RATE, "optimizer": "adom"}, "unknown-name", "settings.optimizer", "adam"),
        ({"lr": -1.0}, "out-of-range", "settings.lr", ""),
    ):
        with pytest.raises(UsageError) as caught:
            recorder.save(tmp_path / "b.npz", **settings)
        assert (caught.value.code, caught.value.where) == (code, where)
        assert right in str(caught.value)
    net = Network()
    fresh = Recorder(net.x, net.y, net.x_val, net.y_val, activation="tanh", units_axis=1)
    fresh.look(*net.backward()[1:])
    with pytest.raises(UsageError) as caught:
        fresh.save(tmp_path / "b.npz", lr=RATE)
    assert caught.value.code == "nothing-recorded"
    assert not (tmp_path / "b.npz").exists()


class Part:
    """An array with a gradient, as tensors have it."""

    def __init__(self, value: Any) -> None:
        self.value, self.grad, self.kept = value, None, False

    def detach(self) -> Any:
        return self

    def cpu(self) -> Any:
        return self

    def numpy(self) -> Any:
        return self.value

    def retain_grad(self) -> None:
        self.kept = True

    def clone(self) -> Any:
        return Part(self.value.copy())


class Layer:
    """A layer of `Network` with the hooks of PyTorch's; its weights are (units, inputs)."""

    def __init__(self, net: Network, index: int) -> None:
        self.weight, self.bias, self.hooks = Part(net.weights[index].T), Part(net.biases[index]), {}

    def register_forward_hook(self, hook: Any) -> Any:
        class Handle:
            def remove(handle) -> None:  # noqa: N805 # the layer is self
                del self.hooks[handle]

        handle = Handle()
        self.hooks[handle] = hook
        return handle


class Loss:
    """A loss whose `backward` sets the gradients of the given tensors; activations work in place."""

    def __init__(self, net: Network, layers: list[Layer]) -> None:
        _, z, self.weights, self.biases = net.backward()
        self.layers, self.deltas, self.outputs = layers, [delta for _, delta in z], []
        for layer, (out, _) in zip(layers, z, strict=True):
            part = Part(out)
            for hook in layer.hooks.values():
                (hook(layer, (), part) or part).value[:] = np.nan
            self.outputs.append(part)

    def backward(self, inputs: list[Part]) -> None:
        requested = set(map(id, inputs))
        for index, layer in enumerate(self.layers):
            given = (self.deltas[index], self.weights[index][1].T, self.biases[index][1])
            for part, gradient in zip((self.outputs[index], layer.weight, layer.bias), given, strict=True):
                if id(part) in requested:
                    assert part.grad is None, "gradients would accumulate"
                    part.grad = gradient


def test_watch_and_look_give_the_same_record(tmp_path: Path) -> None:
    """Probes remove their hooks and restore the gradients of the parameters."""
    recorded(tmp_path / "shown.npz")
    net = Network()
    recorder = Recorder(net.x, net.y, net.x_val, net.y_val, activation="tanh")
    layers = [Layer(net, index) for index in range(3)]
    recorder.watch(layers, lambda: Loss(net, layers))
    layers[0].weight.grad = gradient_before = np.ones(1)
    for step in range(STEPS + 1):
        if step % 10 == 0:
            recorder.score(net.forward(net.x)[-1], net.forward(net.x_val)[-1])
        loss, _, weights, biases = net.backward()
        if step < STEPS:
            recorder.step(loss)
            assert not any(layer.hooks for layer in layers)
            assert layers[0].weight.grad is gradient_before
            assert layers[1].weight.grad is None
            net.weights = [w - RATE * g for w, g in weights]
            net.biases = [b - RATE * g for b, g in biases]
            for layer, w in zip(layers, net.weights, strict=True):
                layer.weight.value = w.T
            for layer, b in zip(layers, net.biases, strict=True):
                layer.bias.value = b
    recorder.save(tmp_path / "watched.npz", lr=RATE, batch_size="full", variant="plain", seed=4)
    shown, watched = (read_records(tmp_path / f"{name}.npz")[0].record.arrays for name in ("shown", "watched"))
    assert set(watched) - set(shown) == {"epoch_penalty"}  # optional without penalties
    assert not watched["epoch_penalty"].any()
    for name, values in shown.items():
        np.testing.assert_allclose(watched[name], values, rtol=1e-12, atol=1e-15, err_msg=name)


def test_an_error_names_the_missing_attributes_of_a_layer() -> None:
    net = Network()
    recorder = Recorder(net.x, net.y, net.x_val, net.y_val, activation="tanh")
    with pytest.raises(UsageError) as caught:
        recorder.watch([net], lambda: None)
    assert (caught.value.code, caught.value.where) == ("unsupported-layer", "layer 1")
    assert all(name in caught.value.message for name in ("weight", "bias", "register_forward_hook"))


def test_batch_normalization_given_to_look_is_recorded(tmp_path: Path) -> None:
    """The record contains its parameters and running statistics, and the settings name its layers."""
    net = Network()
    recorder = Recorder(net.x, net.y, net.x_val, net.y_val, activation="tanh", units_axis=1, lr=RATE)
    norm = (np.full(6, 2.0), np.linspace(-1, 1, 6), np.full(6, 0.5), np.full(6, 4.0))
    recorder.look(*net.backward()[1:], norms=[None, norm, None])
    recorder.step(1.0, net.weights)
    recorder.save(tmp_path / "a.npz")
    found = read_records(tmp_path / "a.npz")[0].record
    assert [layer.batchnorm is not None for layer in found.spec.network.layers] == [False, True, False]
    names = ("bn_gamma_mean", "bn_gamma_std", "bn_beta_mean", "bn_running_mean_mean", "bn_running_var_mean")
    assert [found.statistic(name)[0, 1] for name in names] == pytest.approx([2.0, 0.0, 0.0, 0.5, 4.0])
    with pytest.raises(UsageError) as caught:
        Recorder(net.x, net.y, net.x_val, net.y_val, activation="tanh", units_axis=1).look(
            *net.backward()[1:], norms=[None, norm]
        )
    assert caught.value.code == "wrong-length"


def test_missing_calls_are_errors(tmp_path: Path) -> None:
    net = Network()
    recorder = Recorder(net.x, net.y, net.x_val, net.y_val, activation={"name": "leaky_relu", "slope": 0.2})
    recorder.step(1.0, net.weights)
    with pytest.raises(UsageError) as caught:
        recorder.save(tmp_path / "a.npz", lr=RATE)
    assert caught.value.code == "nothing-recorded"
    with pytest.raises(UsageError) as caught:
        recorder.look([np.ones((2, 2))], [np.ones((2, 2))], [np.ones(2)])
    assert caught.value.code == "missing-gradient"


def test_arrays_of_wrong_shapes_are_errors() -> None:
    net = Network()
    data = (net.x, net.y, net.x_val, net.y_val)
    _, z, weights, biases = net.backward()
    recorder = Recorder(*data, activation="tanh", units_axis=1)
    for outputs in (np.ones(60), np.ones((60, 1)), np.ones((59, 3))):
        with pytest.raises(UsageError) as caught:
            recorder.score(outputs, np.ones((30, 3)))
        assert (caught.value.code, caught.value.where) == ("wrong-shape", "training outputs")
    with pytest.raises(UsageError) as caught:
        recorder.look(z, weights, biases[:2])
    assert caught.value.code == "wrong-length"
    with pytest.raises(UsageError) as caught:
        recorder.look(z[::-1], weights, biases)
    assert (caught.value.code, caught.value.where) == ("wrong-shape", "layer 1")
    for labels in (np.eye(3)[net.y], net.y[:, None], net.y[1:]):
        with pytest.raises(UsageError) as caught:
            Recorder(net.x, labels, net.x_val, net.y_val, activation="tanh")
        assert (caught.value.code, caught.value.where) == ("wrong-shape", "training classes")
