"""Pruned runs agree with the NumPy reference in all rounds, and pruned weights have no effect on training."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
import pytest

from reportgen.data.dataset import Dataset
from reportgen.engine.cost import count_parameters, estimate_seconds, run_bytes, total_steps
from reportgen.engine.layout import lay_out
from reportgen.engine.network import WEIGHTS
from reportgen.engine.network_spec import BatchNormSpec, BranchSpec, LayerSpec, NetworkSpec, PoolSpec, WindowSpec
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.pruning import Masks, Rounds, weights_kept
from reportgen.engine.run import Run
from reportgen.engine.setup import set_up
from reportgen.engine.spec import SCORES, EvaluationSpec, PruningSpec, RunSpec
from reportgen.engine.train import Cancelled, Outcome, train
from reportgen.registry import Component
from tests.engine.naive_pruning import train_rounds
from tests.engine.networks import activation, data, init, optimizer, spec


def pruned(run: RunSpec, **settings: object) -> RunSpec:
    """The run with pruning, by default of 70% of the weights in three rounds."""
    pruning = PruningSpec(**{"sparsity": 0.7, "rounds": 3, **settings})
    return dataclasses.replace(run, training=dataclasses.replace(run.training, pruning=pruning))


def trained_rounds(run: RunSpec, dataset: Dataset, watch: Callable[[Run], None] = lambda run: None) -> Rounds:
    """All trainings of a run, with the network of the last one; `watch` is called several times in each training."""
    setup = set_up(run, dataset)

    def new_run(number: int) -> Run:
        one = Run(run, dataset, setup, lambda: False, lambda done, total: watch(one))
        return one

    dense = new_run(0)
    dense.start()
    rounds = Rounds(dense, run.training.pruning, new_run)
    rounds.train()
    return rounds


def weights_of(rounds: Rounds) -> list[np.ndarray]:
    """The weights of each layer, flat."""
    setup = rounds.dense.setup
    pairs = zip(setup.operations, setup.net.codes, strict=True)
    return [setup.state.params[code[WEIGHTS] :][: op.weights] for op, code in pairs if op.owns_weights]


OPTIMIZERS = [
    optimizer("sgd"),
    optimizer("sgd", momentum=0.9),
    optimizer("sgd", momentum=0.9, nesterov=True),
    optimizer("sgd", momentum=0.9, form="average"),
    optimizer("adagrad"),
    optimizer("rmsprop"),
    optimizer("adam"),
    optimizer("adamw", weight_decay=0.3),
    optimizer("lion", weight_decay=0.3),
    optimizer("muon", weight_decay=0.3),
]
PENALTIES = [{}, {"l2": 0.05, "l1": 0.01}, {"clip_norm": 0.3, "l2": 0.05}]


@pytest.mark.parametrize(
    ("o", "penalties", "settings"),
    [
        *((o, penalties, {}) for o, penalties in itertools.product(OPTIMIZERS, PENALTIES)),
        *((o, {}, {"rewind": 2}) for o in OPTIMIZERS),
        *((o, {"clip_norm": 0.3}, {"weights": "random"}) for o in OPTIMIZERS[1::3]),
        (OPTIMIZERS[1], {"l2": 0.05}, {"output_rate": 0.0}),
    ],
    ids=str,
)
def test_all_rounds_agree_with_the_reference(
    o: Component, penalties: dict[str, float], settings: dict[str, object]
) -> None:
    run, dataset = pruned(spec(optimizer=o, lr=0.02, **penalties), **settings), data()
    rounds = trained_rounds(run, dataset)
    reference, scores = train_rounds(run, dataset)
    tolerance = 2e-3 if o.name == "rmsprop" else 5e-4
    for weights, layer, mask in zip(weights_of(rounds), reference.layers, reference.masks, strict=True):
        np.testing.assert_array_equal(weights != 0, mask.ravel() == 1)
        np.testing.assert_allclose(weights, layer.p["W"].ravel(), rtol=tolerance, atol=tolerance)
    outcome = train(run, dataset)
    np.testing.assert_allclose(outcome.arrays["step_loss"], reference.losses, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(outcome.arrays["round_val_loss"], [loss for loss, _ in scores], rtol=5 * tolerance)
    np.testing.assert_allclose(outcome.arrays["round_val_accuracy"], [accuracy for _, accuracy in scores])


@pytest.mark.parametrize("rewind", [0, 1])
def test_batch_normalization_rewinds_its_running_values(rewind: int) -> None:
    run, dataset = pruned(spec(batchnorm=BatchNormSpec(momentum=0.7), lr=0.02), rewind=rewind), data()
    _, scores = train_rounds(run, dataset)
    outcome = train(run, dataset)
    np.testing.assert_allclose(outcome.arrays["round_val_loss"], [loss for loss, _ in scores], rtol=1e-3)


def test_the_rounds_remove_equal_shares_and_reach_the_sparsity() -> None:
    outcome = train(pruned(spec(widths=(40, 50)), sparsity=0.8, rounds=4), data())
    kept = outcome.arrays["round_weights"]
    assert kept[0].tolist() == [200, 2000, 200]
    assert kept[-1].tolist() == [40, 400, weights_kept(200, 0.5 * (1 - 0.2**0.25), 4)]
    np.testing.assert_allclose(kept[1:, 1] / kept[:-1, 1], 0.2**0.25, atol=2e-3)
    np.testing.assert_allclose(outcome.arrays["round_sparsity"], 1 - kept.sum(axis=1) / 2400)


def test_a_layer_keeps_at_least_one_weight() -> None:
    outcome = train(pruned(spec(widths=(1, 1)), sparsity=0.999, rounds=2), data())
    assert outcome.arrays["round_weights"][-1].tolist() == [1, 1, 1]
    assert weights_kept(10, 0.99, 5) == 1


@pytest.mark.parametrize("o", OPTIMIZERS, ids=str)
def test_pruned_weights_stay_exactly_zero(o: Component) -> None:
    run = pruned(spec(optimizer=o, batch_size=3, epochs=4, act=activation("relu"), clip_norm=0.5, l2=0.01))
    seen = []

    def watch(one: Run) -> None:
        state = one.setup.state
        seen.append(int((state.masks == 0).sum()))
        assert not state.params[state.masks == 0].any()
        assert not state.grads[state.masks == 0].any()

    trained_rounds(dataclasses.replace(run, probes=ProbeSpec(curvature=True)), data(), watch)
    assert len(set(seen)) == 4


def test_the_winning_weights_are_those_of_the_dense_network() -> None:
    """Before training, the pruned network is the initial dense network without some of its weights."""
    run = pruned(spec(looks=2))
    setup = set_up(run, data())
    initial = setup.state.params.copy()
    rounds = trained_rounds(run, data())
    masks = rounds.dense.setup.state.masks
    norm = np.linalg.norm((initial * masks)[rounds.masks.layers[0][0]])
    assert train(run, data()).arrays["probe_weight_norm"][0, 0] == pytest.approx(norm, rel=1e-6)


def test_random_weights_share_the_masks_but_not_the_values() -> None:
    winning, random = (trained_rounds(pruned(spec(), weights=weights), data()) for weights in ("winning", "random"))
    np.testing.assert_array_equal(winning.kept, random.kept)
    np.testing.assert_array_equal(winning.dense.setup.state.masks, random.dense.setup.state.masks)
    assert winning.scores[0].tolist()[:4] == random.scores[0].tolist()[:4]
    assert winning.scores[1, 0] != random.scores[1, 0]


def test_without_removed_weights_a_rewound_training_repeats_the_dense_one() -> None:
    """The state of the optimizer, the order of batches, dropout and the schedule continue from the rewind epoch."""
    run = spec(widths=(3,), optimizer=optimizer("adam"), lr=0.02, schedule=Component.of("exponential", factor=0.5))
    run = dataclasses.replace(run, probes=ProbeSpec(looks=6))
    outcome, dense = train(pruned(run, sparsity=1e-9, rounds=1, rewind=2), data()), train(run, data())
    assert outcome.final == dense.final or np.isnan(outcome.final["test_loss"])
    for name in ("step_loss", "epoch_val_loss", "epoch_lr", "probe_weight_norm", "probe_activation_histogram"):
        np.testing.assert_array_equal(outcome.arrays[name], dense.arrays[name])


def test_the_dense_round_is_a_run_without_pruning() -> None:
    run = spec(optimizer=optimizer("sgd", momentum=0.9))
    dense, outcome = train(run, data()), train(pruned(run), data())
    assert outcome.arrays["round_val_loss"][0] == dense.final["val_loss"]
    assert outcome.facts == dense.facts | {name: outcome.facts[name] for name in ("val_loss_sd",)}
    assert not any(name.startswith("round_") for name in dense.arrays)


def test_a_pruned_run_is_deterministic() -> None:
    first, second = (train(pruned(spec(), weights="random"), data()) for _ in range(2))
    assert first.arrays.keys() == second.arrays.keys()
    for name in first.arrays:
        np.testing.assert_array_equal(first.arrays[name], second.arrays[name])


@pytest.mark.parametrize("settings", [{}, {"rewind": 1}, {"weights": "random"}], ids=str)
def test_progress_counts_the_steps_of_all_trainings(settings: dict[str, object]) -> None:
    run, seen = pruned(spec(), **settings), []
    train(run, data(), progress=lambda done, total: seen.append((done, total)))
    trainings, rewound = run.training.pruning.trainings, run.training.pruning.rewind
    total = 4 * (3 + (trainings - 1) * (3 - rewound))
    assert seen[-1] == (total, total)
    assert total == total_steps(run, 30)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_cancelling_ends_a_later_round() -> None:
    done = [0]
    with pytest.raises(Cancelled):
        train(pruned(spec()), data(), lambda: done[0] > 14, lambda steps, _: done.__setitem__(0, steps))
    assert 14 < done[0] < 48


def test_a_diverged_training_is_the_last_one() -> None:
    run = spec(act=activation("relu"), loss=Component("mse"), lr=1e6, epochs=30)
    outcome = train(pruned(run), data())
    assert outcome.status == "diverged"
    assert np.isnan(outcome.arrays["round_sparsity"][1:]).all()
    assert outcome.arrays["round_sparsity"][0] == 0


def test_early_stopping_acts_in_each_training() -> None:
    run = pruned(spec(widths=(50,), epochs=400, patience=5, lr=0.5, batch_size=5))
    outcome = train(run, data())
    assert outcome.status == "stopped"
    best = outcome.arrays["epoch_val_loss"].min()
    assert outcome.final["val_loss"] == pytest.approx(best) == outcome.arrays["round_val_loss"][-1]
    assert outcome.arrays["round_best_epoch"][-1] == outcome.arrays["epoch_val_loss"].argmin()


def test_a_training_that_stops_before_the_rewind_epoch_rewinds_to_its_end() -> None:
    run = pruned(spec(widths=(50,), epochs=400, patience=5, lr=0.5, batch_size=5), rewind=399)
    outcome = train(run, data())
    assert 5 < outcome.steps // 6 < 399


def test_evaluations_are_those_of_the_last_network() -> None:
    run = dataclasses.replace(pruned(spec(epochs=4), rewind=1), evaluation=EvaluationSpec(True, 0, 1, 2))
    outcome = train(run, data())
    assert outcome.final["snapshots"] == 2
    assert outcome.arrays["val_probabilities"].shape == (10, 4)
    accuracy = (outcome.arrays["val_probabilities"].argmax(axis=1) == outcome.arrays["val_labels"]).mean()
    assert accuracy == pytest.approx(outcome.final["val_accuracy"])


def images() -> Dataset:
    """Small images whose label is the brightest quarter."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 36)).astype(np.float32)
    quarters = x.reshape(60, 2, 3, 2, 3).mean(axis=(2, 4)).reshape(60, 4)
    y, none = quarters.argmax(axis=1).astype(np.int64), np.zeros((0, 36), np.float32)
    empty = np.zeros(0, np.int64)
    return Dataset(x[:40], y[:40], x[40:], y[40:], none, empty, 4, image_shape=(1, 6, 6))


