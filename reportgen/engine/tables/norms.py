"""The table of normalizations of single examples; batch normalization, which needs running values, is a setting.

To add a normalization, write its kernels and a row at the end. The signatures are those of
`reportgen.engine.layers.groupnorm`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from reportgen.engine.layers import groupnorm
from reportgen.registry import Parameter, Row, Table


@dataclass(frozen=True, kw_only=True)
class Normalization(Row):
    """A row of the normalizations.

    Attributes
    ----------
    noun : its name in sentences; `reportgen.analysis.words.terms` lists it for translation.
    forward, backward : kernels; gamma and beta have one value for each channel.
    groups : returns the number of groups of channels with moments of their own, from the parameters. It must divide
        the number of channels, and a group must have more than one value at all positions together.
    """

    kind: ClassVar[str] = "normalization"
    noun: str
    forward: Any
    backward: Any
    groups: Callable[[dict[str, Any]], int] = lambda parameters: 1


_EPSILON = Parameter(
    "epsilon", "number", 1e-5, "added to the variance to avoid division by 0", 0.0, 1.0, exclusive=("minimum",)
)

NORMS = Table(
    Normalization,
    [
        Normalization(
            name="layer_norm",
            noun="layer normalization",
            summary="Subtracts the mean of an example's units and divides by their standard deviation, over channels "
            "and positions in a convolution; then a scale and a shift of each unit or channel.",
            formula=r"\hat z_j = \gamma_j \frac{z_j - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta_j,\quad "
            r"\mu, \sigma^2 \text{ over } j",
            source="Ba, Kiros and Hinton 2016, eq. 4",
            parameters=(_EPSILON,),
            forward=groupnorm.forward_group_norm,
            backward=groupnorm.backward_group_norm,
        ),
        Normalization(
            name="group_norm",
            noun="group normalization",
            summary="As layer normalization, with a mean and a standard deviation for each of several groups of "
            "channels.",
            formula=r"\hat z_j = \gamma_j \frac{z_j - \mu_g}{\sqrt{\sigma_g^2 + \epsilon}} + \beta_j,\quad "
            r"\mu_g, \sigma_g^2 \text{ over the group } g \text{ of } j",
            source="Wu and He 2018, section 3",
            parameters=(
                Parameter("groups", "integer", 4, "number of groups, which divides the number of channels", 1, 100_000),
                _EPSILON,
            ),
            forward=groupnorm.forward_group_norm,
            backward=groupnorm.backward_group_norm,
            groups=lambda parameters: int(parameters["groups"]),
        ),
    ],
)
