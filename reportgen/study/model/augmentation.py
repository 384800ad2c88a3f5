"""Settings of the augmentation of training batches, and the check that the data are images."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from reportgen.data import image_shape_of
from reportgen.data.datasets import DATASETS
from reportgen.data.preprocessing.steps import STEPS
from reportgen.data.spec import DataSpec
from reportgen.engine.augment import BORDERS
from reportgen.engine.spec import AugmentSpec, Border
from reportgen.errors import StudyError
from reportgen.registry import Component
from reportgen.study.model.components import problem
from reportgen.study.model.layer_settings import MOST_PIXELS
from reportgen.study.model.section import Number, Section

_MOVES = ("shift", "crop", "flip")


class Augment(Section):
    """Changes made to training batches."""

    example: ClassVar[str] = "{shift: 2}"
    noise: Number = Field(default=0.0, ge=0, description="standard deviation of noise added to training batches")
    shift: int = Field(
        default=0, ge=0, le=MOST_PIXELS, description="largest random shift of training images, in pixels"
    )
    flip: bool = Field(default=False, description="mirror a random half of the training images horizontally")
    crop: int = Field(
        default=0,
        ge=0,
        le=MOST_PIXELS,
        description="pad training images on each side by this number of pixels, and cut out a window of their former "
        "size at a random place (Krizhevsky et al. 2012, He et al. 2016)",
    )
    border: Border = Field(
        default="zero",
        description="pixels with which `crop` pads an image: zeros as with `shift`, the nearest pixel of the image "
        "(`edge`), or the image mirrored at its outermost pixels (`reflect`)",
    )

    @model_validator(mode="after")
    def _one_move(self) -> Self:
        if self.shift and self.crop:
            raise problem("conflicting-settings", "both shift and crop move the images", "remove one of them")
        if "border" in self.model_fields_set and "crop" not in self.model_fields_set:
            raise problem("missing-key", "border needs crop", "such as crop: 2", ("border",))
        return self

    @property
    def spec(self) -> AugmentSpec:
        """The specification for the engine; without a crop, the border is the default."""
        border: Border = self.border if self.crop else "zero"
        return AugmentSpec(self.noise, self.shift, self.flip, self.crop, border)


def check_images(augment: Augment, data: DataSpec, preprocess: tuple[Component, ...], folder: Path | None) -> None:
    """Raise a validation error if the augmentation needs images, or larger ones.

    Parameters
    ----------
    folder : the folder of the study, None if it is unknown; data that only their file describes are then not checked.
    """
    name = next((name for name in _MOVES if getattr(augment, name)), None)
    row = DATASETS[data.source.name]
    if name is None or (row.may_hold_images and folder is None):
        return
    try:
        shape = image_shape_of(data, preprocess, folder)
    except StudyError:  # the check of the data reports it
        return
    if shape is None:
        raise _no_images(name, row.name, next((step for step in preprocess if _loses_pixels(step)), None))
    size, pixels = min(shape[1:]), getattr(augment, name)
    most = size - BORDERS[augment.spec.border].least_rest
    if pixels > most:
        message = f"{name} is {pixels}, but the images have {shape[1]} x {shape[2]} pixels"
        raise problem("out-of-range", message, f"at most {most}", (name,))


def _loses_pixels(step: Component) -> bool:
    return not STEPS[step.name].keeps_pixels


def _no_images(name: str, data: str, step: Component | None) -> PydanticCustomError:
    if step is None:
        message = f"{name} needs images, but {data} has none"
        return problem("images-required", message, "augment with noise instead", (name,))
    message = f"{name} needs images, but {step.name} replaces the pixels"
    return problem("images-required", message, f"remove {name} or {step.name}", (name,))
