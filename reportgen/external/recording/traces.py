"""Layers of a forward pass: how hooks record them, and their arrays after the backward pass."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from reportgen.engine.layers.table import LAYERS
from reportgen.errors import UsageError
from reportgen.external.recording.convert import Array, array, scalar_loss, values_of
from reportgen.external.recording.data_flow import Call, DataFlow, FreeFunction, LayerTrace
from reportgen.external.recording.layer_arrays import LayerArrays, Nonlinearity, Norm, Rows, Window, as_rows
from reportgen.external.recording.torch_modules import (
    NOT_LINEAR,
    as_matrix,
    class_names,
    description,
    is_plain_convolution,
    norm_values,
    units_axis_of,
)


def add_call(layers: list[LayerTrace], module: Any, inputs: Any, output: Any, flow: DataFlow) -> Any:
    """Add a pass through a layer with observed outputs; return a copy of the outputs."""
    _retain(output)
    if layers and isinstance(layers[-1].module, FreeFunction) and layers[-1].weight is module.weight:
        layers.pop()  # the function belongs to this module
    trace = next((trace for trace in layers if trace.module is module and trace.name == "weight"), None)
    if trace is None and layers and layers[-1].weight is module.weight and not layers[-1].calls:
        trace = layers[-1]  # tied weights: the function was observed before the module
        trace.module, trace.name = module, "weight"
    if trace is None:
        trace = LayerTrace(module, "weight", module.weight)
        layers.append(trace)
    given = inputs[0] if inputs else None
    tag = flow.tag_of(given)
    call = Call(trace, given, output, output)
    if tag is not None:
        is_identity = tag.is_open and not tag.call.adds
        call.source, call.depth = tag.call, tag.call.depth + 1
        call.is_next = tag.is_same and (tag.call.activated or is_identity) and tag.call is _last_call(layers, trace)
    trace.calls.append(call)
    copy = output.clone()
    flow.tag(copy, call)
    return copy


def _last_call(layers: Sequence[LayerTrace], trace: LayerTrace) -> Call | None:
    """Return the only call of the layer before a layer; None if it has another number of calls, or was called late."""
    index = layers.index(trace)
    before = layers[index - 1].calls if index else []
    return before[0] if len(before) == 1 and not trace.calls else None


def add_norm(last: LayerTrace, module: Any, inputs: Any, output: Any, flow: DataFlow, is_batch_norm: bool) -> Any:
    """Add a normalization to the layer that it follows; its outputs are the pre-activations if it follows directly."""
    tag = flow.tag_of(inputs[0])
    if tag is not None:
        call, follows = tag.call, tag.is_open and tag.is_same and not tag.call.adds
        follows = follows and tuple(output.shape) == tuple(call.preactivation.shape)
    elif last.calls:
        call = last.calls[-1]
        follows = not hasattr(output, "is_leaf") and np.array_equal(
            array(inputs[0]), array(call.output), equal_nan=True
        )
    else:
        return None
    if is_batch_norm and call.norm is None:
        call.norm = module
    if not follows or call.shift is not None or call.activated:
        return None
    _retain(output)
    call.preactivation, call.shift = output, getattr(module, "bias", None)
    copy = output.clone()
    flow.tag(copy, call)
    return copy


def _retain(output: Any) -> None:
    """Keep the gradient of a tensor, unless frozen layers computed it."""
    if getattr(output, "requires_grad", True) is not False:
        output.retain_grad()


def is_differentiated(output: Any) -> bool:
    """Return whether gradients were enabled when a module computed its output."""
    torch: Any = sys.modules.get("torch")
    return getattr(output, "requires_grad", True) is not False or torch is None or bool(torch.is_grad_enabled())


def is_observed(traces: Sequence[LayerTrace]) -> bool:
    """Return whether the layers are PyTorch's, so that the functions between them were observed."""
    return any(hasattr(call.output, "is_leaf") for trace in traces for call in trace.calls)


def descriptions_of(traces: Sequence[LayerTrace], given: Nonlinearity | None) -> list[dict[str, Any]] | None:
    """Return the description of each layer for the record.

    given: activation in the settings of the network. Returns None for a chain of fully connected layers with this
    activation, which the settings describe completely, and for layers that were not observed.
    """
    if not is_observed(traces) or _is_chain(traces, given):
        return None
    numbers = {id(call): number for number, trace in enumerate(traces, 1) for call in trace.calls}
    found = []
    for trace in traces:
        entry: dict[str, Any] = {"module": type(trace.module).__name__} | (
            description(trace.module) if trace.calls else {"kind": "dense"}
        )
        if trace.calls and trace is not traces[-1]:
            entry |= _activation_entry(trace.calls[0], given)
        if trace.calls and trace.calls[0].adds:
            entry["adds"] = numbers.get(id(trace.calls[0].shortcut), 0)
        found.append(entry)
    return found


def _activation_entry(call: Call, given: Nonlinearity | None) -> dict[str, Any]:
    """Return the activation of a layer as a setting; empty if it is unknown or the one of all layers.

    Embeddings, bilinear layers, layers in sums, and the first half of separable convolutions have no activation of
    their own, but such layers are not linear layers by mistake.
    """
    found = call.resolved()
    if found is None or found == given:
        return {}
    is_bent = bool(class_names(call.layer.module) & set(NOT_LINEAR))
    is_designed = is_bent or call.adds or call.is_added or getattr(call.layer.module, "groups", 1) > 1
    if not call.activated and is_designed:
        return {}
    return {"activation": {"name": found.row.name, **found.parameters} if found.parameters else found.row.name}


