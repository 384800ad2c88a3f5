"""The variants of a study that differ only in given settings, compared by the settings of their runs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from reportgen.analysis.diagnosis.evidence.memoize import memoize
from reportgen.analysis.finding import Evidence
from reportgen.data.spec import in_order
from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec, NetworkSpec, Node
from reportgen.engine.spec import RunSpec
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.study.loading.overrides import with_values
from reportgen.study.model.components import plain, plain_value
from reportgen.study.model.settings import Settings
from reportgen.study.planning.plan import run_spec

Values = Mapping[str, Any]

NO_LAYERS = "no hidden layers"
"""Value of the settings of hidden layers in a network without any; equal to every other value."""

LEARNING_RATE = "training.lr"

_BY_LAYER = ("activation", "init", "bias", "batchnorm", "norm", "dropout", "lr_factor")


@dataclass(frozen=True, eq=False)
class OutputInit:
    """Initialization of the output layer; like_hidden: whether it equals the last hidden layer's.

    Two are equal if their initializations are equal or both equal the last hidden layer's.
    """

    init: Component
    like_hidden: bool

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OutputInit):
            return NotImplemented
        return (self.like_hidden and other.like_hidden) or self.init == other.init

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Sibling:
    """Another variant of the study.

    changed: its settings that differ from those of the diagnosed variant, by dotted path.
    """

    id: str
    records: Sequence[RunRecord]
    changed: Values

    @property
    def diverged(self) -> bool:
        """Whether any seed diverged."""
        return any(record.status == "diverged" for record in self.records)


def siblings_along(evidence: Evidence, paths: Collection[str]) -> list[Sibling]:
    """Return the variants that differ from the diagnosed one only in settings at these paths."""
    own = settings_of(evidence.records[0])
    found = [
        Sibling(name, records, differences(own, settings_of(records[0])))
        for name, records in evidence.siblings.items()
        if records
    ]
    return [sibling for sibling in found if sibling.changed and set(sibling.changed) <= set(paths)]


def differences(own: Values, other: Values) -> dict[str, Any]:
    """Return the settings of `other` that differ from `own`, including settings that only one of them has."""
    paths = [*other, *(path for path in own if path not in other)]
    pairs = ((path, own.get(path), other.get(path)) for path in paths)
    return {path: b for path, a, b in pairs if a is not b and not equal(a, b) and NO_LAYERS not in (a, b)}


def equal(a: Any, b: Any) -> bool:
    """Return whether two values of a setting are equal, up to rounding errors."""
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9)
    return bool(a == b)


def is_beyond(own: Values, wanted: Values, worse: Iterable[Values], diverged: Iterable[Values]) -> bool:
    """Return whether a change of one number lies beyond a bad value, as seen from the diagnosed variant.

    worse, diverged: changes of the same setting that gave a worse result, and with which runs diverged. A learning
    rate is also beyond a lower one that diverged.
    """
    if len(wanted) != 1:
        return False
    ((path, value),) = wanted.items()
    start, end = _number(path, own.get(path)), _number(path, value)
    if start is None or end is None:
        return False
    bad = [tried for change in worse if (tried := _number(path, change.get(path))) is not None]
    lost = [tried for change in diverged if (tried := _number(path, change.get(path))) is not None]
    between = any(start < tried <= end or start > tried >= end for tried in bad)
    return between or (path == LEARNING_RATE and any(tried <= end for tried in lost))


def _number(path: str, value: Any) -> float | None:
    """Return a setting as a number without rounding errors, None if it is not a number.

    No dropout is a rate of 0; a full batch is larger than all other batches.
    """
    if path == "network.dropout":
        return 0.0 if value is None else value.rate if isinstance(value, DropoutSpec) else None
    if path == "training.batch_size" and value == 0:
        return math.inf
    return float(f"{value:.9g}") if isinstance(value, (int, float)) and not isinstance(value, bool) else None


@memoize
def settings_of(record: RunRecord) -> Values:
    """Return the settings of a record's run by dotted path."""
    return settings_by_path(record.spec)


def settings_by_path(spec: RunSpec) -> dict[str, Any]:
    """Return the settings that determine a run by dotted path, in a form that can be compared."""
    training = {f"training.{f.name}": getattr(spec.training, f.name) for f in dataclasses.fields(spec.training)}
    training["training.early_stopping"] = training.pop("training.patience")
    optimizer = training.pop("training.optimizer")
    data = {f"data.{f.name}": getattr(spec.data, f.name) for f in dataclasses.fields(spec.data)}
    return {
        **data,
        "preprocess": spec.preprocess,
        **_network(spec.network),
        **training,
        "training.optimizer": optimizer.name,
        **{f"training.optimizer.{name}": value for name, value in optimizer.params},
        "evaluation": spec.evaluation,
    }


