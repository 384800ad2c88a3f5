"""Rules on networks with convolutions, pooling and shortcuts: faults, and what only looks like one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.evidence.course import training_course
from reportgen.analysis.diagnosis.evidence.input_scale import first_layer_fits_unit_input, input_too_large
from reportgen.analysis.diagnosis.evidence.learning_rate import first_ratio
from reportgen.analysis.diagnosis.evidence.regularization import shrinkage
from reportgen.analysis.diagnosis.evidence.scale_remedies import fitting_init, normalize, rescale
from reportgen.analysis.diagnosis.evidence.signal import chance_by_layer, chance_variance
from reportgen.analysis.diagnosis.rules.data import bn_tiny_batch
from reportgen.analysis.diagnosis.rules.optimization.update_ratio_low import _oversized
from reportgen.engine.network_spec import NetworkSpec, Node
from tests.analysis.diagnosis.image_runs import HE, PLAIN, STEM, ZERO, block, projected, residual, run, runs
from tests.analysis.diagnosis.planted import changed, findings
from tests.engine.image_networks import IDENTITY, NORM, RELU, TANH, before, conv, dense, output, pool
from tests.engine.networks import init

pytestmark = pytest.mark.slow

FIXUP = init("fixup")


def alarms(found: list[Any], *rules: str) -> dict[str, str]:
    """Return the messages of warnings and errors by rule."""
    return {rule: f.message for rule, f in findings(found, *rules).items() if f.severity != "info"}


def stack(depth: int, weights: Any, act: Any = RELU) -> tuple[Node, ...]:
    return (*[replace(conv(4, act=act, bias=0.0), init=weights)] * depth, output())


def test_vanishing_and_exploding_convolutions_are_found() -> None:
    small, large = (runs(stack(8, init("he_normal", gain=gain)), lr=1e-3) for gain in (0.1, 5.0))
    assert {"vanishing_activations", "vanishing_gradients"} <= findings(small).keys()
    assert {"exploding_activations", "exploding_gradients"} <= findings(large).keys()


def test_deep_convolutions_with_suitable_weights_raise_no_alarm() -> None:
    rules = ("vanishing_activations", "vanishing_gradients", "exploding_activations", "exploding_gradients")
    assert alarms(runs(stack(8, HE), epochs=0), *rules, "wrong_init_loss", "init_plateau") == {}


def test_predicted_deltas_are_summed_over_positions_like_measured_ones() -> None:
    found = findings(runs(stack(8, init("he_normal", gain=0.1)), epochs=0), "vanishing_gradients")
    fall, expected = (found["vanishing_gradients"].evidence[name] for name in ("fall", "expected_fall"))
    assert fall == pytest.approx(expected, rel=0.9)


def test_average_pooling_does_not_count_as_a_vanishing_signal() -> None:
    pooled = (conv(4, act=TANH, weights="xavier", bias=0.0), pool("average", 6), dense(8, TANH, "xavier"), output())
    assert alarms(runs(pooled, epochs=0), "vanishing_activations", "init_plateau") == {}


def test_chance_is_smaller_in_convolutions_and_branches() -> None:
    narrow = run((STEM, conv(4, 1, RELU), dense(4, RELU), output()), epochs=0)
    assert chance_by_layer(narrow) == pytest.approx([0.4 * 5 / 4, 5 / 4, 5 / 4])
    assert chance_variance(narrow) == pytest.approx([0.0, 5 / 4, 10 / 4])
    assert chance_by_layer(run(residual(HE), epochs=0))[1:] == pytest.approx(0.5 * 0.4 * 5 / 4)


def test_residual_blocks_without_normalization_explode_and_the_advice_names_fixup() -> None:
    blocks = [node for number in range(16) for node in block(2 * number, number + 1, 16, HE)]
    found = findings(runs((STEM, *blocks, output()), epochs=0))
    assert "exploding_activations" in found
    assert {"network.init": "fixup"} in [dict(p.change) for p in found["exploding_activations"].proposals]


def test_normalization_after_the_last_block_allows_growth() -> None:
    loud = replace(STEM, init=init("he_normal", gain=100.0))
    plain, normalized = (loud, conv(4, act=RELU), output()), (loud, conv(4, act=RELU), before(NORM), output())
    grown = [replace(node, init=init("he_normal", gain=9.0)) if node is not loud else node for node in plain[:-1]]
    assert "exploding_activations" in findings(runs((*grown, output()), epochs=0))
    assert "exploding_activations" not in findings(runs((*grown, *normalized[2:]), epochs=0))


@pytest.mark.parametrize("order", ["post", "pre"])
def test_projections_and_ends_of_branches_need_no_nonlinearity(order: str) -> None:
    assert "missing_nonlinearity" not in findings(runs(projected(order), epochs=0))


def test_missing_nonlinearities_are_found_beside_projections() -> None:
    linear = [replace(node, activation=IDENTITY) for node in projected("post")[:-1]]
    found = findings(runs((*linear, output()), epochs=0), "missing_nonlinearity")["missing_nonlinearity"]
    assert (found.layers, found.evidence["hidden_layers"]) == ((1, 3, 4), 3)
    assert found.message.startswith("All hidden layers")


def test_fixup_and_zero_ends_of_branches_are_not_symmetric() -> None:
    for nodes in ((*residual(FIXUP)[:-1], output("fixup")), residual(HE, ZERO)):
        for training in ({"epochs": 0}, {}):
            rules = ("symmetric_init", "wrong_init_loss", "init_plateau", "vanishing_gradients", "dead_relu")
            assert alarms(runs(nodes, **training), *rules) == {}


def test_branches_of_zeros_are_symmetric() -> None:
    found = findings(runs(residual(ZERO)), "symmetric_init")["symmetric_init"]
    assert {2, 4} <= set(found.layers)


def test_dead_channels_are_called_channels() -> None:
    dead = (replace(STEM, bias=-30.0), conv(4, act=RELU), output())
    found = findings(runs(dead), "dead_relu")["dead_relu"]
    assert found.layers == (1,)
    assert "channels are silent at every position" in found.message
    assert "channels" in found.advice


def test_units_that_die_without_a_signal_are_not_reported_as_dead() -> None:
    lost = runs(stack(6, init("he_normal", gain=0.05)), epochs=0)
    late = [np.concatenate([r.arrays["probe_unit_dead"]] * 2) for r in lost]
    for flags in late:
        flags[1, -4:] = 1
    twice = [
        changed(r, **{n: np.concatenate([a] * 2) for n, a in r.arrays.items() if n.startswith("probe_")}) for r in lost
    ]
    dead = [
        changed(r, probe_unit_dead=flags, probe_step=np.array([0, 5])) for r, flags in zip(twice, late, strict=True)
    ]
    assert "dead_relu" not in findings(dead, "dead_relu")


def test_the_first_convolution_is_judged_by_its_own_inputs() -> None:
    one = run(PLAIN, epochs=0)
    assert first_layer_fits_unit_input(one)
    facts = {**one.facts, "input_second_moment": 900.0}
    assert input_too_large(replace(one, facts=facts))
    assert _oversized(one) == pytest.approx(1.0, abs=0.5)


def test_pixels_of_unequal_scale_are_no_fault_for_a_convolution() -> None:
    facts = {"input_feature_std": [0.001, 0.01, 1.0, 2.0, 30.0]}
    seen = [replace(r, facts={**r.facts, **facts}) for r in runs(PLAIN)]
    assert "unnormalized_input" not in findings(seen, "unnormalized_input")


def test_variances_of_a_convolution_come_from_all_positions() -> None:
    channels = (replace(STEM, batchnorm=NORM), output())
    single = (conv(4, 6, RELU, padding=0, batchnorm=NORM), output())
    two = {"batch_size": 2, "lr": 0.3}
    assert bn_tiny_batch._size(run(channels, **two)) == 72
    assert bn_tiny_batch._size(run(single, **two)) == 2
    assert "bn_tiny_batch" not in findings(runs(channels, **two), "bn_tiny_batch")


def test_layers_that_start_at_zero_have_no_update_ratio() -> None:
    one = run(residual(HE, ZERO), lr=1e-4)
    assert 0 < first_ratio(one) < 0.05
    ratios = np.array(one.arrays["probe_update_ratio"])
    assert np.nanmax(ratios[:, [2, 4]]) > 0.05


def test_penalties_on_branches_do_not_shrink_the_network() -> None:
    one = run(residual(HE))
    norms = np.array(one.arrays["probe_weight_norm"])
    norms[-1, 1:5] = 0.1 * norms[0, 1:5]
    norms[-1, [0, 5]] = norms[0, [0, 5]]
    assert shrinkage(changed(one, probe_weight_norm=norms)) == pytest.approx(1.0)


def test_normalization_replaces_fixup_and_inits_fit_the_activation() -> None:
    one = run((*residual(FIXUP)[:-1], output("fixup")), epochs=0)
    assert dict(normalize(one).change) == {"network.batchnorm": True, "network.init": "he_normal"}
    linear_stem = run((replace(STEM, activation=IDENTITY), before(None), conv(4, act=RELU), output()), epochs=0)
    assert fitting_init(linear_stem) == "he_normal"
    assert rescale(one, "too large here")[1]


def test_a_network_with_layers_gets_settings_of_one_value() -> None:
    from reportgen.analysis.diagnosis.rules.optimization.train_eval_mismatch import _change

    network = NetworkSpec(projected("post"))
    assert [dict(p.change) for p in _change(network, "network.dropout", [0, 0, 0.5], "why")] == [
        {"network.dropout": 0.5}
    ]
    assert _change(network, "network.dropout", [0.2, 0, 0.5], "why") == ()


def test_channels_that_died_are_found_with_a_single_probe_after_training() -> None:
    killed = runs(PLAIN, lr=30.0, clip_norm=10.0, looks=2, epochs=8)
    assert all(len(r.probe_steps) == 2 for r in killed)
    assert "dead_relu" in alarms(killed)
    assert not {"lr_too_low", "update_ratio_low"} & {
        rule for rule, f in findings(killed).items() if f.consequence_of is None
    }


def test_the_gradient_before_training_counts_if_few_probes_follow() -> None:
    one = run(PLAIN, looks=2, lr=0.1, epochs=12)
    norms = np.array(one.arrays["probe_weight_gradient_norm"])
    norms[-1] = 0.01 * norms[0]
    biases = np.zeros_like(norms)
    lost = changed(one, probe_weight_gradient_norm=norms, probe_bias_gradient_norm=biases)
    course = training_course(lost)
    assert course is not None
    assert course.gradient_left == pytest.approx(1e-4, rel=0.1)


def test_layers_that_start_at_zero_have_no_path() -> None:
    course = training_course(run(residual(HE, ZERO)))
    assert course is not None
    assert course.paths[[2, 4]].tolist() == [0.0, 0.0]
    assert (course.paths[[0, 1, 3, 5]] > 0).all()
