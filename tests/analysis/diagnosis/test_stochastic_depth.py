"""Steps that drop a branch are no evidence of layers that do not learn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.analysis import theory
from reportgen.analysis.diagnosis.evidence.signal import backward, expected_deltas
from reportgen.analysis.diagnosis.layers import skip_probability
from reportgen.analysis.diagnosis.rules.initialization.init_plateau import weak_at_start
from reportgen.engine.network_spec import BranchDropSpec, BranchSpec, LayerSpec, NetworkSpec
from reportgen.engine.train import train
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from tests.analysis.diagnosis.planted import changed, clouds, findings
from tests.engine.image_networks import IDENTITY, RELU
from tests.engine.networks import init, spec

HE, WIDTH, LATE = init("he_normal"), 24, 5


def network(drop: BranchDropSpec | None, width: int, act: Component) -> NetworkSpec:
    """Return a stem, residual blocks of two layers that drop their branches, and an output layer."""
    nodes = [LayerSpec(width, act, HE)]
    for block in (1, 2):
        first = LayerSpec(width, act, HE, branch=BranchSpec(block, 2, 1, 2))
        last = replace(first, branch=BranchSpec(block, 2, 2, 2), adds=len(nodes) - 1, branch_drop=drop)
        nodes += [first, last]
    return NetworkSpec((*nodes, LayerSpec(4, IDENTITY, HE)))


def run(
    drop: BranchDropSpec | None, seed: int = 0, width: int = WIDTH, act: Component = RELU, **training: Any
) -> RunRecord:
    given = {"seed": seed, "lr": 0.02, "epochs": 4, "batch_size": 16, "looks": 5} | training
    one = replace(spec(**given), network=network(drop, width, act))
    o = train(one, clouds())
    return RunRecord(f"{seed}", one, o.status, o.stopped_at_step, o.steps, 0.0, o.final, o.facts, o.arrays)


def still(drop: BranchDropSpec | None, layers: slice, probes: int = 5) -> list[RunRecord]:
    """Return the records of three seeds whose probed steps do not change some layers."""
    records = [run(drop, seed, looks=probes) for seed in range(3)]
    ratios = [np.array(record.arrays["probe_update_ratio"]) for record in records]
    for ratio in ratios:
        ratio[1:, layers] = 0.0
    return [changed(record, probe_update_ratio=ratio) for record, ratio in zip(records, ratios, strict=True)]


@pytest.mark.parametrize(
    ("drop", "layers", "probes", "reported"),
    [
        (None, slice(1, 3), 5, True),
        (BranchDropSpec(0.5), slice(0, 1), 5, True),  # not in a branch
        (BranchDropSpec(0.2), slice(1, 3), 5, False),
        (BranchDropSpec(0.2), slice(0, 3), 5, True),  # and a layer that cannot be dropped
        (BranchDropSpec(0.5), slice(1, 3), 12, True),
        (BranchDropSpec(0.2, by="example"), slice(1, 3), 5, True),  # a batch of 16 examples keeps some
    ],
)
def test_weights_are_frozen_only_if_dropped_branches_do_not_explain_it(
    drop: BranchDropSpec | None, layers: slice, probes: int, reported: bool
) -> None:
    found = findings(still(drop, layers, probes), "frozen_weights")
    assert bool(found) == reported
    if drop is not None and drop.survival == 0.2 and drop.by == "batch" and reported:
        assert found["frozen_weights"].layers == (1,)


def test_branches_that_no_probed_step_kept_are_not_slow() -> None:
    def judged(drop: BranchDropSpec | None) -> bool:
        records = [replace(r, final={**r.final, "train_accuracy": 0.3}) for r in still(drop, slice(0, 5))]
        flat = np.full_like(records[0].arrays["step_loss"], 1.4)
        return bool(findings([changed(r, step_loss=flat) for r in records], "update_ratio_low"))

    assert judged(None)
    assert not judged(BranchDropSpec(0.1))


def test_the_probability_of_a_skipped_layer_depends_on_the_draws() -> None:
    each = [1 - np.float64(0.9), 0.0]
    np.testing.assert_allclose(skip_probability(run(BranchDropSpec(0.9), epochs=0))[[1, 0]], each)
    by_example = run(BranchDropSpec(0.9, by="example"), epochs=0)
    np.testing.assert_allclose(skip_probability(by_example)[[1, 2, 5]], [0.1**16, 0.1**16, 0.0])


def test_the_survival_probability_of_probes_is_no_vanishing_gradient() -> None:
    records = [run(BranchDropSpec(0.01), seed) for seed in range(3)]
    assert not findings(records, "vanishing_gradients", "idle_branch")
    assert not any(map(weak_at_start, records))


def test_theory_has_the_survival_probability_of_probes() -> None:
    record = run(BranchDropSpec(0.3), epochs=0, width=300, act=IDENTITY)
    found = theory.of_record(record)
    assert found is not None
    np.testing.assert_allclose(found["activation_std"][:LATE], record.statistic("activation_std")[0][:LATE], rtol=0.15)
    np.testing.assert_allclose(expected_deltas(record, found), backward(record), rtol=0.25)
