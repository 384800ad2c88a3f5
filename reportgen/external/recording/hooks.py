"""Probes of PyTorch networks by forward hooks, without importing PyTorch.

A forward pass determines the order of the layers and the operations between them. During a probe, dropout is off and
batch normalization uses the statistics of the batch without updating its running statistics, in any mode of the
network.
"""

from __future__ import annotations

import math
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np

from reportgen.errors import UsageError
from reportgen.external.recording.convert import Array, array, copy_of, values_of
from reportgen.external.recording.data_flow import DataFlow, LayerTrace
from reportgen.external.recording.given_examples import logits_of
from reportgen.external.recording.layer_arrays import LayerArrays, Nonlinearity, Probe
from reportgen.external.recording.loop.loss_graph import LossGraph, graph_of
from reportgen.external.recording.loop.probabilities import as_logits, gradient_of_logits, last_function
from reportgen.external.recording.structure import (
    DETECTED,
    Pass,
    check_initialized,
    check_pass,
    main_activation,
    notes_of,
    structure_of,
    with_detected,
)
from reportgen.external.recording.torch_modules import (
    BATCH_NORM,
    DROPOUT,
    LAYER,
    NORM,
    in_training_mode,
    kind_of,
    matrices_of,
    modules_in,
    switched,
)
from reportgen.external.recording.traces import (
    add_call,
    add_norm,
    arrays_of,
    descriptions_of,
    is_differentiated,
    is_observed,
)

DROPOUT_PASSES = 8
"""Number of passes with dropout whose outputs are averaged."""

COPIED, COPYING = 256, 0.005
"""Number of steps before which the weights are always copied. Later, copies without a probe take at most this share of
the time."""

PAUSE = 8
"""Number of steps after which a copy is considered again if copies took too much time."""


