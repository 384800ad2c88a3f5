"""A penalty that undoes progress is reported as such, and not as a high learning rate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.layers import normalization_noun
from reportgen.engine.network_spec import BatchNormSpec
from reportgen.engine.tables.norms import NORMS
from reportgen.engine.train import train
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from tests.analysis.diagnosis import rate_runs
from tests.analysis.diagnosis.held_out_runs import EPOCHS, falling, found, runs
from tests.engine.networks import init, spec

LAYER_NORM = {"norm": Component.of("layer_norm", epsilon=1e-5)}
BATCH_NORM = {"batchnorm": BatchNormSpec()}

UNDONE = np.concatenate([falling(1.4, 0.3, 2.0)[:11], np.linspace(0.3, 0.9, EPOCHS - 10)])
"""A loss that falls and then rises again."""


@pytest.mark.parametrize(
    ("penalty", "kept", "reported"), [(20.0, 0.01, True), (5.0, 0.01, False), (20.0, 0.9, False)],
    ids=["dominant", "smaller", "weights kept"],
)  # fmt: skip
def test_a_dominant_penalty_that_undoes_progress_is_reported_instead_of_the_learning_rate(
    penalty: float, kept: float, reported: bool
) -> None:
    curves = {name: UNDONE for name in ("train_loss", "val_loss", "batch_loss")} | {"penalty": penalty}
    norms = {"probe_weight_norm": np.array([[3.0, 3.0], [3.0, 3.0 * kept]])}
    shown = runs(curves=curves, arrays=norms, l2=0.5)
    finding = found("over_regularization", shown)
    assert (finding is not None) == reported
    if finding is not None:
        assert dict(finding.proposals[0].change) == {"training.l2": 0.005}
        assert finding.evidence["last_loss"] == pytest.approx(0.9, rel=0.05)
        assert found("lr_too_high", shown) is None


@pytest.mark.parametrize(("norm", "noun"), [(LAYER_NORM, "layer normalization"), (BATCH_NORM, "batch normalization")])
def test_a_penalty_that_raises_the_rate_names_the_normalization_and_its_layers(norm: dict[str, Any], noun: str) -> None:
    data, common = rate_runs.clouds(), {"weights": init("xavier"), "bias": 0.0, "batch_size": 20, "looks": 10}
    one = spec(classes=4, widths=(16, 16), epochs=15, lr=1.0, l2=0.3, **common)
    *hidden, last = one.network.layers
    one = replace(one, network=one.network.with_layers([*(replace(layer, **norm) for layer in hidden), last]))
    o = train(one, data)
    finding = found(
        "over_regularization", [RunRecord("0", one, o.status, None, o.steps, 0, o.final, o.facts, o.arrays)]
    )
    assert finding is not None
    assert noun in finding.message
    assert finding.layers == (1, 2)


def test_every_normalization_has_a_noun_and_several_have_a_common_one() -> None:
    first, second, last = spec(widths=(4, 4)).network.layers
    network = spec(widths=(4, 4)).network
    nouns = set()
    for row in NORMS.values():
        normalized = replace(first, norm=Component.of(row.name, **{p.name: p.default for p in row.parameters}))
        nouns.add(normalization_noun(network.with_layers([normalized, second, last])))
        mixed = network.with_layers([normalized, replace(second, **BATCH_NORM), last])
        assert normalization_noun(mixed) == "normalization"
    assert nouns == {row.noun for row in NORMS.values()}
