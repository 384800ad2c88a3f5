"""Passes through a trained network: its outputs, and new running values of batch normalization."""

from __future__ import annotations

from reportgen.engine.jit.calls import call
from reportgen.engine.jit.compile import kernel
from reportgen.engine.layers.blocks import copy, output
from reportgen.engine.network import DROPPING, NORM_MOMENTUM, TEST, TRAIN
from reportgen.engine.step import gather


@kernel
def outputs(net, state, work, x, y, size, dropping, step, logits):
    """Write the outputs of all examples in x, flat, to logits, flat (n, classes), in batches of `size` examples.

    Batch normalization is in test mode. With `dropping`, units are dropped as in training: batch number b uses the
    masks of step + b.
    """
    features, classes = net.features, net.classes
    begin, batch = 0, 0
    while begin < y.size:
        end = min(begin + size, y.size)
        rows = end - begin
        copy(x[begin * features : end * features], work.x[: rows * features])
        call(net.forward, net, state, work, rows, DROPPING if dropping else TEST, step + batch)
        copy(output(net, work, rows), logits[begin * classes : end * classes])
        begin, batch = end, batch + 1


@kernel
def renew_running(net, state, work, x, y, order, size):
    """Set the running values of batch normalization to their means over the minibatches of one pass.

    Minibatches are weighted by their size. The pass is in training mode and updates no parameters. net.constants is
    overwritten.
    """
    features = net.features
    begin, batch = 0, 0
    while begin < order.size:
        part = order[begin : min(begin + size, order.size)]
        gather(x, y, features, part, work)
        for layer in range(net.codes.shape[0]):
            net.constants[layer, NORM_MOMENTUM] = begin / (begin + part.size)
        call(net.forward, net, state, work, part.size, TRAIN, batch)
        begin, batch = begin + part.size, batch + 1