class HookedNetwork:
    """A network or its layers, with a function that computes a loss.

    nonlinearity: activation of the layers whose activation is not observed, None if unknown. next_copy: number of steps
    from which on `keep_weights` may copy weights although no probe follows. last_function: see `loop.probabilities`.
    """

    def __init__(self, layers: Any, loss: Callable[[], Any], nonlinearity: Nonlinearity | None) -> None:
        if not callable(loss):
            message = f"expected a function, found {type(loss).__name__}"
            raise UsageError("wrong-type", message, "loss", "such as lambda: criterion(net(x), y)")
        self._root, self._loss, self.nonlinearity = layers, loss, nonlinearity
        modules = list(enumerate(modules_in(layers), 1))
        check_initialized(modules)
        self._modules = {id(module): (kind_of(module, number), module) for number, module in modules}
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
        self.next_copy = 0
        self._copied_at, self._copying, self._since = 0, 0.0, time.perf_counter()
        self.last_function = ""
        self.detected: dict[str, Any] = dict.fromkeys(DETECTED)

    @property
    def parameters(self) -> list[Any]:
        """All weights of the layers."""
        return [getattr(module, name) for module, name in self._matrices.values()]

    @property
    def weights(self) -> list[Any]:
        """Weights of each layer in the order of the forward pass, empty before the first probe."""
        return [trace.weight for trace in self._order]

    @property
    def has_modes(self) -> bool:
        """Whether training mode and test mode differ, as far as it is known."""
        norms = any(kind in (BATCH_NORM, DROPOUT) for kind, _ in self._modules.values())
        return norms or bool(np.any(self.detected["dropout"] or 0))

    def registrations(self) -> list[float]:
        """Return the number of names under which the module of each layer is registered, NaN for a list of layers."""
        named = getattr(self._root, "named_modules", None)
        if named is None:
            return [math.nan] * len(self._order)
        counts = Counter(id(module) for _, module in named(remove_duplicate=False))
        return [float(counts.get(id(trace.module), 1)) for trace in self._order]

    def keep_weights(self, step: int, needed: bool) -> None:
        """Copy all weights before a step, which the next probe compares with the changed ones.

        step: number of completed steps. needed: whether a probe follows the step. Otherwise the weights are copied only
        in the first steps and if copies take little time, because any step may be the last one.
        """
        start = time.perf_counter()
        if not needed and step >= COPIED and self._copying > COPYING * (start - self._since):
            self.next_copy = step + PAUSE
            return
        for key, (module, name) in self._matrices.items():
            self._before[key] = copy_of(getattr(module, name), self._before.get(key))
        self._copied_at = step
        self._copying += time.perf_counter() - start

    def weight_sizes(self) -> tuple[float, float]:
        """Return the sum of squares and the sum of absolute values of all weights, as in L2 and L1 penalties."""
        values = [array(getattr(module, name)) for module, name in self._matrices.values()]
        return sum(float(np.square(w).sum()) for w in values), sum(float(np.abs(w).sum()) for w in values)

    def with_detected(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the given settings of the network with the detected ones; raises UsageError if they contradict."""
        return with_detected(settings, self.detected)

    def probe(self, step: int) -> Probe:
        """Return the arrays of all layers after a step.

        The probe takes one forward and one backward pass. It changes neither the gradients of any parameters nor
        running statistics.
        """
        result = self._forward(dropout=False) if self._order else self._checked_pass()
        graph = graph_of(result.loss)
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
        if getattr(result.outputs, "requires_grad", False) is True:
            inputs.append(result.outputs)
        try:
            _mean_loss(result.loss, graph).backward(inputs=[*parameters, *inputs])
            arrays = [self._layer(trace, step, measured=id(trace) in current) for trace in traces]
        finally:
            for parameter, gradient in zip(parameters, saved, strict=True):
                parameter.grad = gradient
        return self._described(result, graph, traces, arrays)

    def _layer(self, trace: LayerTrace, step: int, measured: bool) -> LayerArrays:
        """Return the arrays of a layer; a change over several steps is divided by their number."""
        before, steps = self._before.get(id(trace.weight)), step - self._copied_at
        if before is not None and steps > 1:
            now = values_of(trace.weight)
            before = now - (now - values_of(before)) / steps
        return arrays_of(trace, before, self.nonlinearity, measured)

    def _described(
        self, result: Pass, graph: LossGraph | None, traces: list[LayerTrace], arrays: list[LayerArrays]
    ) -> Probe:
        """Return the probe with what is known of the whole network."""
        given, gradient = array(result.outputs), getattr(result.outputs, "grad", None)
        self.last_function = last_function(result.outputs)
        outputs = as_logits(given, self.last_function)
        delta = None if gradient is None else gradient_of_logits(given, array(gradient), self.last_function)
        kinds = descriptions_of(traces, self.nonlinearity)
        size = getattr(self._root, "parameters", None)
        total = sum(int(np.prod(p.shape)) for p in size() if hasattr(p, "shape")) if size and is_observed(traces) else 0
        is_logits = outputs.ndim == 2 or (outputs.ndim == 1 and outputs.size > 1)
        return Probe(
            arrays,
            len(outputs),
            outputs if is_logits else None,
            delta if is_logits else None,
            None if graph is None else graph.targets,
            kinds,
            total or None,
        )

    def train_mode_scale(self) -> float | None:
        """Return the ratio of outputs with dropout to outputs without, or None for a network without dropout.

        It is the least-squares factor over examples and classes of outputs centred over classes.
        """
        if not np.any(self.detected["dropout"] or 0):
            return None
        without = self._centred_outputs(dropout=False)
        dropped = np.mean([self._centred_outputs(dropout=True) for _ in range(DROPOUT_PASSES)], axis=0)
        square, product = float((without**2).sum()), float((without * dropped).sum())
        return product / square if square > 0 and math.isfinite(square) and math.isfinite(product) else None

    def test_mode_outputs(self) -> Array:
        """Return the outputs in test mode: without dropout, and with running statistics in batch normalization."""
        return as_logits(array(self._forward(dropout=False, batch_statistics=False).outputs), self.last_function)

    def _centred_outputs(self, dropout: bool) -> Array:
        """Return the outputs of a forward pass, centred over classes."""
        outputs = array(self._forward(dropout).outputs)
        return np.asarray(outputs - outputs.mean(axis=1, keepdims=True))

    def _checked_pass(self) -> Pass:
        """Return a forward pass after checking it, and store order and structure of the layers; raises UsageError."""
        result = self._forward(dropout=False)
        check_pass(result)
        again, trained = self._repeated(result)
        self.detected = structure_of(result, again, trained)
        self._order = [LayerTrace(trace.module, trace.name, trace.weight) for trace in result.layers]
        if self.nonlinearity is None or is_observed(result.layers):
            self.nonlinearity = main_activation(result.layers, self.nonlinearity)
        layers = [module for kind, module in self._modules.values() if kind == LAYER]
        notes = notes_of(result, layers)
        if notes:
            warnings.warn("; ".join(notes), stacklevel=6)
        return result

    def _repeated(self, first: Pass) -> tuple[Pass | None, Pass | None]:
        """Return a second pass, and one in training mode without dropout modules; None for other libraries."""
        if not hasattr(first.loss, "detach"):
            return None, None
        again = self._forward(dropout=False)
        return again, self._forward(dropout=False, training=True) if first.complete else None

    def _forward(self, dropout: bool, training: bool = False, batch_statistics: bool = True) -> Pass:
        """Run the loss function once.

        dropout: whether dropout modules are on. training: whether the other modules are in training mode.
        batch_statistics: whether batch normalization uses the statistics of the batch.
        """
        layers, outputs, norms = list[LayerTrace](), list[Any](), list[Any]()
        flow = DataFlow(layers, self._matrices, dropout)
        with ExitStack() as stack:
            for kind, module in self._modules.values():
                if hasattr(module, "register_forward_hook"):
                    stack.callback(module.register_forward_hook(_tracing_hook(kind, layers, norms, flow)).remove)
                if kind in (BATCH_NORM, DROPOUT):
                    stack.enter_context(switched(module, on=batch_statistics if kind == BATCH_NORM else dropout))
            if hasattr(self._root, "register_forward_hook"):
                stack.callback(
                    self._root.register_forward_hook(lambda *seen: outputs.append(logits_of(seen[-1]))).remove
                )
                if training and id(self._root) not in self._modules:
                    stack.enter_context(in_training_mode(self._root))
            with flow.observe():
                loss = self._loss()
        inputs = [call.preactivation for trace in layers for call in trace.calls]
        last = [out for out in outputs[-1:] if hasattr(out, "detach")] or inputs[-1:]
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
        if kind == LAYER and hasattr(output, "retain_grad") and is_differentiated(output):
            return add_call(layers, module, inputs, output, flow)
        if kind in (BATCH_NORM, NORM) and layers:
            return add_norm(layers[-1], module, inputs, output, flow, is_batch_norm=kind == BATCH_NORM)
        return None

    return hook


def _mean_loss(loss: Any, graph: LossGraph | None) -> Any:
    """Return the mean loss for a loss that is a sum over examples."""
    return loss / graph.examples if graph is not None and graph.reduction == "sum" and graph.examples else loss
