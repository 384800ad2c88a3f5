"""Networks whose outputs are probabilities are recorded like the networks of their logits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import Recorder
from reportgen.external.reader import read_records
from reportgen.external.recording.loop.probabilities import as_logits, gradient_of_logits, last_function
from reportgen.runs.record import RunRecord
from tests.external.recording.loop.loops import data, network, rules_of, run

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


class Squeezed(nn.Module):  # type: ignore[misc,name-defined]
    """A network with one output for each example, (n,), which ends with functions."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.net, self.function = network(outputs=1), function

    def forward(self, x: Any) -> Any:
        return self.function(self.net(x).squeeze(1))


class Ending(nn.Module):  # type: ignore[misc,name-defined]
    """A network of three classes, (n, 3), which ends with a function."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.net, self.function = network(), function

    def forward(self, x: Any) -> Any:
        return self.function(self.net(x))


def bce(outputs: Any, y: Any) -> Any:
    return functional.binary_cross_entropy(outputs.reshape(-1), y.float())


def bce_of_logits(outputs: Any, y: Any) -> Any:
    return functional.binary_cross_entropy_with_logits(outputs.reshape(-1), y.float())


def nll_of_log(outputs: Any, y: Any) -> Any:
    return functional.nll_loss(outputs.log(), y)


def one_hot_bce(outputs: Any, y: Any) -> Any:
    return nn.BCELoss()(outputs, functional.one_hot(y, 3).float())


def one_hot_bce_of_logarithms(outputs: Any, y: Any) -> Any:
    return one_hot_bce(outputs.exp(), y)


def check_equal(found: RunRecord, expected: RunRecord) -> None:
    for name in ("epoch_train_loss", "epoch_train_accuracy", "step_loss", "probe_gradient_norm"):
        np.testing.assert_allclose(found.arrays[name], expected.arrays[name], rtol=2e-3, atol=1e-6, err_msg=name)
    assert found.facts["loss_form"] == expected.facts["loss_form"] == "cross_entropy"
    assert "loss_mismatch" not in rules_of(found)[0]


def test_one_sigmoid_output_is_no_logit(tmp_path: Path) -> None:
    found = run(tmp_path / "a.npz", network_ending(nn.Sigmoid(), outputs=1), loss=bce, classes=2)
    check_equal(found, run(tmp_path / "b.npz", network(outputs=1), loss=bce_of_logits, classes=2))
    assert found.facts["outputs"] == "probabilities"
    assert found.facts["loss_response"] == "none"


def network_ending(*last: Any, outputs: int = 3) -> Any:
    return nn.Sequential(*network(outputs=outputs), *last)


@pytest.mark.parametrize("function", [torch.sigmoid, lambda z: z.sigmoid().clone()])
def test_functions_count_like_modules(tmp_path: Path, function: Any) -> None:
    found = run(tmp_path / "a.npz", Squeezed(function), loss=bce, classes=2)
    check_equal(found, run(tmp_path / "b.npz", Squeezed(lambda z: z), loss=bce_of_logits, classes=2))


def test_a_softmax_before_the_logarithm_is_the_softmax_of_the_loss(tmp_path: Path) -> None:
    found = run(tmp_path / "a.npz", network_ending(nn.Softmax(1)), loss=nll_of_log)
    check_equal(found, run(tmp_path / "b.npz", network()))


def test_log_probabilities_are_logits(tmp_path: Path) -> None:
    found = run(tmp_path / "a.npz", network_ending(nn.LogSoftmax(1)), loss=functional.nll_loss)
    check_equal(found, run(tmp_path / "b.npz", network()))


def nll_of_one(outputs: Any, y: Any) -> Any:
    """Return the negative log-likelihood of two classes, of the logarithm of one probability."""
    return -torch.where(y == 1, outputs.reshape(-1), torch.log(-torch.expm1(outputs.reshape(-1)))).mean()


@pytest.mark.parametrize("function", [nn.LogSigmoid(), functional.logsigmoid])
def test_the_logarithm_of_a_sigmoid_is_no_logit(tmp_path: Path, function: Any) -> None:
    found = run(tmp_path / "a.npz", Squeezed(function), loss=nll_of_one, classes=2)
    expected = run(tmp_path / "b.npz", Squeezed(lambda z: z), loss=bce_of_logits, classes=2)
    for name in ("epoch_train_loss", "epoch_train_accuracy", "step_loss", "probe_gradient_norm"):
        np.testing.assert_allclose(found.arrays[name], expected.arrays[name], rtol=2e-3, atol=1e-6, err_msg=name)


def test_logarithms_of_sigmoids_of_several_classes_are_those_of_shares(tmp_path: Path) -> None:
    found = run(tmp_path / "a.npz", network_ending(nn.LogSigmoid()), loss=one_hot_bce_of_logarithms)
    expected = run(tmp_path / "b.npz", network_ending(nn.Sigmoid()), loss=one_hot_bce)
    for name in ("epoch_train_loss", "epoch_train_accuracy", "probe_gradient_norm"):
        np.testing.assert_allclose(found.arrays[name], expected.arrays[name], rtol=2e-3, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("logarithms", [functional.logsigmoid, lambda z: z.sigmoid().log()])
@pytest.mark.parametrize("in_network", [True, False])
def test_the_likelihood_of_sigmoids_of_several_classes_is_a_fault(
    tmp_path: Path, logarithms: Any, in_network: bool
) -> None:
    net = Ending(logarithms if in_network else lambda z: z)
    loss = functional.nll_loss if in_network else lambda outputs, y: functional.nll_loss(logarithms(outputs), y)
    found = run(tmp_path / "a.npz", net, loss=loss)
    assert found.facts["loss_response"] == "nll_of_sigmoids"
    assert "loss_mismatch" in rules_of(found)[0]


def test_a_cross_entropy_of_logarithms_of_sigmoids_is_a_fault(tmp_path: Path) -> None:
    found = run(tmp_path / "a.npz", network_ending(nn.LogSigmoid()))
    assert found.facts["loss_response"] == "log_sigmoid"
    assert "loss_mismatch" in rules_of(found)[0]


def test_sigmoids_of_several_classes_are_shares(tmp_path: Path) -> None:
    net = network_ending(nn.Sigmoid())
    found = run(tmp_path / "a.npz", net, loss=one_hot_bce)
    x, y = data()
    shares = net(x).detach()
    shares /= shares.sum(1, keepdim=True)
    assert found.epochs("train_loss")[-1] == pytest.approx(float(functional.nll_loss(shares.log(), y)), rel=1e-4)


def test_a_second_sigmoid_in_the_loss_is_a_fault(tmp_path: Path) -> None:
    found = run(tmp_path / "a.npz", network_ending(nn.Sigmoid(), outputs=1), loss=bce_of_logits, classes=2)
    assert found.facts["loss_response"] == "sigmoid"
    assert "loss_mismatch" in rules_of(found)[0]


def test_a_second_softmax_in_the_loss_is_a_fault(tmp_path: Path) -> None:
    found = run(tmp_path / "a.npz", network_ending(nn.Softmax(1)))
    assert found.facts["loss_response"] == "softmax"
    assert "loss_mismatch" in rules_of(found)[0]


def test_given_outputs_are_probabilities_too(tmp_path: Path) -> None:
    x, y = data(2)
    net = network_ending(nn.Sigmoid(), outputs=1)
    recorder = Recorder(x, y, lr=0.1)
    recorder.watch(net, lambda: bce(net(x), y))
    with torch.no_grad():
        recorder.score(net(x))
        expected = float(bce(net(x), y))
    recorder.step(bce(net(x), y))
    recorder.save(tmp_path / "a.npz")
    record = read_records(tmp_path / "a.npz")[0].record
    assert record.epochs("train_loss")[0] == pytest.approx(expected, rel=1e-5)


def test_logits_between_0_and_1_remain_logits(tmp_path: Path) -> None:
    x, y = data(2)
    net = network(outputs=1)
    with torch.no_grad():
        net[-1].weight *= 0.01
        net[-1].bias.fill_(0.5)
    recorder = Recorder(x, y, lr=0.1)
    recorder.watch(net)
    recorder.step(bce_of_logits(net(x), y))
    recorder.save(tmp_path / "a.npz")
    record = read_records(tmp_path / "a.npz")[0].record
    assert record.epochs("train_loss")[0] == pytest.approx(float(bce_of_logits(net(x), y)), rel=1e-5)
    assert "outputs" not in record.facts


def test_the_gradient_of_log_probabilities_is_that_of_the_logits() -> None:
    z = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    outputs = z.log_softmax(1)
    outputs.retain_grad()
    functional.nll_loss(outputs, torch.arange(5) % 3).backward()
    found = gradient_of_logits(outputs.detach().numpy(), outputs.grad.numpy(), "log_softmax")
    np.testing.assert_allclose(found, z.grad, atol=1e-12)


def test_the_gradient_of_the_logarithm_of_one_sigmoid_is_that_of_the_logit() -> None:
    z = torch.randn(5, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    outputs = functional.logsigmoid(z)
    outputs.retain_grad()
    nll_of_one(outputs, torch.arange(5) % 2).backward()
    found = outputs.detach().numpy(), outputs.grad.numpy()
    np.testing.assert_allclose(as_logits(found[0], "log_sigmoid"), z.detach())
    np.testing.assert_allclose(gradient_of_logits(*found, "log_sigmoid"), z.grad, atol=1e-12)


@pytest.mark.parametrize("last", ["sigmoid", "softmax"])
@pytest.mark.parametrize("columns", [1, 3])
def test_gradients_of_logits_follow_the_chain_rule(last: str, columns: int) -> None:
    draws = torch.Generator().manual_seed(0)
    z = torch.randn(5, columns, generator=draws, dtype=torch.float64)
    p = z.sigmoid() if last == "sigmoid" or columns == 1 else z.softmax(1)
    logits = torch.tensor(as_logits(p.numpy(), last), requires_grad=True)
    back = torch.sigmoid(logits) if columns == 1 else logits.softmax(1) if last == "softmax" else logits.exp()
    np.testing.assert_allclose(back.detach(), p)
    weights = torch.randn(5, columns, generator=draws, dtype=torch.float64)
    (back * weights).sum().backward()
    np.testing.assert_allclose(gradient_of_logits(p.numpy(), weights.numpy(), last), logits.grad, atol=1e-12)


def test_the_last_function_is_found_through_functions_of_the_shape() -> None:
    z = torch.ones(4, 2, requires_grad=True)
    assert last_function(z.softmax(1)[:, 1]) == "softmax"
    assert last_function(z.sigmoid().reshape(-1).clone()) == "sigmoid"
    assert last_function(z.log_softmax(1)) == "log_softmax"
    assert last_function(z.tanh()) == ""
    assert last_function(z.detach()) == ""
