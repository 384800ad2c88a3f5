"""The settings of pictures that share a layout."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MapView:
    """The settings of a heat map by layer and probe.

    Attributes
    ----------
    statistic : layer statistic, a share from 0 to 1.
    words : the statistic in words, as the caption starts.
    colour : index of the colour of a share of 1 in `style.COLOURS`.
    """

    id: str
    title: str
    statistic: str
    words: str
    colour: int