def residual_network(weights: Component, norm: BatchNormSpec | None) -> NetworkSpec:
    """A convolution, a residual block of two convolutions, pooling and the output layer."""
    relu, identity, window = activation("relu"), activation("identity"), WindowSpec((3, 3), padding="same")

    def conv(place: int, **links: int) -> LayerSpec:
        branch = BranchSpec(1, 1, place, 2) if place else None
        return LayerSpec(4, relu, weights, 0.0, norm, None, "conv", window, branch=branch, **links)

    nodes = (conv(0), conv(1), conv(2, adds=0), PoolSpec("max_pool", WindowSpec((2, 2), (2, 2))))
    return NetworkSpec((*nodes, LayerSpec(4, identity, weights)))


@pytest.mark.parametrize("name", ["he_normal", "fixup"])
@pytest.mark.parametrize("norm", [None, BatchNormSpec()], ids=["plain", "batchnorm"])
def test_convolutions_in_residual_blocks_are_pruned(name: str, norm: BatchNormSpec | None) -> None:
    run = dataclasses.replace(pruned(spec(epochs=4)), network=residual_network(init(name), norm))
    rounds = trained_rounds(run, images())
    counts = [int((weights != 0).sum()) for weights in weights_of(rounds)]
    assert rounds.kept[0].tolist() == [36, 144, 144, 144]
    assert counts == rounds.kept[-1].tolist() == [11, 43, 43, weights_kept(144, 0.5 * (1 - 0.3 ** (1 / 3)), 3)]


