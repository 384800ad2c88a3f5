"""Examples given to a recorder, as tensors for its own passes through a PyTorch network."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from reportgen.errors import UsageError
from reportgen.external.recording.loop.loss_graph import graph_of
from reportgen.external.recording.loop.probabilities import LEAST, LOG_SIGMOID, OF_PROBABILITIES, last_function

PROBED = 512
"""Largest number of training examples of a probe without a loss function of the caller."""

BATCH = 1024
UNFIT = (RuntimeError, TypeError, ValueError, IndexError, AttributeError, UsageError)
"""Errors of a network whose inputs are not the training inputs."""

SMALLEST_IMAGE, MOST_COLOURS = 8, 4
"""Limits between images and other inputs, and between the number of channels and the height of images."""


class GivenExamples:
    """Training and validation inputs as the caller gave them, arrays or tensors, and training classes."""

    def __init__(self, x: Any, y: Any, x_val: Any) -> None:
        self._x, self._y, self._x_val = x, y, x_val
        self._response: str | None = None

    def notice(self, loss: Any) -> None:
        """Note how the loss of a training step takes the outputs: as probabilities, or as logits."""
        graph = graph_of(loss)
        self._response = None if graph is None else graph.response

    @property
    def training(self) -> tuple[Any, Any]:
        """Training inputs and classes."""
        return self._x, self._y

    def fits(self, net: Any) -> bool:
        """Return whether a network takes the inputs as they are."""
        try:
            with _torch().no_grad():
                self._first_outputs(net)
        except UNFIT:
            return False
        return True

    def last_function(self, net: Any) -> str:
        """Return the last function of a network as `loop.probabilities.last_function`, "" if it is unknown."""
        try:
            with _torch().enable_grad():
                return last_function(self._first_outputs(net))
        except UNFIT:
            return ""

    def _first_outputs(self, net: Any) -> Any:
        with _test_mode(net):
            return logits_of(net(_tensor(self._x[:1], _parameter(net))))

    def loss_of(self, net: Any) -> Callable[[], Any]:
        """Return a function with the mean cross-entropy of fixed training examples, evenly spaced among all.

        Networks with one output per example have the binary cross-entropy. Outputs of a softmax or a sigmoid are
        probabilities, unless the loss of the training takes them for logits.
        """
        torch = _torch()
        chosen = np.linspace(0, len(self._x) - 1, min(PROBED, len(self._x))).astype(np.int64)
        like = _parameter(net)
        x, y = _tensor(_rows(self._x, chosen), like), torch.as_tensor(_rows(self._y, chosen)).to(like.device).long()

        def loss() -> Any:
            outputs = logits_of(net(x))
            last = last_function(outputs)
            if last in OF_PROBABILITIES and self._response != last:
                return _of_probabilities(torch, outputs, y)
            if last == LOG_SIGMOID and self._response != last and outputs.numel() == len(outputs):
                return _of_probabilities(torch, outputs.exp(), y)
            if outputs.ndim == 1 or outputs.shape[1] == 1:
                return torch.nn.functional.binary_cross_entropy_with_logits(outputs.reshape(-1), y.to(outputs.dtype))
            return torch.nn.functional.cross_entropy(outputs, y)

        return loss

    def outputs_of(self, net: Any) -> tuple[Any, Any]:
        """Return the outputs of a network in test mode for training and validation, None without validation."""
        with _torch().no_grad(), _test_mode(net):
            return _outputs(net, self._x), None if self._x_val is None else _outputs(net, self._x_val)


def logits_of(outputs: Any) -> Any:
    """Return the logits of outputs that are a tensor, or an object with `logits` as in transformers."""
    return getattr(outputs, "logits", outputs)


def _of_probabilities(torch: Any, outputs: Any, y: Any) -> Any:
    """Return the mean cross-entropy of probabilities, (n, classes), or (n, 1) or (n,) for two classes."""
    if outputs.numel() == len(outputs):
        return torch.nn.functional.binary_cross_entropy(outputs.reshape(-1), y.to(outputs.dtype))
    shares = outputs / outputs.sum(dim=1, keepdim=True)
    return torch.nn.functional.nll_loss(shares.clamp_min(LEAST).log(), y)


def _outputs(net: Any, x: Any) -> Any:
    like = _parameter(net)
    parts = [logits_of(net(_tensor(x[i : i + BATCH], like))).detach().cpu() for i in range(0, len(x), BATCH)]
    return _torch().cat(parts)


def _rows(values: Any, chosen: Any) -> Any:
    return values[chosen] if hasattr(values, "shape") else np.asarray(values)[chosen]


def _tensor(values: Any, like: Any) -> Any:
    """Return inputs as a tensor on the device of a parameter; floats get its type."""
    tensor = _torch().as_tensor(values).to(like.device)
    return tensor.to(like.dtype) if tensor.is_floating_point() else tensor


def _parameter(net: Any) -> Any:
    found = next(iter(net.parameters()), None) if hasattr(net, "parameters") else None
    if found is None:
        hint = "watch(net, loss=lambda: criterion(net(x), y)), and score(net(x), net(x_val))"
        raise UsageError("wrong-type", "a list of layers cannot be evaluated", "the watched network", hint)
    return found


@contextmanager
def _test_mode(net: Any) -> Iterator[None]:
    """Run a network in test mode within this context; the modes of its modules are restored."""
    modes = [(module, module.training) for module in net.modules()]
    for module, _ in modes:
        module.training = False
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _torch() -> Any:
    torch = sys.modules.get("torch")
    if torch is None:
        raise UsageError("wrong-type", "the recorder evaluates networks of PyTorch only", "the watched network",
                         "watch(net, loss), and score(outputs, val_outputs)")  # fmt: skip
    return torch


def image_shape(shape: tuple[int, ...], units_axis: int) -> dict[str, Any]:
    """Return channels, height and width of images, (n, channels, height, width), as a fact; empty for other inputs.

    Images may also be (n, height, width), or (n, height, width, channels) with `units_axis=1` or one to four channels.
    """
    if len(shape) == 3 and min(shape[1:]) >= SMALLEST_IMAGE:
        return {"image_shape": [1, *shape[1:]]}
    if len(shape) != 4:
        return {}
    channels_last = units_axis == 1 or (shape[1] > MOST_COLOURS >= shape[3])
    return {"image_shape": [shape[3], *shape[1:3]] if channels_last else list(shape[1:])}
