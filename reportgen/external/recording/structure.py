"""What a forward pass shows of a network: batch normalization, dropout, activations, and what cannot be measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from reportgen.errors import UsageError
from reportgen.external.recording.convert import array, same, scalar_loss
from reportgen.external.recording.data_flow import IDENTITY, DataFlow, LayerTrace
from reportgen.external.recording.layer_arrays import Nonlinearity
from reportgen.external.recording.loop.loss_graph import graph_of
from reportgen.external.recording.torch_modules import LOOKUPS, batchnorm_nodes, class_names, modules_in, norm_settings
from reportgen.external.recording.traces import check_loss

DETECTED = ("batchnorm", "norm", "dropout")
"""Settings of the network that a forward pass shows."""

TOLERANCE = 1e-3
"""Largest relative difference between two losses or outputs that count as equal; rounding errors are far smaller."""


@dataclass(frozen=True)
class Pass:
    """A forward pass.

    layers: layers in order. loss: loss of the batch. complete: whether the pass covered the whole network. outputs:
    outputs of the whole network, else of the last layer. norms: number of passes through normalization modules.
    flow: flow of the tensors through the layers.
    """

    layers: list[LayerTrace]
    loss: Any
    complete: bool
    outputs: Any
    norms: int
    flow: DataFlow


def check_pass(result: Pass) -> None:
    """Raise UsageError if the loss of a first pass cannot be probed."""
    if hasattr(result.loss, "detach"):
        check_loss(result.loss)
    if not any(trace.calls for trace in result.layers):
        message = "the loss does not use any watched layer"
        hint = "the loss of the network that is watched and trained, not of a copy or another instance"
        raise UsageError("unused-layer", message, "loss", hint)
    check_loss(result.loss)
    if batchnorm_nodes(result.loss) > result.norms and not result.complete:
        message = "the network has batch normalization that is not among the watched layers"
        raise UsageError("unwatched-layer", message, hint="watch the whole network, or all of its layers in order")


def check_initialized(modules: Iterable[tuple[int, Any]]) -> None:
    """Raise UsageError for the first module whose weights have no shape yet; modules: pairs of number and module."""
    for number, module in modules:
        own = module.parameters(recurse=False) if hasattr(module, "parameters") else ()
        if any("Uninitialized" in type(parameter).__name__ for parameter in own):
            message = f"{type(module).__name__} has no weights yet"
            hint = "pass one batch through the network before watch and before the optimizer is created"
            raise UsageError("unsupported-layer", message, f"module {number}", hint)


def guarded(layers: Any) -> list[Any]:
    """Let embeddings raise UsageError for inputs that are not whole numbers; return the handles of the hooks."""
    return [
        module.register_forward_pre_hook(partial(_check_index, number))
        for number, module in enumerate(modules_in(layers), 1)
        if class_names(module) & set(LOOKUPS) and hasattr(module, "register_forward_pre_hook")
    ]


def _check_index(number: int, module: Any, inputs: tuple[Any, ...]) -> None:
    """Raise UsageError before the pass of measurements through an embedding; number: its position in the network."""
    given: Any = inputs[0] if inputs else None
    if hasattr(given, "is_floating_point") and given.is_floating_point():
        dtype = str(given.dtype).removeprefix("torch.")
        message = f"{type(module).__name__} looks up whole numbers, but its inputs are {dtype}"
        hint = "inputs of type torch.long, numbers of tokens from 0, or a Linear layer for measurements"
        raise UsageError("wrong-type", message, f"module {number}", hint)


def structure_of(result: Pass, again: Pass | None, trained: Pass | None) -> dict[str, Any]:
    """Return the settings named by DETECTED, None as far as the passes do not determine them.

    Parameters
    ----------
    result : first pass without dropout.
    again : a repetition, None for networks of other libraries. Raises UsageError if it differs.
    trained : pass in training mode, in which only dropout that is not recognized still acts; None if there is none.
    """
    hidden, has_graph = result.layers[:-1], hasattr(result.loss, "grad_fn")
    computed = any(getattr(trace.weight, "is_leaf", True) is False for trace in result.layers)
    if again is not None and not computed:  # spectral normalization changes its weights in every pass
        _check_deterministic(result, again)
    found: dict[str, Any] = dict.fromkeys(DETECTED) | {"norm": example_norms(result)}
    if result.complete or has_graph or any(trace.norm is not None for trace in hidden):
        found["batchnorm"] = same(norm_settings(trace.norm) for trace in hidden) or False
    if trained is not None and len(trained.layers) == len(result.layers):
        hidden = trained.layers[:-1]
    is_hidden = trained is not None and not _equal(result, trained)
    if (result.complete and not is_hidden) or any(trace.dropouts for trace in hidden):
        found["dropout"] = same(_dropout_rate(trace) for trace in hidden) or 0
    return found


def _dropout_rate(trace: LayerTrace) -> float:
    """Return the combined rate of all dropout modules after a layer."""
    return round(1 - math.prod(1 - rate for rate in trace.dropouts), 12)


def _equal(a: Pass, b: Pass) -> bool:
    """Return whether two passes have equal outputs and losses, up to rounding."""
    if a.complete and b.complete and hasattr(a.outputs, "detach") and hasattr(b.outputs, "detach"):
        first, second = array(a.outputs), array(b.outputs)
        scale = TOLERANCE * float(np.abs(first).max(initial=0))
        if first.shape != second.shape or not np.allclose(first, second, rtol=0, atol=scale, equal_nan=True):
            return False
    first_loss, second_loss = scalar_loss(a.loss, "loss"), scalar_loss(b.loss, "loss")
    largest = max(abs(first_loss), abs(second_loss))
    return not math.isfinite(first_loss) or abs(second_loss - first_loss) <= TOLERANCE * largest


def _check_deterministic(a: Pass, b: Pass) -> None:
    """Raise UsageError if two passes with the same weights differ."""
    if not _equal(a, b):
        losses = f"{float(array(a.loss)):.4g} and {float(array(b.loss)):.4g}"
        hint = "use one fixed batch; watch the whole network, or disable functional dropout in the loss"
        raise UsageError("random-loss", f"two passes with the same weights have losses {losses}", "loss", hint)


def example_norms(result: Pass) -> Any:
    """Return the normalizations of examples after the hidden layers as a setting, None if there are none."""
    found = same((trace.calls[0].example_norm if trace.calls else None) or "none" for trace in result.layers[:-1])
    return None if found in ("none", []) else found


def with_detected(settings: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given settings of the network with the detected ones; raises UsageError if they contradict."""
    detected = {name: value for name, value in found.items() if value is not None}
    for name, value in detected.items():
        if name in settings and _is_on(settings[name]) != _is_on(value):
            message = f"{settings[name]!r} contradicts the watched network, which has {value!r}"
            raise UsageError("conflicting-settings", message, f"settings.{name}", "remove the setting")
    return detected | dict(settings)


