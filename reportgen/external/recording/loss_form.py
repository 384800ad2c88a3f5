"""Form of a trained loss, from the outputs of a network and the gradient of the loss with respect to them.

The gradient of the mean cross-entropy over n examples is (p - e) / n for the softmax p of the outputs and the one-hot
labels e (Goodfellow, Bengio and Courville 2016, 6.2.2.3). Cross-entropy of a function of the outputs has another
gradient, by the chain rule. Label smoothing replaces e by a mixture with equal labels (Szegedy et al. 2016, section 7).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, softmax

from reportgen.external.recording.convert import Array, Labels

CROSS_ENTROPY, OTHER = "cross_entropy", "other"
AGREES = 1e-2
"""Largest relative difference to the gradient of a form that counts as equal; rounding errors are far smaller."""


LEAST_SMOOTHING = 0.005
"""Smaller shares of smoothing may be rounding errors."""


class LossForm(NamedTuple):
    """Form of a loss: what the cross-entropy is computed of, and the factor to the mean over examples.

    name : "cross_entropy" of the outputs, the name of a function of the outputs, or "other".
    scale : factor to the mean over examples: 1 for the mean, n for the sum.
    error : distance to the gradient of the cross-entropy of the outputs, relative to its norm.
    smoothing : share of a label that is spread evenly over all classes.
    """

    name: str
    scale: float
    error: float
    smoothing: float = 0.0

    def facts(self) -> dict[str, Any]:
        """Return the form as facts of a record."""
        return {"loss_form": self.name, "loss_scale": self.scale, "loss_error": self.error}


def _of_softmax(z: Array, labels: Array) -> Array:
    p = softmax(z, axis=1)
    gradient = softmax(p, axis=1) - labels
    return np.asarray(p * (gradient - (gradient * p).sum(axis=1, keepdims=True)))


def _of_sigmoid(z: Array, labels: Array) -> Array:
    s = expit(z)
    return np.asarray((softmax(s, axis=1) - labels) * s * (1 - s))


def _of_tanh(z: Array, labels: Array) -> Array:
    t = np.tanh(z)
    return np.asarray((softmax(t, axis=1) - labels) * (1 - t**2))


def _of_relu(z: Array, labels: Array) -> Array:
    return np.asarray((softmax(np.maximum(z, 0), axis=1) - labels) * (z > 0))


def _of_outputs(z: Array, labels: Array) -> Array:
    return np.asarray(softmax(z, axis=1) - labels)


FORMS: dict[str, Callable[[Array, Array], Array]] = {
    CROSS_ENTROPY: _of_outputs,
    "softmax": _of_softmax,
    "sigmoid": _of_sigmoid,
    "tanh": _of_tanh,
    "relu": _of_relu,
}
"""Gradient of each form for one example, from outputs and one-hot labels, (n, classes) each."""


def loss_form(outputs: Array, gradient: Array, labels: Labels) -> LossForm | None:
    """Return the form of a loss, None if gradient or outputs are zero or not finite.

    Parameters
    ----------
    outputs, gradient : outputs of the network and gradient of the loss with respect to them, (n, classes).
    labels : class of each example, (n,).
    """
    z, delta = np.asarray(outputs, np.float64), np.asarray(gradient, np.float64) * len(outputs)
    if not (np.isfinite(z).all() and np.isfinite(delta).all() and delta.any()):
        return None
    one_hot = np.eye(z.shape[1])[labels]
    fits = {name: _fit(delta, form(z, one_hot)) for name, form in FORMS.items()}
    scale, error = fits[CROSS_ENTROPY]
    smoothed = _smoothed(delta, _of_outputs(z, one_hot), one_hot)
    if smoothed is not None and smoothed.smoothing >= LEAST_SMOOTHING and smoothed.error < error / 10:
        return smoothed  # with outputs near 0, also the plain form is close
    if error <= AGREES:
        return LossForm(CROSS_ENTROPY, scale, error)
    name = min(fits, key=lambda form: fits[form][1])
    if fits[name][1] <= AGREES:
        return LossForm(name, fits[name][0], error)
    return LossForm(OTHER, scale, error)


def _smoothed(delta: Array, form: Array, one_hot: Array) -> LossForm | None:
    """Return the form of a cross-entropy with label smoothing, None if the gradient is another one.

    Smoothing by s adds s (e - 1 / C) to the gradient for C classes, so that scale and s follow by least squares.
    """
    spread = one_hot - 1 / one_hot.shape[1]
    columns = np.stack([form.ravel(), spread.ravel()], axis=1)
    (scale, product), *_ = np.linalg.lstsq(columns, delta.ravel(), rcond=None)
    share = float(product / scale) if scale > 0 else 0.0
    error = float(np.linalg.norm(delta.ravel() - columns @ (scale, product)) / np.linalg.norm(delta))
    if error > AGREES or not 0 < share <= 1:
        return None
    return LossForm(CROSS_ENTROPY, float(scale), error, round(share, 4))


def _fit(delta: Array, form: Array) -> tuple[float, float]:
    """Return the least-squares factor between two gradients, and their distance relative to the first."""
    square = float((form**2).sum())
    factor = float((delta * form).sum()) / square if square > 0 else 0.0
    norm = float(np.linalg.norm(delta))
    return factor, float(np.linalg.norm(delta - factor * form)) / norm
