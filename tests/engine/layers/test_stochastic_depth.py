"""Stochastic depth: runs as the reference and PyTorch, the law of the survivors, and their mean in test mode."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.engine.jit.calls import call
from reportgen.engine.jit.compile import kernel
from reportgen.engine.network import ACTS, BRANCH, NO_STEP, PROBE, TEST, TRAIN
from reportgen.engine.network_spec import BranchDropSpec, NetworkSpec
from reportgen.engine.setup import Setup, set_up
from reportgen.engine.step import gather, gradient
from reportgen.registry import Component
from tests.engine.image_networks import IDENTITY, RELU, conv, dense, images, output, run_of
from tests.engine.networks import data, spec
from tests.engine.references import check_training
from tests.engine.twins import Twin

NETWORKS = ["stochastic depth", "fixup with stochastic depth"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_agrees_with_the_reference(name: str) -> None:
    check_training(name)


@kernel
def pass_batch(net, state, work, rows, mode, step):  # type: ignore[no-untyped-def]
    """Call the forward pass from Python."""
    call(net.forward, net, state, work, rows, mode, step)


def factors(setup: Setup, rows: int, mode: np.int64, step: int) -> np.ndarray:
    """The factors of the examples of the only branch in a forward pass."""
    pass_batch(setup.net, setup.state, setup.work, rows, mode, np.int64(step))
    offset = int(setup.net.codes[1, BRANCH])
    return setup.work.blocks[offset * rows : (offset + 1) * rows].copy()


def one_branch(by: str, survival: float = 0.7) -> Setup:
    nodes = (conv(2), conv(2, act=IDENTITY, adds=0, branch_drop=BranchDropSpec(survival, by)), output())
    setup = set_up(replace(run_of("conv"), network=NetworkSpec(nodes)), images(), np.float32)
    gather(setup.examples.x, setup.examples.y, setup.dataset.features, np.arange(8), setup.work)
    return setup


def test_a_minibatch_shares_its_draw_and_examples_do_not() -> None:
    shared, single = one_branch("batch"), one_branch("example")
    by_batch = np.array([factors(shared, 8, TRAIN, step) for step in range(200)])
    by_example = np.array([factors(single, 8, TRAIN, step) for step in range(200)])
    assert (by_batch == by_batch[:, :1]).all()
    assert set(np.unique(by_batch)) == set(np.unique(by_example)) == {0.0, 1.0}
    assert by_batch[:, 0].mean() == pytest.approx(0.7, abs=4 * (0.21 / 200) ** 0.5)
    assert by_example.mean() == pytest.approx(0.7, abs=4 * (0.21 / 1600) ** 0.5)
    assert not (by_example == by_example[:, :1]).all()


@pytest.mark.parametrize("mode", [PROBE, TEST])
def test_branches_have_their_expectation_outside_of_training(mode: np.int64) -> None:
    assert factors(one_branch("example"), 8, mode, int(NO_STEP)) == pytest.approx(0.7, rel=1e-6)


SURVIVAL = (0.7, 0.4)


def two_blocks(act: Component) -> Setup:
    """A dense network in float64 with two residual blocks and eight examples; the second one draws by example."""
    drops = BranchDropSpec(SURVIVAL[0]), BranchDropSpec(SURVIVAL[1], "example")
    blocks = [dense(6, act, adds=adds, branch_drop=drop) for adds, drop in zip((0, 1), drops, strict=True)]
    run = replace(spec(), network=NetworkSpec((dense(6), *blocks, output())))
    setup = set_up(run, data(), np.float64)
    gather(setup.examples.x, setup.examples.y, setup.dataset.features, np.arange(8), setup.work)
    return setup


def block_of(setup: Setup, operation: int, column: int, width: int = 1) -> np.ndarray:
    """A block of the work buffers for the eight examples."""
    begin = int(setup.net.codes[operation, column]) * 8
    return setup.work.blocks[begin : begin + 8 * width].reshape(8, width).copy()


def outputs_of_twin(twin: Twin, phi: Callable[[Any], Any], factors: Sequence[Any]) -> Any:
    """Huang et al. 2016, eqs. 2 and 5: each branch, times its factors, is added to the inputs of its block."""
    w, b = twin.parameters[::2], twin.parameters[1::2]
    h = twin.torch.tanh(twin.x[:8] @ w[0] + b[0])
    for k in (0, 1):
        h = phi(factors[k] * (h @ w[k + 1] + b[k + 1]) + h)
    return h @ w[3] + b[3]


def test_loss_and_gradient_of_kept_and_dropped_branches_agree_with_pytorch() -> None:
    torch = pytest.importorskip("torch")
    setup, seen = two_blocks(RELU), []
    for mode, step in [(TRAIN, step) for step in range(6)] + [(PROBE, 0), (TEST, 0)]:
        loss = gradient(setup.net, setup.state, setup.work, setup.recipe, 8, mode, np.int64(step))
        factors = [torch.tensor(block_of(setup, operation, BRANCH)) for operation in (1, 2)]
        seen += [tuple(pair) for pair in torch.cat(factors, dim=1).tolist()]
        twin = Twin(setup)
        expected = torch.nn.functional.cross_entropy(outputs_of_twin(twin, torch.relu, factors), twin.y[:8])
        expected.backward()
        assert loss == pytest.approx(expected.item(), rel=1e-12)
        of_twin = torch.cat([part.grad.ravel() for part in twin.parameters])
        np.testing.assert_allclose(setup.state.grads, of_twin, rtol=1e-10, atol=1e-14)
    assert set(seen) == {*itertools.product((0.0, 1.0), repeat=2), SURVIVAL}


def test_outputs_in_test_mode_are_the_mean_over_all_draws_in_pytorch() -> None:
    """This is exact for blocks without a nonlinearity after the addition."""
    pytest.importorskip("torch")
    setup = two_blocks(IDENTITY)
    pass_batch(setup.net, setup.state, setup.work, 8, TEST, NO_STEP)
    twin, mean = Twin(setup), 0.0
    for kept in itertools.product((0, 1), repeat=2):
        chances = [p if one else 1 - p for p, one in zip(SURVIVAL, kept, strict=True)]
        mean = mean + math.prod(chances) * outputs_of_twin(twin, lambda h: h, kept).detach()
    np.testing.assert_allclose(block_of(setup, 3, ACTS, 4), mean, rtol=1e-12, atol=1e-14)