def test_data_dependent_weights_are_drawn_again() -> None:
    run = pruned(spec(weights=init("lsuv")), weights="random")
    outcome: Outcome = train(run, data())
    assert outcome.status == "ok"
    assert np.isfinite(outcome.arrays["round_train_loss"]).all()


def test_equal_magnitudes_are_removed_in_order() -> None:
    run = pruned(spec(widths=(4,)), sparsity=0.5, rounds=1)
    setup = set_up(run, data())
    place, _ = (masks := Masks(setup, run.training.pruning)).layers[0]
    setup.state.params[place] = np.tile([-1.0, 1.0], 10)
    masks.prune(1)
    assert setup.state.masks[place].tolist() == [0] * 10 + [1] * 10


def test_costs_count_all_trainings() -> None:
    run = spec(widths=(50, 50))
    operations = lay_out(run.network, 5, None)
    more = pruned(run)
    once, repeated = (estimate_seconds(spec, operations, 10**6) for spec in (run, more))
    assert repeated == pytest.approx(4 * once, rel=0.01)
    assert run_bytes(more, operations, 1000) > run_bytes(run, operations, 1000) + 8 * count_parameters(operations)


def test_the_record_has_scores_by_round() -> None:
    outcome = train(pruned(spec()), data())
    for name in SCORES:
        assert outcome.arrays[f"round_{name}"].shape == (4,)
        np.testing.assert_equal(outcome.arrays[f"round_{name}"][-1], outcome.final[name])
