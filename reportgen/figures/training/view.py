"""The settings of the figures of training, and the row of such a figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reportgen.analysis.training_groups import TrainingGroup
from reportgen.figures.drawing.figure import Drawing


@dataclass(frozen=True)
class PanelView:
    """A panel: the roles of its curves, the label of its y axis, and how its values are written.

    share: whether the values are accuracies from 0 to 1. log: as in `scale_for`. varies: whether a panel of constant
    values is left out.
    """

    roles: tuple[str, ...]
    label: str
    share: bool = False
    log: bool | None = None
    varies: bool = False


@dataclass(frozen=True)
class TrainingView:
    """The settings of a figure of stacked panels."""

    id: str
    title: str
    panels: tuple[PanelView, ...]


@dataclass(frozen=True)
class TrainingFigure:
    """A row of the table of figures of training.

    draw : returns the figure of a group, None without data for it.
    """

    id: str
    title: str
    draw: Callable[[TrainingGroup], Drawing | None]
