"""Specifications of runs: frozen, comparable, and hashed to the key of a run."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from reportgen.data.spec import LOCATION_PARAMETERS, DataSpec
from reportgen.engine.inspect.calibration import CALIBRATION_SCORES
from reportgen.engine.network_spec import LayerSpec, NetworkSpec, PoolSpec
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.registry import ADDED, Component, Plugin, has_plugins, plugin_of

ENGINE_VERSION = 8
"""Version of the numbers and the contents of records; part of every run's key. Any change of either raises it."""

STATISTICS = (
    "activation_mean",
    "activation_std",
    "activation_min",
    "activation_max",
    "zero_fraction",
    "saturated_fraction",
    "dead_fraction",
    "preactivation_mean",
    "preactivation_std",
    "gradient_mean",
    "gradient_std",
    "gradient_norm",
    "weight_std",
    "weight_norm",
    "weight_gradient_norm",
    "update_ratio",
    "bias_mean",
    "bias_gradient_norm",
    "weight_unit_spread",
    "gradient_unit_spread",
    "bn_gamma_mean",
    "bn_gamma_std",
    "bn_beta_mean",
    "bn_beta_std",
    "bn_running_mean_mean",
    "bn_running_var_mean",
    "sign_agreement_example",
    "sign_agreement_batch",
    "weight_effective_rank",
    "weight_singular_max",
    "activation_effective_rank",
    "activation_singular_max",
)
"""Layer statistics of a probe, in the column order of layers.csv; also the metrics of claims."""

SPECTRAL = STATISTICS[-4:]
"""Statistics that are measured only with ProbeSpec.singular_values, otherwise NaN."""

EPOCH_COLUMNS = (
    "epoch",
    "step",
    "lr",
    "batch_loss",
    "penalty",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
)
"""Columns of epochs.csv after variant and seed; epoch 0 is the network at initialization."""

SCORES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy")
"""Scores of the trained network on complete splits, NaN for an empty split."""

EVALUATION_SCORES = {
    kind: (
        *(f"{kind}_val_{score}{part}" for part in ("", "_difference") for score in ("accuracy", "loss")),
        *(("snapshots",) if kind == "snapshot" else ()),
    )
    for kind in ("mc", "polyak", "snapshot")
}
"""Additional scores of the trained network by kind of evaluation.

Differences are to the scores of the trained network, for snapshots to the mean scores of the single snapshots.
"""


Border = Literal["zero", "edge", "reflect"]
"""Values of the pixels that a crop pads with; see `reportgen.engine.augment`."""
Remaining = Literal["winning", "random"]
"""Values of the weights that remain after pruning."""


@dataclass(frozen=True, slots=True)
class AugmentSpec:
    """Augmentation of training batches.

    Attributes
    ----------
    noise : standard deviation of Gaussian noise.
    shift : largest shift of images in pixels.
    flip : flip images horizontally with probability 1/2.
    crop : pixels by which images are padded on each side before a window of their size is cut at a random place.
    border : values of the pixels that a crop pads with.
    """

    noise: float = 0.0
    shift: int = 0
    flip: bool = False
    crop: int = dataclasses.field(default=0, metadata=ADDED)
    border: Border = dataclasses.field(default="zero", metadata=ADDED)


