"""The table of activations; their kernels and rows are in `smooth` and `rectifiers`."""

from __future__ import annotations

from reportgen.engine.tables.activation import Activation
from reportgen.engine.tables.rectifiers import RECTIFIERS
from reportgen.engine.tables.smooth import SMOOTH
from reportgen.registry import Component, Table

ACTIVATIONS = Table(Activation, [*SMOOTH, *RECTIFIERS])


def pieces_of(activation: Component) -> int:
    """Return the number of linear pieces of a unit."""
    pieces = ACTIVATIONS[activation.name].pieces
    return int(activation[pieces]) if pieces else 1


def default_pieces(name: str) -> int:
    """Return the number of linear pieces of a unit whose activation has its default parameters."""
    row = ACTIVATIONS[name]
    return next((int(parameter.default) for parameter in row.parameters if parameter.name == row.pieces), 1)
