"""Stochastic depth: runs as the reference, gradients, the law of the survivors, and their expectation in test mode."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reportgen.engine.jit.calls import call
from reportgen.engine.jit.compile import kernel
from reportgen.engine.network import BRANCH, NO_STEP, PROBE, TEST, TRAIN
from reportgen.engine.network_spec import BranchDropSpec, NetworkSpec
from reportgen.engine.setup import Setup, set_up
from reportgen.engine.step import gather
from tests.engine.image_networks import IDENTITY, conv, images, output, run_of
from tests.engine.references import check_training

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