@dataclass(frozen=True, slots=True)
class PruningSpec:
    """Iterative magnitude pruning (Frankle and Carbin 2019), which trains the network several times.

    Attributes
    ----------
    sparsity : share of the weights of each hidden layer that are removed after the last round.
    rounds : number of rounds; each one removes the same share of the weights that remain.
    weights : "winning" if the weights that remain return to earlier values, "random" if they are drawn again.
    rewind : epoch of the dense training to which winning weights return, 0 for their initial values.
    output_rate : share that a round removes in the output layer, as a fraction of the share in hidden layers.
    """

    sparsity: float
    rounds: int
    weights: Remaining = "winning"
    rewind: int = 0
    output_rate: float = 0.5

    @property
    def trainings(self) -> int:
        """Number of trainings: the dense network, one for each round, and those that only find masks."""
        return self.trainings_until(self.rounds)

    def trainings_until(self, number: int) -> int:
        """Return the number of trainings until the end of a round; round 0 is the dense network."""
        return 2 * number if self.weights == "random" and number else number + 1


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """Settings of training, named as in the section `training` of a study file.

    A batch_size of 0 means the whole training split. clip_norm, patience, stop_above and pruning are None if unused.
    """

    loss: Component = Component("softmax_cross_entropy")
    optimizer: Component = Component("sgd", (("form", "velocity"), ("momentum", 0.0), ("nesterov", False)))
    lr: float = 0.01
    schedule: Component = Component("constant")
    batch_size: int = 128
    epochs: int = 5
    l2: float = 0.0
    l1: float = 0.0
    clip_norm: float | None = None
    shuffle: bool = True
    augment: AugmentSpec | None = None
    patience: int | None = None
    stop_above: float | None = None
    pruning: PruningSpec | None = dataclasses.field(default=None, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class EvaluationSpec:
    """Additional evaluations of a run; all are off by default.

    Attributes
    ----------
    predictions : store the probabilities of validation and test examples.
    mc_dropout : number of passes with dropout to average (Gal and Ghahramani 2016), 0 for none.
    polyak_start : first epoch of the average of the weights over all steps (Polyak and Juditsky 1992), None for none.
    snapshots : average the networks at the ends of the cycles of warm restarts (Huang et al. 2017); a number n
        averages the networks after every n epochs, with any schedule.
    class_losses : store the mean cross-entropy of the trained network on the examples of each class.
    calibration : measure the CALIBRATION_SCORES.
    """

    predictions: bool = False
    mc_dropout: int = 0
    polyak_start: int | None = None
    snapshots: bool | int = False
    class_losses: bool = dataclasses.field(default=False, metadata=ADDED)
    calibration: bool = dataclasses.field(default=False, metadata=ADDED)

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the requested scores."""
        requested = {"mc": self.mc_dropout, "polyak": self.polyak_start, "snapshot": self.snapshots}
        averages = tuple(name for kind, names in EVALUATION_SCORES.items() if requested[kind] for name in names)
        return averages + (CALIBRATION_SCORES if self.calibration else ())


def _fields(part: Any) -> dict[str, Any]:
    """Return the fields of a specification or component; `dataclasses.asdict` would copy every value."""
    if isinstance(part, NetworkSpec):
        return {"layers": part.nodes}
    added = _added(part.__class__)
    values = {name: getattr(part, name) for name in part.__slots__}
    return {name: value for name, value in values.items() if name not in added or value != added[name]}


@functools.cache
def _added(kind: type[Any]) -> dict[str, Any]:
    """Return the defaults of the fields that are marked as ADDED."""
    return {field.name: field.default for field in dataclasses.fields(kind) if "added" in field.metadata}


def _json(part: Any) -> str:
    """Return a specification or a part of it as one line of JSON."""
    return json.dumps(part, default=_fields, sort_keys=True, separators=(",", ":"), allow_nan=False)


_TEXTS: dict[tuple[str, int], tuple[Any, str]] = {}
MOST_TEXTS = 2**15


def _text(name: str, part: Any) -> str:
    """Return a part of the specification as in the key of a run, cached, since the seeds of a variant share the parts.

    The cache holds the parts, so that no other object takes their id.
    """
    if type(part) is int:  # the seed
        return str(part)
    if (known := _TEXTS.get((name, id(part)))) is not None:
        return known[1]
    if len(_TEXTS) >= MOST_TEXTS:
        _TEXTS.clear()
    text = _json(_without_locations(part) if isinstance(part, DataSpec) else part)
    _TEXTS[name, id(part)] = (part, text)
    return text


def _without_locations(data: DataSpec) -> DataSpec:
    params = tuple((name, value) for name, value in data.source.params if name not in LOCATION_PARAMETERS)
    return dataclasses.replace(data, source=Component(data.source.name, params))


@dataclass(frozen=True, slots=True)
class RunSpec:
    """A variant with a seed: everything that determines the numbers of a run."""

    data: DataSpec
    preprocess: tuple[Component, ...]
    network: NetworkSpec
    training: TrainingSpec
    probes: ProbeSpec
    seed: int
    evaluation: EvaluationSpec = EvaluationSpec()

    def canonical(self) -> str:
        """Return the specification as one line of JSON, the same on every machine."""
        return _json(self)

    def key(self, fingerprint: str) -> str:
        """Return the run's key: 20 hex digits over the spec, the data's fingerprint and ENGINE_VERSION.

        Paths of data files are left out, since the fingerprint identifies the examples. If a component comes from a
        plug-in, the key also depends on the plug-in's source code.
        """
        parts = {name: _text(name, getattr(self, name)) for name in sorted(self.__slots__)}
        spec = ",".join(f'"{name}":{text}' for name, text in parts.items())
        text = f"{ENGINE_VERSION}\n{fingerprint}\n{{{spec}}}"
        text += "".join(f"\n{plugin.sha256}" for plugin in self.plugins())
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    def plugins(self) -> tuple[Plugin, ...]:
        """Return the plug-ins that define components of the run, sorted by name."""
        if not has_plugins():
            return ()
        found = {plugin_of(kind, component.name) for kind, component in self.components()}
        return tuple(sorted((plugin for plugin in found if plugin is not None), key=lambda one: (one.name, one.sha256)))

    def components(self) -> Iterator[tuple[str, Component]]:
        """Yield every component of the run with the kind of its table."""
        training = self.training
        yield from _with_parts("data set", self.data.source)
        for step in self.preprocess:
            yield from _with_parts("preprocessing step", step)
        for node in self.network.nodes:
            yield "layer", Component(node.kind)
            if not isinstance(node, PoolSpec):
                yield from _with_parts("activation", node.activation)
                yield from () if node.norm is None else _with_parts("normalization", node.norm)
            if isinstance(node, LayerSpec):
                yield from _with_parts("init", node.init)
        yield from _with_parts("loss", training.loss)
        yield from (*_with_parts("optimizer", training.optimizer), *_with_parts("schedule", training.schedule))


def _with_parts(kind: str, component: Component) -> Iterator[tuple[str, Component]]:
    """Yield a component and the components among its parameters, which are of the same kind."""
    yield kind, component
    for _, value in component.params:
        if isinstance(value, Component):
            yield from _with_parts(kind, value)
