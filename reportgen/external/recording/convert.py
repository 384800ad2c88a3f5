"""Conversion of the recorder's arguments (tensors, labels, activations, optimizers) to arrays and settings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from reportgen.engine.tables.activation import Activation
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.nearest import nearest
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.errors import UsageError
from reportgen.registry import Row, Table
from reportgen.study.loading.messages import study_error
from reportgen.study.model.network import Network
from reportgen.study.model.settings import Training

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
RowT = TypeVar("RowT", bound=Row)

NETWORK_SETTINGS = ("init", "batchnorm", "norm", "dropout")
"""Settings of the network that the arrays do not determine."""

ACTIVATION_PARAMETERS = {"negative_slope": "slope", "alpha": "alpha"}
"""Attributes of activation layers in other libraries, and their names in a study file."""

OPTIMIZER_PARAMETERS = {"alpha": "rho", "eps": "epsilon"}
"""Parameters of PyTorch optimizers with other names in a study file, and these names."""

GENERAL_PARAMETERS = ("momentum", "nesterov", "weight_decay")
"""Parameters of PyTorch optimizers that have an effect for every optimizer unless they are 0."""


def array(values: Any, what: str = "an array") -> Array:
    """Return the values of an array or tensor as a float64 array; raises UsageError if they are not numbers.

    what: name of the values in the error.
    """
    try:
        return np.asarray(_of_tensor(values) if hasattr(values, "detach") else values, np.float64)
    except (TypeError, ValueError) as error:
        hint = f"an array of numbers or a tensor, not {type(values).__name__}"
        raise UsageError("wrong-type", "the values are not numbers", what, hint) from error


def values_of(tensor: Any) -> NDArray[Any]:
    """Return the values of an array or tensor; float32 and float64 keep their type, float16 becomes float32."""
    values = np.asarray(_of_tensor(tensor) if hasattr(tensor, "detach") else tensor)
    if values.dtype in (np.float32, np.float64):
        return values
    return values.astype(np.float32 if values.dtype == np.float16 else np.float64)


def copy_of(tensor: Any, old: Any) -> Any:
    """Return a copy of an array or tensor; old: an earlier copy, which is overwritten if possible."""
    if not hasattr(tensor, "is_leaf"):
        return array(tensor).copy()
    return tensor.detach().clone() if old is None else old.copy_(tensor.detach())


def _of_tensor(tensor: Any) -> Any:
    """Return the values of a tensor; types without equivalent in NumPy, such as bfloat16, become float32."""
    detached = tensor.detach().cpu()
    if getattr(detached, "is_sparse", False):
        detached = detached.to_dense()
    try:
        return detached.numpy()
    except TypeError:
        return detached.float().numpy()


def scalar_loss(value: Any, where: str) -> float:
    """Return a loss as a float; raises UsageError unless it is a single number."""
    try:
        return float(value.item())  # fast, because it is called at every step
    except (AttributeError, RuntimeError, TypeError, ValueError):
        loss = array(value, where)
    if loss.size != 1:
        hint = "one number, the mean over the examples"
        raise UsageError("wrong-shape", f"the loss has shape {loss.shape}", where, hint)
    return float(loss.reshape(()))


def examples(x: Any, y: Any, split: str) -> tuple[Array, Labels]:
    """Return inputs (n, ...) and classes (n,) of a split; raises UsageError for wrong shapes or invalid values."""
    x_name, y_name = f"{split} inputs", f"{split} classes"
    inputs, labels = array(x, x_name), array(y, y_name)
    if labels.shape != inputs.shape[:1]:
        message = f"classes of shape {labels.shape} for inputs of shape {inputs.shape}"
        raise UsageError("wrong-shape", message, y_name, "one class number per input")
    nonfinite = int((~np.isfinite(inputs)).sum())
    if nonfinite:
        message = f"{nonfinite} value{'s are' if nonfinite > 1 else ' is'} not finite"
        raise UsageError(
            "not-finite", message, x_name, "correct or remove these examples, since they make every loss NaN"
        )
    wrong = labels[(labels % 1 != 0) | (labels < 0)]
    if wrong.size:
        hint = "whole numbers from 0; use (y + 1) // 2 for classes -1 and 1"
        raise UsageError("invalid-labels", f"{wrong[0]:g} is not a class", y_name, hint)
    return inputs, labels.astype(np.int64)


def two_columns(outputs: Array) -> Array:
    """Return the logits of two classes, (n, 2), for one logit z per example, (n, 1) or (n,): 0 and z."""
    z = outputs.reshape(-1, 1)
    return np.concatenate([np.zeros_like(z), z], axis=1)


def outputs_of(values: Any, split: str, examples: int, classes: int, certain: bool) -> Array:
    """Return the outputs of a network as logits, (examples, classes).

    One logit z for each example, (examples, 1) or (examples,), stands for the logits 0 and z of two classes. certain:
    whether the number of classes is known from earlier outputs, and not only from the labels. Raises UsageError for a
    wrong shape.
    """
    where = f"{split} outputs"
    if values is None:
        raise UsageError("missing-outputs", "the outputs are missing", where, "outputs of all examples of the split")
    outputs = array(values, where)
    if classes <= 2 and outputs.shape in ((examples,), (examples, 1)):
        return two_columns(outputs)
    fits = outputs.ndim == 2 and len(outputs) == examples
    if not fits or outputs.shape[1] < classes or (certain and outputs.shape[1] != classes):
        shape_hint = (
            f"logits of {examples} examples and {'' if certain else 'at least '}{classes} classes, (n, classes)"
        )
        raise UsageError("wrong-shape", f"invalid shape {outputs.shape}", where, shape_hint)
    return outputs


def are_probabilities(outputs: Array) -> bool:
    """Return whether the outputs of each example, (n, classes), are probabilities, which add up to 1."""
    return bool(len(outputs) and (outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, rtol=0, atol=1e-5))


def check_output_units(units: int, classes: int, certain: bool) -> None:
    """Raise UsageError if the last layer has the wrong number of units; certain: see `outputs_of`.

    One unit is right for two classes.
    """
    if (units < classes or (certain and units != classes)) and not (units == 1 and classes <= 2):
        message = f"{units} unit{'s' * (units > 1)} for {classes} classes"
        raise UsageError("wrong-shape", message, "the last layer", "all layers, the output layer last")


def no_examples(like: Array) -> tuple[Array, Labels]:
    """Return an empty split with inputs of the same shape."""
    return like[:0], np.zeros(0, np.int64)


def plain(value: Any) -> Any:
    """Return a setting in JSON's types; NumPy scalars and tensors of one number become numbers, also in containers."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "item") and np.size(_of_tensor(value) if hasattr(value, "detach") else value) == 1:
        return value.item()
    return value


