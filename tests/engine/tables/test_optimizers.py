"""Optimizers against PyTorch, step by step from the same weights, and the steps of Muon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.engine.cost import optimizer_operations, run_bytes
from reportgen.engine.layout import lay_out
from reportgen.engine.run import Run
from reportgen.engine.setup import set_up
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.engine.train import train
from tests.engine.image_networks import TRAINING, images, run_of
from tests.engine.networks import data, optimizer, spec
from tests.engine.twins import Twin, groups

LR, STEPS, L2 = 0.02, 12, 0.05

Parameters = list[Any]
Step = Callable[[], Any]


def adam(parameters: Parameters) -> Step:
    import torch

    made = torch.optim.Adam(groups(parameters, L2), lr=LR)
    return made.step  # type: ignore[no-any-return]


def adamw(parameters: Parameters) -> Step:
    import torch

    made = torch.optim.AdamW(groups(parameters, 0.3), lr=LR)
    return made.step  # type: ignore[no-any-return]


def lion(parameters: Parameters) -> Step:
    import torch

    means = [torch.zeros_like(p) for p in parameters]

    def step() -> None:
        for p, mean in zip(parameters, means, strict=True):
            if p.ndim == 2:
                p.mul_(1 - LR * 0.3)
            p.add_(mean.mul(0.9).add(p.grad, alpha=0.1).sign(), alpha=-LR)
            mean.mul_(0.99).add_(p.grad, alpha=0.01)

    return step


def muon(parameters: Parameters) -> Step:
    """The published implementation, in float64; weights are transposed, since PyTorch has the outputs first."""
    import torch

    *hidden, last = [p for p in parameters if p.ndim == 2]
    means = [torch.zeros_like(p.T) for p in hidden]
    rest = [last, *(p for p in parameters if p.ndim == 1)]
    others = torch.optim.Adam(rest, lr=0.1 * LR, betas=(0.9, 0.95), eps=1e-10)

    def step() -> None:
        for p, mean in zip(hidden, means, strict=True):
            mean.lerp_(p.grad.T, 0.05)
            update = zero_power(p.grad.T.lerp(mean, 0.95)) * max(1, mean.size(0) / mean.size(1)) ** 0.5
            p.add_(update.T, alpha=-LR)
        others.step()

    return step


def zero_power(g: Any) -> Any:
    x = g.T if g.size(0) > g.size(1) else g
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if g.size(0) > g.size(1) else x


TWINS = {
    "adam": (adam, spec(widths=(9, 3), optimizer=optimizer("adam"), l2=L2)),
    "adamw": (adamw, spec(widths=(9, 3), optimizer=optimizer("adamw", weight_decay=0.3))),
    "lion": (lion, spec(widths=(9, 3), optimizer=optimizer("lion", weight_decay=0.3))),
    "muon": (muon, spec(widths=(9, 3), optimizer=optimizer("muon", adam_factor=0.1))),
}


def of_twin(run: RunSpec, make: Callable[[Parameters], Step]) -> list[float]:
    """The losses of a dense tanh network in PyTorch."""
    twin = Twin(set_up(run, data()))
    return list(twin.train(make(twin.parameters), STEPS))


@pytest.mark.parametrize("name", TWINS)
def test_losses_of_full_batches_agree_with_pytorch(name: str) -> None:
    pytest.importorskip("torch")
    make, run = TWINS[name]
    run = changed(run, batch_size=0, epochs=STEPS, lr=LR)
    losses = train(run, data()).arrays["step_loss"]
    assert len(losses) == STEPS
    np.testing.assert_allclose(losses, of_twin(run, make), rtol=2e-4)


def changed(run: RunSpec, **training: Any) -> RunSpec:
    """The run with other settings of its training."""
    return replace(run, training=replace(run.training, **training))


def muon_step(width: int, fan_in: int) -> np.ndarray:
    """The change of the hidden weights in the first step, for a learning rate of 1."""
    one = spec(widths=(width,), optimizer=optimizer("muon", adam_factor=0.0), lr=1.0, batch_size=0, epochs=1, looks=0)
    examples = data(n=200, features=fan_in)
    setup = set_up(one, examples)
    weights = setup.state.params[: fan_in * width]
    before = weights.copy()
    run = Run(one, examples, setup, lambda: False, lambda done, total: None)
    run.start()
    run.train(run.total)
    return (weights - before).reshape(fan_in, width)


@pytest.mark.parametrize(("fan_in", "width"), [(12, 4), (4, 12), (6, 6)], ids=["tall", "wide", "square"])
def test_a_step_of_muon_has_singular_values_near_one(fan_in: int, width: int) -> None:
    """Up to the factor of the shape; the coefficients of the iteration leave values between about 0.7 and 1.2."""
    values = np.linalg.svd(muon_step(width, fan_in), compute_uv=False) / np.sqrt(max(1, width / fan_in))
    assert ((values > 0.6) & (values < 1.25)).all()


def test_filters_of_convolutions_take_steps_of_muon() -> None:
    settings = TRAINING["norm"] | {"optimizer": optimizer("muon"), "lr": 0.05}
    found = train(run_of("norm", **settings), images())
    losses = found.arrays["epoch_batch_loss"]
    assert found.status == "ok"
    assert losses[-1] < losses[1]


def test_the_cost_counts_the_products_and_the_buffer_of_muon() -> None:
    run = spec(widths=(20, 30), optimizer=optimizer("muon"))
    layers = lay_out(run.network, 5, None)
    by_hand = sum(5 * (4 * m * n * min(m, n) + 2 * min(m, n) ** 3) for m, n in ((5, 20), (20, 30)))
    assert optimizer_operations(run, layers) == by_hand
    like_adam = changed(run, optimizer=optimizer("adam"))
    assert run_bytes(run, layers, 30) - run_bytes(like_adam, layers, 30) == 4 * 4 * 600
    assert optimizer_operations(like_adam, layers) == 0


def test_a_network_without_hidden_layers_is_trained_by_adam_beside_muon() -> None:
    linear, beside = spec(widths=(), lr=0.1), optimizer("muon", adam_factor=1.0)
    by_adam = changed(linear, optimizer=optimizer("adam", beta2=0.95, epsilon=1e-10))
    np.testing.assert_array_equal(
        train(changed(linear, optimizer=beside), data()).arrays["step_loss"],
        train(by_adam, data()).arrays["step_loss"],
    )


def test_names_of_pytorch_find_the_rows() -> None:
    assert OPTIMIZERS.find("Muon") is OPTIMIZERS["muon"]
    assert OPTIMIZERS.find("Lion") is OPTIMIZERS["lion"]
