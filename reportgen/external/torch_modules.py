"""Modules of a PyTorch network, recognized by the names of their classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from reportgen.errors import UsageError
from reportgen.external.convert import Array, array

LINEAR, NORM, DROPOUT, OTHER = "linear", "norm", "dropout", "other"
NORMS = ("_BatchNorm", "BatchNorm1d")
WITH_PARAMETERS = ("PReLU",)
"""Activations with learned parameters."""

ASKED = ("weight", "bias", "register_forward_hook")


def modules_in(given: Any) -> list[Any]:
    """Return the innermost modules of a network, or of a list of layers or networks, each once.

    Raises UsageError if it is neither, or if a module with submodules has parameters of its own.
    """
    if not hasattr(given, "modules"):
        try:
            given = list(given)
        except TypeError:
            found = f"expected a network, found {type(given).__name__}"
            raise UsageError("wrong-type", found, hint="the network, or its layers in order") from None
    parts = [given] if hasattr(given, "modules") else given
    inner = [module for part in parts for module in _innermost(part)]
    return list({id(module): module for module in inner}.values())


def _innermost(part: Any) -> Iterator[Any]:
    if not hasattr(part, "modules"):
        yield part
        return
    for module in part.modules():
        if not any(True for _ in module.children()):
            yield module
        elif next(iter(module.parameters(recurse=False)), None) is not None:
            found = f"{type(module).__name__} has parameters that do not belong to a layer"
            hint = "pass the layers in order; see Recorder.look for other networks"
            raise UsageError("unsupported-layer", found, hint=hint)


def kind_of(module: Any, number: int) -> str:
    """Return the kind of a module; raises UsageError for a layer that cannot be recorded.

    number: position of the module in the network, from 1, for the place of the error.
    """
    names = {kind.__name__ for kind in type(module).__mro__}
    if names & set(NORMS):
        return NORM
    if any("Dropout" in name for name in names) and hasattr(module, "p"):
        return DROPOUT
    if names & set(WITH_PARAMETERS) or _bare(module):
        return OTHER
    missing = [name for name in ASKED if not hasattr(module, name)]
    if missing:
        found, hint = f"{type(module).__name__} has no {', '.join(missing)}", "layers such as torch.nn.Linear"
        raise UsageError("unsupported-layer", found, f"layer {number}", f"{hint}; see Recorder.look for others")
    shape = array(module.weight).shape
    if len(shape) != 2:
        found = f"{type(module).__name__} has weights of shape {shape}"
        right = "fully connected layers with BatchNorm1d, Dropout and activations between them"
        raise UsageError("unsupported-layer", found, f"layer {number}", right)
    return LINEAR


def _bare(module: Any) -> bool:
    """Return whether a module is known to have no parameters, as activations."""
    return hasattr(module, "parameters") and next(iter(module.parameters()), None) is None


@contextmanager
def switched(module: Any, on: bool) -> Iterator[None]:
    """Let dropout or batch normalization work as in training, or not, whenever it is passed.

    Its mode is set right before it works and set back after, whatever mode the loss puts the network in. Batch
    normalization then takes the batch's statistics and does not note them.
    """
    kept: list[tuple[Any, ...]] = []
    names = [name for name in ("training", "track_running_stats") if hasattr(module, name)]

    def before(*_: Any) -> None:
        kept.append(tuple(getattr(module, name) for name in names))
        for name, value in zip(names, (on, False), strict=False):
            setattr(module, name, value)

    def after(*_: Any) -> None:
        if kept:
            for name, value in zip(names, kept.pop(), strict=True):
                setattr(module, name, value)

    with _around(module, before, after):
        yield


@contextmanager
def _around(module: Any, before: Callable[..., None], after: Callable[..., None]) -> Iterator[None]:
    """Call `before` and `after` around each pass through a module, and `after` once more in the end."""
    hooks = (module.register_forward_pre_hook(before), module.register_forward_hook(after))
    try:
        yield
    finally:
        after()
        for hook in hooks:
            hook.remove()


@contextmanager
def trained(root: Any) -> Iterator[None]:
    """Let a network be in training mode whenever it is passed, and set back after what it was in."""
    kept: list[tuple[Any, bool]] = []

    def before(*_: Any) -> None:
        kept.extend((module, module.training) for module in root.modules())
        for module, _mode in kept:
            module.training = True

    def after(*_: Any) -> None:
        while kept:
            module, mode = kept.pop()
            module.training = mode

    with _around(root, before, after):
        yield


def running_of(norm: Any) -> tuple[Array, Array, Array, Array]:
    """Return a batch normalization's scale, shift, running mean and running variance; what it lacks as it starts."""
    units = int(norm.num_features)
    given = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    usual = (np.ones(units), np.zeros(units), np.zeros(units), np.ones(units))
    scale, shift, mean, variance = (
        start if part is None else array(part).copy() for part, start in zip(given, usual, strict=True)
    )
    return scale, shift, mean, variance


def settings_of_norm(norm: Any) -> Any:
    """Return a layer's batch normalization as in a study file, where momentum is 1 minus PyTorch's momentum."""
    if norm is None:
        return False
    own: dict[str, Any] = {"epsilon": float(norm.eps)}
    if not norm.track_running_stats or norm.running_mean is None:
        return own | {"test_mode": "batch"}
    if norm.momentum is None:  # the mean over all batches so far
        return own
    return own | ({"momentum": round(1 - norm.momentum, 12)} if norm.momentum else {"update_running": False})


def batchnorm_nodes(loss: Any) -> int:
    """Return how many batch normalizations the loss was computed through, by the names of its steps back."""
    ahead, met, count = [getattr(loss, "grad_fn", None)], set(), 0
    while ahead:
        node = ahead.pop()
        if node is not None and node not in met:
            met.add(node)
            count += "BatchNorm" in type(node).__name__
            ahead += [part for part, _ in node.next_functions]
    return count
