"""Modules of PyTorch networks, recognized by the names of their classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from reportgen.errors import UsageError
from reportgen.external.convert import Array, array

LINEAR, NORM, DROPOUT, OTHER = "linear", "norm", "dropout", "other"
NORM_CLASSES = ("_BatchNorm", "BatchNorm1d")
LEARNED_ACTIVATIONS = ("PReLU",)
"""Classes of activations with learned parameters."""

LAYER_ATTRIBUTES = ("weight", "bias", "register_forward_hook")


def modules_in(network: Any) -> list[Any]:
    """Return the modules without submodules in a network, or in a list of layers or networks, each once.

    Raises UsageError for another type, and for a module that has both submodules and own parameters.
    """
    if not hasattr(network, "modules"):
        try:
            network = list(network)
        except TypeError:
            message = f"expected a network, found {type(network).__name__}"
            raise UsageError("wrong-type", message, hint="the network, or its layers in order") from None
    roots = [network] if hasattr(network, "modules") else network
    leaves = [module for root in roots for module in _leaves(root)]
    return list({id(module): module for module in leaves}.values())


def _leaves(root: Any) -> Iterator[Any]:
    if not hasattr(root, "modules"):
        yield root
        return
    for module in root.modules():
        if not any(True for _ in module.children()):
            yield module
        elif next(iter(module.parameters(recurse=False)), None) is not None:
            message = f"{type(module).__name__} has parameters that do not belong to a layer"
            hint = "pass the layers in order; see Recorder.look for other networks"
            raise UsageError("unsupported-layer", message, hint=hint)


def kind_of(module: Any, number: int) -> str:
    """Return the kind of a module; raises UsageError for a layer that cannot be recorded.

    number: position of the module in the network, from 1, which an error names.
    """
    names = {kind.__name__ for kind in type(module).__mro__}
    if names & set(NORM_CLASSES):
        return NORM
    if any("Dropout" in name for name in names) and hasattr(module, "p"):
        return DROPOUT
    if names & set(LEARNED_ACTIVATIONS) or _has_no_parameters(module):
        return OTHER
    missing = [name for name in LAYER_ATTRIBUTES if not hasattr(module, name)]
    if missing:
        message, hint = f"{type(module).__name__} has no {', '.join(missing)}", "layers such as torch.nn.Linear"
        raise UsageError("unsupported-layer", message, f"layer {number}", f"{hint}; see Recorder.look for others")
    shape = array(module.weight).shape
    if len(shape) != 2:
        message = f"{type(module).__name__} has weights of shape {shape}"
        advice = "fully connected layers with BatchNorm1d, Dropout and activations between them"
        raise UsageError("unsupported-layer", message, f"layer {number}", advice)
    return LINEAR


def _has_no_parameters(module: Any) -> bool:
    """Return whether a module is known to have no parameters, like most activations."""
    return hasattr(module, "parameters") and next(iter(module.parameters()), None) is None


@contextmanager
def switched(module: Any, on: bool) -> Iterator[None]:
    """Run dropout or batch normalization in training mode (on) or in test mode within this context.

    The mode is set before each pass through the module and restored after it, whatever mode the loss function selects.
    In training mode, batch normalization uses the statistics of the batch without updating its running statistics.
    """
    saved: list[tuple[Any, ...]] = []
    names = [name for name in ("training", "track_running_stats") if hasattr(module, name)]

    def before(*_: Any) -> None:
        saved.append(tuple(getattr(module, name) for name in names))
        for name, value in zip(names, (on, False), strict=False):
            setattr(module, name, value)

    def after(*_: Any) -> None:
        if saved:
            for name, value in zip(names, saved.pop(), strict=True):
                setattr(module, name, value)

    with _around(module, before, after):
        yield


@contextmanager
def _around(module: Any, before: Callable[..., None], after: Callable[..., None]) -> Iterator[None]:
    """Call `before` and `after` around each pass through a module, and `after` once more at the end."""
    hooks = (module.register_forward_pre_hook(before), module.register_forward_hook(after))
    try:
        yield
    finally:
        after()
        for hook in hooks:
            hook.remove()


@contextmanager
def in_training_mode(root: Any) -> Iterator[None]:
    """Run a network in training mode within this context; its modes are restored after each pass."""
    saved: list[tuple[Any, bool]] = []

    def before(*_: Any) -> None:
        saved.extend((module, module.training) for module in root.modules())
        for module, _mode in saved:
            module.training = True

    def after(*_: Any) -> None:
        while saved:
            module, mode = saved.pop()
            module.training = mode

    with _around(root, before, after):
        yield


def norm_values(norm: Any) -> tuple[Array, Array, Array, Array]:
    """Return scale, shift, running mean and running variance of batch normalization, with defaults if absent."""
    units = int(norm.num_features)
    tensors = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    defaults = (np.ones(units), np.zeros(units), np.zeros(units), np.ones(units))
    scale, shift, mean, variance = (
        default if tensor is None else array(tensor).copy() for tensor, default in zip(tensors, defaults, strict=True)
    )
    return scale, shift, mean, variance


def norm_settings(norm: Any) -> Any:
    """Return batch normalization as a setting of a study file, where momentum is 1 minus PyTorch's momentum."""
    if norm is None:
        return False
    settings: dict[str, Any] = {"epsilon": float(norm.eps)}
    if not norm.track_running_stats or norm.running_mean is None:
        return settings | {"test_mode": "batch"}
    if norm.momentum is None:  # a cumulative mean over all batches
        return settings
    return settings | ({"momentum": round(1 - norm.momentum, 12)} if norm.momentum else {"update_running": False})


def batchnorm_nodes(loss: Any) -> int:
    """Return the number of batch normalizations in the autograd graph of a loss."""
    pending, visited, count = [getattr(loss, "grad_fn", None)], set(), 0
    while pending:
        node = pending.pop()
        if node is not None and node not in visited:
            visited.add(node)
            count += "BatchNorm" in type(node).__name__
            pending += [following for following, _ in node.next_functions]
    return count