def activation_of(activation: Any) -> tuple[Activation, dict[str, Any]]:
    """Return the row and the parameters of an activation; raises UsageError if it or a parameter is unknown.

    activation: a name, a mapping as in a study file, or an activation layer of another library.
    """
    if isinstance(activation, Mapping):
        parameters = {name: plain(value) for name, value in activation.items()}
        name = parameters.pop("name", "")
    elif isinstance(activation, str):
        name, parameters = activation, {}
    else:
        name = activation.__name__ if isinstance(activation, type) else type(activation).__name__
        attributes = vars(activation) if hasattr(activation, "__dict__") and not isinstance(activation, type) else {}
        parameters = {name: attributes[other] for other, name in ACTIVATION_PARAMETERS.items() if other in attributes}
    row = named(ACTIVATIONS, name)
    if row is None:
        near = difflib.get_close_matches(str(name).lower(), ACTIVATIONS, n=1)
        other = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(ACTIVATIONS)}"
        hint = nearest("activation", str(name)) or other
        raise UsageError("unknown-name", f"unknown activation {str(name)!r}", "activation", hint)
    unknown = sorted(set(parameters) - {parameter.name for parameter in row.parameters})
    if unknown:
        known = ", ".join(parameter.name for parameter in row.parameters)
        hint = f"one of {known}" if known else f"{row.name} has no parameters"
        raise UsageError("unknown-key", f"unknown parameter '{unknown[0]}' of {row.name}", "activation", hint)
    return row, parameters


def named(rows: Table[RowT], name: Any) -> RowT | None:
    """Return the row with this name or alias, ignoring case and underscores (`LeakyReLU` is `leaky_relu`), or None."""
    return rows.find(str(name))