def _is_chain(traces: Sequence[LayerTrace], given: Nonlinearity | None) -> bool:
    """Return whether each layer is fully connected to the activations of the layer before it."""
    for index, trace in enumerate(traces):
        if len(trace.calls) != 1 or LAYERS[description(trace.module)["kind"]].has_filters:
            return False
        [call] = trace.calls
        is_hidden = index < len(traces) - 1
        if call.adds or len(call.output.shape) != 2 or (index and not call.is_next):
            return False
        if is_hidden and call.resolved() != given:
            return False
        if (call.shift is not None) != (call.norm is not None) or "Linear" not in class_names(trace.module):
            return False
    return True


def arrays_of(trace: LayerTrace, before: Any, given: Nonlinearity | None, measured: bool) -> LayerArrays:
    """Return the arrays of a layer after the backward pass.

    Parameters
    ----------
    before : weights before the last step, None if unknown.
    given : activation of layers that are not PyTorch's, whose functions are not observed.
    measured : whether the layer took part in the pass.
    """
    weight, bias, calls = trace.weight, trace.bias, trace.calls if measured else []
    matrix = _gradient(weight, lambda values: as_matrix(trace.module, values), lacking=not measured)
    common: dict[str, Any] = {
        "weights": matrix,
        "biases": None if bias is None else _gradient(bias, np.asarray, lacking=not measured),
        "before": None if before is None else as_matrix(trace.module, values_of(before)),
    }
    if not calls:
        return LayerArrays(preactivations=None, **common)
    axis = units_axis_of(trace.module)
    pairs = [_gradient(call.preactivation, lambda values: as_rows(values, axis)) for call in calls]
    gradients = [gradient for _, gradient in pairs if gradient is not None]
    nonlinearity = calls[0].resolved() if is_observed([trace]) else given
    norm = calls[0].norm
    return LayerArrays(
        preactivations=(
            _join([z for z, _ in pairs]),
            _join(gradients) if len(gradients) == len(pairs) else None,
        ),
        activations=_rows_of([call.activations for call in calls], axis, len(matrix[0])),
        nonlinearity=nonlinearity,
        slope_inputs=_rows_of([call.slope_inputs for call in calls], axis, len(matrix[0])),
        norm=None if norm is None else Norm(*norm_values(norm)),
        inputs=_inputs_of(calls) if len(gradients) == 1 else None,
        **common,
    )


def _join(parts: Sequence[Array]) -> Array:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _rows_of(tensors: Sequence[Any], axis: int, units: int) -> Array | None:
    """Return tensors of all calls as one matrix (rows, units); None if one is unknown or has other units."""
    if any(tensor is None for tensor in tensors):
        return None
    if any(len(tensor.shape) < -axis or tensor.shape[axis] != units for tensor in tensors):
        return None
    return _join([as_rows(values_of(tensor), axis) for tensor in tensors])


def _inputs_of(calls: Sequence[Call]) -> Rows | Window | None:
    """Return the inputs of a layer with a single call, from which gradients of single examples can be computed."""
    [call] = calls
    module, given = call.layer.module, call.inputs
    if not hasattr(given, "is_leaf") or call.output.grad is None:
        return None
    deltas = values_of(call.output.grad)
    if "Linear" in class_names(module) and len(given.shape) == 2:
        return Rows(values_of(given), deltas)
    if not is_plain_convolution(module) or len(given.shape) != 4:
        return None
    padding = description(module)["padding"]
    if padding == "same":
        sizes = [((size - 1) // 2, size // 2) for size in module.kernel_size]
    else:
        sizes = [(size, size) for size in padding]
    images = np.pad(values_of(given), ((0, 0), (0, 0), *sizes))
    return Window(images, tuple(module.kernel_size), tuple(module.stride), deltas)


def _gradient(tensor: Any, reshape: Any, lacking: bool = False) -> tuple[Array, Array | None]:
    """Return the values and the gradient of a tensor; raises UsageError if the gradient is missing."""
    is_computed = getattr(tensor, "is_leaf", True) is False and not tensor.retains_grad
    gradient = None if lacking or is_computed else tensor.grad
    if gradient is None:
        if not lacking and getattr(tensor, "requires_grad", True) and not hasattr(tensor, "is_leaf"):
            message = "a watched layer has no gradient"
            raise UsageError("missing-gradient", message, "loss", "compute the loss from the network's outputs")
        return reshape(values_of(tensor)), None
    return reshape(values_of(tensor)), reshape(values_of(gradient))


def check_loss(loss: Any) -> None:
    """Raise UsageError unless the loss is a tensor of one number with gradients."""
    if not hasattr(loss, "backward"):
        message = f"expected a tensor with gradients, found {type(loss).__name__}"
        raise UsageError("wrong-type", message, "loss", "return the result of the loss function")
    if getattr(loss, "requires_grad", True) is False:
        hint = "compute it outside of torch.no_grad(), with layers that are not all frozen"
        raise UsageError("missing-gradient", "the loss has no gradients", "loss", hint)
    if hasattr(loss, "detach"):
        scalar_loss(loss, "loss")
