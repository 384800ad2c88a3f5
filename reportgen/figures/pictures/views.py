"""The settings of pictures that share a layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.runs.record import RunRecord


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


@dataclass(frozen=True)
class CourseView:
    """The settings of a figure of a layer statistic over the steps.

    Attributes
    ----------
    statistic : layer statistic, above 0.
    label : label of the axis.
    column : name of the statistic in the CSV file.
    words : the start of the caption, up to the number of runs; alt: the start of the alternative text.
    output : whether the output layer has a line, too.
    band : limits and name of a shaded range.
    theory : returns what theory predicts of each layer at each probe of a run, (P,); None without theory.
    theory_name, theory_words : the prediction in the legend and in the caption.
    """

    id: str
    title: str
    statistic: str
    label: str
    column: str
    words: str
    alt: str
    output: bool = True
    band: tuple[float, float, str] | None = None
    theory: Callable[[RunRecord], NDArray[np.float64]] | None = None
    theory_name: str = ""
    theory_words: str = ""