def settings_of(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of the network and of the training as in a study file; PyTorch's names are accepted too.

    `momentum` and `nesterov` become settings of the optimizer; `weight_decay` becomes a setting of an optimizer that
    has weight decay, such as adamw, and otherwise `l2`. Raises UsageError if `weight_decay` and `l2` differ.
    """
    rest = {name: plain(value) for name, value in settings.items() if name != "optimizer" and value is not None}
    network = {name: rest.pop(name) for name in NETWORK_SETTINGS if name in rest}
    optimizer = _optimizer(settings.get("optimizer"))
    for name in GENERAL_PARAMETERS:
        if name in rest:
            optimizer[name] = rest.pop(name)
    decay = optimizer.pop("weight_decay", None)
    row = named(OPTIMIZERS, optimizer.get("name"))
    if decay is not None and row is not None and row.decay:
        optimizer[row.decay] = decay
    elif decay is not None:
        if rest.get("l2", decay) != decay:
            message = f"weight_decay is {decay:g}, but l2 is {rest['l2']:g}"
            raise UsageError(
                "conflicting-settings", message, "settings.l2", "give only one of them, since both mean the same"
            )
        rest["l2"] = decay
    return network, rest | ({"optimizer": {"name": "sgd"} | optimizer} if optimizer else {})


def _optimizer(optimizer: Any) -> dict[str, Any]:
    """Return an optimizer as a mapping; raises UsageError if it is not an optimizer.

    optimizer: a name, a mapping, or an object with `param_groups` as in PyTorch.
    """
    if optimizer is None:
        return {}
    if hasattr(optimizer, "param_groups"):
        return _of_object(type(optimizer).__name__, optimizer.param_groups[0])
    mapping = {"name": optimizer} if isinstance(optimizer, str) else plain(optimizer)
    if not isinstance(mapping, dict):
        message = f"{optimizer!r} is not an optimizer"
        hint = "a name such as 'adam', a mapping, or an optimizer of PyTorch"
        raise UsageError("wrong-type", message, "settings.optimizer", hint)
    row = named(OPTIMIZERS, mapping.get("name"))
    return mapping | ({"name": row.name} if row is not None else {})


def _of_object(kind: str, group: Mapping[str, Any]) -> dict[str, Any]:
    """Return a PyTorch optimizer as a mapping, without parameters that are unknown here and have no effect."""
    row = named(OPTIMIZERS, kind)
    known = {parameter.name for parameter in row.parameters} if row is not None else set()
    values = {OPTIMIZER_PARAMETERS.get(name, name): plain(value) for name, value in group.items() if name != "params"}
    values |= dict(zip(("beta1", "beta2"), values.get("betas", ()), strict=False))
    used = {name: value for name, value in values.items() if name in known or (name in GENERAL_PARAMETERS and value)}
    return {"name": row.name if row is not None else kind} | used


def check_training(training: Mapping[str, Any]) -> None:
    """Raise UsageError for the first setting of the training that is invalid in a study."""
    _check(Training, training)


def check_network(network: Mapping[str, Any]) -> None:
    """Raise UsageError for the first setting of the network that is invalid in a study."""
    _check(Network, network)


def _check(model: type[Training] | type[Network], tree: Mapping[str, Any]) -> None:
    try:
        model.model_validate(tree)
    except ValidationError as error:
        found = study_error(error, dict(tree), lambda path, _: ".".join(("settings", *map(str, path))))
        raise UsageError(found.code, found.message, found.where, found.hint) from None


def whole_seed(value: Any) -> int:
    """Return a seed as an int; raises UsageError if it is not a whole number."""
    seed = plain(value)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise UsageError("wrong-type", f"expected a whole number, found {value!r}", "settings.seed", "such as 0")
    return seed


def variant_name(value: Any) -> str:
    """Return the name of a variant as text, also for a number; raises UsageError unless it is one line of text."""
    name = str(plain(value))
    if not name.strip() or not name.isprintable():
        hint = "one line of text, such as 'wide'"
        raise UsageError("invalid-name", f"{name!r} is not a name", "settings.variant", hint)
    return name


def same(values: Iterable[Any]) -> Any:
    """Return the common value of equal values, else the list of all values."""
    listed = list(values)
    return listed[0] if listed and all(value == listed[0] for value in listed) else listed
