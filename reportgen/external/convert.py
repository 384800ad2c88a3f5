"""What a recorder is given, as plain numbers and settings: arrays or tensors, labels, activations, optimizers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from reportgen.engine.tables.activation import Activation
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.errors import UsageError
from reportgen.registry import Row
from reportgen.study.loading.messages import study_error
from reportgen.study.model.settings import Network, Training

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
RowT = TypeVar("RowT", bound=Row)

NETWORK = ("init", "batchnorm", "dropout")
"""Settings of the network that no array shows for certain, so that they have to be told."""

FOREIGN = {"negative_slope": "slope", "alpha": "alpha"}
"""Parameters of activations that are objects, and what a study file calls them."""

RENAMED = {"alpha": "rho", "eps": "epsilon"}
NOTED = ("momentum", "nesterov", "weight_decay")
"""Parameters of PyTorch's optimizers: those of another name here, and those that matter wherever they are not 0."""


def array(values: Any, what: str = "an array") -> Array:
    """Return values as an array in float64, those of a tensor freed from what it keeps for the way back."""
    try:
        return np.asarray(_of_tensor(values) if hasattr(values, "detach") else values, np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(
            "?", f"{what} cannot be read as numbers: {error}", hint="an array of numbers, or a tensor"
        ) from None


def _of_tensor(tensor: Any) -> Any:
    """Return a tensor's values; those of a type that NumPy does not have, such as bfloat16, in float32."""
    here = tensor.detach().cpu()
    try:
        return here.numpy()
    except TypeError:
        return here.float().numpy()


def one_loss(value: Any, where: str) -> float:
    """Return a loss, which has to be a single number."""
    found = array(value, f"the loss of {where}")
    if found.size != 1:
        raise UsageError(
            "?", f"the loss of {where} has shape {found.shape}", hint="one number, the mean over the examples"
        )
    return float(found.reshape(()))


def examples(x: Any, y: Any, split: str) -> tuple[Array, Labels]:
    """Return a split's inputs and classes; raises UsageError where they are no examples of a classification."""
    inputs, labels = array(x, f"{split} inputs"), array(y, f"{split} classes")
    if labels.shape != inputs.shape[:1]:
        found = f"{split} inputs are {inputs.shape}, classes {labels.shape}"
        raise UsageError("?", found, hint="one class for each input, by its number")
    lost = int((~np.isfinite(inputs)).sum())
    if lost:
        found = f"{split} inputs hold {lost} value{'s' * (lost > 1)} that are not finite"
        raise UsageError("?", found, hint="a single one makes every loss NaN; leave out or mend such examples")
    wrong = labels[(labels % 1 != 0) | (labels < 0)]
    if wrong.size:
        hint = "whole numbers from 0 on; (y + 1) // 2 for classes -1 and 1"
        raise UsageError("?", f"{split} classes hold {wrong[0]:g}", hint=hint)
    return inputs, labels.astype(np.int64)


ONE_LOGIT = "of one logit z, give two: 0 and z"


def outputs_of(given: Any, split: str, examples: int, classes: int, certain: bool) -> Array:
    """Return a network's outputs as logits of all examples; certain: whether `classes` is more than the labels say."""
    if given is None:
        raise UsageError(
            "?", f"the {split} outputs are missing", hint="the network's outputs of all examples of the split"
        )
    outputs = array(given, f"{split} outputs")
    fits = outputs.ndim == 2 and len(outputs) == examples
    if not fits or outputs.shape[1] < classes or (certain and outputs.shape[1] != classes):
        count = f"{'' if certain else 'at least '}{classes} classes, from 0 on"
        right = f"logits of all {examples} examples, (n, classes), of {count}"
        one = fits and outputs.shape[1] == 1
        raise UsageError("?", f"{split} outputs are {outputs.shape}", hint=f"{right}; {ONE_LOGIT}" if one else right)
    if len(outputs) and (outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, rtol=0, atol=1e-5):
        hint = "logits, which go into the softmax, or the logarithms of probabilities"
        raise UsageError("?", f"{split} outputs are probabilities: they add to 1 for each example", hint=hint)
    return outputs


def check_output_units(units: int, classes: int, certain: bool) -> None:
    """Refuse a last layer that cannot be the output layer; certain: whether `classes` is more than the labels say."""
    if units < classes or (certain and units != classes):
        found = f"the last layer has {units} unit{'s' * (units > 1)}, and there are {classes} classes"
        right = "all layers, the output layer last"
        raise UsageError("?", found, hint=f"{right}; {ONE_LOGIT}" if units == 1 else right)


def no_examples(like: Array) -> tuple[Array, Labels]:
    """Return an empty split of inputs like these."""
    return like[:0], np.zeros(0, np.int64)


def plain(value: Any) -> Any:
    """Return a setting as JSON has it: NumPy's scalars and tensors of one number as numbers, and so on inside."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "item") and np.size(_of_tensor(value) if hasattr(value, "detach") else value) == 1:
        return value.item()
    return value


def activation_of(given: Any) -> tuple[Activation, dict[str, Any]]:
    """Return an activation's row and its parameters, of a name, a mapping as in a study file, or a layer's object."""
    if isinstance(given, Mapping):
        parameters = {name: plain(value) for name, value in given.items()}
        name = parameters.pop("name", "")
    elif isinstance(given, str):
        name, parameters = given, {}
    else:
        name = given.__name__ if isinstance(given, type) else type(given).__name__
        has = vars(given) if hasattr(given, "__dict__") and not isinstance(given, type) else {}
        parameters = {ours: has[theirs] for theirs, ours in FOREIGN.items() if theirs in has}
    row = named(ACTIVATIONS, name)
    if row is None:
        raise UsageError("?", f"unknown activation {given!r}", hint=f"one of {', '.join(ACTIVATIONS)}")
    unknown = sorted(set(parameters) - {one.name for one in row.parameters})
    if unknown:
        known = ", ".join(one.name for one in row.parameters) or "none"
        raise UsageError("?", f"{row.name} has no parameter {', '.join(unknown)}", hint=f"it has {known}")
    return row, parameters


def named(rows: Mapping[str, RowT], name: Any) -> RowT | None:
    """Return the row of a name or alias, in capitals or not, as `LeakyReLU` for `leaky_relu`; None for none."""
    asked = str(name).replace("_", "").lower()
    for row in rows.values():
        if asked in (one.replace("_", "").lower() for one in (row.name, *row.aliases)):
            return row
    return None


def settings_of(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return settings of the network and of the training as a study file has them, of those named as in PyTorch too.

    `momentum` and `nesterov` go to the optimizer; `weight_decay` goes to an optimizer that has one, and is `l2` of all
    others.
    """
    rest = {name: plain(value) for name, value in given.items() if name != "optimizer" and value is not None}
    network = {name: rest.pop(name) for name in NETWORK if name in rest}
    optimizer = _optimizer(given.get("optimizer"))
    for name in NOTED:
        if name in rest:
            optimizer[name] = rest.pop(name)
    decay = optimizer.pop("weight_decay", None)
    row = named(OPTIMIZERS, optimizer.get("name"))
    if decay is not None and row is not None and row.decay:
        optimizer[row.decay] = decay
    elif decay is not None:
        if rest.get("l2", decay) != decay:
            raise UsageError(
                "?", f"weight_decay is {decay:g} and l2 {rest['l2']:g}", hint="one of them: they are the same"
            )
        rest["l2"] = decay
    return network, rest | ({"optimizer": {"name": "sgd"} | optimizer} if optimizer else {})


def _optimizer(given: Any) -> dict[str, Any]:
    """Return an optimizer as a mapping: of a name, of a mapping, or of an object with `param_groups` as PyTorch's."""
    if given is None:
        return {}
    if hasattr(given, "param_groups"):
        return _of_object(type(given).__name__, given.param_groups[0])
    mapping = {"name": given} if isinstance(given, str) else plain(given)
    if not isinstance(mapping, dict):
        raise UsageError(
            "?", f"the optimizer is {given!r}", hint="a name such as 'adam', a mapping, or PyTorch's optimizer"
        )
    row = named(OPTIMIZERS, mapping.get("name"))
    return mapping | ({"name": row.name} if row is not None else {})


def _of_object(kind: str, group: Mapping[str, Any]) -> dict[str, Any]:
    """Return PyTorch's optimizer of that class as a mapping; what ours does not have stays where it does something."""
    row = named(OPTIMIZERS, kind)
    ours = {one.name for one in row.parameters} if row is not None else set()
    values = {RENAMED.get(name, name): plain(value) for name, value in group.items()}
    values |= dict(zip(("beta1", "beta2"), values.get("betas", ()), strict=False))
    kept = {name: value for name, value in values.items() if name in ours or (name in NOTED and value)}
    return {"name": row.name if row is not None else kind} | kept


def check_training(training: Mapping[str, Any]) -> None:
    """Refuse settings of training that a study would not take; raises UsageError with the first such one."""
    _check(Training, training)


def check_network(network: Mapping[str, Any]) -> None:
    """Refuse settings of the network that a study would not take; raises UsageError with the first such one."""
    _check(Network, network)


def _check(model: type[Training] | type[Network], tree: Mapping[str, Any]) -> None:
    try:
        model.model_validate(tree)
    except ValidationError as error:
        told = study_error(error, dict(tree), lambda path, _: f"settings: {'.'.join(map(str, path))}")
        raise UsageError("?", str(told)) from None


def one_seed(value: Any) -> int:
    """Return a seed as a whole number."""
    found = plain(value)
    if isinstance(found, bool) or not isinstance(found, int):
        raise UsageError("?", f"the seed is {value!r}", hint="a whole number, which tells records of one variant apart")
    return found


def one_name(value: Any) -> str:
    """Return a variant's name as text; a number is a name too."""
    found = str(plain(value))
    if not found.strip() or not found.isprintable():
        raise UsageError("?", f"the variant's name is {found!r}", hint="a name of one line, such as 'wide'")
    return found


def same(values: Iterable[Any]) -> Any:
    """Return the one value where all are equal, else their list."""
    listed = list(values)
    return listed[0] if listed and all(value == listed[0] for value in listed) else listed
