"""The table of initializations.

To add an initialization, write a row at the end. All rows use the same random numbers for a seed and layer, so that
variants with the same seed differ by the rule of the initialization only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.init import Draw, Init, Place, Weights
from reportgen.registry import Component, Parameter, Table


def _sparse(draw: Draw) -> Weights:
    connections = min(int(draw.parameters["connections"]), draw.fan_in)
    order = np.argsort(draw.stream.random(draw.normal.shape), axis=0)
    return np.where(order.argsort(axis=0) < connections, draw.normal * draw.parameters["std"], 0.0)


def _orthogonal(draw: Draw) -> Weights:
    is_tall = draw.fan_in >= draw.place.units
    tall = draw.normal if is_tall else draw.normal.T
    q, r = np.linalg.qr(tall)
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # makes the distribution uniform (Mezzadri 2007)
    return q if is_tall else q.T


def _random_walk(draw: Draw) -> Weights:
    n = draw.fan_in
    rectified = 2**0.5 * np.exp(1.2 / (max(n, 6) - 2.4))
    gain = rectified if ACTIVATIONS[draw.place.activation].silences else np.exp(1 / (2 * n))
    return draw.normal * float(gain / n**0.5)


def _walk_variance(place: Place, parameters: dict[str, Any]) -> float:
    if ACTIVATIONS[place.activation].silences:
        return 2 * math.exp(2.4 / (max(place.fan_in, 6) - 2.4)) / place.fan_in
    return math.exp(1 / place.fan_in) / place.fan_in


def _sparse_variance(place: Place, parameters: dict[str, Any]) -> float:
    return float(parameters["std"]) ** 2 * (min(int(parameters["connections"]), place.fan_in) / place.fan_in)


def _fixup_factor(place: Place) -> float:
    """Return the factor of the standard deviation of He, 0 for the output layer and the ends of branches."""
    branch = place.branch
    if place.is_output or (branch is not None and branch.place == branch.length):
        return 0.0
    if branch is None or branch.place == 0:
        return 1.0
    return float(branch.blocks ** (-1 / (2 * branch.length - 2)))


def _relative_widths(place: Place, parameters: dict[str, Any]) -> tuple[float, float]:
    """Return the numbers of inputs and outputs, divided by the base width; 1 for those that no width changes."""
    base = float(parameters["base_width"])
    inputs = 1.0 if place.source_units is None else place.source_units / base
    return inputs, 1.0 if place.is_output else place.units / place.pieces / base


def _mup_variance(place: Place, parameters: dict[str, Any]) -> float:
    if place.is_output and parameters["zero_output"]:
        return 0.0
    return _he(place) / (_relative_widths(place, parameters)[0] if place.is_output else 1.0)


def weight_variance(init: Component, place: Place) -> float | None:
    """Return the variance of a weight, including the gain; None if the row has no variance."""
    row, parameters = INITS[init.name], dict(init.params)
    if row.variance is None:
        return None
    return row.variance(place, parameters) * float(parameters.get("gain", 1.0)) ** 2


_GAIN = Parameter("gain", "number", 1.0, "multiplies the standard deviation", 0.0, 1e6)

Variance = Callable[[Place], float]
_ROOT_OF_INVERSE, _ROOT_OF_HE = "1 / sqrt(fan_in)", "sqrt(2 / fan_in)"


def _normal(name: str, variance: Variance, summary: str, formula: str, source: str, **more: Any) -> Init:
    """Return the row of a normal initialization with this variance of a weight."""
    return Init(
        name=name,
        summary=summary,
        formula=formula,
        source=source,
        parameters=(_GAIN,),
        sample=lambda draw: draw.normal * variance(draw.place) ** 0.5,
        variance=lambda place, parameters: variance(place),
        **more,
    )


def _uniform(name: str, variance: Variance, summary: str, formula: str, source: str, **more: Any) -> Init:
    """Return the row of a uniform initialization with this variance of a weight."""
    return Init(
        name=name,
        summary=summary,
        formula=formula,
        source=source,
        parameters=(_GAIN,),
        sample=lambda draw: draw.uniform((3 * variance(draw.place)) ** 0.5),
        variance=lambda place, parameters: variance(place),
        **more,
    )


def _glorot(place: Place) -> float:
    return 2 / (place.fan_in + place.fan_out)


def _he(place: Place) -> float:
    return 2 / place.fan_in


def _inverse(place: Place) -> float:
    return 1 / place.fan_in


INITS = Table(
    Init,
    [
        Init(
            name="zero",
            aliases=("zeros",),
            summary="All weights are zero: all units of a layer stay equal.",
            formula="w = 0",
            source="a known pitfall, for demonstration",
            parameters=(_GAIN,),
            sample=lambda draw: np.zeros(draw.normal.shape),
            variance=lambda place, parameters: 0.0,
        ),
        Init(
            name="constant",
            summary="All weights have the same value: all units of a layer stay equal.",
            formula="w = c",
            source="a known pitfall, for demonstration",
            parameters=(Parameter("value", "number", 0.01, "the number", -1e6, 1e6), _GAIN),
            sample=lambda draw: np.full(draw.normal.shape, float(draw.parameters["value"])),
        ),
        Init(
            name="gaussian",
            summary="Normal with a fixed standard deviation, independent of the size of the layer.",
            formula=r"w \sim N(0, s^2)",
            source="Krizhevsky, Sutskever and Hinton 2012, section 5 (with s = 0.01)",
            parameters=(Parameter("std", "number", 0.01, "standard deviation", 0.0, 1e6), _GAIN),
            sample=lambda draw: draw.normal * draw.parameters["std"],
            variance=lambda place, parameters: float(parameters["std"]) ** 2,
        ),
        Init(
            name="uniform",
            summary="Uniform with a fixed bound, independent of the size of the layer.",
            formula=r"w \sim U(-b, b)",
            source="LeCun et al. 1998, Efficient BackProp, section 4.6",
            parameters=(Parameter("bound", "number", 0.01, "largest absolute value", 0.0, 1e6), _GAIN),
            sample=lambda draw: draw.uniform(float(draw.parameters["bound"])),
            variance=lambda place, parameters: float(parameters["bound"]) ** 2 / 3,
        ),
        _normal(
            "xavier",
            _inverse,
            "Normal with variance 1 / fan-in, the form that lectures call Xavier.",
            r"w \sim N\left(0, \frac{1}{n_{in}}\right)",
            "Glorot and Bengio 2010, eq. 10, with fan-in alone",
            scale=_ROOT_OF_INVERSE,
        ),
        _normal(
            "glorot_normal",
            _glorot,
            "Normal, a compromise between constant variance of activations and of gradients.",
            r"w \sim N\left(0, \frac{2}{n_{in} + n_{out}}\right)",
            "Glorot and Bengio 2010, eq. 12",
            aliases=("xavier_normal",),
        ),
        _uniform(
            "glorot_uniform",
            _glorot,
            "Uniform, a compromise between constant variance of activations and of gradients.",
            r"w \sim U\left(-\sqrt{\frac{6}{n_{in} + n_{out}}}, \sqrt{\frac{6}{n_{in} + n_{out}}}\right)",
            "Glorot and Bengio 2010, eq. 16",
            aliases=("xavier_uniform",),
        ),
        _normal(
            "he_normal",
            _he,
            "Normal with variance 2 / fan-in, since ReLU sets half of its inputs to zero.",
            r"w \sim N\left(0, \frac{2}{n_{in}}\right)",
            "He et al. 2015, eq. 10",
            scale=_ROOT_OF_HE,
            aliases=("he", "kaiming_normal"),
        ),
        _uniform(
            "he_uniform",
            _he,
            "Uniform with variance 2 / fan-in.",
            r"w \sim U\left(-\sqrt{\frac{6}{n_{in}}}, \sqrt{\frac{6}{n_{in}}}\right)",
            "He et al. 2015, eq. 10",
            scale=_ROOT_OF_HE,
            aliases=("kaiming_uniform",),
        ),
        _normal(
            "lecun_normal",
            _inverse,
            "Normal with variance 1 / fan-in, for units in their linear range.",
            r"w \sim N\left(0, \frac{1}{n_{in}}\right)",
            "LeCun et al. 1998, Efficient BackProp, eq. 16",
            scale=_ROOT_OF_INVERSE,
        ),
        Init(
            name="sparse",
            summary="Each unit is connected to a few inputs; all other weights start at zero.",
            formula=r"k \text{ of the } n_{in} \text{ weights} \sim N(0, s^2), \text{ the rest } 0",
            source="Martens 2010, section 5",
            parameters=(
                Parameter("connections", "integer", 10, "incoming connections of a unit", 1, 1_000_000),
                Parameter("std", "number", 1.0, "standard deviation of the connected weights", 0.0, 1e6),
                _GAIN,
            ),
            sample=_sparse,
            variance=_sparse_variance,
        ),
        Init(
            name="orthogonal",
            summary="Orthonormal columns, or rows if the layer has more units than inputs.",
            formula=r"W^\top W = I",
            source="Saxe, McClelland and Ganguli 2014, section 3",
            parameters=(_GAIN,),
            sample=_orthogonal,
            variance=lambda place, parameters: 1 / max(place.fan_in, place.units),
        ),
        Init(
            name="random_walk",
            summary="Normal with a scale at which the logarithm of the gradient norm does not drift with depth.",
            formula=r"w \sim N\left(0, \frac{g^2}{n_{in}}\right),\ g_{ReLU} = \sqrt{2}\,e^{1.2 / (\max(n, 6) - 2.4)},"
            r"\ g_{linear} = e^{1 / (2 n)}",
            source="Sussillo and Abbott 2014, eqs. 13 and 16; with the linear gain for all activations but ReLU",
            parameters=(_GAIN,),
            sample=_random_walk,
            variance=_walk_variance,
        ),
        Init(
            name="data_dependent",
            summary="Normal, rescaled on training examples such that every unit has zero mean and unit variance.",
            formula=r"w_j \leftarrow w_j / \hat\sigma_j,\quad b_j \leftarrow -\hat\mu_j / \hat\sigma_j",
            source="Krähenbühl et al. 2016, section 3.1 (within-layer part)",
            parameters=(_GAIN,),
            sample=lambda draw: draw.normal / draw.fan_in**0.5,
            calibrates="unit",
        ),
        Init(
            name="lsuv",
            summary="Orthogonal, rescaled layer by layer such that pre-activations have unit variance.",
            formula=r"W \leftarrow W / \sqrt{\mathrm{Var}(z)}",
            source="Mishkin and Matas 2016, algorithm 1",
            parameters=(_GAIN,),
            sample=_orthogonal,
            calibrates="layer",
        ),
        Init(
            name="fixup",
            summary="He with smaller weights in residual branches; their last layers and the output layer are zero. "
            "Scalar biases replace those of units.",
            formula=r"w \sim N\left(0, \frac{2}{n_{in}} L^{-1 / (m - 1)}\right)"
            r" \text{ in } L \text{ branches of } m \text{ layers}",
            source="Zhang, Dauphin and Ma 2019, section 3; with scalar biases and multipliers",
            parameters=(_GAIN,),
            sample=lambda draw: draw.normal * (2 / draw.fan_in) ** 0.5 * _fixup_factor(draw.place),
            variance=lambda place, parameters: _he(place) * _fixup_factor(place) ** 2,
            scalars=True,
        ),
        Init(
            name="mup",
            aliases=("maximal_update",),
            summary="He, with smaller output weights in wide networks, and learning rates that depend on the width of "
            "each layer, so that the best learning rate does not.",
            formula=r"w \sim N\left(0, \frac{2}{n_{in}}\right),\ "
            r"\text{output: } N\left(0, \frac{2}{n_{in}} \frac{n_0}{n}\right);\quad"
            r"\eta_l = \eta \frac{n_{l}}{n_{l-1}} \text{ for SGD},\ \eta \frac{n_0}{n_{l-1}} \text{ for Adam}",
            source="Yang et al. 2022, table 3; with He as the parametrization of the base network",
            parameters=(
                Parameter("base_width", "integer", 64, "width n_0 at which it is equal to he_normal", 1, 1_000_000),
                Parameter("zero_output", "boolean", False, "start the output layer at zero"),
                _GAIN,
            ),
            sample=lambda draw: draw.normal * _mup_variance(draw.place, draw.parameters) ** 0.5,
            variance=_mup_variance,
            relative_widths=_relative_widths,
            base_width="base_width",
        ),
    ],
)
