"""Probes of PyTorch networks by forward hooks, without importing PyTorch.

A forward pass determines the order of the layers and the operations between them. During a probe, dropout is off and
batch normalization uses the statistics of the batch without updating its running statistics, in any mode of the
network.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.errors import UsageError
from reportgen.external.recording.convert import Array, array, copy_of, same, scalar_loss
from reportgen.external.recording.data_flow import DataFlow, LayerTrace
from reportgen.external.recording.layer_arrays import LayerArrays, Nonlinearity, Probe
from reportgen.external.recording.torch_modules import (
    BATCH_NORM,
    DROPOUT,
    LAYER,
    NORM,
    batchnorm_nodes,
    in_training_mode,
    kind_of,
    matrices_of,
    modules_in,
    norm_settings,
    switched,
)
from reportgen.external.recording.traces import add_call, add_norm, arrays_of, check_loss, descriptions_of, is_observed

LOSS_TOLERANCE = 1e-3
"""Largest relative difference between two losses that count as equal; rounding errors are far smaller."""

DROPOUT_PASSES = 8
"""Number of passes with dropout whose outputs are averaged."""


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


class HookedNetwork:
    """A network or its layers, with a function that computes a loss.

    nonlinearity: activation of the layers whose activation is not observed.
    """

    def __init__(self, layers: Any, loss: Callable[[], Any], nonlinearity: Nonlinearity) -> None:
        if not callable(loss):
            message = f"expected a function, found {type(loss).__name__}"
            raise UsageError("wrong-type", message, "loss", "such as lambda: criterion(net(x), y)")
        self._root, self._loss, self._nonlinearity = layers, loss, nonlinearity
        self._modules = {id(module): (kind_of(module, n), module) for n, module in enumerate(modules_in(layers), 1)}
        normalized = (BATCH_NORM, NORM, DROPOUT)
        self._matrices = {
            id(value): (module, name)
            for kind, module in reversed(self._modules.values())
            if kind not in normalized
            for name, value in matrices_of(module).items()
        }
        if not self._matrices:
            raise UsageError("no-layers", "no layers to watch", hint="the network, or its layers in order")
        self._order: list[LayerTrace] = []
        self._before: dict[int, Any] = {}
        self.batchnorm: Any = None
        self.dropout: Any = None

    def keep_weights(self) -> None:
        """Copy all weights, which the next probe compares with the changed ones."""
        for key, (module, name) in self._matrices.items():
            self._before[key] = copy_of(getattr(module, name), self._before.get(key))

    def weight_sizes(self) -> tuple[float, float]:
        """Return the sum of squares and the sum of absolute values of all weights, as in L2 and L1 penalties."""
        values = [array(getattr(module, name)) for module, name in self._matrices.values()]
        return sum(float(np.square(w).sum()) for w in values), sum(float(np.abs(w).sum()) for w in values)

    def with_detected(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the given settings of the network with the detected ones; raises UsageError if they contradict."""
        all_kinds = {"batchnorm": self.batchnorm, "dropout": self.dropout}
        detected = {name: value for name, value in all_kinds.items() if value is not None}
        for name, value in detected.items():
            if name in settings and _is_on(settings[name]) != _is_on(value):
                message = f"{settings[name]!r} contradicts the watched network, which has {value!r}"
                raise UsageError("conflicting-settings", message, f"settings.{name}", "remove the setting")
        return detected | dict(settings)

    def probe(self) -> Probe:
        """Return the arrays of all layers.

        The probe takes one forward and one backward pass. It changes neither the gradients of any parameters nor
        running statistics.
        """
        result = self._forward(dropout=False) if self._order else self._checked_pass()
        by_key = {trace.key: trace for trace in result.layers}
        traces = [by_key.get(known.key, known) for known in self._order]
        used = [p for trace in traces for p in (trace.weight, trace.bias) if p is not None]
        trained = [p for p in used if getattr(p, "requires_grad", True) and getattr(p, "is_leaf", True)]
        parameters = list({id(p): p for p in trained}.values())
        saved = [parameter.grad for parameter in parameters]
        for parameter in parameters:
            parameter.grad = None
        current = {id(trace) for trace in result.layers}
        calls = [call for trace in traces if id(trace) in current for call in trace.calls]
        inputs = [call.preactivation for call in calls if getattr(call.preactivation, "requires_grad", True)]
        try:
            result.loss.backward(inputs=[*parameters, *inputs])
            arrays = [
                arrays_of(trace, self._before.get(id(trace.weight)), self._nonlinearity, measured=id(trace) in current)
                for trace in traces
            ]
        finally:
            for parameter, gradient in zip(parameters, saved, strict=True):
                parameter.grad = gradient
        return self._described(result, traces, arrays)

    def _described(self, result: Pass, traces: list[LayerTrace], arrays: list[LayerArrays]) -> Probe:
        """Return the probe with what is known of the whole network."""
        outputs = array(result.outputs)
        kinds = descriptions_of(traces, self._nonlinearity)
        size = getattr(self._root, "parameters", None)
        total = sum(int(np.prod(p.shape)) for p in size() if hasattr(p, "shape")) if size and is_observed(traces) else 0
        is_logits = outputs.ndim == 2
        return Probe(arrays, len(outputs), outputs if is_logits else None, kinds, total or None)

    def train_mode_scale(self) -> float | None:
        """Return the ratio of outputs with dropout to outputs without, or None for a network without dropout.

        It is the least-squares factor over examples and classes of outputs centred over classes.
        """
        if not self.dropout or not np.any(self.dropout):
            return None
        without = self._centred_outputs(dropout=False)
        dropped = np.mean([self._centred_outputs(dropout=True) for _ in range(DROPOUT_PASSES)], axis=0)
        square, product = float((without**2).sum()), float((without * dropped).sum())
        return product / square if square > 0 and math.isfinite(square) and math.isfinite(product) else None

    def test_mode_outputs(self) -> Array:
        """Return the outputs in test mode: without dropout, and with running statistics in batch normalization."""
        return array(self._forward(dropout=False, batch_statistics=False).outputs)

    def _centred_outputs(self, dropout: bool) -> Array:
        """Return the outputs of a forward pass, centred over classes."""
        outputs = array(self._forward(dropout).outputs)
        return np.asarray(outputs - outputs.mean(axis=1, keepdims=True))

    def _checked_pass(self) -> Pass:
        """Return a forward pass after checking it, and store order and structure of the layers; raises UsageError."""
        result = self._forward(dropout=False)
        if not any(trace.calls for trace in result.layers):
            message = "the loss does not use any watched layer"
            raise UsageError("unused-layer", message, "loss", "the loss of the watched network")
        check_loss(result.loss)
        if batchnorm_nodes(result.loss) > result.norms and not result.complete:
            message = "the network has batch normalization that is not among the watched layers"
            raise UsageError("unwatched-layer", message, hint="watch the whole network, or all of its layers in order")
        self._detect_structure(result, hasattr(result.loss, "grad_fn"), hasattr(result.loss, "detach"))
        self._order = [LayerTrace(trace.module, trace.name, trace.weight) for trace in result.layers]
        notes = self._not_measured(result)
        if notes:
            warnings.warn(f"not measured: {'; '.join(notes)}", stacklevel=4)
        return result

    def _not_measured(self, result: Pass) -> list[str]:
        """Return what the probes of a network do not measure."""
        used = {id(trace.module) for trace in result.layers}
        weights_only = [trace.label for trace in result.layers if not trace.calls]
        frozen = [t for t in result.layers if getattr(t.weight, "requires_grad", True) is False]
        computed = [t for t in result.layers if getattr(t.weight, "is_leaf", True) is False]
        unused = [module for kind, module in self._modules.values() if kind == LAYER and id(module) not in used]
        weights = {id(trace.weight) for trace in result.layers}
        unmeasured = [owner for key, owner in result.flow.unmeasured.items() if key not in weights]
        other = [f"{type(module).__name__}.{name}" for module, name in unmeasured]
        functional = batchnorm_nodes(result.loss) - result.norms
        found = {
            "activations and gradients of the outputs of {}": ", ".join(dict.fromkeys(weights_only)),
            "{} layers that the loss does not use": len(unused),
            "gradients of {} frozen layers": len(frozen),
            "gradients of {} layers whose weights are computed from others": len(computed),
            "parameters that are no layer's weights, {}": ", ".join(dict.fromkeys(other)),
            "{} batch normalizations that are not modules": max(functional, 0),
        }
        return [text.format(value) for text, value in found.items() if value]

    def _detect_structure(self, result: Pass, has_graph: bool, has_value: bool) -> None:
        """Set `batchnorm` and `dropout` as far as the forward pass determines them.

        has_graph: whether the loss has an autograd graph. has_value: whether the loss has a value.
        """
        hidden = result.layers[:-1]
        if has_value:
            _check_deterministic(result.loss, self._forward(dropout=False).loss)
        if result.complete or has_graph or any(trace.norm is not None for trace in hidden):
            self.batchnorm = same(norm_settings(trace.norm) for trace in hidden) or False
        trained = self._forward(dropout=False, training=True) if has_value and result.complete else result
        if len(trained.layers) == len(result.layers):
            hidden = trained.layers[:-1]
        functional_dropout = has_value and result.complete and not _losses_agree(result.loss, trained.loss)
        if (result.complete and not functional_dropout) or any(trace.dropouts for trace in hidden):
            self.dropout = same(_dropout_rate(trace) for trace in hidden) or 0

    def _forward(self, dropout: bool, training: bool = False, batch_statistics: bool = True) -> Pass:
        """Run the loss function once.

        dropout: whether dropout modules are on. training: whether the other modules are in training mode.
        batch_statistics: whether batch normalization uses the statistics of the batch.
        """
        layers: list[LayerTrace] = []
        outputs: list[Any] = []
        norms: list[Any] = []
        flow = DataFlow(layers, self._matrices, dropout)
        with ExitStack() as stack:
            for kind, module in self._modules.values():
                if hasattr(module, "register_forward_hook"):
                    stack.callback(module.register_forward_hook(_tracing_hook(kind, layers, norms, flow)).remove)
                if kind in (BATCH_NORM, DROPOUT):
                    stack.enter_context(switched(module, on=batch_statistics if kind == BATCH_NORM else dropout))
            if hasattr(self._root, "register_forward_hook"):
                stack.callback(self._root.register_forward_hook(lambda *seen: outputs.append(seen[-1])).remove)
                if training and id(self._root) not in self._modules:
                    stack.enter_context(in_training_mode(self._root))
            with flow.observe():
                loss = self._loss()
        calls = [call for trace in layers for call in trace.calls]
        last = [out for out in outputs[-1:] if hasattr(out, "detach")] or [call.preactivation for call in calls[-1:]]
        return Pass(layers, loss, bool(outputs), last[0] if last else None, len(norms), flow)