def _is_on(setting: Any) -> bool:
    """Return whether a setting of batch normalization or dropout enables it for any layer."""
    if isinstance(setting, (list, tuple)):
        return any(map(_is_on, setting))
    return bool(setting.get("rate", True) if isinstance(setting, Mapping) else setting) and setting != "none"


def main_activation(traces: Sequence[LayerTrace], given: Nonlinearity | None) -> Nonlinearity | None:
    """Return the most common activation of the hidden layers; the given one if any layer has it, or none is known."""
    found = [trace.calls[0].resolved() for trace in traces[:-1] if trace.calls]
    known = [value for value in found if value is not None and value != IDENTITY]
    if not known or (given is not None and (given in known or len(known) < len(found))):
        return given
    names = Counter((value.row.name, tuple(sorted(value.parameters.items()))) for value in known)
    name, _ = names.most_common(1)[0]
    return next(value for value in known if value.row.name == name[0])


def notes_of(result: Pass, layers: Sequence[Any]) -> list[str]:
    """Return what the probes of a network do not measure, and why; layers: modules with weights."""
    traces = result.layers
    frozen = [number for number, t in enumerate(traces, 1) if getattr(t.weight, "requires_grad", True) is False]
    computed = [number for number, t in enumerate(traces, 1) if getattr(t.weight, "is_leaf", True) is False]
    cut = [
        number
        for number, trace in enumerate(traces, 1)
        if number not in (*frozen, *computed) and _is_cut(trace, result.loss)
    ]
    unknown = [
        f"{_layers(cut)} {'get' if len(cut) > 1 else 'gets'} no gradient: detach(), .data, .item() or no_grad() lies "
        "between the layer and the loss" if cut else "",
        f"{_layers(frozen)} {'are' if len(frozen) > 1 else 'is'} frozen (requires_grad is False)" if frozen else "",
        f"{_layers(computed)} {'have' if len(computed) > 1 else 'has'} weights that are computed from others, as by "
        "spectral or weight normalization" if computed else "",
    ]  # fmt: skip
    measured = _not_measured(result, layers, len(frozen), len(computed))
    return [*filter(None, unknown), *([f"not measured: {'; '.join(measured)}"] if measured else [])]


def _is_cut(trace: LayerTrace, loss: Any) -> bool:
    """Return whether the graph of a loss does not lead to the weights of a layer that is used."""
    graph = graph_of(loss)
    is_parameter = hasattr(trace.weight, "requires_grad")
    return graph is not None and is_parameter and id(trace.weight) not in graph.parameters


def _layers(numbers: Sequence[int]) -> str:
    return f"layer{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def _not_measured(result: Pass, layers: Sequence[Any], frozen: int, computed: int) -> list[str]:
    used = {id(trace.module) for trace in result.layers}
    weights_only = [trace.label for trace in result.layers if not trace.calls]
    unused = [module for module in layers if id(module) not in used]
    weights = {id(trace.weight) for trace in result.layers}
    unmeasured = [owner for key, owner in result.flow.unmeasured.items() if key not in weights]
    other = [f"{type(module).__name__}.{name}" for module, name in unmeasured]
    found = {
        "activations and gradients of the outputs of {}": ", ".join(dict.fromkeys(weights_only)),
        "{} layers that the loss does not use": len(unused),
        "gradients of {} frozen layers": frozen,
        "gradients of {} layers whose weights are computed from others": computed,
        "parameters that are no layer's weights, {}": ", ".join(dict.fromkeys(other)),
        "{} batch normalizations that are not modules": max(batchnorm_nodes(result.loss) - result.norms, 0),
    }
    return [text.format(value) for text, value in found.items() if value]