def _network(network: NetworkSpec) -> dict[str, Any]:
    """Return the settings of a network; projections on shortcuts have none of their own."""
    output = network.layers[-1]
    hidden = [layer for layer in network.layers[:-1] if layer.branch is None or layer.branch.place]
    found: dict[str, Any] = {"network.hidden": tuple(layer.units for layer in hidden)}
    if not network.is_plain:
        found = {"network.layers": tuple(map(_outline, network.nodes))}
    for name in _BY_LAYER:
        values = tuple(getattr(layer, name) for layer in hidden)
        uniform = all(value == values[0] for value in values)
        found[f"network.{name}"] = NO_LAYERS if not values else values[0] if uniform else values
    like = bool(hidden) and output.init == hidden[-1].init
    found["network.output_lr_factor"] = output.lr_factor
    return {**found, "network.output_init": OutputInit(output.init, like)}


def _outline(node: Node) -> Node:
    """Return a node without the settings that networks set for all layers."""
    names = {field.name for field in dataclasses.fields(node)}
    nothing: dict[str, Any] = {name: None for name in _BY_LAYER if name in names}
    return dataclasses.replace(node, **nothing)


def read_change(spec: RunSpec, change: Values) -> dict[str, Any] | None:
    """Return the settings that a change sets to another value by path, None if the change is invalid."""
    own = settings_by_path(spec)
    data = {path: _read_data(path, value) for path, value in change.items() if path.startswith("data.")}
    rest = {path: value for path, value in change.items() if path not in data}
    try:
        new = settings_by_path(_spec_with(spec, rest)) if rest else {}
    except (ValidationError, KeyError):
        return None
    wanted = {path: new[path] for path in rest if path in new} | data
    return {path: value for path, value in wanted.items() if path not in own or not equal(own[path], value)}


def changed_paths(spec: RunSpec, change: Values) -> set[str]:
    """Return the paths of a change whose value differs from the present one; all paths of an invalid change."""
    own = settings_by_path(spec)
    rest = {path: value for path, value in change.items() if not path.startswith("data.")}
    try:
        new = settings_by_path(_spec_with(spec, rest)) if rest else {}
    except (ValidationError, KeyError):
        return set(change)
    return {path for path, value in change.items() if _changes(own, new, path, value)}


def _changes(own: Values, new: Values, path: str, value: Any) -> bool:
    """Return whether a setting, or a parameter of it, gets another value; unknown settings do."""
    if path.startswith("data."):
        return path not in own or not equal(own[path], _read_data(path, value))
    inside = {known for known in (*own, *new) if known == path or known.startswith(f"{path}.")}
    return not inside or any(not equal(own.get(known), new.get(known)) for known in inside)


def _read_data(path: str, value: Any) -> Any:
    return in_order(value) if path == "data.keep" else value


def _spec_with(spec: RunSpec, change: Values) -> RunSpec:
    """Return a run with the changed settings; others are defaults, except for the layers and the optimizer."""
    classes = spec.network.layers[-1].units
    tree: dict[str, Any] = {
        "data": {"name": "gaussian", "samples": classes, "features": 1, "classes": classes},
        "network": {"hidden": [layer.units for layer in spec.network.layers[:-1]]},
        "training": {"optimizer": plain(spec.training.optimizer)},
    }
    return run_spec(Settings.model_validate(with_values(tree, change)), spec.seed, classes)


def study_values(spec: RunSpec, changed: Values) -> dict[str, Any]:
    """Return compared settings as values of a study file, by path."""
    return {path: _study_value(spec, path, value) for path, value in changed.items()}


def _study_value(spec: RunSpec, path: str, value: Any) -> Any:
    if path == "training.batch_size" and value == 0:
        return "full"
    if path == "training.early_stopping":
        return None if value is None else {"patience": value}
    if isinstance(value, OutputInit):
        return None if value.like_hidden else _study_value(spec, path, value.init)
    if path == "data.keep":
        return dict(value)
    if isinstance(value, tuple):
        return [_study_value(spec, path, item) for item in value]
    if path == "network.batchnorm":
        return value == BatchNormSpec() if value in (None, BatchNormSpec()) else plain_value(value)
    if path == "network.dropout" and (value is None or value.mode == DropoutSpec(0.0).mode):
        return 0.0 if value is None else value.rate
    if isinstance(value, Component):
        return value.name if _is_default(spec, path, value) else plain(value)
    return plain_value(value)


def _is_default(spec: RunSpec, path: str, value: Component) -> bool:
    """Return whether the name of a component alone implies all of its parameters."""
    try:
        new = settings_by_path(_spec_with(spec, {path: value.name}))
    except (ValidationError, KeyError):
        return False
    return any(new[path] == as_read for as_read in (value, (value,), OutputInit(value, False)))
