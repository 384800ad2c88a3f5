"""Layers whose learning rate is scaled out of proportion are the cause of what follows from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.evidence.regularization import cost_of_penalty
from reportgen.analysis.diagnosis.layers import rate_factors
from reportgen.engine.train import train
from reportgen.runs.record import RunRecord
from tests.analysis.diagnosis.planted import clouds, findings
from tests.engine.networks import activation, init, optimizer, spec

RULE = "layer_learning_rate"
DATA = clouds()


def runs(factors: tuple[float, float, float] = (1.0, 1.0, 1.0), **given: Any) -> list[RunRecord]:
    """Return the records of three seeds of a network with these factors of the learning rate."""
    values = {"widths": (16, 16), "classes": 4, "bias": 0.0, "lr": 0.05, "epochs": 6, "batch_size": 16, "looks": 6}
    made = []
    for seed in range(3):
        one = spec(seed=seed, act=activation("relu"), **(values | {"weights": init("he_normal")} | given))
        layers = [replace(layer, lr_factor=f) for layer, f in zip(one.network.layers, factors, strict=True)]
        one = replace(one, network=one.network.with_layers(layers))
        o = train(one, DATA)
        made.append(RunRecord(f"{seed}", one, o.status, o.stopped_at_step, o.steps, 0.0, o.final, o.facts, o.arrays))
    return made


def short(records: list[RunRecord]) -> list[RunRecord]:
    """Return the records as of networks that are clearly worse than a simple model."""
    facts = {"baseline_linear": 0.95, "baseline_val_n": 500, "baseline_majority": 0.25}
    return [
        replace(r, final={**r.final, "train_accuracy": 0.5, "val_accuracy": 0.5}, facts={**r.facts, **facts})
        for r in records
    ]


def test_a_network_whose_layers_are_all_frozen_is_not_told_to_raise_its_rate() -> None:
    found = findings(runs((0.0, 0.0, 0.0)), RULE, "update_ratio_low", "lr_too_low")
    assert set(found) == {RULE}
    assert found[RULE].layers == (1, 2, 3)
    assert found[RULE].severity == "error"
    assert dict(found[RULE].proposals[0].change) == {"network.lr_factor": 1.0, "network.output_lr_factor": 1.0}


@pytest.mark.parametrize("factor", [0.0, 1e-5])
def test_frozen_hidden_layers_are_named_if_the_network_is_worse_than_simple_models(factor: float) -> None:
    records = runs((factor, factor, 1.0))
    found = findings(short(records), RULE)
    assert found[RULE].layers == (1, 2)
    assert dict(found[RULE].proposals[0].change) == {"network.lr_factor": 1.0}
    fitted = [replace(r, final={**r.final, "train_accuracy": 1.0, "train_loss": 0.1}) for r in records]
    arrays = {name: np.full_like(fitted[0].arrays[name], 0.1) for name in ("epoch_train_loss", "epoch_batch_loss")}
    assert not findings([replace(r, arrays={**r.arrays, **arrays}) for r in fitted], RULE)


@pytest.mark.parametrize("given", [{"factors": (0.5, 0.1, 1.0)}, {"factors": (0.0, 0.0, 1.0), "lr": 1e-6}])
def test_moderate_factors_and_a_rate_that_is_too_low_itself_are_not_named(given: dict[str, Any]) -> None:
    assert not findings(short(runs(**given)), RULE)


def test_a_base_width_far_from_the_widths_is_the_cause_of_large_steps() -> None:
    mup = {"base_width": 100_000, "gain": 1.0, "zero_output": False}
    found = findings(runs(weights=init("mup", **mup), optimizer=optimizer("adam"), lr=0.1), *CONSEQUENCES, RULE)
    assert found[RULE].layers == (2, 3)
    assert found[RULE].proposals[0].change == {"network.init": {"name": "mup", **mup, "base_width": 16}}
    assert {rule: one.consequence_of for rule, one in found.items() if rule != RULE} == dict.fromkeys(
        [rule for rule in CONSEQUENCES if rule in found], RULE
    )
    assert "wrong_init_loss" in found


CONSEQUENCES = ("wrong_init_loss", "dead_relu", "lr_too_high", "update_ratio_high")


def test_the_factors_of_settings_and_of_the_initialization_are_multiplied() -> None:
    one = runs((1.0, 0.5, 2.0), epochs=0, weights=init("mup", base_width=32), optimizer=optimizer("adam"))[0]
    np.testing.assert_allclose(rate_factors(one), [1.0, 1.0, 4.0])


def test_a_penalty_on_frozen_weights_limits_nothing() -> None:
    learning, frozen = (runs(factors, l2=0.1)[0] for factors in ((1.0, 1.0, 1.0), (0.0, 0.0, 0.0)))
    assert cost_of_penalty(learning) > 0
    assert cost_of_penalty(frozen) == 0
