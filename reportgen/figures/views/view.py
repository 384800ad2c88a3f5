"""The settings of the figures that share a layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Probe = Literal["first", "last"]


@dataclass(frozen=True)
class LayerView:
    """The settings of a figure of a layer statistic.

    Attributes
    ----------
    statistic : str
        Metric of claims and results.
    description : str
        The statistic in words, as the caption starts.
    label : str
        Label of the y axis.
    output : bool
        Whether the output layer is shown.
    log : bool or None
        Whether the y axis is logarithmic; None lets the values decide.
    probes : tuple of "first" or "last"
        The probes of each run that are shown.
    band : (float, float, str) or None
        A range to aim for: its ends and its name in the legend.
    fraction : bool
        Whether the values are fractions, so that the axis ends at 1 or below.
    """

    id: str
    title: str
    statistic: str
    description: str
    label: str
    output: bool = False
    log: bool | None = None
    probes: tuple[Probe, ...] = ("first", "last")
    band: tuple[float, float, str] | None = None
    fraction: bool = False


@dataclass(frozen=True)
class CurveView:
    """The settings of a figure of scores by epoch.

    Attributes
    ----------
    columns : dict
        Columns of `epochs.csv` and their names in the figure.
    evaluated : tuple of str
        The columns that are shown where many variants share a panel.
    headline : tuple of str
        The columns that the caption may report; it reports the first that exists.
    better : "lower" or "higher"
    label : str
        Label of the y axis.
    """

    id: str
    title: str
    columns: dict[str, str]
    evaluated: tuple[str, ...]
    headline: tuple[str, ...]
    better: Literal["lower", "higher"]
    label: str
