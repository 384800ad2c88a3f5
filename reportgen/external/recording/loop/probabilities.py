"""Outputs of a network in PyTorch that are probabilities, since a softmax or a sigmoid is its last function.

The rules judge logits: the logarithms of probabilities of several classes, and the log odds log(p / (1 - p)) of one
probability of two classes. The softmax and the sigmoid of these are the probabilities again. Outputs of a log-softmax
or a log-sigmoid are these logarithms already.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.external.recording.convert import Array
from reportgen.external.recording.loop.loss_graph import HARMLESS, name_of

LEAST = float(np.finfo(np.float32).tiny)
"""Smallest probability of which the logarithm is taken."""

OF_PROBABILITIES = ("softmax", "sigmoid")
"""Functions whose values are probabilities."""

LOG_SIGMOID = "log_sigmoid"
LAST = {"Softmax": "softmax", "Sigmoid": "sigmoid", "LogSoftmax": "log_softmax", "LogSigmoid": LOG_SIGMOID}
"""Functions that compute probabilities or their logarithms, by the names of their nodes."""


def last_function(outputs: Any) -> str:
    """Return the name in `LAST` of the last function in the graph of outputs, "" if it is another one."""
    node = getattr(outputs, "grad_fn", None)
    while node is not None and name_of(node) in HARMLESS and name_of(node) not in LAST:
        following = [other for other, _ in getattr(node, "next_functions", ()) if other is not None]
        node = following[0] if len(following) == 1 else None
    return "" if node is None else LAST.get(name_of(node), "")


def as_logits(outputs: Array, last: str) -> Array:
    """Return outputs as logits; last: the last function of the network, as in `last_function`.

    Outputs without such a function, or beyond 0 and 1, are returned as they are.

    Parameters
    ----------
    outputs : (n, classes), or (n, 1) or (n,) for two classes.
    """
    if _is_log_probability(outputs, last):
        return np.asarray(outputs - np.log(np.maximum(-np.expm1(outputs), LEAST)))
    if not _are_of(outputs, last):
        return outputs
    logarithm = np.log(np.maximum(outputs, LEAST))
    is_single = outputs.size == len(outputs)
    return np.asarray(logarithm - np.log(np.maximum(1 - outputs, LEAST)) if is_single else logarithm)


def gradient_of_logits(outputs: Array, gradient: Array, last: str) -> Array:
    """Return the gradient with respect to logits, by the chain rule from the gradient with respect to outputs.

    The logits are those of `as_logits`, and a softmax of several outputs has the gradient of its inputs.
    """
    if last == "log_softmax" and outputs.ndim == 2:
        return np.asarray(gradient - np.exp(outputs) * gradient.sum(axis=1, keepdims=True))
    if _is_log_probability(outputs, last):
        return np.asarray(gradient * -np.expm1(outputs))
    if not _are_of(outputs, last):
        return gradient
    if outputs.size == len(outputs):
        return np.asarray(gradient * outputs * (1 - outputs))
    centre = (gradient * outputs).sum(axis=1, keepdims=True) if last == "softmax" else 0.0
    return np.asarray(outputs * (gradient - centre))


def _are_of(outputs: Array, last: str) -> bool:
    """Return whether outputs are probabilities of the examples that a last function computes."""
    return last in OF_PROBABILITIES and outputs.ndim in (1, 2) and bool(((outputs >= 0) & (outputs <= 1)).all())


def _is_log_probability(outputs: Array, last: str) -> bool:
    """Return whether outputs are the logarithm of one probability for each example."""
    return last == LOG_SIGMOID and outputs.size == len(outputs) and bool((outputs <= 0).all())
