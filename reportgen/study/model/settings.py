"""Settings of one variant: data, preprocessing, network, training, probes and evaluation."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from reportgen.data.datasets import DATASETS
from reportgen.data.preprocessing.steps import STEPS
from reportgen.engine.spec import PruningSpec, Remaining
from reportgen.engine.tables.losses import LOSSES
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.engine.tables.schedules import SCHEDULES
from reportgen.errors import MissingError, StudyError
from reportgen.registry import Component
from reportgen.study.model.augmentation import Augment, check_images
from reportgen.study.model.components import below, problem, read_component
from reportgen.study.model.data_settings import Data
from reportgen.study.model.layer_settings import NAMES
from reportgen.study.model.measuring import (
    PROBE_EXAMPLES,
    PROBE_EXAMPLES_UNTRAINED,
    Evaluation,
    Probes,
    check_optimizer,
    check_pictures,
)
from reportgen.study.model.network import Network
from reportgen.study.model.section import Number, Section, Takes, reader
from reportgen.study.planning.network import Inputs, check_network

VARIABLE = ("data", "preprocess", "network", "training", "probes", "evaluation")
"""The sections of `Settings`."""
SECTIONS = ("network", "training", "probes", "evaluation")
"""The sections whose keys are fields; `data` also contains the parameters of a data set, `preprocess` is a list."""
VARIED = (*VARIABLE, "search")
"""The sections that variants can change."""


class EarlyStopping(Section):
    """Stop after `patience` epochs without an improvement of the validation loss."""

    example: ClassVar[str] = "{patience: 5}"
    patience: int = Field(ge=1, description="stop after this many epochs without a lower validation loss")


class Pruning(Section):
    """Remove the weights of smallest magnitude in rounds of training."""

    example: ClassVar[str] = "{sparsity: 0.8, rounds: 4}"
    sparsity: Number = Field(
        gt=0, lt=1, description="share of the weights of each hidden layer that are removed after all rounds"
    )
    rounds: int = Field(
        ge=1, le=100, description="number of rounds; each one removes the same share of the weights that remain"
    )
    weights: Remaining = Field(
        default="winning",
        description="return the remaining weights to earlier values, or draw them again with the masks of `winning`",
    )
    rewind: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="epoch of the first training to which `winning` weights return; 0 is the initialization",
    )
    output_rate: Number = Field(
        default=0.5,
        ge=0,
        le=1,
        description="share that a round removes from the output layer, divided by the share in hidden layers",
    )

    @model_validator(mode="after")
    def _random_starts_at_initialization(self) -> Pruning:
        if self.rewind > 0 and self.weights == "random":
            message = "rewind applies to winning weights only"
            raise problem("conflicting-settings", message, "remove rewind, or set weights: winning", ("rewind",))
        return self

    @property
    def spec(self) -> PruningSpec:
        """Return the specification for the engine."""
        return PruningSpec(self.sparsity, self.rounds, self.weights, self.rewind, self.output_rate)


def _check_pruning(pruning: Pruning, epochs: int, has_hidden_weights: bool) -> None:
    """Raise a validation error if nothing is trained or pruned, or if training ends before the rewind epoch."""
    if not has_hidden_weights:
        hint = "add a hidden layer to the network"
        raise problem("inapplicable-key", "pruning needs a hidden layer, whose weights it removes", hint)
    if epochs == 0:
        message = "pruning needs training, but training.epochs is 0"
        raise problem("out-of-range", message, "set training.epochs above 0")
    if pruning.rewind >= epochs:
        message = f"expected a rewind epoch below the {epochs} epochs of training, found {pruning.rewind}"
        raise problem("out-of-range", message, f"0 to {epochs - 1}", ("rewind",))


def check_tasks(training: Training, tasks: int) -> None:
    """Raise a validation error unless the epochs can be divided among tasks, without what compares their losses."""
    if training.epochs % tasks or not training.epochs:
        message = f"{training.epochs} epochs cannot be divided among the {tasks} tasks of data.tasks"
        raise problem("out-of-range", message, f"a multiple of {tasks} epochs", ("epochs",))
    for key in ("early_stopping", "stop_above", "pruning"):
        if getattr(training, key) is not None:
            message = f"{key} needs one task, but data.tasks is {tasks}"
            raise problem("conflicting-settings", message, f"remove {key}, or set data.tasks: 1", (key,), key=True)


class Training(Section):
    """How the network is trained."""

    example: ClassVar[str] = "{lr: 0.1, epochs: 10}"
    loss: Annotated[Component, reader(LOSSES, "loss"), Takes(NAMES)] = Field(
        default=Component("softmax_cross_entropy"), description="[loss](#losses)"
    )
    optimizer: Annotated[Component, reader(OPTIMIZERS, "optimizer"), Takes(NAMES)] = Field(
        default_factory=lambda: read_component("sgd", OPTIMIZERS, "optimizer"), description="[optimizer](#optimizers)"
    )
    lr: Number = Field(default=0.01, ge=0, description="learning rate")
    schedule: Annotated[Component, reader(SCHEDULES, "schedule"), Takes(NAMES)] = Field(
        default=Component("constant"), description="[schedule](#schedules) of the learning rate"
    )
    batch_size: Annotated[int, Field(ge=1)] | Literal["full"] = Field(
        default=128, description="number of training examples for each step; `full` is the whole training split"
    )
    epochs: int = Field(
        default=5,
        ge=0,
        le=1_000_000,
        description="passes over the training split; 0 only probes the network at initialization",
    )
    l2: Number = Field(default=0.0, ge=0, description="lambda of the penalty lambda/2 times the squared weight norm")
    l1: Number = Field(default=0.0, ge=0, description="factor of the penalty on the sum of absolute weights")
    clip_norm: Annotated[Number, Field(gt=0)] | None = Field(
        default=None, description="largest norm of a gradient; longer gradients are scaled down to it"
    )
    shuffle: bool = Field(default=True, description="draw new batches in each epoch")
    augment: Augment | None = None
    early_stopping: EarlyStopping | None = None
    stop_above: Annotated[Number, Field(gt=1)] | None = Field(
        default=None, description="stop when the loss exceeds this multiple of the initial loss"
    )
    pruning: Pruning | None = None

    @field_validator("clip_norm", "augment", "early_stopping", "stop_above", "pruning", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return None if value == "none" or value is False else value


def _steps(value: Any) -> Any:
    if value in (None, "none"):
        return ()
    if not isinstance(value, (list, tuple)):
        return (read_component(value, STEPS, "preprocessing step"),)
    return tuple(below(i, partial(read_component, item, STEPS, "preprocessing step")) for i, item in enumerate(value))


class Settings(Section):
    """Everything that determines the results of a variant, apart from the seed."""

    data: Annotated[Data, Takes("a name, or a mapping")] = Field(
        description="[data set](#data-sets) by its `name`, its own parameters, and the options below"
    )
    preprocess: Annotated[tuple[Component, ...], BeforeValidator(_steps), Takes("a step, or a list")] = Field(
        default=(), description="[steps](#preprocessing) that transform the inputs, in this order"
    )
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
    def _images(self, info: ValidationInfo) -> Self:
        """Reject an augmentation of images that the data do not have; the context holds the folder of the study."""
        augment, folder = self.training.augment, (info.context or {}).get("folder")
        if augment is not None:
            check = partial(check_images, augment, self.data.spec, self.preprocess, folder)
            below("training", partial(below, "augment", check))
        return self

    @model_validator(mode="after")
    def _layers_fit(self, info: ValidationInfo) -> Self:
        """Reject layers that do not fit the data; data that only their file describes need the folder of the study.

        The context says whether the settings are those of another program.
        """
        folder, is_recorded = (info.context or {}).get("folder"), bool((info.context or {}).get("is_recorded"))
        if folder is None and DATASETS[self.data.source.name].may_hold_images:
            return self
        inputs = Inputs(self.data.spec, self.preprocess, folder)
        with contextlib.suppress(StudyError, MissingError):  # the check of the data reports them
            below("network", partial(check_network, self.network, inputs, is_recorded))
        return self

    @model_validator(mode="after")
    def _pictured(self, info: ValidationInfo) -> Self:
        """Reject arrays for pictures that the data or the training do not have."""
        folder = (info.context or {}).get("folder")
        known = folder is not None or not DATASETS[self.data.source.name].may_hold_images
        inputs = Inputs(self.data.spec, self.preprocess, folder) if known else None
        with contextlib.suppress(StudyError, MissingError):  # the check of the data reports them
            below("probes", partial(check_pictures, self.probes, self.training.epochs, inputs, self.data.tasks))
        return self

    @model_validator(mode="after")
    def _probed_optimizer(self) -> Self:
        """Reject probes that need another optimizer."""
        below("probes", partial(check_optimizer, self.probes, self.training.optimizer.name))
        return self

    @model_validator(mode="after")
    def _tasks_divide_training(self) -> Self:
        """Reject a sequence of tasks that does not fit the training."""
        if self.data.tasks > 1:
            below("training", partial(check_tasks, self.training, self.data.tasks))
        return self

    @model_validator(mode="after")
    def _prunable(self) -> Self:
        """Reject pruning of a network that is not trained or has no hidden layer."""
        if self.training.pruning is not None:
            check = partial(
                _check_pruning, self.training.pruning, self.training.epochs, self.network.has_hidden_weights
            )
            below("training", partial(below, "pruning", check))
        return self
