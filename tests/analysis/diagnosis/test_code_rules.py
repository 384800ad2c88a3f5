"""Rules about the code of a training loop, on records with planted observations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.causes import with_causes
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Evidence, Finding
from reportgen.engine.network_spec import DropoutSpec
from reportgen.external.reader import read_records
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Variant
from tests.external.recording.test_recorder import recorded

LAYERS = 3


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    path: Path = tmp_path_factory.mktemp("records") / "a.npz"
    recorded(path)
    return read_records(path)[0].record


def judged(rule: str, record: RunRecord, facts: Mapping[str, Any], **arrays: Any) -> Finding | None:
    """Return the finding of a rule on three seeds with additional facts and arrays."""
    changed = replace(record, facts={**record.facts, **facts}, arrays={**record.arrays, **arrays})
    records = [replace(changed, spec=replace(changed.spec, seed=seed)) for seed in range(3)]
    check = RULES[rule].check
    assert check is not None
    return check(Evidence(Variant("a", "a", {}, {}), records))


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "never zeroed": ("kept_gradients", {"gradients_kept": 1.0, "updates_checked": 8}),
    "softmax twice": ("loss_mismatch", {"loss_response": "softmax"}),
    "gradient of softmax": ("loss_mismatch", {"loss_form": "softmax", "loss_error": 0.9}),
    "no logarithm": ("loss_mismatch", {"loss_response": "nll_of_softmax"}),
    "one batch": (
        "repeated_batch",
        {"batches_observed": 8, "batches_distinct": 1, "batch_examples": 20, "train_n": 60},
    ),
    "next labels": (
        "shifted_labels",
        {"targets_matched": 200, "targets_agreeing": 0.3, "targets_shift": 1, "targets_agreeing_shifted": 1.0},
    ),
    "off by one": ("shifted_labels", {"targets_matched": 99, "targets_agreeing": 0.0, "targets_off_by_one": 1.0}),
    "broadcast": ("broadcast_targets", {"loss_broadcast": [32, 32]}),
}

LOOK_ALIKES: dict[str, tuple[str, dict[str, Any]]] = {
    "accumulated": ("kept_gradients", {"gradients_kept": 0.0, "updates_checked": 8}),
    "two updates": ("kept_gradients", {"gradients_kept": 1.0, "updates_checked": 2}),
    "cross-entropy": ("loss_mismatch", {"loss_response": "none", "loss_form": "cross_entropy"}),
    "label smoothing": ("loss_mismatch", {"loss_response": "none", "loss_form": "other", "loss_error": 0.1}),
    "mean": ("summed_loss", {"loss_reduction": "mean", "loss_form": "cross_entropy", "loss_scale": 1.0, "probe_n": 60}),
    "full batch": (
        "repeated_batch",
        {"batches_observed": 8, "batches_distinct": 1, "batch_examples": 60, "train_n": 60},
    ),
    "label noise": (
        "shifted_labels",
        {"targets_matched": 200, "targets_agreeing": 0.8, "targets_agreeing_shifted": 0.3, "targets_off_by_one": 0.1},
    ),
    "no modes": ("wrong_mode", {"steps_in_test_mode": 1.0}),
    "equal shapes": ("broadcast_targets", {"loss_broadcast": []}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_alarms(healthy: RunRecord, name: str) -> None:
    rule, facts = FAULTS[name]
    found = judged(rule, healthy, facts)
    assert found is not None
    assert found.severity in ("warning", "error")
    assert found.seeds == (0, 1, 2)


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_look_alikes_are_not_found(healthy: RunRecord, name: str) -> None:
    rule, facts = LOOK_ALIKES[name]
    assert judged(rule, healthy, facts) is None


@pytest.mark.parametrize("rule", [name for name, rule in RULES.items() if rule.stage == "code"])
def test_nothing_is_found_without_observations(healthy: RunRecord, rule: str) -> None:
    assert judged(rule, healthy, {}) is None


def test_other_losses_are_information(healthy: RunRecord) -> None:
    found = judged("loss_mismatch", healthy, {"loss_form": "other", "loss_error": 0.4})
    assert found is not None
    assert found.severity == "info"


def test_a_sum_that_trains_well_is_information(healthy: RunRecord) -> None:
    good = replace(healthy, final={**healthy.final, "train_accuracy": 1.0, "train_loss": 0.01})
    arrays = {name: np.append(good.arrays[name][:-1], 0.01) for name in ("epoch_train_loss", "epoch_batch_loss")}
    facts = {"loss_reduction": "sum", "batch_examples": 20}
    found = judged("summed_loss", good, facts, **arrays)
    assert found is not None
    assert found.severity == "info"


def test_modes_matter_with_dropout_only(healthy: RunRecord) -> None:
    network = healthy.spec.network
    layers = tuple(replace(layer, dropout=DropoutSpec(0.5)) for layer in network.layers)
    dropped = replace(healthy, spec=replace(healthy.spec, network=network.with_layers(layers)))
    left_on = judged("wrong_mode", dropped, {"steps_in_test_mode": 0.9})
    never = judged("wrong_mode", dropped, {"steps_in_test_mode": 0.0, "scores_in_training_mode": 1.0})
    assert left_on is not None
    assert never is not None
    assert "eval()" in never.advice
    assert judged("wrong_mode", dropped, {"steps_in_test_mode": 0.0, "scores_in_training_mode": 0.1}) is None


def still(record: RunRecord, layers: slice) -> dict[str, Any]:
    ratios = np.array(record.arrays["probe_update_ratio"])
    ratios[1:, layers] = 0.0
    return {"probe_update_ratio": ratios}


def test_weights_that_never_move_are_frozen(healthy: RunRecord) -> None:
    held = np.array([0.0, 0.0, 1.0])
    found = judged("frozen_weights", healthy, {}, layer_in_optimizer=held, **still(healthy, slice(0, 2)))
    assert found is not None
    assert found.layers == (1, 2)
    everything = judged("frozen_weights", healthy, {}, **still(healthy, slice(0, 3)))
    assert everything is not None
    assert everything.severity == "error"


def test_frozen_on_purpose_is_no_fault(healthy: RunRecord) -> None:
    gradients = np.array(healthy.arrays["probe_weight_gradient_norm"])
    gradients[:, 0] = np.nan
    arrays = {"probe_weight_gradient_norm": gradients, **still(healthy, slice(0, 1))}
    assert judged("frozen_weights", healthy, {}, layer_in_optimizer=np.array([0.0, 1, 1]), **arrays) is None
    assert judged("detached_layer", healthy, {}, layer_has_gradient=np.array([np.nan, 1, 1]), **arrays) is None


def test_a_layer_with_a_learning_rate_of_zero_is_frozen_on_purpose(healthy: RunRecord) -> None:
    first, *others = healthy.spec.network.layers
    network = healthy.spec.network.with_layers([replace(first, lr_factor=0.0), *others])
    record = replace(healthy, spec=replace(healthy.spec, network=network))
    assert judged("frozen_weights", healthy, {}, **still(healthy, slice(0, 1))) is not None
    assert judged("frozen_weights", record, {}, **still(healthy, slice(0, 1))) is None


def test_a_rate_too_small_for_the_precision_is_no_frozen_layer(healthy: RunRecord) -> None:
    rates = np.full_like(healthy.arrays["epoch_lr"], 1e-12)
    arrays = {"epoch_lr": rates, "layer_in_optimizer": np.ones(LAYERS), **still(healthy, slice(0, 3))}
    assert judged("frozen_weights", healthy, {}, **arrays) is None


def test_detached_layers_are_found(healthy: RunRecord) -> None:
    arrays = {"layer_has_gradient": np.array([0.0, 1, 1]), **still(healthy, slice(0, 1))}
    found = judged("detached_layer", healthy, {}, **arrays)
    assert found is not None
    assert found.layers == (1,)


def test_modules_at_several_places_share_weights(healthy: RunRecord) -> None:
    found = judged("shared_weights", healthy, {}, layer_registrations=np.array([1.0, 3, 1]))
    assert found is not None
    assert found.layers == (2,)
    assert judged("shared_weights", healthy, {}, layer_registrations=np.ones(LAYERS)) is None


def test_a_fault_of_the_code_explains_later_stages(healthy: RunRecord) -> None:
    root = judged("loss_mismatch", healthy, {"loss_response": "softmax"})
    assert root is not None
    low = replace(root, rule="lr_too_low", step=1)
    normalized = replace(root, rule="unnormalized_input", step=0)
    found = {finding.rule: finding.consequence_of for finding in with_causes([root, low], RULES)}
    assert found == {"loss_mismatch": None, "lr_too_low": "loss_mismatch"}
    assert with_causes([root, normalized], RULES)[1].consequence_of is None


def test_advice_is_in_the_words_of_the_framework(healthy: RunRecord) -> None:
    facts = {"gradients_kept": 1.0, "updates_checked": 8}
    torch, keras = (judged("kept_gradients", healthy, {**facts, "framework": name}) for name in ("pytorch", "keras"))
    assert torch is not None
    assert keras is not None
    assert "optimizer.zero_grad()" in torch.advice
    assert "model.zero_grad()" in keras.advice
