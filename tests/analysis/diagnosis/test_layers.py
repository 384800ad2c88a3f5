"""The numbers that rules read from the layers of a network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.analysis.diagnosis import layers
from reportgen.engine.network_spec import DropoutSpec, NetworkSpec
from tests.analysis.diagnosis.image_runs import HE, PLAIN, STEM, projected, residual, run
from tests.analysis.diagnosis.planted import clouds, record
from tests.engine.image_networks import NORM, RELU, before, conv, output, pool


def test_fan_in_is_the_area_of_the_kernel_times_the_channels() -> None:
    one = run(PLAIN, epochs=0)
    assert layers.fan_ins(one).tolist() == [9, 36, 216, 8]
    assert layers.positions(one).tolist() == [36, 36, 1, 1]


def test_without_the_connections_a_layer_is_fed_by_the_one_before() -> None:
    one = run((STEM, conv(6, act=RELU), output()), epochs=0)
    unknown = replace(one, spec=replace(one.spec, network=replace(one.spec.network, is_complete=False)))
    assert layers.operations(unknown) == ()
    assert layers.fan_ins(unknown).tolist() == [9, 36, 6]
    assert layers.positions(unknown).tolist() == [1, 1, 1]


def test_dense_networks_have_their_widths_as_fan_in() -> None:
    assert layers.fan_ins(record(clouds(), widths=(24, 10), epochs=0)).tolist() == [12, 24, 10]


def test_inputs_of_a_layer_come_from_its_source() -> None:
    one = run(projected("post"), epochs=0)
    moments = np.arange(1.0, 6.0)[None, :]  # stem, projection, first and last of the branch, output
    found = layers.input_moments(one, moments)[0]
    assert found[1:].tolist() == [1.0, 1.0, 3.0, 4.0]
    assert found[0] == one.facts["input_second_moment"]


def test_average_pooling_reduces_independent_pixels() -> None:
    one = run((STEM, pool("average"), conv(4, act=RELU), pool("max", 3), output()), epochs=0)
    assert layers.averaging(one).tolist() == [1.0, 2.0, 2.0]


def test_projections_and_layers_before_a_nonlinearity_are_linear_by_design() -> None:
    post, pre = (NetworkSpec(projected(order)) for order in ("post", "pre"))
    assert layers.is_linear_by_design(post).tolist() == [False, True, False, False, False]
    assert layers.is_linear_by_design(pre).tolist() == [True, True, False, True, False]
    pooled = NetworkSpec((STEM, pool(), STEM, pool("average"), output()))
    assert layers.is_linear_by_design(pooled).tolist() == [True, False, False]


def test_normalization_and_dropout_before_layers_count() -> None:
    network = NetworkSpec((STEM, before(NORM, dropout=DropoutSpec(0.2)), conv(4), output()))
    assert layers.normalizations(network) == [NORM]
    assert layers.dropouts(network) == [DropoutSpec(0.2)]
    assert not layers.normalizes_input(network)
    assert layers.normalizes_input(NetworkSpec((before(NORM), STEM, output())))
    assert layers.normalizes_end(NetworkSpec((STEM, before(NORM), output())))


def test_branches_list_their_layers_without_projections() -> None:
    assert layers.branches(run(residual(HE), epochs=0)) == [[1, 2], [3, 4]]
    assert layers.branches(run(projected("post"), epochs=0)) == [[2, 3]]


def test_the_narrowest_operation_is_not_inside_of_a_branch() -> None:
    assert layers.narrowest(run(PLAIN, epochs=0)) == 8
    assert layers.narrowest(run((STEM, conv(1, act=RELU), output()), epochs=0)) == 36


def test_variances_are_estimated_from_the_positions_of_all_examples() -> None:
    norm = replace(STEM, batchnorm=NORM)
    one = run((norm, before(NORM), pool(), replace(PLAIN[2], batchnorm=NORM), output()), epochs=0)
    assert list(layers.batchnorm_sizes(one, 4)) == [(0, 144), (None, 144), (1, 4)]
    unknown = replace(one, spec=replace(one.spec, network=replace(one.spec.network, is_complete=False)))
    assert (1, 4) in list(layers.batchnorm_sizes(unknown, 4))
    assert (0, 4) not in list(layers.batchnorm_sizes(unknown, 4))
    assert list(layers.batchnorm_sizes(record(clouds(), batchnorm=NORM, epochs=0), 4)) == [(0, 4), (1, 4)]