def _tracing_hook(
    kind: str, layers: list[LayerTrace], norms: list[Any], flow: DataFlow
) -> Callable[[Any, Any, Any], Any]:
    """Return a forward hook that adds the output of a module to `layers`; the hook raises UsageError.

    The hook returns a copy of the output, since an in-place activation would overwrite the original.
    """

    def hook(module: Any, inputs: Any, output: Any) -> Any:
        if kind == DROPOUT and layers:
            layers[-1].dropouts.append(float(module.p))
        if kind in (BATCH_NORM, NORM):
            norms.append(module)
        if kind == LAYER and hasattr(output, "retain_grad"):
            return add_call(layers, module, inputs, output, flow)
        if kind in (BATCH_NORM, NORM) and layers:
            return add_norm(layers[-1], module, inputs, output, flow, is_batch_norm=kind == BATCH_NORM)
        return None

    return hook


def _dropout_rate(trace: LayerTrace) -> float:
    """Return the combined rate of all dropout modules after a layer."""
    return round(1 - math.prod(1 - rate for rate in trace.dropouts), 12)


def _losses_agree(a: Any, b: Any) -> bool:
    """Return whether two losses are equal up to rounding; true if the first is not finite."""
    first, second = scalar_loss(a, "loss"), scalar_loss(b, "loss")
    return not math.isfinite(first) or abs(second - first) <= LOSS_TOLERANCE * max(abs(first), abs(second))


def _check_deterministic(a: Any, b: Any) -> None:
    """Raise UsageError if two passes with the same weights have different losses."""
    if not _losses_agree(a, b):
        message = f"two passes with the same weights have losses {float(array(a)):.4g} and {float(array(b)):.4g}"
        hint = "use one fixed batch; watch the whole network, or disable functional dropout in the loss"
        raise UsageError("random-loss", message, "loss", hint)


def _is_on(setting: Any) -> bool:
    """Return whether a setting of batch normalization or dropout enables it for any layer."""
    if isinstance(setting, (list, tuple)):
        return any(map(_is_on, setting))
    return bool(setting.get("rate", True) if isinstance(setting, Mapping) else setting) and setting != "none"
