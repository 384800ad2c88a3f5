"""Hooks of watched networks: detected modules, modes of probes, and errors."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import Recorder
from reportgen.cli.main import invoke
from reportgen.errors import UsageError
from reportgen.external.reader import read_records
from reportgen.external.recording.watched import TRAINING_MODE
from tests.external.recording.pretend_torch import (
    BatchNorm1d,
    Dropout,
    Linear,
    Loss,
    Module,
    ReLU,
    Sequential,
    Tensor,
    Unscaled,
)

pytestmark = pytest.mark.filterwarnings("ignore:score received outputs")  # most tests score arbitrary outputs

DRAWS = np.random.default_rng(1)
X, Y = DRAWS.normal(loc=2.0, size=(40, 5)), np.arange(40) % 3


def network(dropout: Module | None = None, norm: Module | None = None) -> Sequential:
    """Return a network with two hidden ReLU layers, the first with these modules."""
    draws = np.random.default_rng(0)
    first = [part for part in (norm, ReLU(), dropout) if part is not None]
    return Sequential(Linear(5, 8, draws), *first, Linear(8, 6, draws), ReLU(), Linear(6, 3, draws))


def recorded(path: Path, net: Any, watched: Any, loss: Any = None, steps: int = 2, **settings: Any) -> Any:
    """Record a few steps without changes of the weights; return the record."""
    recorder = Recorder(X, Y, X, Y, activation="relu", lr=0.1, batch_size=20, **settings)
    recorder.watch(watched, loss or (lambda: Loss(net(Tensor(X)))))
    recorder.score(np.ones((40, 3)), np.ones((40, 3)))
    for _ in range(steps):
        recorder.step(1.0)
    recorder.score(3 * np.eye(3)[Y] - 1, 2 * np.eye(3)[Y])
    recorder.save(path)
    return read_records(path)[0].record


def test_preactivations_are_taken_after_batch_normalization(tmp_path: Path) -> None:
    """Probes use the statistics of the batch in any mode and do not change the running statistics."""
    norm = BatchNorm1d(8, momentum=0.03)
    net = network(norm=norm)
    norm.running_mean.value[:], norm.running_var.value[:] = 7.0, 9.0
    for mode in (True, False):
        net.train(mode)
        found = recorded(tmp_path / f"{mode}.npz", net, net)
        normal = found.statistic("preactivation_std")[0]
        assert found.statistic("preactivation_mean")[0, 0] == pytest.approx(0.25)
        assert normal[0] == pytest.approx(1.5, rel=1e-3)
        assert (net.training, norm.training, norm.track_running_stats) == (mode, mode, True)
        assert not any(part.after or part.before for part in net.modules())
        assert found.statistic("bn_running_mean_mean")[:, 0].tolist() == [7.0] * 3
        assert found.statistic("bn_running_var_mean")[0, 0] == 9.0
        assert (found.statistic("bn_gamma_mean")[0, 0], found.statistic("bn_beta_mean")[0, 0]) == (1.5, 0.25)
        assert np.isnan(found.statistic("bn_gamma_mean")[0, 1:]).all()
        settings = found.spec.network.layers[0].batchnorm
        assert settings.momentum == pytest.approx(0.97)
        assert found.spec.network.layers[1].batchnorm is None


def test_batch_normalization_after_the_activation_does_not_change_preactivations(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    net = Sequential(Linear(5, 8, draws), ReLU(), BatchNorm1d(8), Linear(8, 3, draws))
    found = recorded(tmp_path / "a.npz", net, net)
    z = X @ net[0].weight.value.T + net[0].bias.value
    assert found.statistic("preactivation_std")[0, 0] == pytest.approx(z.std())
    assert found.spec.network.layers[0].batchnorm is not None


def test_the_shift_of_batch_normalization_replaces_the_bias(tmp_path: Path) -> None:
    norm, differentiated = BatchNorm1d(8), []
    net = network(norm=norm)
    recorded(tmp_path / "a.npz", net, net, lambda: Loss(net(Tensor(X)), differentiated), steps=1)
    assert any(part is norm.bias for part in differentiated)
    assert not any(part is net[0].bias for part in differentiated)


@pytest.mark.parametrize(("kind", "scale"), [(Dropout, 1.0), (Unscaled, 0.4)])
def test_dropout_is_detected_and_off_in_probes(tmp_path: Path, kind: Any, scale: float) -> None:
    """The ratio of outputs with and without dropout shows whether dropout is scaled."""
    net = network(dropout=kind(0.6))
    found = recorded(tmp_path / "a.npz", net, net)
    assert [layer.dropout and layer.dropout.rate for layer in found.spec.network.layers] == [0.6, None, None]
    plain = network()
    bare = recorded(tmp_path / "b.npz", plain, plain)
    for name in ("preactivation_std", "activation_mean"):
        np.testing.assert_array_equal(found.statistic(name), bare.statistic(name))
    assert found.facts["train_mode_scale"] == pytest.approx(scale, abs=0.25)
    assert "train_mode_scale" not in bare.facts


def test_rules_of_dropout_apply_to_a_complete_network_without_dropout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = network()
    recorded(tmp_path / "whole.npz", net, net)
    recorded(tmp_path / "layers.npz", net, net[0:5:2])
    recorded(tmp_path / "given.npz", net, net[0:5:2], dropout=0)
    without = {"whole": [], "layers": ["over_regularization", "train_eval_mismatch", "wrong_mode"], "given": []}
    for name, rules in without.items():
        assert invoke(["diagnose", str(tmp_path / f"{name}.npz"), "--json"]) == 0
        lacking = json.loads(capsys.readouterr().out)["not_judged"].get(name, {})
        assert sorted(rule for rule in lacking if "network.dropout" in lacking[rule]) == rules
        assert not any("network.batchnorm" in needs for needs in lacking.values())


def test_the_forward_pass_determines_the_order_of_layers(tmp_path: Path) -> None:
    net = network()
    right = recorded(tmp_path / "a.npz", net, net)
    reordered = recorded(tmp_path / "b.npz", net, [net[4], net[2], net[0]])
    assert [layer.units for layer in reordered.spec.network.layers] == [8, 6, 3]
    np.testing.assert_array_equal(reordered.statistic("weight_norm"), right.statistic("weight_norm"))
    np.testing.assert_array_equal(reordered.statistic("update_ratio"), right.statistic("update_ratio"))


def test_settings_that_contradict_the_network_are_errors(tmp_path: Path) -> None:
    net, normed = network(), network(norm=BatchNorm1d(8))
    for watched, setting in ((net, True), (normed, False)):
        with pytest.raises(UsageError) as caught:
            recorded(tmp_path / "a.npz", watched, watched, batchnorm=setting)
        assert (caught.value.code, caught.value.where) == ("conflicting-settings", "settings.batchnorm")
    unscaled = {"rate": 0.6, "mode": "unscaled"}
    dropping = network(dropout=Unscaled(0.6))
    found = recorded(tmp_path / "a.npz", dropping, dropping, dropout=[unscaled, 0])
    assert found.spec.network.layers[0].dropout.mode == "unscaled"


def test_undetected_batch_normalization_is_an_error_and_functional_dropout_is_unspecified(tmp_path: Path) -> None:
    normed, noisy = network(norm=BatchNorm1d(8)), network()
    linears = [normed[0], normed[3], normed[5]]
    with pytest.raises(UsageError) as caught:
        recorded(tmp_path / "a.npz", normed, linears)
    assert caught.value.code == "unwatched-layer"
    noisy.noise = 1.0
    with pytest.raises(UsageError) as caught:
        recorded(tmp_path / "a.npz", noisy, noisy)
    assert caught.value.code == "random-loss"

    def quiet() -> Loss:
        noisy.train(False)
        loss = Loss(noisy(Tensor(X)))
        noisy.train()
        return loss

    recorded(tmp_path / "b.npz", noisy, noisy, quiet)
    assert read_records(tmp_path / "b.npz")[0].unspecified == ("network.dropout",)
    recorded(tmp_path / "b.npz", noisy, noisy, quiet, dropout=0.5)
    assert read_records(tmp_path / "b.npz")[0].unspecified == ()


def test_networks_without_layers_are_errors() -> None:
    net, recorder = network(), Recorder(X, Y, X, Y, activation="relu")
    for given, code in (([], "no-layers"), (3, "wrong-type"), (Sequential(ReLU()), "no-layers")):
        with pytest.raises(UsageError) as caught:
            recorder.watch(given, lambda: None)
        assert (caught.value.code, caught.value.where) == (code, None)
    with pytest.raises(UsageError) as caught:
        recorder.watch(net, Loss(net(Tensor(X))))
    assert (caught.value.code, caught.value.where) == ("wrong-type", "loss")


def test_losses_that_probes_cannot_use_are_errors(tmp_path: Path) -> None:
    net, other = network(), network()
    for loss, code in (
        (lambda: 1.0 + 0 * net(Tensor(X)).value.mean(), "wrong-type"),
        (lambda: Loss(other(Tensor(X))), "unused-layer"),
    ):
        with pytest.raises(UsageError) as caught:
            recorded(tmp_path / "a.npz", net, net, loss)
        assert (caught.value.code, caught.value.where) == (code, "loss")
    for layers, code, where in (
        ([net[0], net[2]], "wrong-shape", "the last layer"),
        ([net[0], net[4]], "disconnected-layers", "layer 2"),
    ):
        with pytest.raises(UsageError) as caught:
            recorded(tmp_path / "a.npz", net, layers)
        assert (caught.value.code, caught.value.where) == (code, where)


def test_the_penalty_is_computed_from_the_watched_weights(tmp_path: Path) -> None:
    net = network()
    squares, amounts = (sum(float(f(net[k].weight.value).sum()) for k in (0, 2, 4)) for f in (np.square, np.abs))
    found = recorded(tmp_path / "a.npz", net, net, weight_decay=0.02, l1=0.003)
    assert found.epochs("penalty").tolist() == pytest.approx([0.01 * squares + 0.003 * amounts] * 2)
    decoupled = recorded(tmp_path / "b.npz", net, net, optimizer="AdamW", weight_decay=0.02)
    assert decoupled.epochs("penalty").tolist() == [0.0, 0.0]


@pytest.mark.parametrize("mode", [True, False])
def test_scores_with_dropout_cause_a_warning(mode: bool) -> None:
    """The first probe has the same weights without dropout; its batch may be in another order."""
    net = network(dropout=Dropout(0.5))
    recorder = Recorder(X, Y, X, Y, activation="relu", lr=0.1)
    recorder.watch(net, lambda: Loss(net(Tensor(X[::-1].copy()))))
    net.train(mode)
    outputs = net(Tensor(X)).value
    recorder.score(outputs, outputs)
    net.train()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        recorder.step(1.0)
    assert [str(warning.message).startswith(TRAINING_MODE) for warning in caught] == [True] * mode


def test_scores_in_test_mode_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    """Scores with running statistics do not depend on the batch; scores with batch statistics cause a warning."""
    net = network(norm=BatchNorm1d(8))
    net[1].running_var.value[:] = 4.0
    for mode, fact in ((False, 0.0), (True, None)):
        recorder = Recorder(X, Y, X, Y, activation="relu", lr=0.1)
        recorder.watch(net, lambda: Loss(net(Tensor(X))))
        recorder.step(1.0)
        net.train(mode)
        before = net[1].running_mean.value, net[1].running_var.value
        outputs = net(Tensor(X)).value
        net[1].running_mean.value, net[1].running_var.value = before
        recorder.score(outputs, outputs)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            recorder.save(tmp_path / "a.npz")
        assert read_records(tmp_path / "a.npz")[0].record.facts.get("batch_dependent_fraction") == fact
        assert [str(warning.message).startswith(TRAINING_MODE) for warning in caught] == [True] * mode
