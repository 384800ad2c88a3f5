"""The rows of the pictures in the table of figures; loads no drawing code."""

from __future__ import annotations

import importlib
from typing import Any

from reportgen.figures.drawing.figure import Drawing, FigureKind, Slide, drawn_in
from reportgen.figures.layer_statistics import UPDATE_BAND
from reportgen.figures.pictures.views import CourseView, MapView
from reportgen.languages.translate import N_
from reportgen.registry import Component
from reportgen.study.metrics.limits import equilibrium_angles


def _row(id_: str, title: str, order: int, module: str, slide: Slide = "variants") -> FigureKind:
    """Return the row of a picture with a module of its own, whose docstring is the documentation."""
    return FigureKind(id_, title, drawn_in(f"pictures.{module}"), order, slide=slide)


def _images(view: str, id_: str, title: str, order: int, description: str) -> FigureKind:
    """Return the row of a picture of principal components."""
    return FigureKind(id_, title, drawn_in("pictures.inputs.principal_images", view), order, (), description, "study")


def _map(view: MapView, order: int, description: str) -> FigureKind:
    """Return the row of a heat map."""
    return FigureKind(view.id, view.title, drawn_in("pictures.training.layer_map", view), order, (), description)


def _course(view: CourseView, order: int, description: str) -> FigureKind:
    """Return the row of a layer statistic over the steps."""
    return FigureKind(view.id, view.title, drawn_in("pictures.training.layer_course", view), order, (), description)


PICTURED = ("activations", "schedules")
"""The kinds of `reportgen list` whose rows have a picture, which a module of `components` with this name draws."""


def has_picture(kind: str, row: Any) -> bool:
    """Return whether a row has a picture of its own: a unit with several linear pieces is no function of one number."""
    return kind in PICTURED and getattr(row, "pieces", None) is None


def component_picture(component: Component, kind: str) -> Drawing:
    """Return the picture of a component without a study; kind: one of PICTURED."""
    module = importlib.import_module(f"reportgen.figures.pictures.components.{kind}")
    drawing: Drawing = module.picture_of(component)
    return drawing


PICTURES = (
    _row(
        "activation_functions", N_("Activation functions and their derivatives"), 11, "components.activations", "study",
    ),
    _row("learning_rate_schedules", N_("Learning-rate schedules"), 66, "components.schedules", "study"),
    _row("dropout_masks", N_("Dropout masks"), 68, "components.dropout_masks", "study"),
    _row("search_layout", N_("Grid and random layout of a search"), 88, "components.search_layout", "study"),
    _row("data_cloud", N_("The data cloud after each preprocessing step"), 12, "inputs.data_cloud", "study"),
    _images(
        "eigen", "eigen_images", N_("Eigen-images"), 13,
        """Eigen-images: mean image and principal axes of the images of a study, in order of decreasing variance.

Blue is negative and orange positive, each image on its own scale. The first axes are smooth and explain most of the
variance; later ones hold fine detail and noise. The components are fitted to training examples before preprocessing. By
default, the figure is drawn if a variant has the preprocessing step `pca` or `whiten`.""",
    ),
    _images(
        "reduced", "reduced_images", N_("Images reduced to their first principal components"), 14,
        """Images reduced to k principal components: each example projected onto the first k axes and back to pixels.

A row is a number of components, with its share of the variance; the last row is the original. Few components keep what
a classifier needs of many data sets, although the images look blurred. By default, the figure is drawn if a variant has
the preprocessing step `pca`.""",
    ),
    _images(
        "whitened", "whitened_images", N_("Whitened images"), 16,
        """Whitened images below the original ones.

Each principal component is divided by its standard deviation, and the result is rotated back to pixels. Only the
components that explain 99% of the variance are kept, since the others would show noise. Whitening gives fine detail,
such as edges, the same weight as large areas. By default, the figure is drawn if a variant has the preprocessing step
`whiten`.""",
    ),
    _row("unit_path", N_("Path of two weights of a unit"), 61, "training.unit_path"),
    _row("decision_boundary", N_("Decision boundary during training"), 69, "training.decision_boundary"),
    _row(
        "filters_over_training", N_("Filters of the first layer during training"), 71, "training.filters_over_training",
    ),
    _row("confusion_matrix", N_("Confusion matrix"), 92, "training.confusion"),
    _row("generalization_gap", N_("Gap between training and validation accuracy"), 81, "training.generalization_gap"),
    _row("loss_line", N_("Loss between the initial and the final weights"), 83, "training.loss_line"),
    _map(
        MapView(
            "saturation_map", N_("Saturated values by layer and step"), "saturated_fraction",
            N_("share of saturated activations"), 1,
        ),
        51,
        """Share of saturated activations by layer and training step, as a heat map for each variant.

A row is a hidden layer and a column a probe; numbers are percent. A value is saturated where the slope of its
activation is below 5% of the largest one, so that almost no gradient passes. Layers that start or become saturated are
dark rows. By default, the figure is drawn if a claim measures the share of saturated activations.""",
    ),
    _map(
        MapView(
            "dead_units_map", N_("Dead units by layer and step"), "dead_fraction", N_("share of dead units"), 3,
        ),
        52,
        """Share of dead units by layer and training step, as a heat map for each variant.

A row is a hidden layer and a column a probe; numbers are percent. A unit is dead if its activation is zero for every
probe example, so that its weights get no gradient. Units that die during training darken a row from left to right. By
default, the figure is drawn if a claim measures the share of dead units.""",
    ),
    _row("curvature_over_steps", N_("Sharpness of the loss by step"), 64, "training.curvature"),
    _course(
        CourseView(
            "update_ratio_over_steps", N_("Update-to-weight ratio by step"), "update_ratio", N_("update / weights"),
            "ratio",
            N_("norm of a step's update of a layer's weights, divided by the norm of the weights, means over "),
            N_("Line charts of the update-to-weight ratio by step."),
            band=UPDATE_BAND,
        ),
        63,
        """Update-to-weight ratio over the steps of training: a line for each layer, a panel for each variant.

The ratio is the norm of a step's change of a layer's weights divided by the norm of the weights, at the probes and as a
mean over the seeds. The shaded band is the range about 0.001 to aim for: far above it the learning rate is too high,
far below it too low. Both axes are logarithmic, since probes are evenly spaced in the logarithm of time. By default,
the figure is drawn if a claim measures the ratio.""",
    ),
    _course(
        CourseView(
            "update_angle_over_steps", N_("Rotation of the units' weights by step"), "update_angle",
            N_("angle in radians"), "angle",
            N_("angle by which a step turns the weights of a hidden layer's units, means over the units and over "),
            N_("Line charts of the angle of a step by step."),
            output=False,
            theory=equilibrium_angles,
            theory_name=N_("equilibrium"),
            theory_words=N_(
                "Dashed: the angle at which weight decay balances the growth of the weights, if gradients were a "
                "random walk"
            ),
        ),
        65,
        """Angle by which a step turns the weights of units, over the steps: a line for each layer, a panel for each
variant.

The angle is between the weights of a unit before and after a step, as a mean over the units of a hidden layer and over
the seeds. Normalization makes only the direction of these weights matter. Weight decay then brings the angle to an
equilibrium, which is sqrt(2 lr lambda) for gradient descent and differs by a factor of the momentum for others (Kosson
et al. 2024). The dashed line is this angle, for networks with normalization whose optimizer has a formula. It is the
root of the mean square, a little more than the mean. The arrays need `probes: {update_angles: true}`. By default, the
figure is drawn if a claim measures the angle.""",
    ),
)  # fmt: skip
