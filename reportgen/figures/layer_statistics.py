"""The figures of a layer statistic; they differ in the statistic alone and share the layout `views.by_layer`."""

from __future__ import annotations

from reportgen.figures.drawing.figure import FigureKind, drawn_in
from reportgen.figures.views.view import LayerView
from reportgen.languages.translate import N_


def _row(view: LayerView, order: int, shows: tuple[str, ...], description: str) -> FigureKind:
    return FigureKind(view.id, view.title, drawn_in("views.by_layer", view), order, shows, description)


UPDATE_BAND = (3e-4, 3e-3, N_("about 0.001"))
"""The update-to-weight ratios to aim for: ends of the range, and its name in the legend."""

LAYER_STATISTICS = (
    _row(
        LayerView(
            "activation_std_by_layer",
            N_("Standard deviation of the activations by layer"),
            "activation_std",
            N_("standard deviation of the activations"),
            N_("std of activations"),
        ),
        order=10,
        shows=("activation_std",),
        description="""Standard deviation of the activations by hidden layer, at initialization and after training.

The line is level if the network preserves its signal. It falls towards zero if the signal vanishes from layer to layer,
and rises if the signal explodes. Hollow circles are numbers printed in the lecture that the study tests as claims. The
thin dashed line is the prediction of mean-field theory.""",
    ),
    _row(
        LayerView(
            "activation_mean_by_layer",
            N_("Mean of the activations by layer"),
            "activation_mean",
            N_("mean of the activations"),
            N_("mean of activations"),
        ),
        order=15,
        shows=("activation_mean",),
        description="""Mean of the activations by hidden layer, at initialization and after training.

Activations with a mean near zero keep the inputs of the next layer centred. The activations of sigmoid and ReLU are
never negative, so their means are above zero. Hollow circles are numbers printed in the lecture. The thin dashed line
is the prediction of mean-field theory.""",
    ),
    _row(
        LayerView(
            "gradient_by_layer",
            N_("Standard deviation of the gradients by layer"),
            "gradient_std",
            N_("standard deviation of the gradients of the loss with respect to the pre-activations"),
            N_("std of gradients"),
            output=True,
            log=True,
        ),
        order=30,
        shows=("gradient_mean", "gradient_std", "gradient_norm"),
        description="""Standard deviation of the gradients by layer, at initialization and after training.

The gradients are derivatives of the mean loss with respect to the pre-activations (the deltas of backpropagation), over
the probe examples and the units of a layer. Backpropagation runs from the output layer, at the right, to the first
layer. Gradients vanish if the line falls towards the left, and explode if it rises towards the left. The axis is
logarithmic.""",
    ),
    _row(
        LayerView(
            "dead_units_by_layer",
            N_("Dead units by layer"),
            "dead_fraction",
            N_("fraction of dead units, whose activation is zero for every probe example"),
            N_("fraction of dead units"),
            log=False,
            fraction=True,
        ),
        order=50,
        shows=("dead_fraction", "zero_fraction"),
        description="""Fraction of dead units by hidden layer, at initialization and after training.

A unit is dead if its activation is zero for every probe example. Its weights then get no gradient, so it stays dead
until its inputs change.""",
    ),
    _row(
        LayerView(
            "saturation_by_layer",
            N_("Saturated activations by layer"),
            "saturated_fraction",
            N_("fraction of saturated activations"),
            N_("fraction saturated"),
            log=False,
            fraction=True,
        ),
        order=52,
        shows=("saturated_fraction",),
        description="""Fraction of saturated activations by hidden layer, at initialization and after training.

An activation is saturated if it is so close to an end of its range (tanh: -1 or 1, sigmoid: 0 or 1) that its local
gradient is almost zero.""",
    ),
    _row(
        LayerView(
            "weight_norm_by_layer",
            N_("Norm of the weights by layer"),
            "weight_norm",
            N_("euclidean norm of the weights"),
            N_("norm of weights"),
            output=True,
        ),
        order=60,
        shows=("weight_norm",),
        description="""Euclidean norm of each layer's weights, at initialization and after training.

The norm depends on the initialization and on weight decay. A norm that grows a lot during training suggests that the
learning rate is close to the largest usable one.""",
    ),
    _row(
        LayerView(
            "update_ratio_by_layer",
            N_("Ratio of weight update to weight by layer"),
            "update_ratio",
            N_("norm of the last weight update divided by the norm of the weights"),
            N_("update / weight"),
            output=True,
            log=True,
            probes=("last",),
            band=UPDATE_BAND,
        ),
        order=62,
        shows=("update_ratio",),
        description="""Norm of the weight update divided by the norm of the weights, by layer, at the end of training.

The lecture's rule of thumb is a ratio of about 0.001. The shaded band extends from 0.0003 to 0.003. A layer with a much
smaller ratio hardly learns. With a much larger ratio, each step overwrites what the layer has learned.""",
    ),
)
