"""Kernels of pooling, called by address."""

from __future__ import annotations

from reportgen.engine.jit.compile import internal
from reportgen.engine.layers.blocks import block, layer_input
from reportgen.engine.layers.convolution import geometry_of
from reportgen.engine.math.pooling import pool_average, pool_average_back, pool_max, pool_max_back
from reportgen.engine.network import ACTS, POSITIONS, SOURCE, UNITS


@internal
def forward_max(net, state, work, layer, rows, z):
    """Write the maxima of the windows to z, flat (rows, positions, channels)."""
    pool_max(geometry_of(net.codes[layer]), rows, layer_input(net, work, layer, rows), z)


@internal
def backward_max(net, state, work, layer, rows, delta, other):
    """Write the derivative by the inputs to `other`, which is 0 except at the maxima."""
    code = net.codes[layer]
    if code[SOURCE] >= 0:
        maxima = block(work, code[ACTS], code[POSITIONS] * code[UNITS], rows)
        pool_max_back(geometry_of(code), rows, layer_input(net, work, layer, rows), maxima, delta, other)


@internal
def forward_average(net, state, work, layer, rows, z):
    """Write the means of the windows to z, flat (rows, positions, channels)."""
    pool_average(geometry_of(net.codes[layer]), rows, layer_input(net, work, layer, rows), z)


@internal
def backward_average(net, state, work, layer, rows, delta, other):
    """Write the derivative by the inputs to `other`."""
    code = net.codes[layer]
    if code[SOURCE] >= 0:
        pool_average_back(geometry_of(code), rows, delta, other)
