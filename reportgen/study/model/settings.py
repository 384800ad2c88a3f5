"""Settings of one variant: data, preprocessing, network, training, probes and evaluation."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from reportgen.data.datasets import DATASETS, DataSet
from reportgen.data.datasets import OPTIONS as DATA_OPTIONS
from reportgen.data.preprocessing.steps import STEPS
from reportgen.engine.spec import AugmentSpec, BatchNormSpec, DropoutSpec
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.engine.tables.losses import LOSSES
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.engine.tables.schedules import SCHEDULES
from reportgen.registry import Component
from reportgen.study.model.components import below, problem, read_component, shown, whole_number
from reportgen.study.model.evaluation import Evaluation
from reportgen.study.model.layer_settings import read_batchnorm, read_dropout
from reportgen.study.model.section import Number, Section

MOST_LAYERS = 200
MOST_UNITS = 100_000
MOST_VALUES = 10**9
MOST_SEED = 2**32 - 1

Rate = Annotated[float, Field(ge=0)]
_AUGMENT = ("training", "augment")
DATA_OPTION_NAMES = frozenset(option.name for option in DATA_OPTIONS)


def _reader(rows: Any, what: str) -> Any:
    return BeforeValidator(lambda value: read_component(value, rows, what))


def _reader_by_layer(rows: Any, what: str) -> Any:
    """Return a validator for one component or a list with one for each hidden layer."""

    def read(value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return read_component(value, rows, what)
        return tuple(below(index, partial(read_component, item, rows, what)) for index, item in enumerate(value))

    return BeforeValidator(read)


def _hidden(value: Any) -> tuple[int, ...]:
    if isinstance(value, dict):
        shape = Hidden.model_validate(value)
        return (shape.width,) * shape.layers
    if not isinstance(value, (list, tuple)):
        hint = "such as [500, 500] or {layers: 10, width: 500}"
        raise problem("wrong-type", f"expected a list of widths, found {shown(value)}", hint)
    widths = tuple(whole_number(width, "a width", 1, MOST_UNITS, (index,)) for index, width in enumerate(value))
    if len(widths) > MOST_LAYERS:
        raise problem("too-many", f"{len(widths)} hidden layers are too many", f"at most {MOST_LAYERS}")
    return widths


class Hidden(Section):
    """Hidden layers of one width."""

    layers: Annotated[int, Field(ge=0, le=MOST_LAYERS)]
    width: Annotated[int, Field(ge=1, le=MOST_UNITS)]


def _own_size(row: DataSet, key: str) -> str:
    if key not in row.fixed:
        return "the file determines it"
    fewer = "; set data.train to train on fewer examples" if key == "samples" else ""
    return f"{row.name} has {row.fixed[key]} {key}{fewer}"


class Data(Section):
    """The data set, its size and its splits; `source` holds the parameters of the data set itself."""

    source: Annotated[Component, _reader(DATASETS, "data set")]
    samples: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    features: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    classes: Annotated[int, Field(ge=1, le=100_000)] | None = None
    train: Annotated[int, Field(ge=1)] | None = None
    validation: Annotated[Number, Field(ge=0, lt=1)] | None = None
    test: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    label_noise: Annotated[Number, Field(ge=0, le=1)] = 0.0
    shuffle_labels: bool = False
    shuffle: bool = True
    keep: dict[Annotated[int, Field(ge=0)], Annotated[Number, Field(ge=0, le=1)]] = Field(default_factory=dict)
    seed: Annotated[int, Field(ge=0, le=MOST_SEED)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        """Move the parameters of the data set itself from the flat mapping to `source`."""
        if isinstance(value, str):
            value = {"name": value}
        if not isinstance(value, dict) or "source" in value:
            return value
        own = {key: item for key, item in value.items() if key not in DATA_OPTION_NAMES}
        source = read_component(own, DATASETS, "data set")
        given = {key: item for key, item in value.items() if key in DATA_OPTION_NAMES and item is not None}
        row = DATASETS[source.name]
        for key in ("samples", "features", "classes"):
            if key in given and key not in row.sizes:
                raise problem("fixed-size", f"cannot set {key} of {row.name}", _own_size(row, key), (key,), key=True)
        sizes = dict(row.sizes) | {"validation": row.validation}
        return {"source": source} | sizes | given

    @model_validator(mode="after")
    def _go_together(self) -> Data:
        if (self.validation or 0) + self.test >= 1:
            message = "validation and test leave no training examples"
            raise problem("impossible-split", message, "their sum must be less than 1")
        row = DATASETS[self.source.name]
        classes = self.classes or row.fixed.get("classes")
        for label in self.keep:
            if classes is not None and label >= classes:
                raise problem(
                    "unknown-class",
                    f"unknown class {label}",
                    f"the classes are 0 to {classes - 1}",
                    ("keep", label),
                    key=True,
                )
        values = (self.samples or 0) * (self.features or 0)
        if values > MOST_VALUES:
            raise problem("too-large", f"samples times features is {values}", f"at most {MOST_VALUES}", ("samples",))
        return self


def _output_init(value: Any) -> Component | None:
    return None if value in (None, "none") else read_component(value, INITS, "init")


class Network(Section):
    """The layers; a list for activation, init, bias, batchnorm or dropout has one entry for each hidden layer."""

    hidden: Annotated[tuple[int, ...], BeforeValidator(_hidden)]
    activation: Annotated[Component | tuple[Component, ...], _reader_by_layer(ACTIVATIONS, "activation")] = Component(
        "relu"
    )
    init: Annotated[Component | tuple[Component, ...], _reader_by_layer(INITS, "init")] = Component.of(
        "he_normal", gain=1.0
    )
    output_init: Annotated[Component | None, BeforeValidator(_output_init)] = None
    bias: Number | list[Number] = 0.0
    batchnorm: Annotated[BatchNormSpec | tuple[BatchNormSpec | None, ...] | None, BeforeValidator(read_batchnorm)] = (
        None
    )
    dropout: Annotated[DropoutSpec | tuple[DropoutSpec | None, ...] | None, BeforeValidator(read_dropout)] = None

    @model_validator(mode="after")
    def _one_for_each_layer(self) -> Network:
        for name in ("activation", "init", "bias", "batchnorm", "dropout"):
            value = getattr(self, name)
            if isinstance(value, (tuple, list)) and len(value) != len(self.hidden):
                message = f"the length of {name} is {len(value)}, but the number of hidden layers is {len(self.hidden)}"
                hint = "give one entry for each hidden layer, or a single value for all layers"
                raise problem("wrong-length", message, hint, (name,))
        return self


class Augment(Section):
    """Changes made to training batches."""

    noise: Annotated[Number, Field(ge=0)] = 0.0
    shift: Annotated[int, Field(ge=0, le=1000)] = 0
    flip: bool = False


class EarlyStopping(Section):
    """Stop after `patience` epochs without an improvement of the validation loss."""

    patience: Annotated[int, Field(ge=1)]


class Training(Section):
    """How the network is trained."""

    loss: Annotated[Component, _reader(LOSSES, "loss")] = Component("softmax_cross_entropy")
    optimizer: Annotated[Component, _reader(OPTIMIZERS, "optimizer")] = Field(
        default_factory=lambda: read_component("sgd", OPTIMIZERS, "optimizer")
    )
    lr: Annotated[Number, Field(ge=0)] = 0.01
    schedule: Annotated[Component, _reader(SCHEDULES, "schedule")] = Component("constant")
    batch_size: Annotated[int, Field(ge=1)] | Literal["full"] = 128
    epochs: Annotated[int, Field(ge=0, le=1_000_000)] = 5
    l2: Annotated[Number, Field(ge=0)] = 0.0
    l1: Annotated[Number, Field(ge=0)] = 0.0
    clip_norm: Annotated[Number, Field(gt=0)] | None = None
    shuffle: bool = True
    augment: Augment | None = None
    early_stopping: EarlyStopping | None = None
    stop_above: Annotated[Number, Field(gt=1)] | None = None

    @field_validator("clip_norm", "augment", "early_stopping", "stop_above", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return None if value == "none" or value is False else value

    @property
    def augment_spec(self) -> AugmentSpec | None:
        """Return the augmentation as the engine takes it."""
        return AugmentSpec(self.augment.noise, self.augment.shift, self.augment.flip) if self.augment else None


PROBE_EXAMPLES, PROBE_EXAMPLES_UNTRAINED = 256, 1000


class Probes(Section):
    """How often the layers are probed (`looks`), and on how many training examples.

    The default is ten probes of 256 examples, which take a small part of the training time. A network that is not
    trained (epochs 0) is probed on 1000 examples.
    """

    looks: Annotated[int, Field(ge=0, le=1000)] = 10
    examples: Annotated[int, Field(ge=1, le=100_000)] | None = None
    singular_values: bool = False
    curvature: bool = False


def _steps(value: Any) -> Any:
    if value in (None, "none"):
        return ()
    if not isinstance(value, (list, tuple)):
        return (read_component(value, STEPS, "preprocessing step"),)
    return tuple(below(i, partial(read_component, item, STEPS, "preprocessing step")) for i, item in enumerate(value))


class Settings(Section):
    """Everything that determines the results of a variant, apart from the seed."""

    data: Data
    preprocess: Annotated[tuple[Component, ...], BeforeValidator(_steps)] = ()
    network: Network
    training: Training = Field(default_factory=Training)
    probes: Probes = Field(default_factory=Probes)
    evaluation: Evaluation = Field(default_factory=Evaluation)

    @model_validator(mode="after")
    def _probe_examples(self) -> Self:
        """Set the default number of examples for the probes."""
        if self.probes.examples is not None:
            return self
        number = PROBE_EXAMPLES if self.training.epochs else PROBE_EXAMPLES_UNTRAINED
        return self.model_copy(update={"probes": self.probes.model_copy(update={"examples": number})})

    @model_validator(mode="after")
    def _images(self) -> Self:
        """Reject shifts and flips of data that are not images; an .npz file may contain images."""
        augment, row = self.training.augment, DATASETS[self.data.source.name]
        if augment is None or not (augment.shift or augment.flip):
            return self
        name = "shift" if augment.shift else "flip"
        if row.image_shape is None and not row.may_hold_images:
            message = f"{name} needs images, but {row.name} has none"
            raise problem("images-required", message, "augment with noise instead", (*_AUGMENT, name))
        lost = next((step.name for step in self.preprocess if not STEPS[step.name].keeps_pixels), None)
        if lost:
            message = f"{name} needs images, but {lost} replaces the pixels"
            raise problem("images-required", message, f"remove {name} or {lost}", (*_AUGMENT, name))
        return self
