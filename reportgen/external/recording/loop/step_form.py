"""Form of the loss of a training step, from the gradient of the loss with respect to the outputs of the network."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from reportgen.external.recording.convert import array, two_columns
from reportgen.external.recording.loop.batches import classes_of
from reportgen.external.recording.loop.probabilities import as_logits, gradient_of_logits, last_function
from reportgen.external.recording.loss_form import LossForm, loss_form


def form_of_step(loss: Any, outputs: Any, targets: Any) -> LossForm | None:
    """Return the form of a loss, None if outputs or classes are unknown or have other shapes.

    The gradient with respect to the outputs alone takes little time, and leaves the graph of the loss as it is.

    Parameters
    ----------
    loss : loss of a minibatch with its graph.
    outputs : outputs of the network for it, (n, classes), or (n, 1) or (n,) for two classes; logits or probabilities.
    targets : classes in the graph of the loss, (n,), None if unknown.
    """
    torch: Any = sys.modules.get("torch")
    if torch is None or not getattr(outputs, "requires_grad", False) or getattr(loss, "grad_fn", None) is None:
        return None
    labels = classes_of(targets, len(outputs)) if outputs.ndim else None
    if labels is None:
        return None
    try:
        [gradient] = torch.autograd.grad(loss, [outputs], retain_graph=True, allow_unused=True)
    except RuntimeError:
        return None
    if gradient is None:
        return None
    last = last_function(outputs)
    z, delta = as_logits(array(outputs), last), gradient_of_logits(array(outputs), array(gradient), last)
    if z.size == len(z):
        z, delta = two_columns(z), np.stack([-delta.reshape(-1), delta.reshape(-1)], axis=1)
    if z.ndim != 2 or labels.max(initial=0) >= z.shape[1]:
        return None
    return loss_form(z, delta, labels)
