"""What a recorder observes of training loops in PyTorch."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import Recorder
from reportgen.analysis.diagnosis.partial import diagnose_partial
from reportgen.errors import UsageError
from reportgen.external.reader import read_records
from reportgen.runs.record import RunRecord
from tests.external.recording.loop.loops import STEPS, data, network, rules_of, run

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def test_no_settings_are_needed(tmp_path: Path) -> None:
    found = run(tmp_path / "a.npz", network(), optimizer=None)
    assert found.spec.training.lr == 0.05
    assert found.spec.network.layers[0].activation.name == "tanh"
    assert found.epochs("step").tolist() == [0, 3, 6, 9, 12]
    assert found.facts["framework"] == "pytorch"
    assert found.facts["gradients_kept"] == 0
    assert found.facts["targets_agreeing"] == 1
    assert found.facts["loss_response"] == "none"
    assert found.facts["batches_distinct"] == 3
    assert (found.arrays["layer_in_optimizer"] == 1).all()
    assert (found.arrays["layer_has_gradient"] == 1).all()
    assert np.isfinite(found.statistic("update_ratio")[-1]).all()


@pytest.mark.parametrize(
    ("loss", "response"),
    [
        (lambda o, y: functional.cross_entropy(o.softmax(1), y), "softmax"),
        (lambda o, y: functional.cross_entropy(o.relu(), y), "relu"),
        (lambda o, y: functional.cross_entropy(o.log_softmax(1), y), "none"),
        (lambda o, y: functional.nll_loss(o.log_softmax(1), y), "none"),
        (lambda o, y: functional.nll_loss(o, y), "nll_of_outputs"),
    ],
)
def test_functions_before_the_loss_are_named(tmp_path: Path, loss: Any, response: str) -> None:
    assert run(tmp_path / "a.npz", network(), loss=loss).facts["loss_response"] == response


def test_a_sum_is_recorded_as_a_mean(tmp_path: Path) -> None:
    summed = run(tmp_path / "a.npz", network(), loss=lambda o, y: functional.cross_entropy(o, y, reduction="sum"))
    mean = run(tmp_path / "b.npz", network())
    assert (summed.facts["loss_reduction"], mean.facts["loss_reduction"]) == ("sum", "mean")
    assert summed.arrays["step_loss"][0] == pytest.approx(mean.arrays["step_loss"][0], rel=1e-5)


def test_kept_gradients_are_noticed(tmp_path: Path) -> None:
    assert run(tmp_path / "a.npz", network(), zero=False).facts["gradients_kept"] == 1


def test_weights_of_another_network_are_not_held(tmp_path: Path) -> None:
    net, other = network(), network()
    x, y = data()
    optimizer = torch.optim.SGD(other.parameters(), lr=0.05)
    recorder = Recorder(x, y, optimizer=optimizer)
    recorder.watch(net)
    for _ in range(3):
        loss = functional.cross_entropy(net(x), y)
        recorder.step(loss)
        loss.backward()
        optimizer.step()
    recorder.score()
    recorder.save(tmp_path / "a.npz")
    found = read_records(tmp_path / "a.npz")[0].record
    assert (found.arrays["layer_in_optimizer"] == 0).all()
    assert (found.statistic("update_ratio")[1:] == 0).all()


def test_the_rate_is_read_from_the_optimizer(tmp_path: Path) -> None:
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.4)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    found = run(tmp_path / "a.npz", net, optimizer=optimizer, after=lambda _: schedule.step())
    assert found.spec.training.lr == 0.4
    assert found.arrays["step_lr"][:3].tolist() == [0.4, 0.2, 0.1]
    assert found.epochs("lr")[1] == 0.1


def test_a_rate_that_differs_is_corrected_with_a_warning(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"lr=0\.3"):
        assert run(tmp_path / "a.npz", network(), lr=0.3).spec.training.lr == 0.05
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(tmp_path / "b.npz", network(), lr=0.05).spec.training.lr == 0.05


def test_modes_are_noticed(tmp_path: Path) -> None:
    left = run(tmp_path / "a.npz", network(nn.Dropout(0.5)), after=lambda net: net.eval())
    assert left.facts["steps_in_test_mode"] > 0.5


def test_the_recorder_scores_in_test_mode_whatever_the_loop_evaluates(tmp_path: Path) -> None:
    x, _ = data()

    def evaluate(net: Any) -> None:
        with torch.no_grad():
            net(x)

    found = run(tmp_path / "a.npz", network(nn.Dropout(0.5)), after=evaluate)
    assert found.facts["scores_in_training_mode"] == 0


def test_the_same_batch_is_noticed(tmp_path: Path) -> None:
    found = run(tmp_path / "a.npz", network(), batches=lambda step: torch.randperm(20))
    assert (found.facts["batches_distinct"], found.facts["batch_examples"]) == (1, 20)


def test_one_logit_is_recorded(tmp_path: Path) -> None:
    def loss(outputs: Any, targets: Any) -> Any:
        return functional.binary_cross_entropy_with_logits(outputs[:, 0], targets.float())

    found = run(tmp_path / "a.npz", network(outputs=1), loss=loss, classes=2)
    assert found.facts["classes"] == 2
    assert found.facts["loss_form"] == "cross_entropy"
    assert found.epochs("train_loss")[0] == pytest.approx(found.arrays["step_loss"][0], rel=0.5)


def test_targets_of_another_shape_are_noticed(tmp_path: Path) -> None:
    def loss(outputs: Any, targets: Any) -> Any:
        return ((outputs - targets.float()) ** 2).mean()

    found = run(tmp_path / "a.npz", network(outputs=1), loss=loss, classes=2)
    assert found.facts["loss_broadcast"] == [20, 20]


class Written(nn.Module):
    """A network with an activation that is written out, and one layer that is detached."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        x = self.a(x).detach()
        x = self.b(x * torch.sigmoid(x))
        return self.c(x * torch.sigmoid(x))


