"""Settings of what runs measure: probes, and the evaluation of trained networks.

The evaluation includes stored predictions, MC dropout, averaged weights and snapshots. The probes include arrays for
pictures, with a check that the data and the training have what they need.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from reportgen.engine.probes.probe_spec import LEAST_EXAMPLES
from reportgen.engine.spec import EvaluationSpec
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.study.model.components import problem
from reportgen.study.model.section import Section, Takes
from reportgen.study.planning.network import Inputs

PROBE_EXAMPLES, PROBE_EXAMPLES_UNTRAINED = 256, 1000


class Probes(Section):
    """How often the layers are probed (`looks`), and on how many training examples.

    The default is ten probes of 256 examples, which take a small part of the training time. A network that is not
    trained (epochs 0) is probed on 1000 examples.
    """

    example: ClassVar[str] = "{looks: 10}"
    looks: int = Field(
        default=10, ge=0, le=1000, description="number of probes of the layers, including the first and last step"
    )
    examples: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        default=None,
        description="largest number of training examples for a probe; by default "
        f"{PROBE_EXAMPLES}, or {PROBE_EXAMPLES_UNTRAINED} if nothing is trained",
    )
    singular_values: bool = Field(
        default=False,
        description="measure effective rank and largest singular value of each layer's weights and activations",
    )
    curvature: bool = Field(
        default=False,
        description="measure the sharpness, the largest eigenvalue of the loss's Hessian, by power iteration",
    )
    preconditioned_curvature: bool = Field(
        default=False,
        description="measure the same for the Hessian divided by the preconditioner of the optimizer, such as Adam's",
    )
    noise_scale: bool = Field(
        default=False,
        description="measure the gradient noise scale, the batch size at which the noise of the gradient equals it; "
        f"needs {LEAST_EXAMPLES} examples",
    )
    update_angles: bool = Field(
        default=False, description="measure the angles by which a step turns the weights of each layer's units"
    )
    weights: bool = Field(
        default=False, description="store the weights of the first layer as images at each probe; needs images"
    )
    boundary: bool = Field(
        default=False,
        description="store the predicted classes on a grid of inputs at each probe; needs data with two features",
    )
    unit_path: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="number of first steps after each of which the weights of one unit of each dense layer are stored",
    )
    loss_line: bool = Field(
        default=False, description="measure the loss on the straight line from the initial to the final weights"
    )

    @model_validator(mode="after")
    def _enough_examples(self) -> Self:
        """Reject too few examples for the noise scale, which compares small batches with all examples."""
        if self.noise_scale and self.examples is not None and self.examples < LEAST_EXAMPLES:
            message = f"the noise scale needs at least {LEAST_EXAMPLES} examples, found {self.examples}"
            raise problem("out-of-range", message, "by default a probe has 256 examples", ("examples",))
        return self


def check_optimizer(probes: Probes, optimizer: str) -> None:
    """Raise a validation error if the probes measure what only other optimizers have."""
    if probes.preconditioned_curvature and OPTIMIZERS[optimizer].preconditioner is None:
        known = ", ".join(name for name, row in OPTIMIZERS.items() if row.preconditioner is not None)
        message = f"probes.preconditioned_curvature needs an optimizer with a preconditioner, and {optimizer} has none"
        hint = f"use curvature, or one of {known}"
        raise problem("inapplicable-key", message, hint, ("preconditioned_curvature",), key=True)


def check_pictures(probes: Probes, epochs: int, inputs: Inputs | None, tasks: int = 1) -> None:
    """Raise a validation error if the probes store arrays for a picture that the run cannot have.

    inputs: the inputs of the network, None if they are unknown.
    """
    for key in ("boundary", "loss_line"):
        if getattr(probes, key) and tasks > 1:
            message = f"probes.{key} is of one data set, but data.tasks is {tasks}"
            raise problem("inapplicable-key", message, f"remove {key}, or set data.tasks: 1", (key,), key=True)
    for key in ("unit_path", "loss_line"):
        if getattr(probes, key) and not epochs:
            message = f"probes.{key} needs training, but training.epochs is 0"
            raise problem("inapplicable-key", message, "set training.epochs above 0", (key,), key=True)
    if inputs is None:
        return
    if probes.weights and inputs.image_shape is None:
        message = "probes.weights needs images, but the data have none"
        raise problem("inapplicable-key", message, "remove weights", ("weights",), key=True)
    if probes.boundary and inputs.features != 2:
        message = f"probes.boundary needs two features, but the data have {inputs.features}"
        hint = "set features: 2 for data that allow it, or remove boundary"
        raise problem("inapplicable-key", message, hint, ("boundary",), key=True)


class Polyak(Section):
    """Mean of the weights over all steps, starting at an epoch."""

    example: ClassVar[str] = "{start: 1}"
    start: int = Field(ge=1, le=1_000_000, description="average the weights of all steps from this epoch on")


class Evaluation(Section):
    """Predictions to store, and averages to evaluate."""

    example: ClassVar[str] = "{mc_dropout: 100}"
    predictions: bool = Field(
        default=False, description="store the final probabilities of validation and test examples"
    )
    mc_dropout: int = Field(
        default=0, ge=0, le=10_000, description="average this many predictions with random dropout; 0 makes none"
    )
    polyak: Polyak | None = None
    snapshots: Annotated[
        bool | Annotated[int, Field(ge=1, le=1_000_000)], Takes("true, false, or a number of epochs")
    ] = Field(
        default=False,
        description="average the networks at the end of each cycle of warm restarts, or at this interval in epochs",
    )
    class_losses: bool = Field(
        default=False, description="store the final mean cross-entropy on the examples of each class"
    )
    calibration: bool = Field(
        default=False,
        description="measure the expected calibration error on validation examples, and fit a temperature to halves of "
        "them",
    )

    @field_validator("polyak", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return None if value == "none" or value is False else value

    @property
    def spec(self) -> EvaluationSpec:
        """Return the specification for the engine."""
        start = self.polyak.start if self.polyak else None
        return EvaluationSpec(
            self.predictions, self.mc_dropout, start, self.snapshots, self.class_losses, self.calibration
        )