def test_detached_layers_are_noticed_at_once(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="layer 1 gets no gradient"):
        found = run(tmp_path / "a.npz", Written())
    assert found.arrays["layer_has_gradient"].tolist() == [0, 1, 1]


def test_lazy_modules_and_forgotten_watch_are_errors() -> None:
    x, y = data()
    with pytest.raises(UsageError) as caught:
        Recorder(x, y).watch(nn.Sequential(nn.LazyLinear(3)))
    assert caught.value.code == "unsupported-layer"
    with pytest.raises(UsageError) as caught:
        Recorder(x, y).step(1.0)
    assert caught.value.code == "nothing-recorded"


@pytest.mark.parametrize(
    ("shape", "image"), [((30, 28, 28), [1, 28, 28]), ((30, 32, 16, 3), [3, 32, 16]), ((30, 3, 9, 9), [3, 9, 9])]
)
def test_images_have_a_shape(shape: tuple[int, ...], image: list[int]) -> None:
    recorder = Recorder(np.random.default_rng(0).normal(size=shape), np.arange(30) % 3)
    assert json.loads(json.dumps(recorder.facts["image_shape"])) == image


def trained_by_hand(path: Path, rate: float, **settings: Any) -> RunRecord:
    """Train without an optimizer; a rate of 0 changes nothing."""
    net, (x, y) = network(), data()
    recorder = Recorder(x, y)
    recorder.watch(net)
    for _ in range(STEPS):
        net.zero_grad()
        loss = functional.cross_entropy(net(x), y)
        recorder.step(loss)
        loss.backward()
        with torch.no_grad():
            for parameter in net.parameters():
                parameter -= rate * parameter.grad
    recorder.save(path, **settings)
    return read_records(path)[0].record


@pytest.mark.parametrize("rate", [0.25, 0.0])
def test_a_loop_without_optimizer_is_saved_with_an_estimated_rate(tmp_path: Path, rate: float) -> None:
    record = trained_by_hand(tmp_path / "a.npz", rate)
    assert record.spec.training.lr == pytest.approx(rate, rel=0.02)
    found = diagnose_partial({"a": [record]})[0].findings
    assert ("frozen_weights" in {finding.rule for finding in found}) == (rate == 0)
    assert trained_by_hand(tmp_path / "b.npz", rate, lr=0.5).spec.training.lr == 0.5


def test_an_optimizer_of_another_network_is_named_early_and_in_the_record(tmp_path: Path) -> None:
    other = torch.optim.SGD(network().parameters(), lr=0.3)
    with pytest.warns(UserWarning, match="no optimizer that was used holds"):
        record = run(tmp_path / "a.npz", network(), optimizer=other)
    assert record.spec.training.lr == 0.3
    found = diagnose_partial({"a": [record]})[0].findings
    assert "frozen_weights" in {finding.rule for finding in found}


def long_run(path: Path, *extra: Any, loss: Any = functional.cross_entropy, order: Any = torch.randperm) -> RunRecord:
    """Train on more examples than a probe has."""
    net = network(*extra)
    x = torch.randn(900, 6)
    y = x[:, :3].argmax(1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    recorder = Recorder(x, y, batch_size=30)
    recorder.watch(net)
    for batch in order(900).split(30) if order is torch.randperm else y.argsort().split(30):
        value = loss(net(x[batch]), y[batch])
        recorder.step(value)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    recorder.score()
    recorder.save(path)
    return read_records(path)[0].record


def test_the_form_of_the_loss_is_that_of_a_step_with_any_number_of_examples(tmp_path: Path) -> None:
    facts = long_run(tmp_path / "a.npz").facts
    assert facts["loss_form"] == "cross_entropy"
    assert facts["loss_scale"] == pytest.approx(1, rel=1e-4)
    summed = long_run(tmp_path / "b.npz", loss=lambda z, y: functional.cross_entropy(z, y, reduction="none").sum() * 1)
    assert summed.facts["loss_scale"] == pytest.approx(30, rel=1e-4)
    assert "summed_loss" in rules_of(summed)[0]


def test_batches_of_a_loop_show_whether_they_are_sorted(tmp_path: Path) -> None:
    assert "sorted_batches" in rules_of(long_run(tmp_path / "a.npz", order=None))[0]
    shuffled = long_run(tmp_path / "b.npz")
    assert "sorted_batches" not in set().union(*rules_of(shuffled))
    unknown = {name: value for name, value in shuffled.facts.items() if name != "batches_top_share"}
    assert "sorted_batches" in rules_of(replace(shuffled, facts=unknown))[1]


def test_a_softmax_at_the_end_of_the_network_is_recorded_and_named(tmp_path: Path) -> None:
    net = nn.Sequential(*network(), nn.Softmax(dim=1))
    record = run(tmp_path / "a.npz", net)
    assert record.facts["outputs"] == "probabilities"
    assert record.facts["loss_response"] == "softmax"
    assert "loss_mismatch" in rules_of(record)[0]
